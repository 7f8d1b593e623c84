"""Kernels: Theorems D, E (Nadaraya-Watson), F (kernel ridge, local) and G (any linear smoother)."""

from __future__ import annotations

import math

import numpy as np

from edgewise.arrays import Floats, InputError, check_count
from edgewise.paper.theory.bounds.constants import check_delta, check_positive, gamma, log_shatter


def theorem_d(mass: Floats, n: int, dim: int, delta: float) -> Floats:
    """Theorem D: the largest deviation of a box-kernel average from its conditional mean, at all x at once.

    With ε = 2√(Γ/n) and p = μ(B(x, h)), with probability 1 - 2δ, wherever √p > ε,
    |η̂ - η| ≤ ω_x(h) + √((log 2 + log S(n) + log 1/δ) / (2n(p - ε√p))): this returns the root, infinite
    elsewhere. x is guaranteed when m(x, h) - 1/2 exceeds it. *Proof.* As for A, with the number of points
    in the ball bounded below by n(p - ε√p). ∎

    Parameters
    ----------
    mass
        μ(B(x, h)) (M,).

    Examples
    --------
    >>> theorem_d(np.array([0.001, 1.0]), n=5000, dim=2, delta=0.05).round(3)
    array([  inf, 0.057])
    """
    check_count(n, "n")
    epsilon = 2 * math.sqrt(gamma(n, dim, delta) / n)
    held = mass - epsilon * np.sqrt(mass)
    top = math.log(2) + log_shatter(n, dim) - math.log(check_delta(delta))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(held > 0, np.sqrt(top / (2 * n * np.where(held > 0, held, 1))), np.inf)


def theorem_e(mass: Floats, agreement: Floats, n: int) -> Floats:
    """Theorem E: P(the box-kernel vote is wrong at x) ≤ [1 - p (1 - 2√(m(1-m)))]^n for m > 1/2.

    *Proof.* Given N points in the ball, Chernoff's bound at 1/2 is (2√(m(1-m)))^N; take the mean over
    N ~ Bin(n, p). Empty balls count as errors. ∎ For n/2 draws from each of two laws, multiply the two
    bounds at n/2.

    Parameters
    ----------
    mass, agreement
        p = μ(B(x, h)) and m = m(x, h), any equal shapes.

    Returns
    -------
    The bound, 1 where m ≤ 1/2.

    Examples
    --------
    >>> theorem_e(np.array([0.5]), np.array([0.9]), n=2).round(9)
    array([0.64])
    """
    check_count(n, "n")
    m = np.clip(agreement, 0.5, 1)
    return np.maximum(1 - mass * (1 - 2 * np.sqrt(m * (1 - m))), 0) ** n


def theorem_f(
    residual: Floats,
    bump: Floats,
    h: float,
    *,
    lam: float,
    norm: float,
    lipschitz: tuple[float, float],
    bump_norm: float,
) -> Floats:
    """Theorem F: a local bound of |η̂ - η| for kernel ridge with penalty λ‖f‖².

    |η̂(x) - η(x)| ≤ (L_η + L_H ‖η̂‖) h + |Σφ_i (y_i - η_i)| / Σφ_i + λ ‖φ‖ ‖η̂‖ / Σφ_i for any bump
    0 ≤ φ ≤ 1 supported on B(x, h). *Proof.* The first-order condition tested with φ is
    Σφ_i (y_i - η̂(x_i)) = λ⟨η̂, φ⟩; replace η̂(x_i), η_i by their values at x at the cost of the two
    Lipschitz terms, and use Cauchy-Schwarz on the right. ∎

    Parameters
    ----------
    residual
        y_i - η(x_i) (n,).
    bump
        φ_x(x_i) for each point x (M, n), in [0, 1], zero farther than h.
    h
        Radius of the bumps.
    lam
        The penalty λ of Σ(y_i - f(x_i))² + λ‖f‖².
    norm
        ‖η̂‖ = √(αᵀKα).
    lipschitz
        L_η and L_H, with |f(x) - f(x')| ≤ L_H ‖f‖ |x - x'|: 1/ℓ Gaussian, √3/ℓ Matérn-3/2, √(5/3)/ℓ
        Matérn-5/2.
    bump_norm
        ‖φ_x‖; for the triangle in the one-dimensional Laplacian RKHS √(ℓ/h + h/3ℓ).

    Returns
    -------
    (M,), infinite where no point falls under the bump.

    Examples
    --------
    >>> theorem_f(np.array([0.2]), np.array([[0.5]]), 0.1, lam=0.5, norm=1.0, lipschitz=(1.0, 2.0),
    ...           bump_norm=3.0).round(9)
    array([3.5])
    """
    check_positive(h, "h", "a bandwidth")
    check_positive(lam, "lam", "the penalty of kernel ridge")
    if (bump < 0).any() or (bump > 1).any():
        raise InputError("bump must lie in [0, 1], as Theorem F's bumps do.")
    total = bump.sum(axis=1)
    safe = np.where(total > 0, total, 1)
    noise = np.abs(bump @ residual) / safe
    bound = (lipschitz[0] + lipschitz[1] * norm) * h + noise + lam * bump_norm * norm / safe
    return np.where(total > 0, bound, np.inf)


