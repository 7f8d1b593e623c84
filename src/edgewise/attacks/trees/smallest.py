"""The k nearest rows of a pool to the boundary: exact, at a fraction of the cost of all distances.

Rows come in order of their staircase bound, which costs one evaluation. Each is searched only below the k-th
smallest distance so far, and the search ends at the first row whose bound reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush, heapreplace

import numpy as np

from edgewise.arrays import Box, Floats, Index
from edgewise.attacks.smallest import Smallest
from edgewise.attacks.trees.compiled import Compiled, each_bound
from edgewise.attacks.trees.nearest import Limits, Seat, nearest


BLOCK = 2048
"""Rows held at a time."""


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
    bounds = np.concatenate(
        [
            each_bound(known, (X := rows(np.arange(at, min(at + BLOCK, n)))), own(X), box, norm)
            for at in range(0, n, BLOCK)
        ]
        or [np.empty(0)]
    )
    order = np.argsort(bounds, kind="stable")
    best: list[tuple[float, int]] = []
    proved: dict[int, float] = {}
    seat, searched, cutoff = Seat.at(known.cells), 0, np.inf
    for at in range(0, n, 64):
        some = order[at : at + 64]
        if not np.isfinite(bounds[some[0]]) or bounds[some[0]] > cutoff:
            break
        X = rows(some)
        domain, labels = known.domain(X, box), own(X)
        for row, x, c in zip(some, X, labels, strict=True):
            if bounds[row] > cutoff or not np.isfinite(bounds[row]):
                break
            searched += 1
            limit = np.nextafter(cutoff, np.inf) if np.isfinite(cutoff) else cutoff
            answer = nearest(known.query(domain, seat, x, int(c), norm), limits, cutoff=limit)
            if answer.point is None:
                continue
            proved[int(row)] = answer.lower
            entry = (-answer.cost, -int(row))
            if len(best) < k:
                heappush(best, entry)
            elif entry > best[0]:
                heapreplace(best, entry)
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
