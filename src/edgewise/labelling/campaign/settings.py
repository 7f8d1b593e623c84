"""What a campaign is: classes, pool, how items are chosen; the first event of its file."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from edgewise.arrays import InputError, Values
from edgewise.labelling.campaign.events import CampaignError, Event, Log, now
from edgewise.labelling.campaign.items import Items, read_items


@dataclass(frozen=True)
class Settings:
    """What a campaign is, as its first event says.

    Parameters
    ----------
    classes
        The labels there are.
    pool
        The file or folder, as seen from the campaign file's folder.
    id
        The column with the person's ids, or None.
    ignore, features
        Columns that are shown only, and the only ones that are learned from.
    strategy, learner
        How items are chosen, and what learns.
    share
        The part of the items that is drawn uniformly.
    seed
        Fixes every draw.
    """

    classes: tuple[str, ...]
    pool: str
    id: str | None = None
    ignore: tuple[str, ...] = ()
    strategy: str = "herding"
    learner: str = "logistic"
    share: float = 0.1
    seed: int = 0
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes) or not all(self.classes):
            raise InputError(
                f"a campaign needs at least two different classes, such as --classes yes,no; got {self.classes!r}."
            )
        if not 0 <= self.share <= 1:
            raise InputError(f"the uniform share lies in [0, 1]; got {self.share}.")

    def where(self, campaign: Path, pool: Path | None = None) -> Path:
        """Return where the pool is: where the person says, else where it was when the campaign began."""
        return pool if pool is not None else campaign.parent / self.pool

    def items(self, campaign: Path, pool: Path | None = None) -> Items:
        """Return the pool as it is now.

        Raises
        ------
        InputError
            What `read_items` raises.
        """
        return read_items(self.where(campaign, pool), self.id, self.ignore, self.features)

    @classmethod
    def of(cls, held: Values) -> Settings:
        """Return the settings that an event holds."""
        given = dict(held)
        return cls(
            tuple(given.pop("classes")),
            ignore=tuple(given.pop("ignore")),
            features=tuple(given.pop("features")),
            **given,
        )


def begin(path: Path, settings: Settings) -> None:
    """Write the first event of a new campaign.

    Raises
    ------
    CampaignError
        There is another campaign in the file.
    """
    with Log(path, create=True) as log:
        if log.since(0):
            raise CampaignError(f"{path} holds a campaign already; open it without new settings.")
        log.append([Event("campaign", "campaign", "", asdict(settings), now())])


def relative(pool: Path, campaign: Path) -> str:
    """Return where a pool is, as seen from the campaign's folder, so that both can be moved together."""
    return os.path.relpath(pool.absolute(), campaign.absolute().parent)
