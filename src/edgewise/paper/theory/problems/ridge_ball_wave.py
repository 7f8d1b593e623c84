"""Problems whose margin has a closed-form law: ridge, ball and wave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.spatial import KDTree

from edgewise.arrays import Box, Floats, InputError, check_count


Link: TypeAlias = Literal["logistic", "linear"]
"""η as a function of the margin t: sigmoid(a t), or 1/2 + a t / 2 clipped to [0, 1]."""


def check_slope(a: float) -> None:
    """Raise unless the slope of η is positive and finite."""
    if not 0 < a < np.inf:
        raise InputError(f"a, the slope of η at the boundary, must be positive and finite; got {a!r}.")


def link(t: Floats, a: float, kind: Link) -> Floats:
    """Return η - 1/2 at the margins t."""
    return np.tanh(a * t / 2) / 2 if kind == "logistic" else np.clip(a * t / 2, -0.5, 0.5)


@dataclass(frozen=True)
class Ridge:
    """η depends on the first coordinate: t(x) = x_1 on Ω = [-1, 1]^d, η = sigmoid(a t) or 1/2 + a t / 2.

    Parameters
    ----------
    dim
        Dimension d.
    a
        Slope; η has Lipschitz constant a/4 (logistic) or a/2 (linear, clipped to [0, 1]).
    link
        ``"logistic"`` or ``"linear"`` (Lipschitz with a kink).

    Examples
    --------
    >>> Ridge(dim=2).uniform(3, np.random.default_rng(0)).shape
    (3, 2)
    """

    dim: int = 1
    a: float = 4.0
    link: Link = "logistic"

    def __post_init__(self) -> None:
        check_count(self.dim, "dim")
        check_slope(self.a)

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"ridge d={self.dim} a={self.a:g}" + ("" if self.link == "logistic" else f" {self.link}")

    @property
    def box(self) -> Box:
        """The cube [-1, 1]^d."""
        return Box(-np.ones(self.dim), np.ones(self.dim))

    @property
    def lipschitz(self) -> float:
        """1: the margin is a coordinate."""
        return 1.0

    @property
    def span(self) -> tuple[float, float]:
        """(-1, 1)."""
        return -1.0, 1.0

    def margin(self, X: Floats) -> Floats:
        """Return x_1."""
        return X[:, 0]

    def half(self, t: Floats) -> Floats:
        """Return η - 1/2."""
        return link(t, self.a, self.link)

    def margin_density(self, t: Floats) -> Floats:
        """Return 1/2 on [-1, 1]."""
        return np.full_like(t, 0.5)

    def place(self, t: Floats, rng: np.random.Generator) -> Floats:
        """Draw the other coordinates uniformly."""
        return np.column_stack([t, rng.uniform(-1, 1, (len(t), self.dim - 1))])

    def uniform(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the cube."""
        return rng.uniform(-1, 1, (n, self.dim))

    own = uniform


