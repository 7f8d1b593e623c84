"""Where rows may lie, from what the caller says: pool, box and grid checked; the rows kept apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, InputError, check_box
from edgewise.audit.families.frame import Space
from edgewise.randomness import stream


def spaced(
    X: Floats,
    box: Box | tuple[ArrayLike, ArrayLike] | None,
    grid: Sequence[ArrayLike | None] | None,
    measure: int,
    seed: int,
) -> tuple[Space, Floats]:
    """Return the space of the rows ``X`` (n, d) and the rows kept apart to measure on, all that equal them left out."""
    _, first, which = np.unique(X, axis=0, return_index=True, return_inverse=True)
    order = stream(seed, "extract", "held-out").permutation(len(X))
    kept = order[np.isin(order, first)][: min(measure // 2, len(first) // 3)]
    return _space(X[~np.isin(which, which[kept])], X, box, grid), X[kept]


def _space(
    pool: Floats,
    everything: Floats,
    box: Box | tuple[ArrayLike, ArrayLike] | None,
    grid: Sequence[ArrayLike | None] | None,
) -> Space:
    d = pool.shape[1]
    bounds = check_box(box, d)
    if bounds is None:
        bounds = Box(everything.min(axis=0), everything.max(axis=0))
    outside = np.flatnonzero(~bounds.contains(everything))
    if outside.size:
        raise InputError(
            f"{outside.size} of {len(everything)} rows of the pool lie outside the box (first: row {outside[0]}). "
            "Leave them out, or widen the box."
        )
    if grid is None:
        return Space(pool, bounds, (None,) * d)
    if len(grid) != d:
        raise InputError(f"grid needs one entry for each of the {d} features; got {len(grid)}.")
    values: list[Floats | None] = []
    for feature, given in enumerate(grid):
        allowed = None if given is None else np.unique(np.asarray(given, float))
        if allowed is not None:
            allowed = allowed[(allowed >= bounds.low[feature]) & (allowed <= bounds.high[feature])]
            off = np.flatnonzero(~np.isin(everything[:, feature], allowed))
            if off.size:
                raise InputError(
                    f"feature {feature} of pool row {off[0]} is {everything[off[0], feature]}, which is not on its "
                    "grid. Add the value, or leave the feature's grid out (None)."
                )
        values.append(allowed)
    return Space(pool, bounds, tuple(values))
