"""The boundary-concentrated law μ_β with its normaliser and an exact sampler.

μ_β has density c_β max(u(x), τ)^(-β) relative to a law P on the domain Ω, u(x) = |η(x) - 1/2| (the paper's
section 2.3 has τ = 0 and P uniform). With a linear crossing it is integrable without a cap exactly for
β < 1, in every dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from edgewise.arrays import Floats, InputError, check_count
from edgewise.theory.cells import CellSampler, cell_sampler
from edgewise.theory.problems import Charted, Problem, distance_from_half


PANELS = 2048
"""Panels of the CDF table on each smooth piece; the cubic interpolation is then exact to about 1e-12."""


def check_exponent(beta: float, tau: float) -> None:
    """Raise unless (β, τ) gives a density.

    Raises
    ------
    InputError
        β negative or infinite, τ outside [0, 1/2], or β ≥ 1 with τ = 0.
    """
    if not 0 <= beta < np.inf:
        raise InputError(f"beta must be finite and at least 0; got {beta!r}. For the limit β = ∞ take the slab "
                         "{u ≤ τ}: a large beta with a cap tau > 0.")
    if not 0 <= tau <= 0.5:
        raise InputError(f"tau must lie in [0, 1/2], the range of |η - 1/2|; got {tau!r}.")
    if beta >= 1 and tau == 0:
        raise InputError(f"beta = {beta:g} with tau = 0 is no density: ∫ t^-β dt diverges at a linear crossing for "
                         "β ≥ 1, in every dimension. Give a cap tau > 0 (1.5/√n is a good floor) or beta < 1.")


@dataclass(frozen=True)
class MarginLaw:
    """The law of the margin t(x) under μ_β, as a table in v = |t|^(1-β) on each side of the boundary.

    In v the density is bounded and smooth, whatever β < 1 is, so quantiles keep full relative precision
    however close to the boundary they are.

    Parameters
    ----------
    power
        p with |t| = v^p; 1/(1-β) without a cap, else 1.
    knots, mass, slope
        For each side (0: t < 0, 1: t > 0): the v_i, the mass within v_i, its derivative.
    normaliser
        c_β.
    """

    power: float
    knots: tuple[Floats, Floats]
    mass: tuple[Floats, Floats]
    slope: tuple[Floats, Floats]
    normaliser: float

    def cdf(self, t: Floats) -> Floats:
        """Return μ_β(margin ≤ t), exact to about 1e-12."""
        t = np.asarray(t, float)
        v = np.abs(t) ** (1 / self.power)
        below = self.mass[0][-1]
        return np.where(t < 0, below - _hermite(self, 0, v), below + _hermite(self, 1, v))

    def quantile(self, q: Floats) -> Floats:
        """Return the inverse of `cdf` for q in [0, 1]."""
        q = np.asarray(q, float)
        below = self.mass[0][-1]
        t = np.empty_like(q)
        for side, rows in enumerate((q < below, q >= below)):
            sign = 2 * side - 1
            # 1 - q would round the mass near the boundary away; both sides count from the boundary.
            within = sign * (q[rows] - below)
            t[rows] = sign * _inverse(self, side, within) ** self.power
        return t


def _locate(law: MarginLaw, side: int, v: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    knots, mass, slope = law.knots[side], law.mass[side], law.slope[side]
    i = np.clip(np.searchsorted(knots, v, side="right") - 1, 0, len(knots) - 2)
    return knots[i], knots[i + 1] - knots[i], mass[i], mass[i + 1] - mass[i], slope[i], slope[i + 1]


def _hermite(law: MarginLaw, side: int, v: Floats) -> Floats:
    start, width, mass, rise, left, right = _locate(law, side, v)
    s = np.clip((v - start) / width, 0, 1)
    return mass + _cubic(s, width, rise, left, right)


def _cubic(s: Floats, width: Floats, rise: Floats, left: Floats, right: Floats) -> Floats:
    a, b = left * width, right * width
    return s * (a + s * (3 * rise - 2 * a - b + s * (a + b - 2 * rise)))


def _inverse(law: MarginLaw, side: int, within: Floats) -> Floats:
    knots, mass, slope = law.knots[side], law.mass[side], law.slope[side]
    i = np.clip(np.searchsorted(mass, within, side="right") - 1, 0, len(knots) - 2)
    width, rise = knots[i + 1] - knots[i], mass[i + 1] - mass[i]
    left, right, target = slope[i], slope[i + 1], within - mass[i]
    a, b = left * width, right * width
    s = np.clip(target / rise, 0, 1)
    for _ in range(3):
        value = s * (a + s * (3 * rise - 2 * a - b + s * (a + b - 2 * rise)))
        gradient = a + s * (2 * (3 * rise - 2 * a - b) + 3 * s * (a + b - 2 * rise))
        s = np.clip(s - (value - target) / gradient, 0, 1)
    return knots[i] + s * width


@lru_cache(maxsize=128)
def margin_law(problem: Charted, beta: float, tau: float) -> MarginLaw:
    """Return the law of the margin under μ_β relative to the uniform law on Ω.

    Raises
    ------
    InputError
        (β, τ) gives no density.

    Examples
    --------
    >>> from edgewise.theory.shapes import Ridge
    >>> round(margin_law(Ridge(a=1.0, link="linear"), 0.5, 0.0).normaliser * 2**0.5, 6)
    0.5
    """
    check_exponent(beta, tau)
    power = 1 / (1 - beta) if tau == 0 else 1.0
    low, high = problem.span
    sides = [_side(problem, beta, tau, power, sign, end) for sign, end in ((-1, -low), (1, high))]
    total = sides[0][1][-1] + sides[1][1][-1]
    knots, mass, slope = zip(*sides, strict=True)
    return MarginLaw(power, knots, (mass[0] / total, mass[1] / total), (slope[0] / total, slope[1] / total),
                     1 / float(total))


def _side(problem: Charted, beta: float, tau: float, power: float, sign: int,
          end: float) -> tuple[Floats, Floats, Floats]:
    def slope(v: Floats) -> Floats:
        t = v**power
        u = np.maximum(np.abs(problem.half(sign * t)), tau)
        if tau > 0:
            return problem.margin_density(sign * t) * u**-beta
        # u ~ |half'(0)| t: the powers of t cancel and must not be formed, or 0 * inf results at t = 0.
        ratio = np.abs(problem.half(sign * np.maximum(t, 1e-150))) / np.maximum(t, 1e-150)
        return problem.margin_density(sign * t) * ratio**-beta * power

    breaks = _breaks(problem, tau, sign, end)
    knots = np.concatenate([np.linspace(a, b, PANELS + 1)[:-1] for a, b in
                            zip(breaks[:-1], breaks[1:], strict=True)] + [breaks[-1:]]) ** (1 / power) \
        if power == 1 else np.concatenate(
            [np.linspace(a, b, PANELS + 1)[:-1] for a, b in
             zip(breaks[:-1] ** (1 / power), breaks[1:] ** (1 / power), strict=True)]
            + [breaks[-1:] ** (1 / power)])
    nodes, weights = np.polynomial.legendre.leggauss(6)
    width = np.diff(knots)
    inner = knots[:-1, None] + (nodes + 1) / 2 * width[:, None]
    panel = (slope(inner.ravel()).reshape(inner.shape) @ (weights / 2)) * width
    return knots, np.concatenate([[0.0], np.cumsum(panel)]), slope(knots)


def _breaks(problem: Charted, tau: float, sign: int, end: float) -> Floats:
    """Ends of the smooth pieces in |t|: 0, where u reaches the cap, where η reaches 0 or 1, the end of Ω."""
    inner = []
    for level in (tau, 0.5):
        if 0 < level <= abs(float(problem.half(np.array([sign * end]))[0])):
            low, high = 0.0, end
            for _ in range(200):
                middle = (low + high) / 2
                reached = abs(float(problem.half(np.array([sign * middle]))[0])) >= level
                low, high = (low, middle) if reached else (middle, high)
            inner.append(high)
    return np.unique([0.0, *[t for t in inner if 1e-12 < t < end * (1 - 1e-12)], end])


@dataclass(frozen=True)
class BoundaryDensity:
    """μ_β: density c_β max(u, τ)^(-β) relative to the uniform law on Ω or to the problem's own law.

    Parameters
    ----------
    problem
        The problem.
    beta, tau
        Exponent β ≥ 0 and cap τ in [0, 1/2]; β ≥ 1 needs τ > 0.
    law
        ``"uniform"`` or ``"own"``: what μ_β is relative to.

    Raises
    ------
    InputError
        (β, τ) gives no density, or the own law is asked without a cap on a problem that has no chart.

    Examples
    --------
    >>> from edgewise.theory.shapes import Ridge
    >>> law = BoundaryDensity(Ridge(dim=2), beta=0.5)
    >>> X = law.sample(1000, np.random.default_rng(0))
    >>> bool(np.mean(np.abs(X[:, 0]) < 0.25) > 0.4)
    True
    """

    problem: Problem
    beta: float = 0.0
    tau: float = 0.0
    law: Literal["uniform", "own"] = "uniform"

    def __post_init__(self) -> None:
        check_exponent(self.beta, self.tau)
        if self.law not in ("uniform", "own"):
            raise InputError(f"law must be 'uniform' or 'own'; got {self.law!r}.")
        if self.law == "own" and self.beta > 0 and self.tau == 0 and not isinstance(self.problem, Charted):
            raise InputError(f"{self.problem.name}: relative to its own law μ_β is sampled by thinning, exact only "
                             "for a bounded weight: give tau > 0, or take law='uniform'.")

    @property
    def label(self) -> str:
        """How tables call it: β, and τ where there is a cap."""
        return f"β={self.beta:g}" + (f", τ={self.tau:g}" if self.tau else "")

    @property
    def margin_law(self) -> MarginLaw:
        """The law of the margin; for charted problems."""
        if not isinstance(self.problem, Charted):
            raise InputError(f"{self.problem.name} has no closed-form margin law.")
        return margin_law(self.problem, self.beta, self.tau)

    @property
    def normaliser(self) -> float:
        """c_β, so that c_β max(u, τ)^(-β) integrates to 1 against the law it is relative to."""
        if isinstance(self.problem, Charted):
            return self.margin_law.normaliser
        if self.beta == 0:
            return 1.0
        if self.law == "own":
            raise InputError("the normaliser relative to an own law without chart is not in closed form; "
                             "take law='uniform', or relative() with its mean over a sample of that law.")
        return self._cells.normaliser

    def weight(self, X: Floats) -> Floats:
        """Return max(u, τ)^(-β), the density up to c_β."""
        with np.errstate(divide="ignore"):
            return np.maximum(distance_from_half(self.problem, X), self.tau) ** -float(self.beta)

    def density(self, X: Floats) -> Floats:
        """Return dμ_β / d(law) at the rows of ``X``: how often a point is drawn, relative to the law."""
        return self.normaliser * self.weight(X)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw ``n`` points exactly from μ_β.

        Charted problems by inverse CDF in the margin; others by thinning (weight bounded by the cap, no
        limit on tries) or, without a cap, cell by cell (`edgewise.theory.cells`).
        """
        check_count(n, "n")
        if self.beta == 0:
            return self.problem.own(n, rng) if self.law == "own" else self.problem.uniform(n, rng)
        if isinstance(self.problem, Charted):
            return self.problem.place(self.margin_law.quantile(rng.random(n)), rng)
        if self.law == "uniform":
            return self._cells.sample(n, rng)
        return _thin(self.problem.own, lambda X: self.weight(X) * self.tau**self.beta, n, rng)

    @property
    def _cells(self) -> CellSampler:
        return cell_sampler(self.problem, self.beta, self.tau)


