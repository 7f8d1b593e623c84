"""Best-first search of boxes of cells, by their staircase bound; and that bound for rows of a pool."""

from __future__ import annotations

import numpy as np
from numba import njit

from edgewise.attacks.trees.kernels.compiling import BLOCK, Reals, Wholes, dated
from edgewise.attacks.trees.kernels.cost_table import fill
from edgewise.attacks.trees.kernels.crossing import Found, meet, try_cells
from edgewise.attacks.trees.kernels.cutting import choose_cut, cut_box
from edgewise.attacks.trees.kernels.forest import Forest
from edgewise.attacks.trees.kernels.open_boxes import Nodes, insert, release, take
from edgewise.attacks.trees.kernels.reduction import Path, Rung, Table, reduce
from edgewise.attacks.trees.kernels.staircase import Work, box_cost, staircase


DONE, PAUSED, FULL = 0, 1, 2


@njit(**BLOCK)
def begin(rung: Rung, nodes: Nodes) -> None:
    """Open the search with the whole domain of a rung."""
    nodes.size[0] = nodes.size[2] = 0
    nodes.size[1] = 1
    for a in range(rung.size[1]):
        nodes.low[0, a], nodes.high[0, a] = rung.low[a], rung.high[a]
    nodes.key[0] = 0.0
    insert(nodes, 0)


@njit(**BLOCK)
def screen(
    forest: Forest,
    wall: Reals,
    first: Reals,
    last: Reals,
    low: Reals,
    high: Reals,
    weights: Reals,
    step: Reals,
    direction: Wholes,
    X: Reals,
    codes: Wholes,
    own: Wholes,
    order: Wholes,
    power: int,
    single: bool,
    worth: Reals,
    start: Reals,
    slack: float,
    radius: float,
    table: Table,
    path: Path,
    rung: Rung,
    work: Work,
    bounds: Reals,
) -> int:
    """Go through rows in ``order`` up to the first with a change nearer than ``radius`` not ruled out.

    Returns its position, or how many rows there are. ``table`` is then that of the last row looked at,
    ``bounds`` the staircase bound for each rival class of it, infinite where nothing nearer suffices, and at
    the end the cost of its farthest point. ``direction`` and ``codes`` have a row for each of ``X`` or one.
    """
    longest = power == 0
    for at in range(order.shape[0]):
        row = order[at]
        mine, least = own[row], np.inf
        bounds[-1] = fill(
            X[row],
            codes[min(row, codes.shape[0] - 1)],
            wall,
            first,
            last,
            low,
            high,
            weights,
            step,
            direction[min(row, direction.shape[0] - 1)],
            power,
            single,
            table,
        )
        for rival in range(bounds.shape[0] - 1):
            bounds[rival] = np.inf
            if rival == mine:
                continue
            reduce(forest, table, worth, mine, rival, radius, longest, path, rung)
            base = box_cost(table, rung, rung.low, rung.high, longest, work)
            needed = start[mine] - start[rival] - slack - rung.fixed[0]
            bounds[rival] = staircase(table, rung, rung.low, rung.high, base, np.inf, needed, longest, work)
            least = min(least, bounds[rival])
        if least < np.inf:
            return at
    return order.shape[0]


@njit(**BLOCK)
def search(
    forest: Forest,
    table: Table,
    rung: Rung,
    nodes: Nodes,
    found: Found,
    work: Work,
    goal: Reals,
    radius: float,
    budget: int,
    longest: bool,
) -> int:
    """Search a rung until nothing open is cheaper than what was found or than ``radius``.

    ``goal`` is the class to leave, the sum of gains needed and how far the winner has to lead. ``PAUSED``
    after ``budget`` nodes, ``FULL`` when the slots run out; either goes on when called again.
    """
    own, needed, strict = int(goal[0]), goal[1] - rung.fixed[0], goal[2]
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
dated(screen)
dated(search)
