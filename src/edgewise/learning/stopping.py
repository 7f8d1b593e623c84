"""When to stop labelling: the boundary has settled, or the next labels can be expected to gain nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from edgewise.arrays import InputError
from edgewise.stats import Estimate


if TYPE_CHECKING:
    from edgewise.learning.rounds import Round


@dataclass(frozen=True)
class Settled:
    """Stop when the boundary distance of the picks has stopped moving.

    Each round's figure is the median score (minus the margin or distance) of the rows that were picked at the
    boundary; it has settled when the last ``rounds`` of them stay within ``tolerance`` of their mean,
    relative to the largest figure so far.

    Parameters
    ----------
    rounds
        How many rounds in a row, at least 2.
    tolerance
        Relative spread that counts as none.
    """

    rounds: int = 4
    tolerance: float = 0.05

    def __call__(self, done: Sequence[Round]) -> str | None:
        """Return the reason, or None to go on."""
        if self.rounds < 2 or not self.tolerance >= 0:
            raise InputError(f"Settled takes rounds >= 2 and tolerance >= 0; got {self}.")
        figures = [
            float(np.median(-r.query.score[edge]))
            for r in done
            if (edge := ~r.query.uniform & np.isfinite(r.query.score)).any()
        ]
        last = np.array(figures[-self.rounds :])
        if len(last) < self.rounds:
            return None
        spread, scale = float(np.ptp(last)), float(np.max(np.abs(figures)))
        if spread > self.tolerance * scale:
            return None
        return (
            f"the boundary has settled: the median distance of the last {self.rounds} batches stayed "
            f"between {last.min():.3g} and {last.max():.3g}"
        )


@dataclass(frozen=True)
class NoGain:
    """Stop when the upper end of the expected gain of the next batch is below ``gain``.

    Parameters
    ----------
    gain
        Accuracy (0 to 1) that a further batch should bring.
    rounds
        Rounds the expectation rests on, at least 4.
    level
        Level of the interval.
    """

    gain: float = 0.001
    rounds: int = 8
    level: float = 0.9

    def __call__(self, done: Sequence[Round]) -> str | None:
        """Return the reason, or None to go on."""
        if self.rounds < 4 or not 0 < self.level < 1:
            raise InputError(f"NoGain takes rounds >= 4 and a level between 0 and 1; got {self}.")
        known = [(r.n_labelled, r.accuracy.mean) for r in done if r.accuracy is not None][-self.rounds :]
        if len(known) < self.rounds:
            return None
        expected = expected_gain([n for n, _ in known], [a for _, a in known], self.level)
        if not expected.high < self.gain:
            return None
        return (
            f"the next batch is expected to gain {expected.mean:.2g} ({expected.low:.2g} to "
            f"{expected.high:.2g}), less than {self.gain:g}"
        )


def expected_gain(labels: Sequence[int], accuracy: Sequence[float], level: float = 0.9) -> Estimate:
    """Return the gain expected of as many labels as the last step took, with its interval.

    A line of accuracy against the logarithm of the labels, by least squares: learning curves bend that way,
    and the interval is that of the slope.

    Parameters
    ----------
    labels, accuracy
        The curve so far, at least three points with increasing labels.
    level
        Of the interval.

    Returns
    -------
    Estimate
        The gain in accuracy, with its interval.

    Examples
    --------
    >>> round(expected_gain([10, 100, 1000], [0.5, 0.6, 0.7]).mean, 3)
    0.028
    """
    x, y = np.log(np.asarray(labels, float)), np.asarray(accuracy, float)
    if len(x) < 3 or len(x) != len(y) or (np.diff(x) <= 0).any():
        raise InputError("an expected gain needs at least three points with increasing numbers of labels.")
    across = x - x.mean()
    slope = float(across @ y / (across @ across))
    residual = y - y.mean() - slope * across
    error = float(np.sqrt(residual @ residual / (len(x) - 2) / (across @ across)))
    step = float(np.log(2 * labels[-1] - labels[-2]) - x[-1])
    half = float(stats.t.ppf((1 + level) / 2, len(x) - 2)) * error
    return Estimate(slope * step, (slope - half) * step, (slope + half) * step, len(x))
