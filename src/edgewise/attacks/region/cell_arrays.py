"""The arrays a cell is solved on: the query, and room for half-spaces."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgewise.arrays import Floats, Index


class Query(NamedTuple):
    """Where a search starts, and what it may reach.

    Parameters
    ----------
    x, own
        The point ``(d,)`` and its class.
    low, high, boxed
        If ``boxed``, how far each feature may move ``(d,)``.
    margin
        How much farther than the point reached every rival has to be, in half squared distance.
    cap
        A squared distance that no point of the box exceeds, or -1.
    floor
        A length (not for norm 2) that no point of the box falls short of.
    allowed
        The cells to search; all those of other classes if there are none.
    """

    x: Floats
    own: int
    low: Floats
    high: Floats
    boxed: bool
    margin: float
    cap: float
    floor: float
    allowed: Index


class Cell(NamedTuple):
    """Room for ``K`` half-spaces: indices, multipliers, offsets, unit normals, their Gram matrix, and scratch.

    ``act`` (K,) are rivals and ``own`` (K,) the points they are held against (in norm 2 only); ``size`` (K,) holds
    the lengths the normals had; ``low`` and ``high`` (d,) are room for those of a `Query`.
    """

    act: Index
    own: Index
    lam: Floats
    bs: Floats
    size: Floats
    N: Floats
    G: Floats
    L: Floats
    s: Floats
    v: Floats
    lam2: Floats
    u: Floats
    delta: Floats
    free: Floats
    low: Floats
    high: Floats


def room(K: int, d: int) -> Cell:
    """Return room for ``K`` half-spaces in ``d`` features."""
    lam, bs, size, s, v, lam2 = np.zeros((6, K))
    N, G, L = np.zeros((K, d)), np.zeros((K, K)), np.zeros((K, K))
    act, own = np.zeros((2, K), np.intp)
    return Cell(act, own, lam, bs, size, N, G, L, s, v, lam2, *np.zeros((5, d)))
