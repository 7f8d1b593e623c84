"""The constants of the uniform bounds: shatter coefficient of balls, deviations, and checked inputs."""

from __future__ import annotations

import math

from edgewise.arrays import InputError, check_count


def check_delta(delta: float) -> float:
    """Return δ in (0, 1) as a float, or say why not."""
    if not 0 < delta < 1:
        raise InputError(
            f"delta, the allowed chance of failure, must lie strictly between 0 and 1; got {delta!r}."
        )
    return float(delta)


def check_neighbours(n: int, k: int) -> None:
    """Raise unless 1 ≤ k ≤ n."""
    check_count(n, "n")
    check_count(k, "k")
    if k > n:
        raise InputError(f"k must be at most n, the number of labels: got k = {k}, n = {n}.")


def check_positive(value: float, name: str, why: str) -> float:
    """Return a positive finite number, or say which one is not and why it must be."""
    if not 0 < value < math.inf:
        raise InputError(f"{name} must be positive and finite ({why}); got {value!r}.")
    return float(value)


def log_shatter(n: int, dim: int) -> float:
    """Return log S(n), S(n) = Σ_{i ≤ d+1} C(n, i): balls in R^d have VC dimension d + 1.

    Examples
    --------
    >>> round(math.exp(log_shatter(4, 1)), 9)
    11.0
    """
    return math.log(sum(math.comb(n, i) for i in range(dim + 2)))


def deviation(n: int, k: int, dim: int, delta: float) -> float:
    """Return ε_{n,k} = √((log 2 + log S(n) + log 1/δ) / 2k) of Theorem A.

    No k-NN average of labels is further from its conditional mean, with probability 1 - δ. In one dimension
    the k neighbours are one of n - k + 1 windows, which replaces S(n).

    Examples
    --------
    >>> round(deviation(1000, 50, 2, 0.05), 2)
    0.48
    """
    check_neighbours(n, k)
    sets = math.log(n - k + 1) if dim == 1 else log_shatter(n, dim)
    return math.sqrt((math.log(2) + sets - math.log(check_delta(delta))) / (2 * k))


def gamma(n: int, dim: int, delta: float) -> float:
    """Return Γ = log 4 + log S(2n) + log 1/δ of the relative VC inequality."""
    check_count(n, "n")
    return math.log(4) + log_shatter(2 * n, dim) - math.log(check_delta(delta))


def mass_needed(n: int, k: int, dim: int, delta: float) -> float:
    """Return p_{n,k} = k/n + (2Γ + 2√(Γ² + Γk)) / n: balls of this mass hold k of n points, all at once.

    Examples
    --------
    >>> mass_needed(5000, 100, 2, 0.05) > 100 / 5000
    True
    """
    check_neighbours(n, k)
    big = gamma(n, dim, delta)
    return k / n + (2 * big + 2 * math.sqrt(big**2 + big * k)) / n
