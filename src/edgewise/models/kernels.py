"""Kernel functions with their gradients in closed form; never an array of (n, m, d).

Smoothing kernels (box, Epanechnikov, Gaussian) have a bandwidth, kernels of a Hilbert space (linear, RBF,
Matern, Laplacian) a length scale. Letters: ``n`` points asked, ``m`` points held, ``d`` features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from scipy.spatial.distance import cdist

from edgewise.arrays import Floats, InputError
from edgewise.registry import unknown


Profile: TypeAlias = Callable[[Floats], tuple[Floats, Floats]]
"""Maps ``t = (distance / scale)^2`` to the kernel's value and its derivative by ``t``."""

BLOCK_BYTES = 2**26


def _box(t: Floats) -> tuple[Floats, Floats]:
    return (t <= 1).astype(float), np.zeros_like(t)


def _epanechnikov(t: Floats) -> tuple[Floats, Floats]:
    return np.maximum(1 - t, 0), -(t < 1).astype(float)


def _gaussian(t: Floats) -> tuple[Floats, Floats]:
    value = np.exp(-t / 2)
    return value, -value / 2


def _matern_half(t: Floats) -> tuple[Floats, Floats]:
    r = np.sqrt(t)
    value = np.exp(-r)
    # It has a kink where the points coincide; 0 is the middle of its slopes there.
    return value, np.where(r > 0, -value / (2 * np.where(r > 0, r, 1)), 0)


def _matern_three_halves(t: Floats) -> tuple[Floats, Floats]:
    a = np.sqrt(3 * t)
    decay = np.exp(-a)
    return (1 + a) * decay, -1.5 * decay


def _matern_five_halves(t: Floats) -> tuple[Floats, Floats]:
    a = np.sqrt(5 * t)
    decay = np.exp(-a)
    return (1 + a + a**2 / 3) * decay, -5 / 6 * (1 + a) * decay


SMOOTHING: Mapping[str, Profile] = {
    "box": _box,
    "epanechnikov": _epanechnikov,
    "gaussian": _gaussian,
}

RADIAL: Mapping[str, Profile] = {
    "rbf": _gaussian,
    "matern-1/2": _matern_half,
    "matern-3/2": _matern_three_halves,
    "matern-5/2": _matern_five_halves,
}

KERNELS = ("linear", *RADIAL, "laplacian")
"""The kernels of `kernel`."""


class Kernel(Protocol):
    """A symmetric positive semi-definite function of two points."""

    def __call__(self, X: Floats, Z: Floats) -> Floats:
        """Return the values ``(n, m)`` at all pairs of rows of ``X`` (n, d) and ``Z`` (m, d)."""
        ...

    def pullback(self, X: Floats, Z: Floats, weights: Floats) -> Floats:
        """Return the gradient ``(n, d)`` in ``X`` of the values summed with ``weights`` (n, m)."""
        ...


@dataclass(frozen=True)
class Linear:
    """The inner product."""

    def __call__(self, X: Floats, Z: Floats) -> Floats:
        """Return the values ``(n, m)``."""
        return X @ Z.T

    def pullback(self, X: Floats, Z: Floats, weights: Floats) -> Floats:
        """Return the gradient ``(n, d)``."""
        return weights @ Z


@dataclass(frozen=True)
class Radial:
    """A function of the Euclidean distance, in units of ``scale``.

    ``"rbf"`` is ``exp(-r^2 / (2 scale^2))``; ``"matern-1/2"`` is ``exp(-r / scale)``; the other two are in
    Rasmussen and Williams 2006, equations 4.17.

    Examples
    --------
    >>> Radial("matern-1/2", scale=2.0)(np.array([[0.0]]), np.array([[2.0]])).round(4)
    array([[0.3679]])
    """

    name: str
    scale: float

    def __call__(self, X: Floats, Z: Floats) -> Floats:
        """Return the values ``(n, m)``."""
        return RADIAL[self.name](squared_distances(X, Z, self.scale))[0]

    def pullback(self, X: Floats, Z: Floats, weights: Floats) -> Floats:
        """Return the gradient ``(n, d)``."""
        _, slope = RADIAL[self.name](squared_distances(X, Z, self.scale))
        return along_differences(X, Z, weights * slope, self.scale)


@dataclass(frozen=True)
class Laplacian:
    """``exp(-|x - z|_1 / scale)``: the L1 distance, as scikit-learn has it.

    The gradient takes 0 as the slope of ``|u|`` at 0.
    """

    scale: float

    def __call__(self, X: Floats, Z: Floats) -> Floats:
        """Return the values ``(n, m)``."""
        return np.exp(-cdist(X, Z, "cityblock") / self.scale)

    def pullback(self, X: Floats, Z: Floats, weights: Floats) -> Floats:
        """Return the gradient ``(n, d)``, one feature at a time."""
        pull = -weights * self(X, Z) / self.scale
        columns = [(pull * np.sign(x[:, None] - z)).sum(axis=1) for x, z in zip(X.T, Z.T, strict=True)]
        return np.stack(columns, axis=1)


def kernel(name: str, scale: float) -> Kernel:
    """Return the kernel called ``name``, one of `KERNELS`; the linear one has no scale.

    Raises
    ------
    InputError
        An unknown name, or a scale that is not positive.

    Examples
    --------
    >>> kernel("linear", 1.0)(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    array([[11.]])
    """
    if name == "linear":
        return Linear()
    check_scale(scale, "scale")
    if name == "laplacian":
        return Laplacian(scale)
    if name not in RADIAL:
        raise InputError(unknown(name, KERNELS, "kernel"))
    return Radial(name, scale)


def check_scale(value: float, name: str) -> float:
    """Return a positive finite number as a float, or say what is expected."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 < value < np.inf:
        raise InputError(f"{name} must be a positive finite number; got {value!r}.")
    return float(value)


def squared_distances(X: Floats, Z: Floats, scale: float) -> Floats:
    """Return the squared Euclidean distances ``(n, m)`` in units of ``scale``.

    They are summed from the differences; the faster expansion of the square loses half the digits of
    small distances.
    """
    return cdist(X / scale, Z / scale, "sqeuclidean")


def along_differences(X: Floats, Z: Floats, weights: Floats, scale: float) -> Floats:
    """Return the gradients ``(n, d)`` of `squared_distances` summed with ``weights`` (n, m)."""
    middle = Z.mean(axis=0)
    moved = weights.sum(axis=1, keepdims=True) * (X - middle) - weights @ (Z - middle)
    return 2 / scale**2 * moved


def blocks(n: int, m: int) -> list[slice]:
    """Return slices of ``n`` rows such that a block of rows by ``m`` columns stays small.

    Examples
    --------
    >>> blocks(3, 10)
    [slice(0, 3, None)]
    """
    step = max(1, BLOCK_BYTES // (8 * max(1, m)))
    return [slice(start, min(n, start + step)) for start in range(0, n, step)]
