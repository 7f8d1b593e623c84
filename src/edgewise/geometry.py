"""Norms, distances and projections onto balls; pure functions of arrays."""

from __future__ import annotations

from typing import Literal

import numpy as np

from edgewise.arrays import Floats, InputError


Norm = Literal[1, 2] | float
"""The order of a norm: 1, 2 or ``numpy.inf``."""


def check_norm(norm: Norm) -> float:
    """Return the order as a float: 1, 2 or infinity, or say so.

    Examples
    --------
    >>> check_norm(2)
    2.0
    """
    if norm not in (1, 2, np.inf):
        raise InputError(f"norm must be 1, 2 or numpy.inf; got {norm!r}.")
    return float(norm)


def length(delta: Floats, norm: Norm = 2) -> Floats:
    """Return the norm of each row of ``delta`` (n, ...), in float64.

    Examples
    --------
    >>> length(np.array([[3.0, 4.0]]))
    array([5.])
    """
    flat = np.asarray(delta, float).reshape(len(delta), int(np.prod(np.shape(delta)[1:])))
    return np.linalg.norm(flat, ord=check_norm(norm), axis=1)


def onto_ball(delta: Floats, radius: Floats | float, norm: Norm = 2) -> Floats:
    """Return the nearest points (in L2) of the centred ball of ``radius`` to the rows of ``delta`` (n, d).

    What is inside stays as it is; what is outside lands on the sphere.

    Examples
    --------
    >>> onto_ball(np.array([[3.0, 4.0], [0.1, 0.0]]), 1.0)
    array([[0.6, 0.8],
           [0.1, 0. ]])
    """
    order = check_norm(norm)
    radii = np.broadcast_to(np.asarray(radius, float), (len(delta),))[:, None]
    if order == np.inf:
        return np.clip(delta, -radii, radii)
    size = length(delta, order)[:, None]
    if order == 2:
        outside = size > radii
        return delta * np.where(outside, radii / np.where(outside, size, 1.0), 1.0)
    return np.where(size <= radii, delta, _onto_l1_sphere(delta, radii))


def _onto_l1_sphere(delta: Floats, radii: Floats) -> Floats:
    """Duchi et al. 2008, figure 1: soft thresholding at the level that gives L1 norm ``radii``."""
    ordered = -np.sort(-np.abs(delta), axis=1)
    excess = (np.cumsum(ordered, axis=1) - radii) / np.arange(1, delta.shape[1] + 1)
    last = np.sum(ordered > excess, axis=1) - 1
    level = np.take_along_axis(excess, np.maximum(last, 0)[:, None], axis=1)
    return np.sign(delta) * np.maximum(np.abs(delta) - level, 0)


def between(start: Floats, end: Floats, t: Floats) -> Floats:
    """Return ``start + t (end - start)`` row by row for ``t`` in [0, 1] (n,).

    Rounding never passes either end: two points of a box give points of the box, bit for bit.

    Examples
    --------
    >>> between(np.zeros((1, 2)), np.ones((1, 2)), np.array([0.25]))
    array([[0.25, 0.25]])
    """
    step = np.asarray(t, start.dtype).reshape(-1, *([1] * (start.ndim - 1)))
    return np.clip(start + step * (end - start), np.minimum(start, end), np.maximum(start, end))
