"""The arrays a cell is solved on: the query, and room for half-spaces."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Query(NamedTuple):
    """Where a search starts, ``x``, and if ``boxed`` how far each feature may move, ``low`` to ``high`` (d,)."""

    x: Any
    low: Any
    high: Any
    boxed: bool


class Cell(NamedTuple):
    """Room for ``K`` half-spaces: indices, multipliers, offsets, unit normals, their Gram matrix, and scratch.

    ``size`` (K,) holds the lengths the normals had; ``low`` and ``high`` (d,) are room for those of a `Query`.
    """

    act: Any
    lam: Any
    bs: Any
    size: Any
    N: Any
    G: Any
    L: Any
    s: Any
    v: Any
    lam2: Any
    u: Any
    delta: Any
    free: Any
    low: Any
    high: Any


def room(K: int, d: int) -> Cell:
    """Return room for ``K`` half-spaces in ``d`` features."""
    small = np.zeros((6, K))
    wide = np.zeros((5, d))
    return Cell(
        np.zeros(K, np.intp),
        small[0],
        small[1],
        small[2],
        np.zeros((K, d)),
        np.zeros((K, K)),
        np.zeros((K, K)),
        small[3],
        small[4],
        small[5],
        wide[0],
        wide[1],
        wide[2],
        wide[3],
        wide[4],
    )