def _thin(draw: Callable[[int, np.random.Generator], Floats], keep: Callable[[Floats], Floats], n: int,
          rng: np.random.Generator) -> Floats:
    """Draw until ``n`` are kept, each with probability ``keep(x)`` ≤ 1: exact, however rare that is."""
    kept: list[Floats] = []
    found = 0
    while found < n:
        X = draw(max(4 * n, 1000), rng)
        kept.append(X[rng.random(len(X)) < keep(X)])
        found += len(kept[-1])
    return np.concatenate(kept)[:n]


@dataclass(frozen=True)
class Mixture:
    """A mixture of the base law (share 1 - s) and one μ_β (share s), with its propensities.

    Parameters
    ----------
    density
        The μ_β.
    share
        s in [0, 1].

    Examples
    --------
    >>> from edgewise.theory.shapes import Ridge
    >>> half = Mixture(BoundaryDensity(Ridge(dim=1), 0.5), 0.5)
    >>> X = half.sample(2000, np.random.default_rng(0))
    >>> round(float(np.mean(1 / half.propensity(X))), 1)
    1.0
    """

    density: BoundaryDensity
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise InputError(f"share must lie in [0, 1]; got {self.share!r}.")

    @property
    def problem(self) -> Problem:
        """The problem."""
        return self.density.problem

    def propensity(self, X: Floats) -> Floats:
        """Return how often a point is drawn relative to the base law: 1 - s + s dμ_β/dlaw."""
        return 1 - self.share + self.share * self.density.density(X)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw round((1 - s) n) points of the base law, the rest from μ_β: a stratified draw."""
        boundary = round(self.share * check_count(n, "n"))
        base = BoundaryDensity(self.problem, law=self.density.law)
        parts = [law.sample(m, rng) for law, m in ((base, n - boundary), (self.density, boundary)) if m]
        return np.concatenate(parts)
