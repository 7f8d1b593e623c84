"""Problems whose margin has no closed-form law: islands, half-moons, and one exactly in an RKHS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgewise.arrays import Box, Floats, InputError, check_count
from edgewise.paper.theory.problems.ridge_ball_wave import check_slope, link


@dataclass(frozen=True)
class Islands:
    """A straight boundary and a hidden island of the other class: t(x) = x_1 - depth exp(-|x-c|²/2w²).

    On Ω = [-1, 1]^d with c = (0.55, 0, …): the island is the part around c where the bump outweighs x_1.

    Examples
    --------
    >>> from edgewise.paper.theory.problems.protocol import bayes
    >>> bayes(Islands(), np.array([[-0.5, 0.0], [0.55, 0.0], [0.9, 0.9]]))
    array([0, 0, 1])
    """

    dim: int = 2
    a: float = 8.0
    depth: float = 1.2
    width: float = 0.17

    def __post_init__(self) -> None:
        check_count(self.dim, "dim")
        check_slope(self.a)

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"islands d={self.dim} a={self.a:g}"

    @property
    def box(self) -> Box:
        """The cube [-1, 1]^d."""
        return Box(-np.ones(self.dim), np.ones(self.dim))

    @property
    def lipschitz(self) -> float:
        """1 + depth / (width √e)."""
        return float(1 + self.depth / (self.width * np.exp(0.5)))

    def margin(self, X: Floats) -> Floats:
        """Return t(x)."""
        centre = np.zeros(self.dim)
        centre[0] = 0.55
        return X[:, 0] - self.depth * np.exp(-np.sum((X - centre) ** 2, axis=1) / (2 * self.width**2))

    def half(self, t: Floats) -> Floats:
        """Return η - 1/2."""
        return link(t, self.a, "logistic")

    def uniform(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the cube."""
        return rng.uniform(-1, 1, (n, self.dim))

    own = uniform


