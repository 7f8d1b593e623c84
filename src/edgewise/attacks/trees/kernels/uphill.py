"""Uphill to a change of class, not the nearest: one feature after another moves, which gains most for its price."""

from __future__ import annotations

import numpy as np
from numba import njit

from edgewise.attacks.trees.kernels.compiling import BLOCK, INNER, Reals, dated
from edgewise.attacks.trees.kernels.crossing import Found, keep, total_cost
from edgewise.attacks.trees.kernels.forest import Forest, crosses, goes_left, leaf_at
from edgewise.attacks.trees.kernels.reduction import Path, Table
from edgewise.attacks.trees.kernels.staircase import Work


PASSES = 4


@njit(**INNER)
def branch_off(
    forest: Forest,
    table: Table,
    worth: Reals,
    own: int,
    rival: int,
    node: int,
    f: int,
    low: int,
    high: int,
    gain: float,
    path: Path,
    work: Work,
) -> None:
    """Add what the leaves below ``node`` gain over ``gain`` while feature ``f`` alone goes through a range of cells."""
    z, offset = work.whole, table.offset[f]
    path.stack[0, 0], path.stack[0, 1], path.stack[0, 2] = node, low, high
    top = 1
    while top > 0:
        top -= 1
        node, low, high = path.stack[top, 0], path.stack[top, 1], path.stack[top, 2]
        while forest.feature[node] >= 0:
            cut = forest.cut[node]
            if forest.feature[node] != f:
                left = goes_left(forest, node, z[forest.feature[node]])
            elif low <= cut < high:
                path.stack[top, 0], path.stack[top, 1], path.stack[top, 2] = forest.right[node], cut + 1, high
                top += 1
                left, high = True, cut
            else:
                left = high <= cut
            node = forest.left[node] if left else forest.right[node]
        leaf = forest.cut[node]
        more = worth[leaf, rival] - worth[leaf, own] - gain
        work.lost_left[offset + low] += more
        if offset + high + 1 < table.offset[f + 1]:
            work.lost_left[offset + high + 1] -= more


@njit(**INNER)
def slopes(forest: Forest, table: Table, worth: Reals, own: int, rival: int, path: Path, work: Work) -> float:
    """Set what moving each feature alone to each cell gains, as steps from cell to cell, in ``work.lost_left``.

    Returns the gain at ``work.whole`` itself.
    """
    z, total = work.whole, 0.0
    for k in range(work.lost_left.shape[0]):
        work.lost_left[k] = 0.0
    for f in range(z.shape[0]):
        path.low[f], path.high[f], path.times[f] = table.low[f], table.high[f], 0
    for tree in range(forest.root.shape[0]):
        leaf, narrowed = leaf_at(forest, tree, z), 0
        gain = worth[leaf, rival] - worth[leaf, own]
        total += gain
        node = forest.root[tree]
        while forest.feature[node] >= 0:
            f, cut = forest.feature[node], forest.cut[node]
            left = goes_left(forest, node, z[f])
            if cut >= 0 and z[f] >= 0:
                low, high = path.low[f], path.high[f]
                if path.times[f] == 0:
                    path.narrowed[narrowed], path.times[f] = f, 1
                    narrowed += 1
                if left:
                    first, last, other, path.high[f] = (
                        max(low, cut + 1),
                        high,
                        forest.right[node],
                        min(high, cut),
                    )
                else:
                    first, last, other, path.low[f] = (
                        low,
                        min(high, cut),
                        forest.left[node],
                        max(low, cut + 1),
                    )
                if first <= last:
                    branch_off(forest, table, worth, own, rival, other, f, first, last, gain, path, work)
            node = forest.left[node] if left else forest.right[node]
        for k in range(narrowed):
            f = path.narrowed[k]
            path.low[f], path.high[f], path.times[f] = table.low[f], table.high[f], 0
    return total


@njit(**INNER)
def best_move(
    table: Table, missing: float, barred: int, thrift: float, longest: bool, work: Work
) -> tuple[int, int]:
    """Return the feature and the cell that gain most of what is missing for their price; -1 where nothing gains.

    The price is taken to the power ``thrift``; with 0 nothing counts but the gain.
    """
    z, most = work.whole, total_cost(table, work.whole, longest)
    feature, cell, best = -1, -1, 0.0
    for f in range(z.shape[0]):
        if z[f] < 0 or f == barred:
            continue
        offset, gain = table.offset[f], 0.0
        now = table.cost[offset + z[f]]
        for c in range(table.low[f], table.high[f] + 1):
            gain += work.lost_left[offset + c]
            cost = table.cost[offset + c]
            if gain <= 0.0 or c == z[f] or cost == np.inf:
                continue
            price = max(cost - most, 0.0) if longest else max(cost - now, 0.0)
            gained = min(gain, missing) if thrift > 0.0 else gain
            value = gained / (price + 1e-9 * most + 1e-300) ** thrift
            if value > best:
                feature, cell, best = f, c, value
    return feature, cell


@njit(**INNER)
def climb(
    forest: Forest,
    table: Table,
    worth: Reals,
    goal: Reals,
    rival: int,
    barred: int,
    thrift: float,
    longest: bool,
    path: Path,
    work: Work,
) -> bool:
    """Move features of ``work.whole`` one by one until the class changes; say whether it does."""
    own, strict = int(goal[0]), goal[2]
    for _ in range(10 * work.whole.shape[0] + 100):
        if crosses(forest, work.whole, own, strict, work.sums):
            return True
        total = slopes(forest, table, worth, own, rival, path, work)
        feature, cell = best_move(table, max(goal[1] - total, 1e-12), barred, thrift, longest, work)
        if feature < 0:
            return False
        work.whole[feature] = cell
    return False


@njit(**BLOCK)
def uphill(
    forest: Forest,
    table: Table,
    worth: Reals,
    goal: Reals,
    rival: int,
    thrift: float,
    longest: bool,
    path: Path,
    work: Work,
    found: Found,
) -> None:
    """Look for a change to ``rival`` from the query on, then again with each moved feature back home and barred."""
    own, strict = int(goal[0]), goal[2]
    for f in range(found.z.shape[0]):
        work.whole[f] = table.start[f]
    if not climb(forest, table, worth, goal, rival, -1, thrift, longest, path, work):
        return
    better = keep(forest, table, own, strict, longest, work, found)
    passes = 0
    while better and passes < PASSES:
        better, passes = False, passes + 1
        for home in range(found.z.shape[0]):
            if found.z[home] == table.start[home]:
                continue
            for f in range(found.z.shape[0]):
                work.whole[f] = found.z[f]
            work.whole[home] = table.start[home]
            if climb(forest, table, worth, goal, rival, home, 1.0, longest, path, work):
                better |= keep(forest, table, own, strict, longest, work, found)


dated(uphill)
