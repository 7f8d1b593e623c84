"""Cutting a box in two where the best leaves of the trees conflict, or where it costs most."""

from __future__ import annotations

from numba import njit

from edgewise.attacks.trees.kernels.compiling import INNER, Wholes
from edgewise.attacks.trees.kernels.open_boxes import Nodes, acquire, insert, release
from edgewise.attacks.trees.kernels.reduction import Rung, Table, clip, plus
from edgewise.attacks.trees.kernels.staircase import Work, box_cost


@njit(**INNER)
def note_conflicts(table: Table, rung: Rung, low: Wholes, high: Wholes, work: Work) -> tuple[int, float]:
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
def choose_cut(
    table: Table, rung: Rung, low: Wholes, high: Wholes, base: float, room: float, longest: bool, work: Work
) -> tuple[int, int]:
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
def cut_box(
    table: Table,
    rung: Rung,
    nodes: Nodes,
    slot: int,
    feature: int,
    cell: int,
    bound: float,
    longest: bool,
    limit: float,
    work: Work,
) -> None:
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
