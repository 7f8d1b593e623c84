"""Nearest neighbours: A (uniform), B (pointwise), C (noise-free); proofs in docs/layers/theory.md."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from edgewise.arrays import Floats, Mask
from edgewise.paper.theory.bounds.constants import check_delta, check_neighbours, deviation, mass_needed
from edgewise.paper.theory.density.ball_mass import Balls


def theorem_a(balls: Balls, n: int, k: int, dim: int, delta: float) -> Mask:
    """Theorem A: where k-NN equals the Bayes classifier, at all x at once, with probability 1 - 2δ.

    x is in the set when m(x, r) - 1/2 > ε_{n,k} for the first radius r whose ball has mass p_{n,k}.
    *Proof.* k-NN sets are cut out by balls, at most S(n) of them, and labels are independent given X:
    Hoeffding and a union bound give ε. By the relative VC inequality every ball of mass p_{n,k} holds k
    points, so the k neighbours lie within r. ∎

    Parameters
    ----------
    balls
        Balls around the points asked about.
    n, k
        Labels and neighbours.
    dim
        Dimension d.
    delta
        Half the allowed chance of failure.

    Returns
    -------
    (M,), True where guaranteed.

    Examples
    --------
    >>> far = Balls(np.array([[1.0]]), np.array([[1.0]]), np.array([[0.99]]))
    >>> theorem_a(far, n=5000, k=293, dim=1, delta=0.05)
    array([ True])
    """
    epsilon = deviation(n, k, dim, delta)
    enough = balls.mass >= mass_needed(n, k, dim, delta)
    first = np.argmax(enough, axis=1)
    trusted = np.take_along_axis(balls.agreement, first[:, None], axis=1)[:, 0]
    return np.asarray(enough.any(axis=1) & (trusted - 0.5 > epsilon))


def theorem_b(balls: Balls, n: int, k: int) -> Floats:
    """Theorem B: ψ(x), a bound of P(k-NN is wrong at x), the least over the radii given.

    ψ = P(Bin(n, p) < k) + P(Bin(k, m) ≤ k/2), p = μ(B(x, r)), m = m(x, r). *Proof.* If k points fall into
    the ball, the k neighbours lie in it and their labels are independent given X, each g(x) with
    probability at least m. ∎ On M points, {ψ ≤ δ/M} is correct with probability 1 - δ.

    Returns
    -------
    (M,), in [0, 1].

    Examples
    --------
    >>> theorem_b(Balls(np.array([[1.0]]), np.array([[0.5]]), np.array([[0.9]])), n=2, k=1).round(9)
    array([0.35])
    """
    check_neighbours(n, k)
    empty = binom.cdf(k - 1, n, balls.mass)
    outvoted = binom.cdf(k // 2, k, np.clip(balls.agreement, 0, 1))
    return np.minimum(1, (empty + outvoted).min(axis=1))


def theorem_c(mass: Floats, n: int, k: int) -> Floats:
    """Theorem C: with noise-free labels P(k-NN is wrong at x) ≤ P(Bin(n, μ(B(x, t))) < ⌊k/2⌋ + 1).

    *Proof.* t is the distance of x from the boundary: with a majority of the k neighbours within t, the
    majority votes g(x). ∎

    Parameters
    ----------
    mass
        μ(B(x, t(x))) for each point (M,).

    Examples
    --------
    >>> theorem_c(np.array([0.5]), n=3, k=1).round(9)
    array([0.125])
    """
    check_neighbours(n, k)
    return np.asarray(binom.cdf(k // 2, n, np.clip(mass, 0, 1)), float)


def theorem_c_uniform(mass: Floats, n: int, k: int, dim: int, delta: float) -> Mask:
    """Theorem C at all x at once: correct where μ(B(x, t)) ≥ p_{n,j}, j = ⌊k/2⌋ + 1, with probability 1 - δ.

    Examples
    --------
    >>> theorem_c_uniform(np.array([0.01, 0.9]), n=1000, k=1, dim=2, delta=0.05)
    array([False,  True])
    """
    check_neighbours(n, k)
    check_delta(delta)
    return np.asarray(mass >= mass_needed(n, k // 2 + 1, dim, delta))
