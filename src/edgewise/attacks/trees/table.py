"""The cost table of a query: for every cell the value to put and what it costs."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Mask
from edgewise.attacks.trees.cells import Cells
from edgewise.attacks.trees.domain import Domain
from edgewise.attacks.trees.kernels.cost_table import fill
from edgewise.attacks.trees.kernels.reduction import Table


def empty_table(cells: Cells) -> Table:
    """Return a table to fill for queries of these cells."""
    d, count = cells.n_features, int(cells.offset[-1])
    return Table(
        cells.offset,
        *(np.zeros(d, np.int32) for _ in range(3)),
        *(np.zeros(count) for _ in range(2)),
        *(np.zeros(count, np.int32) for _ in range(2)),
    )


def fill_table(
    cells: Cells, domain: Domain, x: Floats, power: int, table: Table, frozen: Mask | None
) -> float:
    """Fill ``table`` for the query ``x`` (d,); return an upper bound on the cost of any move.

    ``power`` is 1, 2, or 0 where the longest move counts.
    """
    codes = np.full(len(x), -2, np.int32)
    for f, known in cells.ensemble.codes.items():
        hit = np.flatnonzero(known == x[f])
        codes[f] = hit[0] if len(hit) else -1
    direction = domain.direction if frozen is None else np.where(frozen, 2, domain.direction).astype(np.int32)
    return fill(
        x.astype(float),
        codes,
        cells.wall,
        domain.first,
        domain.last,
        domain.low,
        domain.high,
        domain.weights,
        domain.step,
        direction,
        power,
        x.dtype == np.float32,
        table,
    )