@dataclass(frozen=True)
class Ball:
    """The positive class is a ball of half the volume: t(x) = r0 - |x| on the unit ball, r0 = 2^(-1/d).

    Examples
    --------
    >>> from edgewise.paper.theory.problems.protocol import bayes
    >>> bayes(Ball(dim=2), np.array([[0.0, 0.0], [0.9, 0.0]]))
    array([1, 0])
    """

    dim: int = 2
    a: float = 4.0

    def __post_init__(self) -> None:
        check_count(self.dim, "dim")
        check_slope(self.a)

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"ball d={self.dim} a={self.a:g}"

    @property
    def radius(self) -> float:
        """r0."""
        return 2 ** (-1 / self.dim)

    @property
    def box(self) -> Box:
        """The cube around the unit ball."""
        return Box(-np.ones(self.dim), np.ones(self.dim))

    @property
    def lipschitz(self) -> float:
        """1: the margin is a distance."""
        return 1.0

    @property
    def span(self) -> tuple[float, float]:
        """(r0 - 1, r0)."""
        return self.radius - 1, self.radius

    def margin(self, X: Floats) -> Floats:
        """Return r0 - |x|."""
        return self.radius - np.linalg.norm(X, axis=1)

    def half(self, t: Floats) -> Floats:
        """Return η - 1/2."""
        return link(t, self.a, "logistic")

    def margin_density(self, t: Floats) -> Floats:
        """Return d (r0 - t)^(d-1)."""
        return self.dim * np.maximum(self.radius - t, 0) ** (self.dim - 1)

    def place(self, t: Floats, rng: np.random.Generator) -> Floats:
        """Draw a direction uniformly."""
        direction = rng.normal(size=(len(t), self.dim))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        return (self.radius - t)[:, None] * direction

    def uniform(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the unit ball."""
        return self.place(self.radius - rng.random(n) ** (1 / self.dim), rng)

    own = uniform


@dataclass(frozen=True)
class Wave:
    """A sheared square: t(x) = x_2 - w(x_1), w = amplitude sin(frequency x_1), |x_1| ≤ 1, |t| ≤ 1.

    The shear keeps areas, so t is uniform on [-1, 1]; the margin is √(1 + sup|w'|²)-Lipschitz.

    Examples
    --------
    >>> round(Wave().lipschitz, 3)
    1.862
    """

    a: float = 8.0
    amplitude: float = 0.5
    frequency: float = np.pi

    def __post_init__(self) -> None:
        check_slope(self.a)
        if not (np.isfinite(self.amplitude) and np.isfinite(self.frequency)):
            raise InputError(
                "amplitude and frequency of a wave must be finite: its domain would be unbounded."
            )

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"wave d=2 a={self.a:g}"

    @property
    def dim(self) -> int:
        """2."""
        return 2

    @property
    def box(self) -> Box:
        """The box around the sheared square."""
        high = np.array([1.0, 1.0 + abs(self.amplitude)])
        return Box(-high, high)

    @property
    def lipschitz(self) -> float:
        """√(1 + sup|w'|²)."""
        return float(np.hypot(1.0, self.amplitude * self.frequency))

    @property
    def span(self) -> tuple[float, float]:
        """(-1, 1)."""
        return -1.0, 1.0

    def height(self, x: Floats) -> Floats:
        """Return w(x_1)."""
        return self.amplitude * np.sin(self.frequency * x)

    def margin(self, X: Floats) -> Floats:
        """Return x_2 - w(x_1)."""
        return X[:, 1] - self.height(X[:, 0])

    def reach(self, X: Floats) -> Floats:
        """Return a lower bound of the distance to the boundary within Ω, short of it by less than 0.0003."""
        x = np.linspace(-1, 1, 8001)
        nodes = np.column_stack([x, self.height(x)])
        # No point of the curve is farther from a node than half a step along it.
        slack = (x[1] - x[0]) / 2 * self.lipschitz
        near = np.asarray(KDTree(nodes).query(X)[0]) - slack
        return np.maximum(near, np.abs(self.margin(X)) / self.lipschitz)

    def least_margin(self, X: Floats, radius: Floats) -> Floats:
        """Return a lower bound of |t| over B(x, r) on the side of x: (M, R), negative across the boundary."""
        side = np.where(self.margin(X) > 0, 1.0, -1.0)[:, None, None]
        phi = np.linspace(-np.pi / 2, np.pi / 2, 65)
        r = radius[..., None]
        across = side * (X[:, 1, None, None] - self.height(X[:, 0, None, None] + r * np.sin(phi)))
        # Between two of the angles the margin moves by at most r L times half their distance.
        slack = radius * self.lipschitz * (phi[1] - phi[0]) / 2
        return (across - r * np.cos(phi)).min(axis=-1) - slack

    def half(self, t: Floats) -> Floats:
        """Return η - 1/2."""
        return link(t, self.a, "logistic")

    def margin_density(self, t: Floats) -> Floats:
        """Return 1/2 on [-1, 1]."""
        return np.full_like(t, 0.5)

    def place(self, t: Floats, rng: np.random.Generator) -> Floats:
        """Draw x_1 uniformly."""
        x = rng.uniform(-1, 1, len(t))
        return np.column_stack([x, t + self.height(x)])

    def uniform(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the sheared square."""
        return self.place(rng.uniform(-1, 1, n), rng)

    own = uniform