_ARC, _ARC_WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True)
class HalfMoons:
    """Two noisy half circles with analytic η = p_1 / (p_0 + p_1), each p a Gaussian averaged over its arc.

    Class 0 lies around the upper unit half circle, class 1 around the lower one through (0, 1/2), as in
    scikit-learn's ``make_moons``. The margin is η - 1/2 itself. The own law is the moons', with equal
    classes; the uniform law is that of the box.

    Parameters
    ----------
    sigma
        Standard deviation of the Gaussian noise.
    half_width
        Half the side of the box around the centre (1/2, 1/4), finite.

    Examples
    --------
    >>> from edgewise.paper.theory.problems.protocol import bayes
    >>> bayes(HalfMoons(), np.array([[0.0, 1.0], [1.0, -0.5]]))
    array([0, 1])
    """

    sigma: float = 0.3
    half_width: float = 2.5

    def __post_init__(self) -> None:
        if not 0.05 <= self.sigma < np.inf:
            raise InputError(
                f"sigma must be at least 0.05 (the quadrature of η resolves no less); got {self.sigma!r}."
            )
        if not 1.5 <= self.half_width < np.inf:
            raise InputError(
                f"half_width must be finite and at least 1.5, got {self.half_width!r}: on an "
                "unbounded domain the uniform law and areas do not exist."
            )

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"moons σ={self.sigma:g}"

    @property
    def dim(self) -> int:
        """2."""
        return 2

    @property
    def box(self) -> Box:
        """The box of the uniform law."""
        centre = np.array([0.5, 0.25])
        return Box(centre - self.half_width, centre + self.half_width)

    @property
    def lipschitz(self) -> float:
        """|∇η| = η(1-η) |E_1 - E_0| / σ², E_c a mean over arc c; no two of their points are 3.05 apart."""
        return 3.05 / (4 * self.sigma**2)

    def log_densities(self, X: Floats) -> Floats:
        """Return log p_c(x), c = 0, 1, as (n, 2)."""
        theta = np.pi * (_ARC + 1) / 2
        arcs = np.stack(
            [
                np.column_stack([np.cos(theta), np.sin(theta)]),
                np.column_stack([1 - np.cos(theta), 0.5 - np.sin(theta)]),
            ]
        )
        squares = (
            np.sum(X**2, axis=1)[:, None, None]
            - 2 * np.einsum("nd,ckd->nck", X, arcs)
            + np.sum(arcs**2, axis=2)
        )
        exponents = -squares / (2 * self.sigma**2)
        top = exponents.max(axis=2, keepdims=True)
        sums = np.log(np.exp(exponents - top) @ (_ARC_WEIGHTS / 2)) + top[..., 0]
        return sums - np.log(2 * np.pi * self.sigma**2)

    def margin(self, X: Floats) -> Floats:
        """Return η(x) - 1/2."""
        logs = self.log_densities(X)
        return np.tanh((logs[:, 1] - logs[:, 0]) / 2) / 2

    def half(self, t: Floats) -> Floats:
        """Return t."""
        return t

    def uniform(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the box."""
        return rng.uniform(self.box.low, self.box.high, (n, 2))

    def own(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the moons themselves."""
        theta, lower = rng.uniform(0, np.pi, n), rng.random(n) < 0.5
        arc = np.where(
            lower[:, None],
            np.column_stack([1 - np.cos(theta), 0.5 - np.sin(theta)]),
            np.column_stack([np.cos(theta), np.sin(theta)]),
        )
        return arc + self.sigma * rng.normal(size=(n, 2))


@dataclass(frozen=True)
class RkhsExact:
    """η = 1/2 + Σ_j c_j k(z_j, ·) lies in the RKHS of a Matérn-3/2 kernel, with its norm known exactly.

    Parameters
    ----------
    centres
        The z_j in [-1, 1]^d.
    weights
        The c_j; Σ|c_j| ≤ 1/2 keeps η in [0, 1].
    length
        Length scale ℓ of k(x, x') = (1 + √3 r/ℓ) exp(-√3 r/ℓ).

    Examples
    --------
    >>> problem = RkhsExact()
    >>> round(problem.norm, 4)
    0.2861
    """

    centres: tuple[tuple[float, ...], ...] = ((-0.6, 0.3), (0.5, -0.4), (0.4, 0.6))
    weights: tuple[float, ...] = (-0.2, 0.2, 0.1)
    length: float = 0.6

    def __post_init__(self) -> None:
        if len({len(z) for z in self.centres}) != 1 or len(self.centres) != len(self.weights):
            raise InputError("centres must have one dimension and as many points as there are weights.")
        if sum(abs(c) for c in self.weights) > 0.5:
            raise InputError("weights must have Σ|c_j| ≤ 1/2, or η could leave [0, 1].")
        if not 0 < self.length < np.inf:
            raise InputError(f"length must be positive and finite; got {self.length!r}.")

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"rkhs d={self.dim}"

    @property
    def dim(self) -> int:
        """The dimension of the centres."""
        return len(self.centres[0])

    @property
    def box(self) -> Box:
        """The cube [-1, 1]^d."""
        return Box(-np.ones(self.dim), np.ones(self.dim))

    @cached_property
    def norm(self) -> float:
        """B = ‖η - 1/2‖ in the RKHS: B² = cᵀ K c."""
        c = np.array(self.weights)
        return float(np.sqrt(c @ self.kernel(np.array(self.centres)) @ c))

    @property
    def lipschitz(self) -> float:
        """L_H B with L_H = √3 / ℓ."""
        return float(np.sqrt(3) / self.length * self.norm)

    def kernel(self, X: Floats) -> Floats:
        """Return k(x, z_j) as (n, number of centres)."""
        r = np.linalg.norm(X[:, None] - np.array(self.centres), axis=2) * np.sqrt(3) / self.length
        return (1 + r) * np.exp(-r)

    def margin(self, X: Floats) -> Floats:
        """Return η(x) - 1/2."""
        return self.kernel(X) @ np.array(self.weights)

    def half(self, t: Floats) -> Floats:
        """Return t."""
        return t

    def uniform(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the cube."""
        return rng.uniform(-1, 1, (n, self.dim))

    own = uniform
