"""The law of the margin t(x) under μ_β where it has a closed form: its CDF and its quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from edgewise.arrays import Floats, InputError
from edgewise.paper.theory.problems.protocol import Charted


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
        raise InputError(
            f"beta must be finite and at least 0; got {beta!r}. For the limit β = ∞ take the "
            "slab {u ≤ τ}: a large beta with a cap tau > 0."
        )
    if not 0 <= tau <= 0.5:
        raise InputError(f"tau must lie in [0, 1/2], the range of |η - 1/2|; got {tau!r}.")
    if beta >= 1 and tau == 0:
        raise InputError(
            f"beta = {beta:g} with tau = 0 is no density: ∫ t^-β dt diverges at a linear "
            "crossing for β ≥ 1, in every dimension. Give a cap tau > 0 (1.5/√n is a good "
            "floor) or beta < 1."
        )


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
        below = float(self.mass[0][-1])
        return np.where(t < 0, below - _within(self, 0, v), below + _within(self, 1, v))

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


def _within(law: MarginLaw, side: int, v: Floats) -> Floats:
    """Return the mass on a side within v: the cubic Hermite interpolation of the table."""
    knots, mass, slope = law.knots[side], law.mass[side], law.slope[side]
    i = np.clip(np.searchsorted(knots, v, side="right") - 1, 0, len(knots) - 2)
    width, rise = knots[i + 1] - knots[i], mass[i + 1] - mass[i]
    s = np.clip((v - knots[i]) / width, 0, 1)
    a, b = slope[i] * width, slope[i + 1] * width
    return mass[i] + s * (a + s * (3 * rise - 2 * a - b + s * (a + b - 2 * rise)))


def _inverse(law: MarginLaw, side: int, within: Floats) -> Floats:
    """Return the v within which a mass lies: Newton steps on the cubic of its panel."""
    knots, mass, slope = law.knots[side], law.mass[side], law.slope[side]
    i = np.clip(np.searchsorted(mass, within, side="right") - 1, 0, len(knots) - 2)
    width, rise = knots[i + 1] - knots[i], mass[i + 1] - mass[i]
    a, b, target = slope[i] * width, slope[i + 1] * width, within - mass[i]
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
    >>> from edgewise.paper.theory.problems.ridge_ball_wave import Ridge
    >>> round(margin_law(Ridge(a=1.0, link="linear"), 0.5, 0.0).normaliser * 2**0.5, 6)
    0.5
    """
    check_exponent(beta, tau)
    power = 1 / (1 - beta) if tau == 0 else 1.0
    low, high = problem.span
    sides = [_side(problem, beta, tau, power, sign, end) for sign, end in ((-1, -low), (1, high))]
    total = sides[0][1][-1] + sides[1][1][-1]
    knots, mass, slope = zip(*sides, strict=True)
    return MarginLaw(
        power,
        knots,
        (mass[0] / total, mass[1] / total),
        (slope[0] / total, slope[1] / total),
        1 / float(total),
    )


def _side(
    problem: Charted, beta: float, tau: float, power: float, sign: int, end: float
) -> tuple[Floats, Floats, Floats]:
    def slope(v: Floats) -> Floats:
        t = v**power
        u = np.maximum(np.abs(problem.half(sign * t)), tau)
        if tau > 0:
            return problem.margin_density(sign * t) * u**-beta
        # u ~ |half'(0)| t: the powers of t cancel and must not be formed, or 0 * inf results at t = 0.
        ratio = np.abs(problem.half(sign * np.maximum(t, 1e-150))) / np.maximum(t, 1e-150)
        return problem.margin_density(sign * t) * ratio**-beta * power

    breaks = _breaks(problem, tau, sign, end)
    pieces: list[Floats] = [
        np.linspace(low, high, PANELS + 1)[:-1] for low, high in pairwise(breaks ** (1 / power))
    ]
    knots = np.concatenate([*pieces, breaks[-1:] ** (1 / power)])
    nodes, weights = np.polynomial.legendre.leggauss(6)
    width = np.diff(knots)
    inner = knots[:-1, None] + (nodes + 1) / 2 * width[:, None]
    panel = (slope(inner.ravel()).reshape(inner.shape) @ (weights / 2)) * width
    return knots, np.concatenate([[0.0], np.cumsum(panel)]), slope(knots)


def _breaks(problem: Charted, tau: float, sign: int, end: float) -> Floats:
    """Return the ends of the smooth pieces in |t|: 0, where u reaches the cap or 1/2, the end of Ω."""
    inner: list[float] = []
    for level in (tau, 0.5):
        if 0 < level <= abs(float(problem.half(np.array([sign * end]))[0])):
            low, high = 0.0, end
            for _ in range(200):
                middle = (low + high) / 2
                reached = abs(float(problem.half(np.array([sign * middle]))[0])) >= level
                low, high = (low, middle) if reached else (middle, high)
            inner.append(high)
    return np.unique([0.0, *[t for t in inner if 1e-12 < t < end * (1 - 1e-12)], end])
