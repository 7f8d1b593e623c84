"""A campaign opened or begun: nothing is written before all is as it must be, and settings stay as they were."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgewise.arrays import InputError
from edgewise.labelling.campaign.campaign import Campaign, open_campaign, pool_of
from edgewise.labelling.campaign.events import Log
from edgewise.labelling.campaign.settings import Settings, begin, relative
from edgewise.registry import component
from edgewise.strategies import STRATEGIES


LISTS = ("classes", "ignore", "features")
"""Settings that are several names."""

CALLED = {"id": "id column", "ignore": "ignored columns", "share": "uniform share"}
"""What a setting is called in an error, where not by its name."""

OPTIONS = {"share": "uniform"}
"""The option that gives a setting, where it is not of its name."""


def open_or_begin(path: Path, pool: Path | None, asked: Mapping[str, Any]) -> Campaign:
    """Open the campaign in a file, or begin one where there is no file.

    Parameters
    ----------
    path
        The campaign file.
    pool
        The file or folder of the items; None for the one that the campaign knows.
    asked
        The settings that were asked for, by their names in `Settings`.

    Raises
    ------
    InputError
        A setting is asked for that the campaign does not have, or what a new one needs is missing or wrong; then no
        file is made.
    """
    if path.exists():
        campaign = open_campaign(path, pool)
        try:
            _check_same(path, campaign.settings, asked)
        except InputError:
            campaign.log.close()
            raise
        return campaign
    if pool is None or "classes" not in asked:
        raise InputError(
            f"there is no campaign {path}; a new campaign needs a pool and its classes: POOL --classes yes,no"
        )
    settings = Settings(pool=relative(pool, path), **asked)
    component(STRATEGIES, settings.strategy, "strategy")
    items, learning = pool_of(settings, path, pool)
    begin(path, settings)
    campaign = Campaign(Log(path), items, learning, settings)
    campaign.refresh()
    return campaign


def _check_same(path: Path, held: Settings, asked: Mapping[str, Any]) -> None:
    for name, value in asked.items():
        has: Any = getattr(held, name)
        same = set(value) == set(has) if name in ("ignore", "features") else value == has
        if not same:
            called = CALLED.get(name, name)
            said = ",".join(has) if name in LISTS else has
            said = f"no {called}" if has in (None, ()) else f"the {called} {said}"
            raise InputError(
                f"{path} has {said}; leave --{OPTIONS.get(name, name)} out, or begin another campaign."
            )
