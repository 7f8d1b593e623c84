"""Best-first search of boxes of cells, by their staircase bound; boxes are cut where best leaves conflict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from edgewise.arrays import Floats, Index
from edgewise.attacks.trees.kernels.compiling import BLOCK, INNER, dated
from edgewise.attacks.trees.kernels.forest import crosses
from edgewise.attacks.trees.kernels.reduction import clip, plus
from edgewise.attacks.trees.kernels.staircase import box_cost, staircase


DONE, PAUSED, FULL = 0, 1, 2


class Nodes(NamedTuple):
    """Open boxes: a heap of slots by key, the slots' bounds, and the slots that are free again.

    ``size``: boxes in the heap, slots ever used, slots free, nodes evaluated.
    """

    heap: Index
    key: Floats
    low: Index
    high: Index
    free: Index
    size: Index


class Found(NamedTuple):
    """The cheapest cells known to cross ``z`` (d,), and their cost ``(1,)``."""

    cost: Floats
    z: Index


@njit(**INNER)
def insert(nodes, slot):
    """Put a slot on the heap."""
    at = nodes.size[0]
    nodes.size[0] += 1
    while at > 0:
        parent = (at - 1) // 2
        if nodes.key[nodes.heap[parent]] <= nodes.key[slot]:
            break
        nodes.heap[at] = nodes.heap[parent]
        at = parent
    nodes.heap[at] = slot


@njit(**INNER)
def take(nodes):
    """Take the slot with the least key off the heap."""
    top = nodes.heap[0]
    nodes.size[0] -= 1
    count = nodes.size[0]
    if count > 0:
        slot, at = nodes.heap[count], 0
        while True:
            child = 2 * at + 1
            if child >= count:
                break
            if child + 1 < count and nodes.key[nodes.heap[child + 1]] < nodes.key[nodes.heap[child]]:
                child += 1
            if nodes.key[nodes.heap[child]] >= nodes.key[slot]:
                break
            nodes.heap[at] = nodes.heap[child]
            at = child
        nodes.heap[at] = slot
    return top


@njit(**INNER)
def release(nodes, slot):
    """Let a slot be used again."""
    nodes.free[nodes.size[2]] = slot
    nodes.size[2] += 1


@njit(**INNER)
def acquire(nodes):
    """Return a free slot."""
    if nodes.size[2] > 0:
        nodes.size[2] -= 1
        return nodes.free[nodes.size[2]]
    nodes.size[1] += 1
    return nodes.size[1] - 1


@njit(**INNER)
def meet(table, rung, low, high, longest, work):
    """Put the nearest cells of the best leaves' common box, as far as they meet, into ``work.cells``.

    Leaves join by falling gain; one that misses those before it is left out. Returns the cells' cost.
    """
    features, trees = rung.size[1], rung.size[0]
    for a in range(features):
        work.low[a], work.high[a] = low[a], high[a]
    for t in range(trees):
        work.trial[t] = work.worst[t] - work.gain[t]
    order = np.argsort(work.trial[:trees])
    for t in order:
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
def whole_cells(table, rung, work):
    """Write ``work.cells`` among all features into ``work.whole``; the others stay at home."""
    for f in range(table.start.shape[0]):
        work.whole[f] = table.start[f]
    for a in range(rung.size[1]):
        work.whole[rung.feature[a]] = work.cells[a]


@njit(**INNER)
def nearer(table, f, cell):
    """Return the next cell that can be reached on the way home."""
    if cell > table.start[f]:
        return table.down[table.offset[f] + cell - 1]
    return table.up[table.offset[f] + cell + 1]


@njit(**INNER)
def shrink_longest(forest, table, own, strict, work):
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
def shrink_sum(forest, table, own, strict, work):
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
def total_cost(table, z, longest):
    """Return the cost of cells ``z`` (d,)."""
    total = 0.0
    for f in range(z.shape[0]):
        if z[f] >= 0:
            part = table.cost[table.offset[f] + z[f]]
            total = max(total, part) if longest else total + part
    return total


@njit(**INNER)
def try_cells(forest, table, rung, own, strict, longest, work, found):
    """Keep ``work.cells`` (made cheaper) if they cross; say whether they do."""
    whole_cells(table, rung, work)
    if not crosses(forest, work.whole, own, strict, work.sums):
        return False
    if longest:
        shrink_longest(forest, table, own, strict, work)
    else:
        shrink_sum(forest, table, own, strict, work)
    cost = total_cost(table, work.whole, longest)
    if cost < found.cost[0]:
        found.cost[0] = cost
        for f in range(work.whole.shape[0]):
            found.z[f] = work.whole[f]
    return True


@njit(**INNER)
def note_conflicts(table, rung, low, high, work):
    """Add up, per cell, the gains of best leaves that a cut there takes away on either side.

    Returns the number of features such cuts are on, and the sum of gains.
    """
    touched, gains = 0, 0.0
    for t in range(rung.size[0]):
        leaf, gain = work.best[t], work.gain[t] - work.worst[t]
        gains += gain
        for k in range(rung.condition[leaf], rung.condition[leaf + 1]):
            a = rung.on[k]
            least, most = rung.least[k], rung.most[k]
            if least <= low[a] and most >= high[a]:
                continue
            if work.times[a] == 0:
                work.times[a] = 1
                work.touched[touched] = a
                touched += 1
                for cell in range(rung.offset[a] + low[a], rung.offset[a] + high[a] + 1):
                    work.lost_left[cell] = work.lost_right[cell] = 0.0
            if least > low[a]:
                work.lost_left[rung.offset[a] + least] += gain + 1e-300
            if most < high[a]:
                work.lost_right[rung.offset[a] + most] += gain + 1e-300
    return touched, gains


@njit(**INNER)
def choose_cut(table, rung, low, high, base, room, longest, work):
    """Return the feature and the last cell on the left of the best cut, or -1 where nothing cuts the box."""
    touched, gains = note_conflicts(table, rung, low, high, work)
    scale = 1.0 / gains if gains > 0 else 1.0
    chosen, at, score = -1, 0, -1.0
    for j in range(touched):
        a = work.touched[j]
        work.times[a] = 0
        offset, nearest = rung.offset[a], clip(rung.start[a], low[a], high[a])
        left = 0.0
        for cell in range(low[a] + 1, high[a] + 1):
            left += work.lost_left[offset + cell]
        right = 0.0
        for cell in range(low[a], high[a]):
            ends, begins = work.lost_right[offset + cell], work.lost_left[offset + cell + 1]
            right += ends
            if ends > 0 or begins > 0:
                if cell < nearest:
                    cost = table.cost[offset + table.down[offset + cell]]
                else:
                    cost = table.cost[offset + table.up[offset + cell + 1]]
                dearer = max(plus(base, work.own[a], cost, longest) - base, 0.0) / room
                on_left, on_right = (dearer, 0.0) if cell < nearest else (0.0, dearer)
                value = (left * scale + on_left + 1e-3) * (right * scale + on_right + 1e-3)
                if value > score:
                    chosen, at, score = a, cell, value
            left -= begins
    return chosen, at


@njit(**INNER)
def cut_box(table, rung, nodes, slot, feature, cell, bound, longest, limit, work):
    """Replace a box by its two parts; parts that cost ``limit`` or more are dropped."""
    offset, high = rung.offset[feature], nodes.high[slot, feature]
    other = acquire(nodes)
    for a in range(rung.size[1]):
        nodes.low[other, a], nodes.high[other, a] = nodes.low[slot, a], nodes.high[slot, a]
    nodes.high[slot, feature] = table.down[offset + cell]
    nodes.low[other, feature], nodes.high[other, feature] = table.up[offset + cell + 1], high
    for side in range(2):
        part = slot if side == 0 else other
        cost = box_cost(table, rung, nodes.low[part], nodes.high[part], longest, work)
        nodes.key[part] = max(bound, cost)
        if nodes.key[part] >= limit:
            release(nodes, part)
        else:
            insert(nodes, part)


@njit(**BLOCK)
def begin(rung, nodes):
    """Open the search with the whole domain of a rung."""
    nodes.size[0] = nodes.size[2] = 0
    nodes.size[1] = 1
    for a in range(rung.size[1]):
        nodes.low[0, a], nodes.high[0, a] = rung.low[a], rung.high[a]
    nodes.key[0] = 0.0
    insert(nodes, 0)


@njit(**BLOCK)
def bound(table, rung, needed, longest, work):
    """Return the staircase bound of a rung's whole domain."""
    base = box_cost(table, rung, rung.low, rung.high, longest, work)
    return staircase(table, rung, rung.low, rung.high, base, np.inf, needed - rung.fixed[0], longest, work)


