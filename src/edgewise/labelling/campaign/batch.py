"""A batch for a file: items that are in its hands for a week."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import InputError
from edgewise.labelling.campaign import leases
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.strategies.frame import Query


def batch(campaign: Campaign, n: int, holder: str) -> Query:
    """Give ``n`` items into the hands of a file, for a week: those it has already, all of them, then new ones.

    Raises
    ------
    InputError
        Fewer items are open; none is given then.
    """
    campaign.reorder(n)
    given = campaign.lease(holder, holder, n, leases.DAYS)
    if len(given) < n:
        with campaign.log.transaction() as db:
            leases.release(db, [lease.item for lease in given])
        raise InputError(f"-n asks for {n} items; {len(given)} are neither labelled nor in somebody's hands.")

    def of(name: str) -> list[float]:
        found = (lease.why.get(name) for lease in given)
        return [float("nan") if value is None else float(value) for value in found]

    drawn = np.array([bool(lease.why.get("uniform")) for lease in given])
    total = len(given)
    notes = (
        f"{total - drawn.sum()} of {total} rows were chosen, {drawn.sum()} are of the campaign's uniform share",
    )
    if total > n:
        notes += (
            f"-n asks for {n}, but this file was given {total} rows before, and all of them are in it again",
        )
    return Query(
        np.array([lease.row for lease in given], dtype=np.intp),
        np.array(of("score")),
        np.array(of("propensity")),
        drawn,
        notes=notes,
    )
