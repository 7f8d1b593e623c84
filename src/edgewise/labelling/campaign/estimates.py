"""How good a model is, from a random sample of the pool that it also learns from; what more labels would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats as scipy_stats
from sklearn.isotonic import isotonic_regression

from edgewise.arrays import Floats, Index, Labels, Mask
from edgewise.labelling.campaign.learning import Learning, guesses
from edgewise.randomness import child_seed, stream
from edgewise.stats import Estimate


FOLDS = 10
POINTS, FIRST = 8, 5
"""Points of a curve, and labels at the first."""

RECENT = 6
"""Points that the expected gain rests on: curves bend less near their end."""

REPEATS, PARTS = 3, 5
"""How often the sample is cut into how many parts, to ask what random labels alone would do."""

DRAWS = 800
"""Bootstrap samples."""

BLIND = 0.3
"""What is left of a bootstrap tail; whole tails held 91 % of 270 simulated campaigns."""


@dataclass(frozen=True)
class Curve:
    """Whether each row of the sample was right, by number of labels.

    Parameters
    ----------
    labels
        Numbers of labels ``(k,)``, increasing.
    right
        Share of the models at each number that were right on each row of the sample ``(k, m)``, none of which
        had learned from that row.
    """

    labels: Index
    right: Floats


def answers(
    learning: Learning, index: Index, known: Labels, ask: Index, truth_at: Mapping[int, int], seed: int
) -> Labels:
    """Return what a model of the rows ``index`` says of the rows ``ask``, none of which it learned from.

    Rows of ``ask`` among ``index`` are left out in turn, a tenth at a time; all others stay in.
    """
    said = np.empty(len(ask), dtype=known.dtype if known.dtype.kind == "U" else object)
    inside = np.array([int(row) in truth_at for row in ask], dtype=bool)
    folds = np.full(len(ask), -1)
    places = stream(seed, "folds").permutation(np.flatnonzero(inside))
    folds[places] = np.arange(len(places)) % FOLDS
    for fold in np.unique(folds):
        mine = folds == fold
        drop = {truth_at[int(row)] for row in ask[mine]} if fold >= 0 else set[int]()
        keep = np.array([place for place in range(len(index)) if place not in drop], dtype=np.intp)
        said[mine] = _said(learning, index[keep], known[keep], ask[mine], seed)
    return said


def _said(learning: Learning, index: Index, known: Labels, ask: Index, seed: int) -> Labels:
    classes = np.unique(known)
    if len(classes) < 2:
        return np.full(len(ask), classes[0] if len(classes) else "")
    model = learning.fit(index, known, child_seed(seed, "fit"))
    return guesses(model, learning.pool.rows(ask)).label


def curve_of(learning: Learning, index: Index, known: Labels, sample: Mask, seed: int) -> Curve:
    """Return the curve of the campaign: the model at several numbers of labels, all on today's sample."""
    places = np.flatnonzero(sample[index])
    ask, truth = index[places], known[places]
    sizes = sizes_to(len(index))
    right = np.zeros((len(sizes), len(ask)))
    for k, size in enumerate(sizes):
        inside = {int(row): place for place, row in enumerate(index[:size])}
        right[k] = answers(learning, index[:size], known[:size], ask, inside, seed) == truth
    return Curve(np.array(sizes), right)