@njit(**BLOCK)
def search(forest, table, rung, nodes, found, work, goal, radius, budget, longest):
    """Search a rung until nothing open is cheaper than what was found or than ``radius``.

    ``goal`` is the class to leave, the sum of gains needed and how far the winner has to lead. ``PAUSED``
    after ``budget`` nodes, ``FULL`` when the slots run out; either goes on when called again.
    """
    own, needed, strict = np.int64(goal[0]), goal[1] - rung.fixed[0], goal[2]
    stop = nodes.size[3] + budget
    while nodes.size[0] > 0:
        limit = min(radius, found.cost[0]) * (1 - 1e-13)
        if nodes.key[nodes.heap[0]] >= limit:
            nodes.size[0] = 0
            break
        if nodes.size[3] >= stop:
            return PAUSED
        if nodes.size[2] == 0 and nodes.size[1] >= nodes.key.shape[0]:
            return FULL
        slot = take(nodes)
        nodes.size[3] += 1
        low, high = nodes.low[slot], nodes.high[slot]
        base = box_cost(table, rung, low, high, longest, work)
        least = staircase(table, rung, low, high, base, limit, needed, longest, work)
        if least >= limit:
            release(nodes, slot)
            continue
        cost = meet(table, rung, low, high, longest, work)
        if cost < limit and try_cells(forest, table, rung, own, strict, longest, work, found):
            if cost <= least * (1 + 1e-13):
                release(nodes, slot)
                continue
            limit = min(radius, found.cost[0]) * (1 - 1e-13)
            if least >= limit:
                release(nodes, slot)
                continue
        feature, cell = choose_cut(table, rung, low, high, base, limit - base, longest, work)
        if feature < 0:
            release(nodes, slot)
        else:
            cut_box(table, rung, nodes, slot, feature, cell, least, longest, limit, work)
    return DONE


dated(begin)
dated(bound)
dated(search)


def empty_nodes(slots: int, features: int) -> Nodes:
    """Return room for so many open boxes."""
    return Nodes(
        np.zeros(slots, np.int32),
        np.zeros(slots),
        np.zeros((slots, features), np.int32),
        np.zeros((slots, features), np.int32),
        np.zeros(slots, np.int32),
        np.zeros(4, np.int64),
    )


def grown(nodes: Nodes) -> Nodes:
    """Return the same boxes with twice the room."""
    more = empty_nodes(2 * len(nodes.key), nodes.low.shape[1])
    for old, new in zip(nodes, more, strict=True):
        new[: len(old)] = old
    return more


def empty_found(features: int) -> Found:
    """Return a result that nothing is dearer than."""
    return Found(np.full(1, np.inf), np.zeros(features, np.int32))
