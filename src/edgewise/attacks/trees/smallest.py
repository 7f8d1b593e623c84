"""The k nearest rows of a pool to the boundary: exact, at a fraction of the cost of all distances.

Rows come block by block, those whose class leads by least first. A row's staircase bound within the k-th
smallest distance so far rules most of them out; the others are searched below that distance only.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush, heapreplace

import numpy as np

from edgewise.arrays import Box, Floats, Index
from edgewise.attacks.smallest import Smallest
from edgewise.attacks.trees.compiled import Compiled
from edgewise.attacks.trees.nearest import Limits, Seat, nearest, screened


BLOCK = 512
"""Rows looked at together."""

ROUNDING = 1e-12
"""What squaring a distance and taking the root may change of it."""


def smallest(
    known: Compiled,
    rows: Callable[[Index], Floats],
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
        own, ahead = known.winners(X)
        batch, order = known.batch(X, own, box, norm), np.argsort(ahead, kind="stable")
        while len(order):
            skipped, query = screened(batch, seat, order, cutoff)
            if skipped == len(order):
                break
            row, order = order[skipped], order[skipped + 1 :]
            if not query.least < cutoff:
                continue
            searched += 1
            answer = nearest(query, limits, cutoff=cutoff)
            proved[at + int(row)] = answer.lower
            if answer.point is None:
                continue
            entry = (-answer.cost, -(at + int(row)))
            if len(best) < k:
                heappush(best, entry)
            else:
                heapreplace(best, entry)
            if len(best) == k:
                cutoff = -best[0][0]
    ranked = sorted((-cost, -row) for cost, row in best)
    index = np.array([row for _, row in ranked], np.intp)
    given, least = set(index.tolist()), cutoff * (1 - ROUNDING)
    doubtful = [row for row, lower in proved.items() if lower < least and row not in given]
    return Smallest(
        index,
        np.array([cost for cost, _ in ranked], float),
        np.array([proved[int(row)] for row in index], float),
        searched,
        np.array(sorted(doubtful), np.intp),
    )
