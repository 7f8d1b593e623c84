"""The cost table of a query: for every cell the value to put and what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from edgewise.attacks.trees.kernels.compiling import BLOCK, INNER, Reals, Wholes, dated
from edgewise.attacks.trees.kernels.reduction import Table


@njit(**INNER)
def price(move: float, weight: float, power: int) -> float:
    """Return what a move costs: its weighted length, or the square of that."""
    length = abs(move) * weight
    return length * length if power == 2 else length


@njit(**INNER)
def put(x: float, first: float, last: float, right: bool, step: float, single: bool) -> float:
    """Return the value of a cell nearest to ``x`` at least ``step`` away, or NaN."""
    value = first if right else last
    if step > 0 and abs(value - x) < step:
        value = x + step if right else x - step
        if single:
            value = np.float64(np.float32(value))
        if abs(value - x) < step:
            far = np.inf if right else -np.inf
            value = (
                np.float64(np.nextafter(np.float32(value), np.float32(far)))
                if single
                else np.nextafter(value, far)
            )
    return value if first <= value <= last and abs(value) < np.inf else np.nan


@njit(**INNER)
def fill_feature(
    f: int,
    x: float,
    wall: Reals,
    first: Reals,
    last: Reals,
    low: float,
    high: float,
    weight: float,
    step: float,
    direction: int,
    power: int,
    single: bool,
    table: Table,
) -> float:
    """Fill the cells of one feature; return the cost of the dearest."""
    offset = table.offset[f]
    count = table.offset[f + 1] - offset
    inside = min(max(x, low), high)
    start: Any = np.searchsorted(wall[offset - f : offset - f + count - 1], inside)
    table.start[f] = start
    for c in range(count):
        right, bars = c > start, False
        if c == start:
            value = inside
        else:
            bars = direction == 2 or (direction == 1 and not right) or (direction == -1 and right)
            value = put(x, first[offset + c], last[offset + c], right, step, single)
        barred = bars or np.isnan(value)
        table.value[offset + c] = value
        table.cost[offset + c] = np.inf if barred else price(value - x, weight, power)
    lowest, highest, at = start, start, -1
    for c in range(count):
        if table.cost[offset + c] < np.inf:
            at = c
            lowest, highest = min(lowest, c), max(highest, c)
        table.down[offset + c] = at
    at = count
    for c in range(count - 1, -1, -1):
        if table.cost[offset + c] < np.inf:
            at = c
        table.up[offset + c] = at
    table.low[f], table.high[f] = lowest, highest
    return max(table.cost[offset + lowest], table.cost[offset + highest])


@njit(**BLOCK)
def fill(
    x: Reals,
    codes: Wholes,
    wall: Reals,
    first: Reals,
    last: Reals,
    low: Reals,
    high: Reals,
    weights: Reals,
    step: Reals,
    direction: Wholes,
    power: int,
    single: bool,
    table: Table,
) -> float:
    """Fill the table of the query ``x`` (d,); return the cost of the farthest point.

    ``codes`` (d,) are the categories of categorical features, -2 for numeric ones.
    """
    most = 0.0
    for f in range(x.shape[0]):
        if np.isnan(x[f]) or codes[f] > -2:
            cell = -1 if codes[f] <= -1 else codes[f]
            table.start[f] = table.low[f] = table.high[f] = cell
            if cell >= 0:
                table.cost[table.offset[f] + cell], table.value[table.offset[f] + cell] = 0.0, x[f]
            continue
        cost = fill_feature(
            f,
            x[f],
            wall,
            first,
            last,
            low[f],
            high[f],
            weights[f],
            step[f],
            direction[f],
            power,
            single,
            table,
        )
        most = max(most, cost) if power == 0 else most + cost
    return most


dated(fill)
