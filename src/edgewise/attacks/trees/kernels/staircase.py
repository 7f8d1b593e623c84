"""The staircase bound: the least cost at which the trees together could change the class.

In a box of cells let ``g_t(r)`` be the largest gain of a leaf of tree t that costs at most r. A point of the
box with cost r lies in one leaf of each tree, none dearer than r, so that its gain is at most the sum of the
``g_t(r)``. Every change in the box therefore costs at least the smallest r at which that sum reaches what is
needed. Leaves are merged into that sum by selection, not sorting.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from edgewise.attacks.trees.kernels.compiling import INNER, Reals, Wholes
from edgewise.attacks.trees.kernels.reduction import Rung, Table, clip


class Work(NamedTuple):
    """Scratch of one thread: per tree, per candidate leaf, per feature, per cell."""

    best: Wholes
    gain: Reals
    worst: Reals
    trial: Reals
    order: Wholes
    cost: Reals
    worth: Reals
    tree: Wholes
    leaf: Wholes
    own: Reals
    low: Wholes
    high: Wholes
    cells: Wholes
    whole: Wholes
    lost_left: Reals
    lost_right: Reals
    touched: Wholes
    times: Wholes
    sums: Reals


@njit(**INNER)
def box_cost(table: Table, rung: Rung, low: Wholes, high: Wholes, longest: bool, work: Work) -> float:
    """Return the cost of a box's nearest cells; ``work.own`` gets each feature's part of it."""
    total = rung.fixed[1]
    for a in range(rung.size[1]):
        part = table.cost[rung.offset[a] + clip(rung.start[a], low[a], high[a])]
        work.own[a] = part
        total = max(total, part) if longest else total + part
    return total


@njit(**INNER)
def leaf_cost(
    table: Table,
    rung: Rung,
    leaf: int,
    low: Wholes,
    high: Wholes,
    base: float,
    limit: float,
    longest: bool,
    own: Reals,
) -> float:
    """Return the cost of a leaf within a box, or infinity once it reaches ``limit`` or where they miss."""
    total = base
    for k in range(rung.condition[leaf], rung.condition[leaf + 1]):
        a = rung.on[k]
        least, most = max(low[a], rung.least[k]), min(high[a], rung.most[k])
        if least > most:
            return np.inf
        start = rung.start[a]
        if start < least:
            part = table.cost[rung.offset[a] + least]
        elif start > most:
            part = table.cost[rung.offset[a] + most]
        else:
            continue
        total = max(total, part) if longest else total + (part - own[a])
        if total >= limit:
            return np.inf
    return total


@njit(**INNER)
def list_leaves(
    table: Table, rung: Rung, low: Wholes, high: Wholes, base: float, limit: float, longest: bool, work: Work
) -> tuple[float, int]:
    """Fill ``work`` with each tree's best leaf at no further cost, and with the better, dearer ones.

    Returns the sum of the former's gains and the number of the latter.
    """
    total, found = 0.0, 0
    free = base * (1 + 1e-14)
    for t in range(rung.size[0]):
        best, gain, worst, first = -1, -np.inf, np.inf, found
        for leaf in range(rung.tree[t], rung.tree[t + 1]):
            worth = rung.gain[leaf]
            if worth <= gain and worth >= worst:
                continue
            cost = leaf_cost(table, rung, leaf, low, high, base, limit, longest, work.own)
            if cost == np.inf:
                continue
            worst = min(worst, worth)
            if worth <= gain:
                continue
            if cost <= free:
                best, gain = leaf, worth
            else:
                work.cost[found], work.worth[found] = cost, worth
                work.tree[found], work.leaf[found] = t, leaf
                found += 1
        kept = first
        for k in range(first, found):
            if work.worth[k] > gain:
                swap(work, kept, k)
                kept += 1
        found = kept
        work.best[t], work.gain[t], work.worst[t] = best, gain, worst
        total += gain
    return total, found


@njit(**INNER)
def swap(work: Work, i: int, k: int) -> None:
    """Exchange two candidates."""
    work.cost[i], work.cost[k] = work.cost[k], work.cost[i]
    work.worth[i], work.worth[k] = work.worth[k], work.worth[i]
    work.tree[i], work.tree[k] = work.tree[k], work.tree[i]
    work.leaf[i], work.leaf[k] = work.leaf[k], work.leaf[i]


@njit(**INNER)
def rise(work: Work, first: int, last: int) -> float:
    """Return what the candidates from ``first`` to ``last`` would add to the sum of gains."""
    added = 0.0
    for k in range(first, last):
        t = work.tree[k]
        work.trial[t] = work.gain[t]
    for k in range(first, last):
        t = work.tree[k]
        if work.worth[k] > work.trial[t]:
            added += work.worth[k] - work.trial[t]
            work.trial[t] = work.worth[k]
    return added


@njit(**INNER)
def commit(work: Work, first: int, last: int) -> None:
    """Make the candidates from ``first`` to ``last`` their trees' best leaves where they are better."""
    for k in range(first, last):
        t = work.tree[k]
        if work.worth[k] > work.gain[t]:
            work.gain[t], work.best[t] = work.worth[k], work.leaf[k]


