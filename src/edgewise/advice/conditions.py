"""When can labels at the boundary pay? A condition from theory, and what it needs to know about the data.

Pure functions of arrays: ``edgewise theory advise`` prints them, and
`edgewise.strategies.edge_mix` asks them on request. Advice, not a law: see `boundary_can_help`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree
from sklearn.neighbors import NearestNeighbors

from edgewise.arrays import Floats, InputError, Labels, check_count, check_X
from edgewise.models.joining import check_y, same


SAMPLE = 4000
"""Most rows an estimate looks at; more cost time and change it by less than its own error."""


ENOUGH = 15
"""Labels below which their leave-one-out error says nothing."""


@dataclass(frozen=True)
class LabelNoise:
    """An estimate of the share of wrong labels.

    Parameters
    ----------
    rate
        The chance that a label is not the likeliest one, averaged over the data, in [0, 1 - 1/c].
    error
        Its standard error, by deleting one tenth of the points at a time.
    """

    rate: float
    error: float

    @property
    def noisy(self) -> bool:
        """Whether the data show noise: the rate is above 1 % and above twice its standard error."""
        return self.rate > max(0.01, 2 * self.error)


def boundary_can_help(n: int, dim: float, *, noisy: bool) -> bool:
    """Say whether theory expects boundary sampling with ``n`` labels to help a local average (k-NN, NW).

    The condition is n / log n > e^dim for noise-free labels and n / log n > e^(dim + 2) for noisy ones
    (theory, §6.5): exactly when the density exponent that minimises the distance t* from the boundary that
    cannot be resolved is above 0. It comes from an upper bound and is neither necessary nor sufficient: where it
    fails, uniform sampling was best in the problems of the theory study, yet on 20 tables a 1-NN lost 1.2 points
    of area on average by obeying it, and the effective dimension said nothing about who gains.

    Parameters
    ----------
    n
        Labels in the whole budget.
    dim
        Dimension of the data, or better an effective dimension, at least 0.
    noisy
        Whether labels are drawn (Bernoulli) rather than decided.

    Raises
    ------
    InputError
        ``n < 1``, or a negative or infinite dimension.

    Examples
    --------
    >>> boundary_can_help(1000, 2, noisy=False), boundary_can_help(1000, 10, noisy=False)
    (True, False)
    """
    check_count(n, "n")
    exponent = _check_dim(dim) + (2 if noisy else 0)
    return math.log(n) - math.log(max(math.log(n), 1.0)) > exponent


def labels_needed(dim: float, *, noisy: bool) -> int:
    """Return the fewest labels for which `boundary_can_help` holds.

    Raises
    ------
    InputError
        A negative dimension, or one above 700, where the count has no floating-point value.

    Examples
    --------
    >>> [labels_needed(d, noisy=False) for d in (1, 2, 5)]
    [3, 24, 1030]
    """
    exponent = _check_dim(dim) + (2 if noisy else 0)
    if exponent > 700:
        raise InputError(f"dim must be at most {698 if noisy else 700}; got {dim}: no budget is that large.")
    # n = e^exponent log n has its larger root at a fixed point of n -> e^exponent log n.
    n = math.exp(exponent) * max(exponent, 1.0)
    for _ in range(200):
        n = math.exp(exponent) * max(math.log(n), 1.0)
    count = max(1, int(n) - 2)
    while count < 2**53 and not boundary_can_help(count, dim, noisy=noisy):
        count += 1
    return count


def best_exponent(n: int, dim: float, *, noisy: bool) -> float:
    """Return the density exponent beta in [0, 1) that theory §6.5 expects to be best for a local average.

    beta* = 1 - b with D/b + 1 = A + log b, A = log(n / log n), D = dim - 1 (noise-free) or dim + 1
    (noisy); 0 where `boundary_can_help` is false.

    Examples
    --------
    >>> [round(best_exponent(n, 2, noisy=False), 2) for n in (50, 200, 1000, 5000)]
    [0.23, 0.49, 0.66, 0.75]
    """
    if not boundary_can_help(n, dim, noisy=noisy):
        return 0.0
    budget = math.log(n) - math.log(max(math.log(n), 1.0))
    D = max(dim + (1 if noisy else -1), 0.0)
    low, high = 1e-12, 1.0
    for _ in range(100):
        b = (low + high) / 2
        low, high = (b, high) if D / b + 1 > budget + math.log(b) else (low, b)
    return 1 - high


def effective_dimension(X: Floats, *, neighbours: int = 20) -> float:
    """Estimate how many dimensions the data fill locally, at most the number of features.

    The maximum-likelihood estimate of Levina and Bickel (2004), inverse estimates averaged as MacKay and
    Ghahramani (2005) advise. Repeated rows count once. It is biased down, by about 15 % in five dimensions,
    which makes the condition milder, and it does not see that a label may depend on few of the dimensions.

    Parameters
    ----------
    X
        Points (n, d).
    neighbours
        Neighbours that set the scale, at least 3; at most the distinct rows less one are used.

    Raises
    ------
    InputError
        Bad points, or fewer than four distinct rows.

    Examples
    --------
    >>> line = np.random.default_rng(0).uniform(size=(500, 1)) * [[1.0, 2.0, -1.0]]
    >>> round(effective_dimension(line))
    1
    """
    points = np.unique(np.asarray(check_X(X), float), axis=0)
    check_count(neighbours, "neighbours", low=3)
    if len(points) < 4:
        raise InputError(f"an effective dimension needs at least 4 distinct rows; got {len(points)}.")
    centres = points[_spread(len(points))]
    k = min(neighbours, len(points) - 1)
    distances = np.asarray(KDTree(points).query(centres, k=k + 1)[0])[:, 1:]
    logs = np.log(distances[:, -1:] / np.maximum(distances[:, :-1], np.finfo(float).tiny))
    inverse = float(logs.sum() / (len(logs) * max(k - 2, 1)))
    return float(points.shape[1]) if inverse <= 0 else min(1 / inverse, float(points.shape[1]))


def label_noise(X: Floats, y: Labels, *, neighbours: int = 10) -> LabelNoise:
    """Estimate the share of wrong labels from how often close neighbours disagree.

    The disagreement of a point with its j-th nearest neighbour is regressed on their mean distance; its
    value at distance 0 is what noise alone causes (the Gamma test of Stefánsson, Končar and Jones 1997,
    with distances in place of their squares because clean labels change at a rate proportional to
    distance), and 2ν - ν² c/(c-1) of it gives the rate ν. Smooth uncertainty counts as noise: a
    Bernoulli(η) label has ν with 2ν(1-ν) = E 2η(1-η).

    Parameters
    ----------
    X
        Points (n, d); in many dimensions neighbours are far and the error grows.
    y
        Labels (n,).
    neighbours
        Neighbours of a point that are compared with it, at least 2.

    Raises
    ------
    InputError
        Bad points or labels, or fewer than 20 rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (2000, 2))
    >>> label_noise(X, X[:, 0] > 0).noisy, label_noise(X, (X[:, 0] > 0) ^ (rng.random(2000) < 0.2)).noisy
    (False, True)
    """
    points = np.asarray(check_X(X), float)
    labels = check_y(y, len(points))
    check_count(neighbours, "neighbours", low=2)
    if len(points) < 20:
        raise InputError(f"a noise estimate needs at least 20 rows; got {len(points)}.")
    c = max(len(np.unique(labels)), 2)
    rows = _spread(len(points))
    k = min(neighbours, len(points) - 2)
    distance, index = KDTree(points).query(points[rows], k=k + 1)
    # Repeated rows may hide the point itself among its neighbours: drop it where it is, else the last.
    own = index == rows[:, None]
    own[~own.any(axis=1), -1] = True
    disagree = (labels[index] != labels[rows, None])[~own].reshape(len(rows), k).astype(float)
    distance = distance[~own].reshape(len(rows), k)
    whole = _noise_rate(distance, disagree, c)
    folds = np.arange(len(rows)) % 10
    left_out = [_noise_rate(distance[folds != f], disagree[folds != f], c) for f in range(10)]
    return LabelNoise(whole, float(np.sqrt(9 / 10 * np.sum((np.array(left_out) - np.mean(left_out)) ** 2))))


def relative_error(X: Floats, y: Labels) -> float | None:
    """Return how badly labels predict one another; None if there are too few, or of one class.

    The leave-one-out error of 1-NN on the last 2,000 points, divided by the error of guessing their commonest
    class: near 0 where classes are separate, near 1 or above where labels are noisy or points too few for
    the dimension.

    Parameters
    ----------
    X, y
        Points ``(n, ...)`` and labels ``(n,)``, best a uniform sample.

    Examples
    --------
    >>> X = np.arange(20.0)[:, None]
    >>> relative_error(X, X[:, 0] > 9.5), relative_error(X[:9], X[:9, 0] > 4)
    (0.1, None)
    """
    points, labels = X[-2000:].reshape(len(X[-2000:]), -1), y[-2000:]
    counts = np.unique(labels, return_counts=True)[1]
    if len(labels) < ENOUGH or len(counts) < 2:
        return None
    near = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)[:, 0]
    return float(np.mean(~same(labels[near], labels)) / (1 - counts.max() / len(labels)))


def _noise_rate(distance: Floats, disagree: Floats, c: int) -> float:
    x, z = distance.mean(axis=0), disagree.mean(axis=0)
    spread = float(np.sum((x - x.mean()) ** 2))
    slope = float(np.sum((x - x.mean()) * (z - z.mean()))) / spread if spread > 0 else 0.0
    at_zero = float(np.clip(z.mean() - max(slope, 0.0) * x.mean(), 0, (c - 1) / c))
    return (c - 1) / c * (1 - math.sqrt(max(0.0, 1 - at_zero * c / (c - 1))))


def _spread(n: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.intp))


def _check_dim(dim: float) -> float:
    if not (0 <= dim < math.inf):
        raise InputError(f"dim must be a finite number of dimensions, at least 0; got {dim!r}.")
    return float(dim)