def theorem_g(weights: Floats, centred: Floats, side: Floats, *, clean: bool = False) -> Floats:
    """Theorem G: P(a linear smoother is wrong at x | X), for any kernel and any learner linear in the labels.

    For η̂(x) - 1/2 = Σ w_i(x) (y_i - 1/2) and σ = ±1 the side of x, the bound is
    min_{s>0} Π_i E exp(-sσ w_i (y_i - 1/2)), at most exp(-2(Σ w_i(η_i - 1/2))² / ‖w‖²), and 1 unless
    σ Σ w_i (η_i - 1/2) > 0. *Proof.* Chernoff on a sum of independent labels. ∎ With noise-free labels the
    event is decided: 0 or 1.

    Parameters
    ----------
    weights
        w_i(x) (M, n): (K + λI)⁻¹ k_x for ridge, 1/k for k-NN, K_i / ΣK for NW.
    centred
        η(x_i) - 1/2 (n,).
    side
        +1 or -1: the sign of η(x) - 1/2 (M,).
    clean
        Labels are 1[η > 1/2].

    Examples
    --------
    >>> theorem_g(np.array([[1.0]]), np.array([0.4]), np.array([1.0])).round(9)
    array([0.6])
    """
    if clean:
        # An even vote may sum to a rounding error above 0; it is a tie, and a tie is no guarantee.
        return (side * (weights @ np.sign(centred)) <= 1e-12 * np.abs(weights).sum(axis=1)).astype(float)
    bound = np.ones(len(weights))
    rows = np.flatnonzero(side * (weights @ centred) > 0)
    w, c = weights[rows] / 2, 2 * side[rows, None] * centred
    low, high = np.zeros(len(rows)), _above(w, c)
    for _ in range(50):
        s = (low + high) / 2
        falling = _slope(s, w, c) < 0
        low, high = np.where(falling, s, low), np.where(falling, high, s)
    bound[rows] = np.exp(np.minimum(_log_moment((low + high) / 2, w, c), 0))
    return bound


def theorem_g_norm(
    weights: Floats, K: Floats, k_x: Floats, diagonal: Floats, *, norm: float, points: int, delta: float
) -> Floats:
    """Theorem G without η: |η̂ - η| ≤ B P_λ(x) + ‖w‖ √(log(2M/δ)/2) on M points, for ‖η - 1/2‖ ≤ B.

    P_λ² = k(x, x) - 2 wᵀk_x + wᵀKw, the power function of the smoother.

    Parameters
    ----------
    weights
        w(x) (M, n).
    K, k_x, diagonal
        k(x_i, x_j) (n, n), k(x, x_i) (M, n), k(x, x) (M,).
    norm
        B.
    points
        M, over which the bound holds at once.
    delta
        Allowed chance of failure.

    Examples
    --------
    >>> theorem_g_norm(np.array([[0.5]]), np.array([[1.0]]), np.array([[1.0]]), np.ones(1), norm=1.0,
    ...                points=1, delta=2 / np.e**2).round(9)
    array([1.])
    """
    check_count(points, "points")
    power = diagonal - 2 * np.sum(weights * k_x, axis=1) + np.sum((weights @ K) * weights, axis=1)
    noise = np.linalg.norm(weights, axis=1) * math.sqrt(math.log(2 * points / check_delta(delta)) / 2)
    return norm * np.sqrt(np.maximum(power, 0)) + noise


def _log_moment(s: Floats, w: Floats, c: Floats) -> Floats:
    """Log of Π E exp(-2s w (y - 1/2)): Σ log(cosh a - c sinh a), a = sw, without overflow."""
    a = s[:, None] * w
    tilt = c * np.sign(a)
    with np.errstate(divide="ignore"):
        return np.sum(np.abs(a) + np.log((1 - tilt + np.exp(-2 * np.abs(a)) * (1 + tilt)) / 2), axis=1)


def _slope(s: Floats, w: Floats, c: Floats) -> Floats:
    tanh = np.tanh(s[:, None] * w)
    return np.sum(w * (tanh - c) / np.maximum(1 - c * tanh, 1e-300), axis=1)


def _above(w: Floats, c: Floats) -> Floats:
    """Return for each row an s where the moment rises again, or one beyond which nothing is gained."""
    s = 1 / np.maximum(np.abs(w).max(axis=1, initial=0), 1e-300)
    for _ in range(40):
        falling = _slope(s, w, c) < 0
        if not falling.any():
            break
        s: Floats = np.where(falling, 2 * s, s)
    return s