@njit(**INNER)
def split_at(work: Work, first: int, last: int, pivot: float) -> tuple[int, int]:
    """Order candidates into cheaper than, as dear as and dearer than ``pivot``; return the two borders."""
    below, k, above = first, first, last
    while k < above:
        if work.cost[k] < pivot:
            swap(work, below, k)
            below += 1
            k += 1
        elif work.cost[k] > pivot:
            above -= 1
            swap(work, k, above)
        else:
            k += 1
    return below, above


@njit(**INNER)
def staircase(
    table: Table,
    rung: Rung,
    low: Wholes,
    high: Wholes,
    base: float,
    limit: float,
    needed: float,
    longest: bool,
    work: Work,
) -> float:
    """Return the least cost below ``limit`` at which the gains reach ``needed``, or infinity.

    ``work.best`` are then the leaves that make them.
    """
    total, last = list_leaves(table, rung, low, high, base, limit, longest, work)
    if total >= needed:
        return base
    first = 0
    while first < last:
        a, b, c = work.cost[first], work.cost[(first + last) // 2], work.cost[last - 1]
        below, above = split_at(work, first, last, max(min(a, b), min(max(a, b), c)))
        added = rise(work, first, below)
        if total + added >= needed:
            last = below
            continue
        commit(work, first, below)
        total += added
        added = rise(work, below, above)
        pivot = work.cost[below]
        commit(work, below, above)
        total += added
        if total >= needed:
            return pivot
        first = kept = above
        for k in range(above, last):
            if work.worth[k] > work.gain[work.tree[k]]:
                swap(work, kept, k)
                kept += 1
        last = kept
    return np.inf


def empty_work(trees: int, leaves: int, features: int, cells: int, columns: int) -> Work:
    """Return scratch for an ensemble of a size."""
    per_tree, per_leaf, per_cell = np.zeros((3, trees)), np.zeros((2, leaves)), np.zeros((2, cells))
    where, wide = np.zeros((2, leaves), np.int32), np.zeros((6, features), np.int32)
    return Work(
        best=np.zeros(trees, np.int32),
        gain=per_tree[0],
        worst=per_tree[1],
        trial=per_tree[2],
        order=np.zeros(trees, np.int32),
        cost=per_leaf[0],
        worth=per_leaf[1],
        tree=where[0],
        leaf=where[1],
        own=np.zeros(features),
        low=wide[0],
        high=wide[1],
        cells=wide[2],
        whole=wide[3],
        lost_left=per_cell[0],
        lost_right=per_cell[1],
        touched=wide[4],
        times=wide[5],
        sums=np.zeros((2, columns)),
    )