def random_point(learning: Learning, index: Index, known: Labels, sample: Mask, seed: int) -> Curve:
    """Return one point of the curve of random labels alone: models of four fifths of the sample, asked the rest.

    A sample of fewer rows than parts is cut into its rows.
    """
    places = np.flatnonzero(sample[index])
    rows, truth = index[places], known[places]
    right, parts = np.zeros(len(rows)), min(PARTS, len(rows))
    for repeat in range(REPEATS):
        for ask in np.array_split(stream(seed, "random curve", repeat).permutation(len(rows)), parts):
            learn = np.setdiff1d(np.arange(len(rows)), ask)
            said = _said(learning, rows[learn], truth[learn], rows[ask], seed)
            right[ask] += (said == truth[ask]) / REPEATS
    return Curve(np.array([len(rows) - len(rows) // parts]), right[None])


def sizes_to(n: int) -> list[int]:
    """Return the numbers of labels at which a curve of ``n`` labels is measured.

    Examples
    --------
    >>> sizes_to(640)
    [5, 10, 20, 40, 80, 160, 320, 640]
    """
    return [n] if n <= FIRST else sorted({round(size) for size in np.geomspace(FIRST, n, POINTS)})


def proportion(hits: int, n: int, level: float = 0.95) -> Estimate:
    """Return a share with its exact interval (Clopper and Pearson 1934), which covers at least as often as it says.

    Examples
    --------
    >>> one = proportion(9, 10)
    >>> one.mean, round(one.low, 3), round(one.high, 3)
    (0.9, 0.555, 0.997)
    """
    if n == 0:
        return Estimate(float("nan"), 0.0, 1.0, 0)
    interval = scipy_stats.binomtest(hits, n).proportion_ci(level, method="exact")
    return Estimate(hits / n, float(interval.low), float(interval.high), n)


def mean_of(parts: Sequence[Estimate]) -> Estimate:
    """Return the mean of independent shares with its interval (MOVER, Zou and Donner 2008, equation 4).

    Examples
    --------
    >>> both = mean_of([proportion(9, 10), proportion(5, 10)])
    >>> round(both.mean, 2), round(both.low, 2), round(both.high, 2)
    (0.7, 0.47, 0.86)
    """
    k = len(parts)
    mean = float(np.mean([part.mean for part in parts]))
    centre = [0.5 if np.isnan(part.mean) else part.mean for part in parts]
    low = np.sqrt(sum((c - part.low) ** 2 for c, part in zip(centre, parts, strict=True))) / k
    high = np.sqrt(sum((part.high - c) ** 2 for c, part in zip(centre, parts, strict=True))) / k
    middle = float(np.mean(centre))
    return Estimate(
        mean, max(0.0, middle - float(low)), min(1.0, middle + float(high)), sum(part.n for part in parts)
    )


def gain_of(curve: Curve, more: int, level: float = 0.95) -> Estimate | None:
    """Return the accuracy that ``more`` labels are expected to add, with its interval; None with too little.

    A line of accuracy against the logarithm of the labels, as learning curves bend. Its slope is a mean over
    the rows of the sample, each of which was asked at every point, and of half a row that turns right on the way
    and half a row that turns wrong (after Agresti and Min 2005): where no row has turned yet, one still may. The
    interval is Student's, times the root of 3: what comes scatters as what was seen does, and a curve is no line.
    """
    labels, right = np.log(curve.labels[-RECENT:].astype(float)), curve.right[-RECENT:]
    if len(labels) < 3 or right.shape[1] < 10:
        return None
    across = labels - labels.mean()
    step = float(np.log((curve.labels[-1] + more) / curve.labels[-1]))
    turning = np.arange(len(labels)) >= len(labels) / 2
    gains = across @ np.column_stack([right, turning, ~turning]) * step / float(across @ across)
    weights = np.concatenate([np.ones(right.shape[1]), [0.5, 0.5]])
    n = weights.sum()
    mean = float(weights @ gains / n)
    error = np.sqrt(3 * weights @ np.square(gains - mean) / (n - 1) / n)
    half = float(scipy_stats.t.ppf((1 + level) / 2, n - 1) * error)
    return Estimate(mean, mean - half, mean + half, right.shape[1])


def saved_of(curve: Curve, random: Curve, seed: int, level: float = 0.95) -> Estimate | None:
    """Return how many labels the campaign saved on the way to what random labels reach; None with too little.

    ``n`` random labels have some accuracy; the campaign had it after fewer or more. Both curves are read where
    they were measured, neither is carried on. The interval is the bootstrap's over the rows of the sample; it is
    blind to which random labels were drawn, so each tail is cut to `BLIND` of its share.
    """
    if not len(random.labels) or random.right.shape[1] < 20 or len(curve.labels) < 3:
        return None
    m, n = random.right.shape[1], int(random.labels[-1])
    weights = stream(seed, "saved").multinomial(m, np.full(m, 1 / m), DRAWS) / m
    weights = np.vstack([np.full(m, 1 / m), weights])
    aim = weights @ random.right[-1]
    heights = weights @ curve.right.T
    needed = [reached(curve.labels, row, height) for row, height in zip(heights, aim, strict=True)]
    saved = n - np.array(needed)
    wide = 1 - BLIND * (1 - level)
    ends = np.quantile(saved[1:], [(1 - wide) / 2, (1 + wide) / 2], method="inverted_cdf")
    return Estimate(float(saved[0]), float(ends[0]), float(ends[1]), n)


def reached(labels: Index, heights: Floats, aim: float) -> float:
    """Return the number of labels at which a rising curve through (labels, heights) gets to ``aim``."""
    rising = isotonic_regression(heights)
    if aim > rising[-1]:
        return float("inf")
    above = int(np.argmax(rising >= aim))
    if above == 0:
        return float(labels[0])
    low, high = rising[above - 1], rising[above]
    steps = np.log(labels[above - 1 : above + 1].astype(float))
    return float(np.exp(steps[0] + (aim - low) / (high - low) * (steps[1] - steps[0])))
