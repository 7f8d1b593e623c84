"""k-NN: the points of other classes that may be members, by how far the query is from where they may be at least."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.region.candidates import bisector
from edgewise.attacks.region.compiling import BLOCK, compiled, dated
from edgewise.attacks.region.distance_filters import between2, gap2
from edgewise.attacks.region.index import RegionIndex
from edgewise.attacks.region.l2_cell import dist2
from edgewise.attacks.region.search_arrays import Points, Search


_OWN = 8


def may_win(index: RegionIndex, s: Search, room: int, size: int) -> tuple[Index, Floats, Floats, float]:
    """Return ``size`` points of other classes by ascending bound, bounds, squared distances, and the rest's bound.

    At most ``room`` own points may be nearer, so the next largest bisector distance is a bound.
    """
    start, stop = int(index.start[s.q.own]), int(index.stop[s.q.own])
    near = start + np.argsort(s.v.low[start:stop], kind="stable")[: room + _OWN]
    near_far, largest = np.empty(len(near)), np.empty(room + 1)
    _squares(near, s.q.x, s.p, near_far)
    others = index.order >= 0
    others[start:stop] = False
    rows = np.flatnonzero(others)
    far, bounds = s.v.low[rows].astype(float), np.empty(len(rows))
    _bisectors(rows, far, near, near_far, False, s.p, largest, bounds)
    take = np.argsort(bounds, kind="stable")
    beyond2 = float(bounds[take[size]]) ** 2 * (1 - 1e-9) if len(take) > size else np.inf
    rows = rows[take[:size]]
    far, bounds = far[: len(rows)], bounds[: len(rows)]
    _squares(rows, s.q.x, s.p, far)
    _bisectors(rows, far, near, near_far, True, s.p, largest, bounds)
    turn = np.argsort(bounds, kind="stable")
    return rows[turn], bounds[turn], far[turn], beyond2


@dated
@compiled(BLOCK)
def _squares(rows: Index, x: Floats, p: Points, out: Floats) -> None:
    """Set the squared distances of some points to ``x``."""
    for e in range(rows.size):
        out[e] = dist2(p.X, rows[e], x)


@dated
@compiled(BLOCK)
def _bisectors(
    rows: Index,
    far: Floats,
    near: Index,
    near_far: Floats,
    exact: bool,
    p: Points,
    largest: Floats,
    out: Floats,
) -> None:
    """Set for each of ``rows`` the least of its ``largest.size`` largest bisector distances, a little too small.

    The bisectors are those with the own points ``near``; without ``exact`` they are made of what the index bounds.
    """
    for e in range(rows.size):
        i = rows[e]
        for f in range(largest.size):
            largest[f] = 0.0
        for a in range(near.size):
            if exact or p.apart2.size:
                apart2 = between2(near[a], i, p)
            else:
                side = p.rest[i] + p.rest[near[a]]
                apart2 = gap2(p.coords, i, p.coords[near[a]]) + side * side + 1e-5 * p.largest * p.largest
            value = bisector(far[e], near_far[a], apart2)
            at = largest.size
            while at > 0 and largest[at - 1] < value:
                if at < largest.size:
                    largest[at] = largest[at - 1]
                at -= 1
            if at < largest.size:
                largest[at] = value
        out[e] = largest[-1] * (1.0 - 1e-6)
