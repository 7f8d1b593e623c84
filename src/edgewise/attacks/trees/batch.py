"""Rows as kernels take them, and room for the cost table of one: for every cell the value to put and its cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Index, Mask
from edgewise.attacks.trees.cells import Cells, codes_of
from edgewise.attacks.trees.domain import Domain
from edgewise.attacks.trees.kernels.compiling import Wholes
from edgewise.attacks.trees.kernels.reduction import Table


@dataclass(frozen=True)
class Batch:
    """Rows to query about: ``X`` (n, d) of class numbers ``own`` (n,), ready for the kernels.

    ``codes`` are the categories of categorical features, -2 for numeric ones; they and ``direction`` have a
    row for each of ``X``, or one for all. ``power`` is 1, 2, or 0 where the longest move counts; ``single``
    says that the rows are float32.
    """

    cells: Cells
    domain: Domain
    X: Floats
    own: Index
    codes: Wholes
    direction: Wholes
    power: int
    single: bool

    @classmethod
    def of(
        cls, cells: Cells, domain: Domain, X: Floats, own: Index, norm: float, frozen: Mask | None = None
    ) -> Batch:
        """Return rows of one dtype; ``frozen`` (n, d) are values that stay."""
        known = cells.ensemble.codes
        codes = np.full((len(X) if known else 1, X.shape[1]), -2, np.int32)
        for f in known:
            codes[:, f] = codes_of(cells.ensemble, f, X[:, f].astype(float))
        direction = domain.direction[None]
        if frozen is not None:
            direction = np.where(frozen, 2, direction)
        return cls(
            cells,
            domain,
            np.ascontiguousarray(X, float),
            np.ascontiguousarray(own, np.intp),
            codes,
            np.ascontiguousarray(direction, np.int32),
            0 if norm == np.inf else int(norm),
            X.dtype == np.float32,
        )


def empty_table(cells: Cells) -> Table:
    """Return a table to fill for queries of these cells."""
    d, count = cells.n_features, int(cells.offset[-1])
    return Table(
        cells.offset,
        *(np.zeros(d, np.int32) for _ in range(3)),
        *(np.zeros(count) for _ in range(2)),
        *(np.zeros(count, np.int32) for _ in range(2)),
    )
