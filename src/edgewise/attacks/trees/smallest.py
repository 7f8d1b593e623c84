"""The k nearest rows of a pool to the boundary: exact, at a fraction of the cost of all distances.

Rows come block by block, each block in order of its rows' staircase bounds, within the k-th smallest distance
so far: most rows have no change of class there, which one evaluation proves. The others are searched below
that distance only.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush, heapreplace

import numpy as np

from edgewise.arrays import Box, Floats, Index
from edgewise.attacks.smallest import Smallest
from edgewise.attacks.trees.compiled import Compiled
from edgewise.attacks.trees.nearest import Limits, Seat, nearest


BLOCK = 512
"""Rows looked at together."""


def smallest(
    known: Compiled,
    rows: Callable[[Index], Floats],
    own: Callable[[Floats], Index],
    n: int,
    k: int,
    box: Box | None,
    norm: float,
    limits: Limits,
) -> Smallest:
    """Return the ``k`` rows nearest to the boundary among ``rows(numbers)`` for the numbers below ``n``."""
    best: list[tuple[float, int]] = []
    proved: dict[int, float] = {}
    seat, searched, cutoff = Seat.at(known.cells), 0, np.inf
    for at in range(0, n, BLOCK):
        X = rows(np.arange(at, min(at + BLOCK, n)))
        domain, labels = known.domain(X, box), own(X)
        bounds = np.array(
            [known.query(domain, seat, x, int(c), norm, cutoff).least for x, c in zip(X, labels, strict=True)]
        )
        for row in np.argsort(bounds, kind="stable"):
            if not bounds[row] < cutoff:
                break
            searched += 1
            query = known.query(domain, seat, X[row], int(labels[row]), norm)
            answer = nearest(query, limits, cutoff=cutoff)
            if answer.point is None:
                continue
            proved[at + int(row)] = answer.lower
            add = heappush if len(best) < k else heapreplace
            add(best, (-answer.cost, -(at + int(row))))
            if len(best) == k:
                cutoff = -best[0][0]
    ranked = sorted((-cost, -row) for cost, row in best)
    index = np.array([row for _, row in ranked], np.intp)
    return Smallest(
        index,
        np.array([cost for cost, _ in ranked], float),
        np.array([proved[int(row)] for row in index], float),
        searched,
    )
