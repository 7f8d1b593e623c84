"""A batch for a file: items that are in its hands for a week."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import InputError
from edgewise.labelling.campaign import leases
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.strategies.frame import Query


def batch(campaign: Campaign, n: int, holder: str) -> Query:
    """Give ``n`` items into the hands of a file, for a week.

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
    chosen = f"{n - drawn.sum()} of {n} rows were chosen, {drawn.sum()} are of the campaign's uniform share"
    return Query(
        np.array([lease.row for lease in given], dtype=np.intp),
        np.array(of("score")),
        np.array(of("propensity")),
        drawn,
        notes=(chosen,),
    )
