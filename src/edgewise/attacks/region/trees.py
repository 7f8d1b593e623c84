"""Trees and forests: every region is a box of features, and the way into it is a clip.

scikit-learn compares ``float32(x) <= threshold``. The bounds here are the float32 numbers on either side of a
threshold, so that a point put on a bound is on the side it should be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Box, Floats, Labels
from edgewise.attacks.frame import Proposal
from edgewise.geometry import length
from edgewise.models.access import Access, Trees, predict
from edgewise.progress import Advance


def _sides(threshold: Floats) -> tuple[Floats, Floats]:
    """Return the largest float32 at most, and the smallest above, each threshold."""
    near = np.asarray(threshold, np.float32)
    below = np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)
    return below, np.nextafter(below, np.float32(np.inf))


def _into(x: Floats, low: Floats, high: Floats, box: Box | None) -> Floats:
    """Return the nearest points to ``x`` (d,) of regions ``(m, d)``; NaN where they have none in the box."""
    rounded = x.astype(np.float32)
    points = np.where(rounded < low, low, np.where(rounded > high, high, x)).astype(np.float64)
    if box is not None:
        points = np.clip(points, box.low, box.high)
        again = points.astype(np.float32)
        points[((again < low) | (again > high)).any(axis=1)] = np.nan
    return points


@dataclass(frozen=True)
class LeafRegions:
    """Attack trees at the regions of the nearest ``training`` points (n, d) that the model labels otherwise.

    A region is where every tree answers from the same leaf as at the training point; ``regions`` are tried.
    """

    training: Floats
    regions: int
    norm: float

    def __call__(self, model: Access, X: Floats, y: Labels, box: Box | None, advance: Advance) -> Proposal:
        """Propose the nearest point of those regions for each row."""
        known = model.trees()
        label = predict(model.model, self.training)
        points = np.full(X.shape, np.nan)
        for b, x in enumerate(X.astype(np.float64)):
            others = np.flatnonzero(label != y[b])
            if len(others):
                away = length(self.training[others] - x, self.norm)
                near = others[np.argsort(away, kind="stable")[: self.regions]]
                inside = _into(x, *_shared(known, self.training[near]), box)
                away = length(inside - x, self.norm)
                points[b] = inside[np.argmin(np.where(np.isnan(away), np.inf, away))]
            advance(1)
        # The bounds are float32 numbers, so that nothing moves.
        return Proposal(points.astype(X.dtype))


def _shared(known: Trees, anchors: Floats) -> tuple[Floats, Floats]:
    """Return float32 bounds ``(m, d)`` of where all trees answer as at each anchor."""
    rounded = anchors.astype(np.float32)
    low, high = np.full(rounded.shape, -np.inf, np.float32), np.full(rounded.shape, np.inf, np.float32)
    for tree in known.trees:
        node, rows = np.zeros(len(anchors), np.intp), np.arange(len(anchors))
        while len(rows):
            at = node[rows]
            feature, threshold = tree.feature[at], tree.threshold[at]
            below, above = _sides(threshold)
            left = rounded[rows, feature] <= threshold
            high[rows, feature] = np.where(left, np.minimum(high[rows, feature], below), high[rows, feature])
            low[rows, feature] = np.where(left, low[rows, feature], np.maximum(low[rows, feature], above))
            node[rows] = np.where(left, tree.children_left[at], tree.children_right[at])
            rows = rows[tree.children_left[node[rows]] >= 0]
    return low, high
