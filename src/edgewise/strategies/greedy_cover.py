"""Greedy cover under a Gaussian kernel: which few rows cover weighted ones best. Nothing of m x c is held."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Index


BLOCK = 256
"""Known rows whose distances are held at once."""

FRESH = 16
"""Gains computed at once: few enough that their kernel values stay in the processor's cache."""

ROUNDING = 1e-6
"""Squared distances below this share of the squared lengths are rounding: the points are equal."""


def nearest(X: Floats, known: Floats) -> Floats:
    """Return the squared distance of each row of ``X`` (m, h) to the nearest of ``known`` (l, h) ``(m,)``.

    Equal points are at 0 exactly, whatever rounding makes of them. Infinite without known ones.

    Examples
    --------
    >>> nearest(np.array([[0.0], [3.0]]), np.array([[1.0], [3.0]]))
    array([1., 0.])
    """
    centre = X.mean(axis=0)
    rows = X - centre
    best, size = np.full(len(X), np.inf, dtype=X.dtype), np.square(rows).sum(axis=1)
    for start in range(0, len(known), BLOCK):
        part = (known[start : start + BLOCK] - centre).astype(X.dtype, copy=False)
        length = np.square(part).sum(axis=1)
        total = size[:, None] + length
        gap = total - 2 * (rows @ part.T)
        best = np.minimum(best, np.where(gap > ROUNDING * total, gap, 0).min(axis=1))
    return best


def herd(
    X: Floats, weight: Floats, helpers: Floats, cover: Floats, width: float, n: int
) -> tuple[Index, Floats]:
    """Pick ``n`` of ``helpers``, one by one the one that adds most to the weighted cover of ``X``.

    A helper c covers x by k(x, c) = exp(-(|x - c| / width)^2); what counts is the largest cover of each x.
    The sum is submodular, so a gain can only shrink: gains are computed anew only where the old one could
    still win (lazy greedy, Minoux 1978), which gives the picks of the plain greedy. Ties go to the first.

    Parameters
    ----------
    X, weight
        Rows to be covered ``(m, h)``, and how much each counts ``(m,)``.
    helpers
        Rows that may be picked ``(c, h)``, at least ``n``.
    cover
        How well each of ``X`` is covered already ``(m,)``.

    Returns
    -------
    tuple
        Positions in ``helpers`` and the gain of each at its turn, both ``(n,)``.

    Examples
    --------
    >>> points = np.array([[0.0], [0.1], [5.0]])
    >>> herd(points, np.array([1.0, 1.0, 0.5]), points, np.zeros(3), 1.0, 2)[0]
    array([0, 2])
    """
    centre = X.mean(axis=0)
    rows, others = (((points - centre) / width).astype(np.float32) for points in (X, helpers))
    # One product gives -|x - c|^2: (2c, -|c|^2, 1) times (x, 1, -|x|^2).
    left = np.column_stack([2 * others, -np.square(others).sum(axis=1), np.ones(len(others), np.float32)])
    right = np.vstack([rows.T, np.ones(len(rows), np.float32), -np.square(rows).sum(axis=1)])
    held = np.empty((FRESH, len(rows)), np.float32)
    weight, cover = np.asarray(weight, np.float32), np.array(cover, np.float32)

    def kernel(which: Index | slice) -> Floats:
        asked = left[which]
        exponents = np.matmul(asked, right, out=held[: len(asked)])
        return np.exp(np.minimum(exponents, 0, out=exponents), out=exponents)

    def gains(which: Index | slice) -> Floats:
        gap = kernel(which)
        gap -= cover
        return np.maximum(gap, 0, out=gap) @ weight

    bound = np.empty(len(others), np.float32)
    for start in range(0, len(others), FRESH):
        part = slice(start, start + FRESH)
        bound[part] = gains(part)
    picked, won = np.empty(n, dtype=np.intp), np.empty(n)
    stale = np.zeros(len(others), dtype=bool)
    for step in range(n):
        while stale[best := int(np.argmax(bound))]:
            open_ = np.where(stale, bound, -np.inf)
            again = np.argpartition(-open_, min(FRESH, len(open_) - 1))[:FRESH]
            again = again[stale[again]]
            bound[again] = gains(again)
            stale[again] = False
        picked[step], won[step] = best, bound[best]
        bound[best] = -np.inf
        np.maximum(cover, kernel(slice(best, best + 1))[0], out=cover)
        stale = bound > -np.inf
    return picked, won
