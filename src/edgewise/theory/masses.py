"""What the bounds ask of a law: the mass of balls, and how far labels in a ball can be trusted.

Ball masses are exact in one dimension (differences of the CDF), quadrature of exact sections in two, and
valid lower bounds above: a bound computed from too small a mass is still a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.special import betainc

from edgewise.arrays import Floats, InputError
from edgewise.theory.densities import BoundaryDensity, Mixture
from edgewise.theory.margins import MarginLaw
from edgewise.theory.problems import LabelKind, Problem
from edgewise.theory.shapes import Ball, Ridge, Wave


NODES = 48
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
    >>> from edgewise.theory.shapes import Ridge
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
    """Return μ(B(x, r)) (M, R): exact in one dimension, quadrature of sections in two, from below above.

    For balls that do not cross the boundary the quadrature is within 0.5 % of the mass up to β = 0.75 and
    within 3 % at β = 0.9, worst where a ball touches the boundary (measured against 1500 nodes).
    """
    if isinstance(law, Mixture):
        base = BoundaryDensity(law.problem, law=law.density.law)
        return (1 - law.share) * ball_mass(base, X, radius) + law.share * ball_mass(law.density, X, radius)
    problem = law.problem
    known = _MASSES.get(type(problem))
    if known is None:
        raise InputError(f"ball masses are known for ridge, ball and wave; got {problem.name}. Theorem G "
                         "(design) needs none.")
    rows = max(1, CHUNK // (radius.shape[1] * NODES))
    parts = [known(problem, law.margin_law, X[i:i + rows], radius[i:i + rows])
             for i in range(0, len(X), rows)]
    return np.clip(np.concatenate(parts), 0, 1)


def has_masses(problem: Problem) -> bool:
    """Say whether `ball_mass` knows the problem."""
    return type(problem) in _MASSES


def _ridge(problem: Ridge, law: MarginLaw, X: Floats, r: Floats) -> Floats:
    t = X[:, :1]
    if problem.dim == 1:
        return law.cdf(t + r) - law.cdf(t - r)
    if problem.dim == 2:
        return _sections(law, X[:, 1], r, lambda _z: t[:, :, None])
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
    return _sections(law, X[:, 0], r, lambda z: X[:, 1, None, None] - problem.height(z))


def _sections(law: MarginLaw, across: Floats, r: Floats, centre: Callable[[Floats], Floats]) -> Floats:
    """∫ (F(c + s) - F(c - s)) dz / 2 over the ball's sections at z = across + r sin φ, s = r cos φ."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    z, r = across[:, None], np.maximum(r, 1e-300)
    low = np.arcsin(np.clip((-1 - z) / r, -1, 1))
    high = np.arcsin(np.clip((1 - z) / r, -1, 1))
    phi = low[..., None] + (high - low)[..., None] * (nodes + 1) / 2
    s = r[..., None] * np.cos(phi)
    c = centre(z[..., None] + r[..., None] * np.sin(phi))
    values = (law.cdf(c + s) - law.cdf(c - s)) * s
    return (values @ (weights / 2)) * (high - low) / 2


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
