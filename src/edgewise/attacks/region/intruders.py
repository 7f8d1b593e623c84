"""k-NN: the points that a node has not decided about and that stand between its members at ``z``."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Index
from edgewise.attacks.region.branch_nodes import TYPE, Election, farthest, known
from edgewise.attacks.region.compiling import INNER, compiled
from edgewise.attacks.region.distance_filters import INTERVAL, below, blurred, counts_as, interval, slack_at
from edgewise.attacks.region.l2_cell import dist2, rounding
from edgewise.attacks.region.search_arrays import Points, Search


@compiled(INNER)
def intruders(beside: int, most: int, row: Index, spread: float, of: Election, s: Search) -> int:
    """List undecided points nearer than the farthest member of ``e`` (1) or own ones nearer than any (0).

    Of them the ``most`` whose half-spaces ``z`` breaks most; returns how many those are.
    """
    v, p, w = s.v, s.p, s.w
    rival = of.types[row[TYPE], 0]
    far2, at = farthest(row, rival if beside == 1 else -1, of, p, w)
    if at < 0:
        return 0
    reach2, j, tol = far2 + 2.0 * s.q.margin, of.cand[at], 2.0 * rounding(of.far[at], s.q.x.size)
    band = blurred(reach2, spread, v, p)
    radius = np.sqrt(max(reach2 + band, 0.0))
    slack, limit = slack_at(radius, p, w), (radius + spread) ** 2 * (1 + 1e-9)
    count = 0
    for label in range(p.start.size):
        if (label != rival) if beside == 1 else (label == s.q.own):
            found = below(v.low, v.least, p.start[label], p.stop[label], limit, w.found, count)
            for e in range(count, found):
                i = w.found[e]
                least = interval(i, slack, p, w) if s.use[INTERVAL] else -1.0
                if least < reach2 + band:
                    w.found[count], w.value[count] = i, _break(reach2, least, i, j, p)
                    count += 1
    return _worst(count, most, reach2, band, j, tol, row, beside, of, s)


@compiled(INNER)
def _break(reach2: float, value: float, i: int, j: int, p: Points) -> float:
    """Return how far ``z``, at ``reach2`` from ``j`` and ``value`` from ``i``, breaks the half-space of ``i``.

    In any unit, to choose by; where distances are not resident, as if all were equal.
    """
    apart2 = float(p.apart2[j, i]) if p.apart2.size else 1.0
    return (reach2 - value) / np.sqrt(apart2) if apart2 > 0.0 else 0.0


@compiled(INNER)
def _worst(
    count: int,
    most: int,
    reach2: float,
    band: float,
    j: int,
    tol: float,
    row: Index,
    beside: int,
    of: Election,
    s: Search,
) -> int:
    """Put the ``most`` of ``count`` possible intruders on the list whose half-spaces ``z`` breaks most.

    They are taken by their bounds, as far as needed; returns how many there are.
    """
    p, w = s.p, s.w
    listed = 0
    while count > 0:
        best = 0
        for e in range(1, count):
            best = e if w.value[e] > w.value[best] else best
        if listed == most and w.value[best] <= w.live_far[most - 1]:
            break
        i = w.found[best]
        count -= 1
        w.found[best], w.value[best] = w.found[count], w.value[count]
        value = dist2(p.X, i, w.z)
        if known(i, row, of.width, beside) or not counts_as(i, value, reach2, band, j, tol, s.q, s.c, p):
            continue
        broken = _break(reach2, value, i, j, p)
        if listed == most and broken <= w.live_far[most - 1]:
            continue
        at = min(listed, most - 1)
        while at > 0 and w.live_far[at - 1] < broken:
            w.live[at], w.live_far[at] = w.live[at - 1], w.live_far[at - 1]
            at -= 1
        w.live[at], w.live_far[at] = i, broken
        listed = min(listed + 1, most)
    return listed
