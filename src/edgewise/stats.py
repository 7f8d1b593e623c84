"""Intervals over seeds, paired tests and Holm's correction: how every figure is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from edgewise.arrays import Floats, InputError


EXACT_PAIRS = 50
"""SciPy is exact so far without ties; with them it is exact to 13 pairs only, in seconds a test."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its interval.

    Parameters
    ----------
    mean, low, high
        The mean and its two-sided Student interval; the interval is NaN for one seed.
    n
        How many seeds.
    """

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Paired:
    """A paired comparison over seeds: ``difference`` is method minus baseline.

    Parameters
    ----------
    difference
        Mean difference with its interval.
    p
        Two-sided Wilcoxon signed-rank p-value, 1 when all differences are 0.
    p_holm
        The same after Holm's correction over the family it was tested in; ``p`` before that.
    """

    difference: Estimate
    p: float
    p_holm: float

    def verdict(self, level: float = 0.05) -> str:
        """Return ``"better"``, ``"worse"`` or ``"undecided"`` at the corrected level."""
        if self.p_holm >= level or self.difference.mean == 0:
            return "undecided"
        return "better" if self.difference.mean > 0 else "worse"


def estimate(values: ArrayLike, level: float = 0.95) -> Estimate:
    """Return the mean of ``values`` (n,) and its Student interval.

    Raises
    ------
    InputError
        No values.

    Examples
    --------
    >>> estimate([1.0, 2.0, 3.0]).mean
    2.0
    """
    x = np.asarray(values, float)
    if x.size == 0:
        raise InputError("an estimate needs at least one value; got none.")
    mean = float(x.mean())
    if x.size == 1:
        return Estimate(mean, float("nan"), float("nan"), 1)
    half = float(_student(level, x.size - 1) * x.std(ddof=1) / np.sqrt(x.size))
    return Estimate(mean, mean - half, mean + half, int(x.size))


@cache
def _student(level: float, freedom: int) -> float:
    """Return the quantile that bounds a share ``level`` of Student's distribution."""
    return float(scipy_stats.t.ppf((1 + level) / 2, freedom))


def paired(values: ArrayLike, baseline: ArrayLike, level: float = 0.95) -> Paired:
    """Compare two equally long runs over the same seeds.

    The p-value is Wilcoxon's signed-rank test with Pratt's treatment of zeros. With n seeds it cannot go
    below ``2 ** (1 - n)``, so fewer than six seeds show nothing. Where a value is NaN nothing is shown: p is 1.

    Examples
    --------
    >>> paired([2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6.5]).verdict()
    'better'
    """
    x, base = np.asarray(values, float), np.asarray(baseline, float)
    if x.shape != base.shape or x.ndim != 1:
        raise InputError(f"a paired test needs two runs of the same length; got {x.shape} and {base.shape}.")
    difference = x - base
    p = 1.0 if np.isnan(difference).any() else signed_rank_p(difference)
    return Paired(estimate(difference, level), p, p)


def signed_rank_p(difference: Floats) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test, with Pratt's treatment of zeros; 1 if all are 0.

    Exact for up to `EXACT_PAIRS` differences (n,), whatever their ties and zeros; the normal approximation beyond.

    Examples
    --------
    >>> signed_rank_p(np.array([1.0, 1.0, 2.0, 0.0]))
    0.25
    """
    if not np.any(difference):
        return 1.0
    if len(difference) > EXACT_PAIRS:
        return float(scipy_stats.wilcoxon(difference, zero_method="pratt").pvalue)
    size = np.abs(difference)
    # Ties share their mean rank, a half at worst; twice the ranks are whole numbers.
    ranks = 2 * (size[:, None] > size).sum(axis=1) + (size[:, None] == size).sum(axis=1) + 1
    positive = int(ranks[difference > 0].sum())
    upto = _random_sums(tuple(sorted(ranks[difference != 0].tolist())))
    return min(1.0, 2 * float(upto[min(positive, len(upto) - 1 - positive)]))


@lru_cache(maxsize=1024)
def _random_sums(ranks: tuple[int, ...]) -> Floats:
    """Return the chance that the ranks of random signs sum to at most 0, 1, 2, ..., counted one rank at a time."""
    total = sum(ranks)
    chance = np.zeros(total + 1)
    chance[0] = 1.0
    for rank in ranks:
        chance += np.concatenate([np.zeros(rank), chance[: total + 1 - rank]])
        chance /= 2
    return np.cumsum(chance)


def holm(family: Sequence[Paired]) -> list[Paired]:
    """Return the family with Holm's (1979) step-down corrected p-values.

    Examples
    --------
    >>> one = Estimate(1.0, 0.5, 1.5, 9)
    >>> [r.p_holm for r in holm([Paired(one, 0.01, 0.01), Paired(one, 0.04, 0.04)])]
    [0.02, 0.04]
    """
    order = np.argsort([r.p for r in family], kind="stable")
    corrected = [1.0] * len(family)
    running = 0.0
    for rank, position in enumerate(order):
        running = max(running, min(1.0, (len(family) - rank) * family[int(position)].p))
        corrected[position] = running
    return [Paired(r.difference, r.p, c) for r, c in zip(family, corrected, strict=True)]


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval for a proportion ``hits / n``.

    Examples
    --------
    >>> [round(v, 3) for v in wilson(5, 10)]
    [0.237, 0.763]
    """
    if n <= 0 or not 0 <= hits <= n:
        raise InputError(f"a proportion needs 0 <= hits <= n and n >= 1; got {hits} of {n}.")
    interval = scipy_stats.binomtest(hits, n).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)
