"""Where a batch of rows may move: box, dtype, whole numbers, grids and one-way features, as values of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Box, Floats, Index, InputError
from edgewise.attacks.moves import Rules
from edgewise.attacks.trees.cells import Cells
from edgewise.attacks.trees.kernels.compiling import Wholes


@dataclass(frozen=True)
class Domain:
    """What a batch of queries may move to: ``first`` and ``last`` value of each cell that is allowed.

    ``low`` and ``high`` are the box; ``reach`` numbers what a move costs.
    """

    first: Floats
    last: Floats
    low: Floats
    high: Floats
    weights: Floats
    step: Floats
    direction: Wholes
    own: Index


def allowed(cells: Cells, box: Box | None, rules: Rules, X: Floats) -> Domain:
    """Return the domain of the rows ``X`` (n, d) in a box under rules.

    Raises
    ------
    InputError
        A row is not on the grid of a feature.
    """
    d = cells.n_features
    low, high = np.full(d, -np.inf), np.full(d, np.inf)
    if box is not None:
        low, high = (bound.astype(float) for bound in box.bounds(X.dtype))
    own = np.repeat(np.arange(d), np.diff(cells.offset))
    first, last = np.maximum(cells.first, low[own]), np.minimum(cells.last, high[own])
    step = rules.step.copy()
    for f in rules.integers:
        rows = own == f
        first[rows], last[rows] = np.ceil(first[rows]), np.floor(last[rows])
        _on_grid(X[:, f], np.rint(X[:, f]), f, "a whole number")
    for f, grid in rules.grid.items():
        rows, values = own == f, grid.astype(X.dtype).astype(float)
        padded = np.concatenate([[-np.inf], values, [np.inf]])
        first[rows] = padded[1:][np.searchsorted(values, first[rows], "left")]
        last[rows] = padded[np.searchsorted(values, last[rows], "right")]
        near = values[np.clip(np.searchsorted(values, X[:, f]), 0, len(values) - 1)]
        _on_grid(X[:, f], near, f, "one of the values of its grid")
    step[[*rules.integers, *rules.grid]] = 0.0
    direction = rules.direction.copy()
    direction[list(cells.ensemble.codes)] = 2
    return Domain(first, last, low, high, rules.weights, step, direction, own)


def _on_grid(values: Floats, near: Floats, feature: int, what: str) -> None:
    off = np.flatnonzero((values != near) & ~np.isnan(values))
    if off.size:
        raise InputError(
            f"feature {feature} is {values[off[0]]:g} in row {off[0]}, which is not {what}; "
            "add it to the grid, or leave the feature out of `integers`."
        )
