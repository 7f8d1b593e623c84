"""Crossing cells: where the best leaves of the trees meet, made cheaper as long as the class stays changed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from edgewise.attacks.trees.kernels.compiling import INNER, Reals, Wholes
from edgewise.attacks.trees.kernels.forest import Forest, crosses
from edgewise.attacks.trees.kernels.reduction import Rung, Table, clip
from edgewise.attacks.trees.kernels.staircase import Work


class Found(NamedTuple):
    """The cheapest cells known to cross ``z`` (d,), and their cost ``(1,)``."""

    cost: Reals
    z: Wholes


@njit(**INNER)
def sort_trees(trees: int, work: Work) -> None:
    """Write the trees in order of ``work.trial`` into ``work.order`` (Shell 1959)."""
    for t in range(trees):
        work.order[t] = t
    gap = trees // 2
    while gap > 0:
        for i in range(gap, trees):
            tree = work.order[i]
            k = i
            while k >= gap and work.trial[work.order[k - gap]] > work.trial[tree]:
                work.order[k] = work.order[k - gap]
                k -= gap
            work.order[k] = tree
        gap //= 2


@njit(**INNER)
def meet(table: Table, rung: Rung, low: Wholes, high: Wholes, longest: bool, work: Work) -> float:
    """Put the nearest cells of the best leaves' common box, as far as they meet, into ``work.cells``.

    Leaves join by falling gain; one that misses those before it is left out. Returns the cells' cost.
    """
    features, trees = rung.size[1], rung.size[0]
    for a in range(features):
        work.low[a], work.high[a] = low[a], high[a]
    for t in range(trees):
        work.trial[t] = work.worst[t] - work.gain[t]
    sort_trees(trees, work)
    for position in range(trees):
        t = work.order[position]
        leaf, joins = work.best[t], True
        first, last = rung.condition[leaf], rung.condition[leaf + 1]
        for k in range(first, last):
            a = rung.on[k]
            if rung.least[k] > work.high[a] or rung.most[k] < work.low[a]:
                joins = False
                break
        if joins:
            for k in range(first, last):
                a = rung.on[k]
                work.low[a] = max(work.low[a], rung.least[k])
                work.high[a] = min(work.high[a], rung.most[k])
    total = rung.fixed[1]
    for a in range(features):
        work.cells[a] = clip(rung.start[a], work.low[a], work.high[a])
        part = table.cost[rung.offset[a] + work.cells[a]]
        total = max(total, part) if longest else total + part
    return total


@njit(**INNER)
def whole_cells(table: Table, rung: Rung, work: Work) -> None:
    """Write ``work.cells`` among all features into ``work.whole``; the others stay at home."""
    for f in range(table.start.shape[0]):
        work.whole[f] = table.start[f]
    for a in range(rung.size[1]):
        work.whole[rung.feature[a]] = work.cells[a]


@njit(**INNER)
def nearer(table: Table, f: int, cell: int) -> int:
    """Return the next cell that can be reached on the way home."""
    if cell > table.start[f]:
        return table.down[table.offset[f] + cell - 1]
    return table.up[table.offset[f] + cell + 1]


@njit(**INNER)
def shrink_longest(forest: Forest, table: Table, own: int, strict: float, work: Work) -> None:
    """Move all dearest features of crossing cells one cell home, for as long as they still cross."""
    z = work.whole
    while True:
        most, home = -1.0, 0.0
        for f in range(z.shape[0]):
            if z[f] >= 0:
                cost = table.cost[table.offset[f] + z[f]]
                if z[f] != table.start[f]:
                    most = max(most, cost)
                else:
                    home = max(home, cost)
        if most <= home:
            return
        for f in range(z.shape[0]):
            work.cells[f] = z[f]
            if z[f] >= 0 and z[f] != table.start[f] and table.cost[table.offset[f] + z[f]] == most:
                z[f] = nearer(table, f, z[f])
        if not crosses(forest, z, own, strict, work.sums):
            for f in range(z.shape[0]):
                z[f] = work.cells[f]
            return


@njit(**INNER)
def shrink_sum(forest: Forest, table: Table, own: int, strict: float, work: Work) -> None:
    """Move each changed feature of crossing cells home, or as far as bisection finds them to cross."""
    z = work.whole
    for f in range(z.shape[0]):
        if z[f] == table.start[f]:
            continue
        there, home = z[f], table.start[f]
        z[f] = home
        if crosses(forest, z, own, strict, work.sums):
            continue
        while True:
            middle = (there + home) // 2
            middle = (
                table.down[table.offset[f] + middle] if there > home else table.up[table.offset[f] + middle]
            )
            if middle in (there, home):
                break
            z[f] = middle
            if crosses(forest, z, own, strict, work.sums):
                there = middle
            else:
                home = middle
        z[f] = there


@njit(**INNER)
def total_cost(table: Table, z: Wholes, longest: bool) -> float:
    """Return the cost of cells ``z`` (d,)."""
    total = 0.0
    for f in range(z.shape[0]):
        if z[f] >= 0:
            part = table.cost[table.offset[f] + z[f]]
            total = max(total, part) if longest else total + part
    return total


@njit(**INNER)
def keep(
    forest: Forest, table: Table, own: int, strict: float, longest: bool, work: Work, found: Found
) -> bool:
    """Make crossing cells ``work.whole`` cheaper, and keep them if none cheaper are known; say whether so."""
    if longest:
        shrink_longest(forest, table, own, strict, work)
    else:
        shrink_sum(forest, table, own, strict, work)
    cost = total_cost(table, work.whole, longest)
    if cost >= found.cost[0]:
        return False
    found.cost[0] = cost
    for f in range(work.whole.shape[0]):
        found.z[f] = work.whole[f]
    return True


@njit(**INNER)
def try_cells(
    forest: Forest, table: Table, rung: Rung, own: int, strict: float, longest: bool, work: Work, found: Found
) -> bool:
    """Keep ``work.cells`` (made cheaper) if they cross; say whether they do."""
    whole_cells(table, rung, work)
    if not crosses(forest, work.whole, own, strict, work.sums):
        return False
    keep(forest, table, own, strict, longest, work, found)
    return True


def empty_found(features: int) -> Found:
    """Return a result that nothing is dearer than."""
    return Found(np.full(1, np.inf), np.zeros(features, np.int32))
