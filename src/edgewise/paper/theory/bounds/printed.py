"""Theorems 3.1 to 3.3 as printed, for the record: each docstring says what is wrong; none is relied on."""

from __future__ import annotations

import math

import numpy as np

from edgewise.arrays import Floats, Mask, check_count
from edgewise.paper.theory.bounds.constants import check_delta, check_neighbours, check_positive, mass_needed
from edgewise.paper.theory.density.ball_mass import Balls


def printed_3_1(
    balls: Balls,
    distance: Floats,
    n: int,
    k: int,
    dim: int,
    delta: float,
    *,
    lipschitz: float,
    alpha: float = 1.0,
    mass: float | None = None,
) -> Mask:
    """Theorem 3.1 as printed (k-NN): with probability 1 - 2δ right where |η - 1/2| - L r_{k/n + δ_p}(x)^α > C_0.

    C_0 = √((2 log 2 + log(n^(d+1) + 1) - log δ) / 2k) and
    δ_p = C_0 (d log n + log(1/δ) + √(k (d log n + log(1/δ)))) / n, in which C_0 must be another constant: the
    lemma it comes from has one of its own. For the record. The inequality is true once the two are told apart;
    Theorem A is its repair. What is wrong: the constant of δ_p is not stated, so the mass k/n + δ_p may be given
    (`mass_needed` is a valid one, and the default); the remark that r "is an increasing number as β increases"
    would shrink the set, for r is subtracted, and is backwards near the boundary and false elsewhere; at small k,
    k = 1 included, the set is empty whatever μ is.

    Parameters
    ----------
    distance
        u(x) = |η(x) - 1/2| (M,).
    lipschitz, alpha
        Hölder constant and exponent of η.
    mass
        k/n + δ_p; that of `mass_needed` by default.

    Examples
    --------
    >>> ball = Balls(np.array([[0.1]]), np.array([[1.0]]), np.array([[1.0]]))
    >>> printed_3_1(ball, np.array([0.5]), 1000, 1, 2, 0.05, lipschitz=1.0, mass=0.5)
    array([False])
    """
    check_neighbours(n, k)
    c0 = math.sqrt((2 * math.log(2) + math.log(n ** (dim + 1) + 1) - math.log(check_delta(delta))) / (2 * k))
    enough = balls.mass >= (mass_needed(n, k, dim, delta) if mass is None else mass)
    first = np.argmax(enough, axis=1)
    r = np.take_along_axis(balls.radius, first[:, None], axis=1)[:, 0]
    return np.asarray(enough.any(axis=1) & (distance > c0 + lipschitz * r**alpha))


def printed_3_2(
    density: Floats, n: int, h: float, dim: int, *, lipschitz: float, constant: float = 1.0
) -> Floats:
    """Theorem 3.2 as printed (NW): |η̂ - η| ≤ h L_μ + 2 log²n / (C n h^d μ(x) - log²n). For the record.

    Infinite where the denominator is not positive, and there it says nothing. What is wrong: Hoeffding with
    t = log²n / n fails with probability tending to 1, so it is no bound; L_μ is not defined and L_η is meant; the
    box kernel it mentions is not Lipschitz; E K ≍ h^d μ fails within h of the boundary; at β = 0 the rate
    n^(-1/(d+1)) that follows beats the minimax rate n^(-1/(d+2)), so it is false with noisy labels. Theorems D
    and E are the repairs.

    Parameters
    ----------
    density
        μ(x) (M,).
    lipschitz, constant
        L_μ, read as L_η, and C.

    Examples
    --------
    >>> printed_3_2(np.array([1.0, 0.1]), 1000, 0.1, 1, lipschitz=1.0).round(4)
    array([1.9253,    inf])
    """
    check_count(n, "n")
    check_positive(h, "h", "a bandwidth")
    seen = math.log(n) ** 2
    return lipschitz * h + _over(2 * seen, constant * n * h**dim * density - seen)


def _over(above: float, below: Floats) -> Floats:
    """Return the quotient, infinite where the denominator is not positive."""
    return np.divide(above, below, out=np.full(np.shape(below), np.inf), where=below > 0)


def printed_3_2_exponent(dim: int, beta: float) -> float:
    """Return -1/(d + 1 + β), the printed exponent of the threshold in n. For the record: its sign is wrong.

    The paper's own inequality gives -1/(d + 1 - β); the guarantees suggest -1/(d - β) noise-free and
    -1/(d + 2 - β) noisy. As printed, a larger β has a larger threshold ("a larger value asymptotically"), which is a
    smaller set, against the sentence that it is there to prove.

    Examples
    --------
    >>> printed_3_2_exponent(1, 0.5)
    -0.4
    """
    return -1 / (dim + 1 + beta)


def printed_3_3(
    density: Floats,
    n: int,
    h: float,
    lam: float,
    dim: int,
    *,
    lipschitz: float,
    t: float,
    constant: float = 1.0,
) -> Floats:
    """Theorem 3.3 as printed (RKHS): 2t/(C n h^d μ - t) + L h + C/(h (C n h^d - t)) √(n/λ). For the record.

    Its assumptions: every f of the space is Lipschitz with L‖f‖; for each x and h > 0 there is an f_{x,h} with
    support in B(x, h), ∫f = 1 and ‖f‖ ≤ C/h. Infinite where a denominator is not positive. What is wrong: no space
    meets both for every h, so it is vacuous as assumed; for one fixed h they can be met and it is false: √(n/λ)
    should be √(nλ), for as printed more penalty is always better, while with λ = n² the fit vanishes. L stands where
    L‖η̂‖ and the constant of η are needed; f may be negative, and then a weighted mean is none; t is not defined;
    μ is missing in the last term. Theorems F and G stand in its place.

    Parameters
    ----------
    density
        μ(x) (M,).
    lipschitz, t, constant
        L, t and C.

    Examples
    --------
    >>> printed_3_3(np.ones(1), 1000, 0.5, 1e12, 1, lipschitz=0.0, t=1.0).round(4)
    array([0.004])
    """
    check_count(n, "n")
    check_positive(h, "h", "a bandwidth")
    check_positive(lam, "lam", "the penalty of kernel ridge")
    cells = constant * n * h**dim
    last = _over(constant * math.sqrt(n / lam) / h, np.asarray(cells - t))
    return _over(2 * t, cells * density - t) + lipschitz * h + last
