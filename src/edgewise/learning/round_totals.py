"""What a round adds up to: right answers over propensities, parts of an answer, twins with their labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgewise.arrays import Floats, Labels, Mask
from edgewise.data.dataset import Split
from edgewise.learning.oracle import Answer, Cost
from edgewise.models.answers import predict
from edgewise.models.joining import joined, same
from edgewise.models.rows import Rows
from edgewise.stats import Estimate, estimate, wilson
from edgewise.strategies.frame import Query


def hits(model: Any, X: Rows, y: Labels, inverse: Floats, uniform: Mask) -> tuple[float, ...]:
    """Return 1 - (wrong / propensity) for each row, asked of a model that had not seen it.

    Their mean is an unbiased accuracy; weighting the errors, which are few, varies far less than weighting
    the right answers. Where a row was chosen, not drawn, only the uniform share counts.
    """
    if model is None or not len(y):
        return ()
    right = same(predict(model, X), y).astype(float)
    if np.isnan(inverse).any():
        return tuple(right[uniform].tolist())
    return tuple((1 - (1 - right) * inverse).tolist())


def accuracy(right: tuple[float, ...]) -> Estimate | None:
    """Return the mean of weighted right answers with its interval: Wilson's where the weights are 1."""
    if len(right) < 2:
        return None
    if set(right) <= {0.0, 1.0}:
        low, high = wilson(round(sum(right)), len(right))
        return Estimate(float(np.mean(right)), low, high, len(right))
    return estimate(right)


def merged(parts: list[Answer]) -> Answer:
    """Return the parts of a round's answer as one, rows ascending."""
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows)
    labels = joined(*(part.labels for part in parts))
    return Answer(rows[order], labels[order], sum((part.cost for part in parts), Cost()))


def made_points(made: Split | None, query: Query, answer: Answer) -> Split | None:
    """Add the twins of answered rows, each with the label of its source."""
    if query.created is None or not len(answer.rows):
        return made
    place = {row: at for at, row in enumerate(query.index[answer.rows].tolist())}
    keep = [row for row, source in enumerate(query.created.source.tolist()) if source in place]
    if not keep:
        return made
    X, y = query.created.points[keep], answer.labels[[place[int(query.created.source[row])] for row in keep]]
    return Split(X, y) if made is None else Split(np.concatenate([made.X, X]), joined(made.y, y))
