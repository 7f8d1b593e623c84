"""Where a label-only attack starts: on the lines to rows of another label, or anywhere that crosses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Labels
from edgewise.attacks.race.asking import Asking, Sample


NEARER = 0.98
"""A further row is bisected towards only if its line crosses at this share of the best radius."""

TRIES = 10
NEAR = 30
HALVINGS = 30
ANYWHERE = 5
DOUBLINGS = range(-3, 21)


@dataclass(frozen=True)
class Near:
    """The starts nearest to one sample, nearest first: of its label, of others, and one of each other label.

    Parameters
    ----------
    same, others
        At most 30 rows each ``(m, d)``.
    each
        The nearest row of each other label ``(c, d)``.
    """

    same: Floats
    others: Floats
    each: Floats

    @classmethod
    def of(cls, starts: Floats, labels: Labels, own: object, far: Floats) -> Near:
        """Return those near a sample of label ``own``, at the distances ``far`` from the starts."""
        order = np.argsort(far, kind="stable")
        same = np.asarray(labels[order] == own, bool)
        others = order[~same]
        _, first = np.unique(labels[others], return_index=True)
        return cls(starts[order[same][:NEAR]], starts[others[:NEAR]], starts[others[np.sort(first)]])

    def both(self, m: int = NEAR) -> Floats:
        """Return the nearest ``m`` of either side."""
        return np.concatenate([self.same[:m], self.others[:m]])


def bisected(sample: Sample, end: Floats, tolerance: float) -> Asking[Floats]:
    """Return the nearest point known to cross on the segment from the sample to ``end``, which crosses.

    It lies within ``tolerance`` of the boundary, relative to its own distance.
    """
    low, high, best = 0.0, 1.0, end
    for _ in range(HALVINGS):
        if high - low <= tolerance * high:
            break
        middle = (low + high) / 2
        found = yield from sample.try_one(sample.x + middle * (end - sample.x))
        if found is None:
            low = middle
        else:
            high, best = middle, found
    return best


def nearest_crossing(sample: Sample, near: Near, tolerance: float) -> Asking[Floats | None]:
    """Return the nearest crossing point on the lines to rows of another label, or else from random points."""
    best, radius = None, np.inf
    for row in near.others[:TRIES]:
        move = row - sample.x
        share = min(1.0, NEARER * radius / max(sample.length(move), np.finfo(float).tiny))
        found = yield from sample.try_one(sample.x + share * move)
        if found is not None:
            best = yield from bisected(sample, found, tolerance)
            radius = sample.length(best - sample.x)
    return best if best is not None else (yield from anywhere(sample, tolerance))


def anywhere(sample: Sample, tolerance: float) -> Asking[Floats | None]:
    """Return a crossing point found by random steps of doubling length, for want of rows that cross."""
    spread = np.maximum(np.abs(sample.x), 1.0)
    if sample.box is not None:
        width = sample.box.high - sample.box.low
        spread = np.where(np.isfinite(width), width, spread)
    for k in DOUBLINGS:
        steps = sample.rng.normal(size=(ANYWHERE, len(spread))) * spread * 2.0**k
        rows, crossed = yield from sample.ask(sample.x + steps)
        if crossed.any():
            return (yield from bisected(sample, rows[crossed][0], tolerance))
    return None
