"""Theorems 3.1 to 3.3 as printed, for the record: each docstring says what is wrong; none is relied on."""

from __future__ import annotations

import math

import numpy as np

from edgewise.arrays import Floats, Mask, check_count
from edgewise.paper.theory.bounds.constants import check_delta, check_neighbours, check_positive
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
    mass: float,
    alpha: float = 1.0,
) -> Mask:
    """Theorem 3.1 as printed (k-NN): correct where |η - 1/2| > C_0 + L r_{k/n + δ_p}(x)^α. For the record.

    C_0 = √((2 log 2 + log(n^(d+1) + 1) - log δ) / 2k). The inequality is true once its two quantities called
    C_0 are told apart and δ_p has a value; Theorem A is its repair. What is wrong: δ_p, from the cluster-tree
    lemma, has no stated constant, so the mass k/n + δ_p must be given (`mass_needed` is a valid one); "r
    increases with β, hence the set grows" is backwards near the boundary and false elsewhere; at small k,
    k = 1 included, the set is empty whatever μ is.

    Parameters
    ----------
    distance
        u(x) = |η(x) - 1/2| (M,).
    lipschitz, alpha
        Hölder constant and exponent of η.
    mass
        k/n + δ_p.

    Examples
    --------
    >>> ball = Balls(np.array([[0.1]]), np.array([[1.0]]), np.array([[1.0]]))
    >>> printed_3_1(ball, np.array([0.5]), 1000, 1, 2, 0.05, lipschitz=1.0, mass=0.5)
    array([False])
    """
    check_neighbours(n, k)
    c0 = math.sqrt((2 * math.log(2) + math.log(n ** (dim + 1) + 1) - math.log(check_delta(delta))) / (2 * k))
    enough = balls.mass >= mass
    first = np.argmax(enough, axis=1)
    r = np.take_along_axis(balls.radius, first[:, None], axis=1)[:, 0]
    return np.asarray(enough.any(axis=1) & (distance > c0 + lipschitz * r**alpha))


def printed_3_2(
    density: Floats, n: int, h: float, dim: int, *, lipschitz: float, constant: float = 1.0
) -> Floats:
    """Theorem 3.2 as printed (NW): |η̂ - η| ≤ L h + C log²n / (n h^d μ(x)). For the record; not a bound.

    What is wrong: Hoeffding with t = log²n / n fails with probability tending to 1; h L_μ stands where h L_η
    is meant (read here as L_η); the box kernel it mentions is not Lipschitz; E K ≍ h^d μ fails within h of
    the boundary; at β = 0 the rate n^(-1/(d+1)) beats the minimax rate n^(-1/(d+2)), so it is false with
    noisy labels. Theorems D and E are the repairs.

    Parameters
    ----------
    density
        μ(x) (M,).

    Examples
    --------
    >>> printed_3_2(np.array([1.0]), 1000, 0.1, 1, lipschitz=1.0).round(4)
    array([0.5772])
    """
    check_count(n, "n")
    check_positive(h, "h", "a bandwidth")
    return lipschitz * h + constant * math.log(n) ** 2 / (n * h**dim * density)


def printed_3_2_exponent(dim: int, beta: float) -> float:
    """Return -1/(d + 1 + β), the printed exponent of the threshold in n. For the record: its sign is wrong.

    The paper's own inequality gives -1/(d + 1 - β); the correct rates are -1/(d - β) noise-free and
    -1/(d + 2 - β) noisy. As printed, a larger β would be worse, against the sentence that follows it.

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
    lipschitz_eta: float,
    lipschitz: float,
    t: float,
    constant: float,
    sigma: float,
) -> Floats:
    """Theorem 3.3 as printed (RKHS): (L_η + L) h + t/(n h^d μ) + √(n/λ) C h^(-σ) / (n h^d). For the record.

    It is false. Its two assumptions (unit-mass bumps of Lipschitz constant LC/h on B(x, h), and f Lipschitz
    with L‖f‖) contradict each other as h → 0; √(n/λ) should be √(nλ), so as printed more penalty is always
    better, while with λ = n² the fit vanishes; L should be L‖η̂‖; μ is missing in the last term; t is not
    defined. Theorems F and G stand in its place.

    Examples
    --------
    >>> tight = printed_3_3(np.ones(1), 100, 0.5, 1e8, 1, lipschitz_eta=0, lipschitz=0, t=0, constant=1,
    ...                     sigma=0)
    >>> bool(tight < 1e-4)
    True
    """
    check_count(n, "n")
    check_positive(h, "h", "a bandwidth")
    check_positive(lam, "lam", "the penalty of kernel ridge")
    cells = n * h**dim
    return (
        (lipschitz_eta + lipschitz) * h
        + t / (cells * density)
        + math.sqrt(n / lam) * constant * h**-sigma / cells
    )
