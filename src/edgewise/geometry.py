"""Norms, distances, and points between two others; pure functions of arrays."""

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


def between(start: Floats, end: Floats, t: Floats) -> Floats:
    """Return ``start + t (end - start)`` row by row for ``t`` in [0, 1] (n,); ``end`` to the last bit for 1.

    Rounding never passes either end: two points of a box give points of the box, bit for bit.

    Examples
    --------
    >>> between(np.zeros((1, 2)), np.ones((1, 2)), np.array([0.25]))
    array([[0.25, 0.25]])
    """
    point, part = end - start, np.asarray(t, start.dtype)
    point *= part.reshape(-1, *([1] * (start.ndim - 1)))
    point += start
    point = np.clip(point, np.minimum(start, end), np.maximum(start, end), out=point)
    point[part == 1] = end[part == 1]
    return point
