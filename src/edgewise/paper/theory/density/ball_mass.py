"""What the bounds ask of a law: the mass of balls, and how far labels in a ball can be trusted.

Ball masses are exact in one dimension (differences of the CDF) and valid lower bounds above, sharp in two:
a bound computed from too small a mass is still a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.special import betainc

from edgewise.arrays import Floats, InputError
from edgewise.paper.theory.density.boundary_density import BoundaryDensity, Mixture
from edgewise.paper.theory.density.margin_cdf import MarginLaw
from edgewise.paper.theory.problems.protocol import LabelKind, Problem
from edgewise.paper.theory.problems.ridge_ball_wave import Ball, Ridge, Wave


NODES = 48
STRIPS = 192
CHUNK = 2_000_000


@dataclass(frozen=True)
class Balls:
    """Balls around M points, R radii each.

    Parameters
    ----------
    radius
        Radii (M, R), increasing along the row.
    mass
        μ(B(x, r)), or a lower bound of it (M, R).
    agreement
        m(x, r) = inf over B(x, r) of P(y = g(x) | x'), or a lower bound of it (M, R).
    """

    radius: Floats
    mass: Floats
    agreement: Floats


def balls(law: BoundaryDensity | Mixture, X: Floats, labels: LabelKind, radius: Floats) -> Balls:
    """Return the balls B(x, r) for each row of ``X`` (M, d) and its radii (M, R).

    Raises
    ------
    InputError
        A problem whose ball masses are not known: use Theorem G, which needs none.

    Examples
    --------
    >>> from edgewise.paper.theory.problems.ridge_ball_wave import Ridge
    >>> ball = balls(BoundaryDensity(Ridge(dim=1)), np.array([[0.5]]), "clean", np.array([[0.25]]))
    >>> float(ball.mass[0, 0]), float(ball.agreement[0, 0])
    (0.25, 1.0)
    """
    return Balls(radius, ball_mass(law, X, radius), agreement(law.problem, X, labels, radius))


def inner_radii(problem: Problem, X: Floats, count: int = 24) -> Floats:
    """Return ``count`` radii for each row, up to the largest ball sure to lie on one side of the boundary."""
    fractions = np.linspace(1 / count, 1, count)
    reach = problem.reach(X) if isinstance(problem, Wave) else np.abs(problem.margin(X)) / problem.lipschitz
    return reach[:, None] * fractions


def agreement(problem: Problem, X: Floats, labels: LabelKind, radius: Floats) -> Floats:
    """Return m(x, r), a lower bound over the ball of the chance that a label there is g(x)."""
    worst = np.abs(problem.margin(X))[:, None] - problem.lipschitz * radius
    if isinstance(problem, Wave):
        worst = np.maximum(worst, problem.least_margin(X, radius))
    if labels == "clean":
        # Balls at the very distance of the boundary are open: rounding must not close them.
        inside = worst >= -1e-12 * radius
        if isinstance(problem, Wave):
            inside |= radius <= problem.reach(X)[:, None] * (1 + 1e-12)
        return inside.astype(float)
    return 0.5 + problem.half(worst)


def ball_mass(law: BoundaryDensity | Mixture, X: Floats, radius: Floats) -> Floats:
    """Return μ(B(x, r)) (M, R): exact in one dimension, from below above.

    In two dimensions it is short of the mass by at most a few percent (strips of exact sections), in more by
    a factor that grows with d (inscribed cubes of sections; shells for the ball problem).
    """
    if isinstance(law, Mixture):
        base = BoundaryDensity(law.problem, law=law.density.law)
        return (1 - law.share) * ball_mass(base, X, radius) + law.share * ball_mass(law.density, X, radius)
    problem = law.problem
    known = _MASSES.get(type(problem))
    if known is None:
        raise InputError(
            f"ball masses are known for ridge, ball and wave; got {problem.name}. Theorem G "
            "(design) needs none."
        )
    rows = max(1, CHUNK // (radius.shape[1] * STRIPS))
    parts = [
        known(problem, law.margin_law, X[i : i + rows], radius[i : i + rows]) for i in range(0, len(X), rows)
    ]
    return np.clip(np.concatenate(parts), 0, 1)


def has_masses(problem: Problem) -> bool:
    """Say whether `ball_mass` knows the problem."""
    return type(problem) in _MASSES


def _ridge(problem: Ridge, law: MarginLaw, X: Floats, r: Floats) -> Floats:
    t = X[:, :1]
    if problem.dim == 1:
        return law.cdf(t + r) - law.cdf(t - r)
    if problem.dim == 2:
        return _strips(law, X[:, 1], r, lambda z: (t[..., None], np.zeros_like(z)), 0.0)
    # Sections at x_1 = t' hold a cube of half side √(r² - (t' - t)²) / √(d-1); between two values of t' the
    # smaller of the two counts, so the sum is a lower bound.
    steps = -np.cos(np.linspace(0, np.pi, NODES + 1))
    at = t[..., None] + r[..., None] * steps
    half = r[..., None] * np.sqrt(np.maximum(1 - steps**2, 0) / (problem.dim - 1))
    section = np.ones_like(half)
    for j in range(1, problem.dim):
        x = X[:, j, None, None]
        section *= (np.minimum(x + half, 1) - np.maximum(x - half, -1)) / 2
    return np.sum(np.diff(law.cdf(at), axis=-1) * np.minimum(section[..., :-1], section[..., 1:]), axis=-1)


def _wave(problem: Wave, law: MarginLaw, X: Floats, r: Floats) -> Floats:
    bend = abs(problem.amplitude) * problem.frequency**2
    return _strips(law, X[:, 0], r, lambda z: (X[:, 1, None, None], problem.height(z)), bend)


def _strips(
    law: MarginLaw, across: Floats, r: Floats, centre: Callable[[Floats], tuple[Floats, Floats]], bend: float
) -> Floats:
    """Return the mass of the ball from below, as strips between sections z = across + r sin φ.

    At z the ball holds the margins c - w(z) ± r cos φ, an exact difference of the CDF; a strip counts those
    that it holds throughout. ``centre`` gives (c, w) at z, ``bend`` bounds |w''|.
    """
    z, r = across[:, None], np.maximum(r, 1e-300)
    low = np.arcsin(np.clip((-1 - z) / r, -1, 1))
    high = np.arcsin(np.clip((1 - z) / r, -1, 1))
    phi = low[..., None] + (high - low)[..., None] * np.linspace(0, 1, STRIPS + 1)
    at = z[..., None] + r[..., None] * np.sin(phi)
    s = r[..., None] * np.cos(phi)
    c, w = centre(at)
    width = np.diff(at, axis=-1)
    # The half height is concave, so least at an end; w passes its ends by at most |w''| width² / 8.
    half = np.minimum(s[..., :-1], s[..., 1:])
    top = np.maximum(w[..., :-1], w[..., 1:]) + bend * width**2 / 8
    bottom = np.minimum(w[..., :-1], w[..., 1:]) - bend * width**2 / 8
    held = law.cdf(c - top + half) - law.cdf(c - bottom - half)
    return np.sum(np.maximum(held, 0) * width, axis=-1) / 2


def _ball(problem: Ball, law: MarginLaw, X: Floats, r: Floats) -> Floats:
    norm, d = np.linalg.norm(X, axis=1)[:, None], problem.dim
    if d == 1:

        def signed(s: Floats) -> Floats:
            return 0.5 + 0.5 * np.sign(s) * (1 - law.cdf(problem.radius - np.abs(s)))

        return signed(np.minimum(norm + r, 1)) - signed(np.maximum(norm - r, -1))
    # Spherical shells, each counted with the smaller of its two ends' shares: a lower bound. The share of a
    # sphere of radius ρ inside the ball rises and then falls in ρ, so its minimum on a shell is at an end.
    low, high = np.maximum(norm - r, 0), np.minimum(norm + r, 1)
    steps = (1 - np.cos(np.linspace(0, np.pi, 2 * NODES + 1))) / 2
    rho = low[..., None] + (high - low)[..., None] * steps
    share = _cap_share(rho, norm[..., None], r[..., None], d)
    mass = law.cdf(problem.radius - rho[..., :-1]) - law.cdf(problem.radius - rho[..., 1:])
    return np.sum(mass * np.minimum(share[..., :-1], share[..., 1:]), axis=-1)


def _cap_share(rho: Floats, norm: Floats, r: Floats, d: int) -> Floats:
    """Return the share of the sphere |x'| = ρ within r of a point at distance ``norm`` from its centre."""
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (rho**2 + norm**2 - r**2) / (2 * rho * norm)
    cosine = np.where(rho * norm > 0, cosine, np.where(rho**2 + norm**2 <= r**2, -1.0, 1.0))
    cosine = np.clip(cosine, -1, 1)
    half = betainc((d - 1) / 2, 0.5, 1 - cosine**2) / 2
    return np.where(cosine >= 0, half, 1 - half)


_Mass: TypeAlias = Callable[[Any, MarginLaw, Floats, Floats], Floats]
_MASSES: dict[type, _Mass] = {Ridge: _ridge, Ball: _ball, Wave: _wave}
