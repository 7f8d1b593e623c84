"""What is left of an ensemble within a radius of a query: leaves nearer than it, conditions that cut it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from edgewise.attacks.trees.kernels.compiling import BLOCK, INNER, Reals, Wholes, dated
from edgewise.attacks.trees.kernels.forest import Forest, goes_left


class Table(NamedTuple):
    """What moving costs: for each cell of each feature the value to put and its cost, infinite if barred.

    ``up`` and ``down`` are the nearest cells that can be reached at or above, at or below. ``low`` and
    ``high`` bound the cells that can be reached; ``start`` is the query's own, -1 where it is missing.
    """

    offset: Wholes
    start: Wholes
    low: Wholes
    high: Wholes
    cost: Reals
    value: Reals
    up: Wholes
    down: Wholes


class Rung(NamedTuple):
    """The reduced ensemble: trees of at least two leaves, each leaf with a gain and conditions on cells.

    ``size``: trees, features, and whether the radius left everything in. ``fixed``: the gain of trees with
    one leaf left, and the cost of features without a condition. The others are numbered anew.
    """

    size: Wholes
    fixed: Reals
    tree: Wholes
    gain: Reals
    condition: Wholes
    on: Wholes
    least: Wholes
    most: Wholes
    feature: Wholes
    offset: Wholes
    start: Wholes
    low: Wholes
    high: Wholes


class Path(NamedTuple):
    """Scratch of the walk: the present box, the stack, the features narrowed so far."""

    low: Wholes
    high: Wholes
    domain_low: Wholes
    domain_high: Wholes
    stack: Wholes
    saved: Reals
    narrowed: Wholes
    times: Wholes
    number: Wholes


@njit(**INNER)
def clip(value: int, low: int, high: int) -> int:
    """Return the nearest number of a range."""
    return low if value < low else (high if value > high else value)


@njit(**INNER)
def plus(total: float, old: float, new: float, longest: bool) -> float:
    """Return a total cost in which one feature costs ``new`` instead of ``old``."""
    return max(total, new) if longest else total + (new - old)


@njit(**INNER)
def shrink_domain(table: Table, radius: float, longest: bool, path: Path) -> tuple[float, bool]:
    """Bound every feature to the cells nearer than ``radius``; return the least cost and if none was lost."""
    total = 0.0
    for f in range(table.start.shape[0]):
        if table.start[f] >= 0:
            own = table.cost[table.offset[f] + table.start[f]]
            total = max(total, own) if longest else total + own
    whole = True
    for f in range(table.start.shape[0]):
        start, offset = table.start[f], table.offset[f]
        path.domain_low[f] = path.domain_high[f] = start
        path.times[f] = 0
        if start < 0:
            continue
        own = table.cost[offset + start]
        low = start
        while low > table.low[f]:
            cell = table.down[offset + low - 1]
            if plus(total, own, table.cost[offset + cell], longest) >= radius:
                whole = False
                break
            low = cell
        high = start
        while high < table.high[f]:
            cell = table.up[offset + high + 1]
            if plus(total, own, table.cost[offset + cell], longest) >= radius:
                whole = False
                break
            high = cell
        path.domain_low[f], path.domain_high[f] = low, high
    for f in range(table.start.shape[0]):
        path.low[f], path.high[f] = path.domain_low[f], path.domain_high[f]
    return total, whole


@njit(**INNER)
def push(path: Path, top: int, node: int, f: int, low: int, high: int, cost: float) -> int:
    """Put an instruction on the stack: narrow and visit, or with node -1 restore."""
    path.stack[top, 0], path.stack[top, 1], path.stack[top, 2], path.stack[top, 3] = node, f, low, high
    path.saved[top] = cost
    return top + 1


@njit(**INNER)
def walk(
    forest: Forest,
    table: Table,
    tree: int,
    worth: Reals,
    own: int,
    rival: int,
    radius: float,
    longest: bool,
    total: float,
    path: Path,
    rung: Rung,
    leaves: int,
    conditions: int,
) -> tuple[int, int]:
    """Write the leaves of one tree that lie nearer than ``radius``; return how many there are by then."""
    narrowed, cost = 0, total
    top = push(path, 0, forest.root[tree], -1, 0, 0, total)
    while top > 0:
        top -= 1
        node, f, low, high = path.stack[top, 0], path.stack[top, 1], path.stack[top, 2], path.stack[top, 3]
        if node < 0:
            path.low[f], path.high[f], cost = low, high, path.saved[top]
            path.times[f] -= 1
            if path.times[f] == 0:
                narrowed -= 1
            continue
        if f >= 0:
            offset, start = table.offset[f], table.start[f]
            old = table.cost[offset + clip(start, path.low[f], path.high[f])]
            path.low[f], path.high[f] = low, high
            cost = plus(cost, old, table.cost[offset + clip(start, low, high)], longest)
            if path.times[f] == 0:
                path.narrowed[narrowed] = f
                narrowed += 1
            path.times[f] += 1
            if cost >= radius:
                continue
        while forest.feature[node] >= 0:
            f = forest.feature[node]
            low, high = path.low[f], path.high[f]
            if low == high or forest.cut[node] < 0:
                node = forest.left[node] if goes_left(forest, node, low) else forest.right[node]
                continue
            cut = forest.cut[node]
            if low > cut:
                node = forest.right[node]
                continue
            if high <= cut:
                node = forest.left[node]
                continue
            below, above = table.down[table.offset[f] + cut], table.up[table.offset[f] + cut + 1]
            top = push(path, top, -1, f, low, high, cost)
            top = push(path, top, forest.right[node], f, above, high, cost)
            top = push(path, top, -1, f, low, high, cost)
            top = push(path, top, forest.left[node], f, low, below, cost)
            break
        if forest.feature[node] < 0:
            rung.gain[leaves] = worth[forest.cut[node], rival] - worth[forest.cut[node], own]
            for k in range(narrowed):
                f = path.narrowed[k]
                rung.on[conditions] = f
                rung.least[conditions], rung.most[conditions] = path.low[f], path.high[f]
                conditions += 1
            leaves += 1
            rung.condition[leaves] = conditions
    return leaves, conditions


@njit(**INNER)
def renumber(table: Table, path: Path, rung: Rung, conditions: int, longest: bool) -> None:
    """Give the features with a condition new numbers, and put their tables and bounds in that order."""
    for f in range(table.start.shape[0]):
        path.number[f] = -1
    features, rest = 0, 0.0
    for k in range(conditions):
        f = rung.on[k]
        if path.number[f] < 0:
            path.number[f] = features
            rung.feature[features] = f
            rung.offset[features], rung.start[features] = table.offset[f], table.start[f]
            rung.low[features], rung.high[features] = path.domain_low[f], path.domain_high[f]
            features += 1
        rung.on[k] = path.number[f]
    for f in range(table.start.shape[0]):
        if path.number[f] < 0 and table.start[f] >= 0:
            own = table.cost[table.offset[f] + table.start[f]]
            rest = max(rest, own) if longest else rest + own
    rung.size[1], rung.fixed[1] = features, rest


@njit(**BLOCK)
def reduce(
    forest: Forest,
    table: Table,
    worth: Reals,
    own: int,
    rival: int,
    radius: float,
    longest: bool,
    path: Path,
    rung: Rung,
) -> None:
    """Reduce the ensemble to what is nearer than ``radius``, in place; see `Rung`.

    A leaf gains what it is worth ``(m, c)`` to class ``rival`` over ``own``. With infinite radius everything
    that can be reached is kept.
    """
    total, whole = shrink_domain(table, radius, longest, path)
    trees, leaves, conditions, constant = 0, 0, 0, 0.0
    rung.tree[0] = rung.condition[0] = 0
    for tree in range(forest.root.shape[0]):
        before, conditions_before = leaves, conditions
        leaves, conditions = walk(
            forest,
            table,
            tree,
            worth,
            own,
            rival,
            radius,
            longest,
            total,
            path,
            rung,
            leaves,
            conditions,
        )
        if leaves == before + 1:
            constant += rung.gain[before]
            leaves, conditions = before, conditions_before
        else:
            trees += 1
            rung.tree[trees] = leaves
    rung.size[0], rung.size[2], rung.fixed[0] = trees, whole, constant
    renumber(table, path, rung, conditions, longest)


dated(reduce)


def empty_rung(trees: int, leaves: int, conditions: int, features: int) -> Rung:
    """Return a rung with room for the whole ensemble."""
    return Rung(
        np.zeros(3, np.int32),
        np.zeros(2),
        np.zeros(trees + 1, np.int32),
        np.empty(leaves + 1),
        np.zeros(leaves + 2, np.int32),
        *(np.empty(conditions + 1, np.int32) for _ in range(3)),
        *(np.zeros(features, np.int32) for _ in range(5)),
    )


def empty_path(depth: int, features: int) -> Path:
    """Return scratch for trees of a depth."""
    wide, room = np.zeros((7, features), np.int32), 4 * depth + 8
    return Path(
        wide[0],
        wide[1],
        wide[2],
        wide[3],
        np.empty((room, 4), np.int32),
        np.empty(room),
        wide[4],
        wide[5],
        wide[6],
    )
