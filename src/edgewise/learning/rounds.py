"""A round, and what it adds up to: right answers over propensities, twins with their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Index, Label, Labels, Mask
from edgewise.data.dataset import Split
from edgewise.learning.answer import Answer, Cost
from edgewise.learning.any_labels import as_given, join_given
from edgewise.learning.fitting import Coded
from edgewise.models.answers import predict
from edgewise.models.joining import same
from edgewise.models.rows import Rows
from edgewise.models.unwrap import Model
from edgewise.stats import Estimate, estimate, wilson
from edgewise.strategies.frame import Query


NOTHING = Cost()


@dataclass(frozen=True)
class Round:
    """One round, after retraining.

    Parameters
    ----------
    number
        0 for the first batch.
    query
        What was asked for.
    index, labels
        The pool rows that were answered, and their labels.
    model
        Fitted to all labels so far; None while they are of one class.
    cost
        What the oracle answered so far: labels, and rows of a model behind it.
    balance
        How many labels of each class there are so far.
    accuracy
        The accuracy on the unlabelled pool of the models of the latest rounds, unbiased by the propensities,
        with its 95 % interval; None before there is a model and two labels to judge it by.
    n_labelled
        Labels so far, the initial ones included.
    stop
        Why the loop ends after this round, or None.
    choosing
        What strategies asked of the learner itself so far; nobody is paid for these.
    judging
        What the learner was asked so far to estimate ``accuracy`` and ``audited``.
    audited
        The accuracy of this round's model on the audit labels, with its 95 % interval; None without any.
    """

    number: int
    query: Query
    index: Index
    labels: Labels
    model: Model
    cost: Cost
    balance: dict[Label, int]
    accuracy: Estimate | None
    n_labelled: int
    stop: str | None = None
    choosing: Cost = NOTHING
    judging: Cost = NOTHING
    audited: Estimate | None = None


Stop = Callable[[list[Round]], str | None]
"""Looks at the rounds so far and says why to stop, or None."""


def hits(model: Model, X: Rows, y: Labels, inverse: Floats, uniform: Mask) -> tuple[float, ...]:
    """Return 1 - (wrong / propensity) for each row, asked of a model that had not seen it.

    Their mean is an unbiased accuracy; weighting the errors, which are few, varies far less than weighting
    the right answers. Where a row was chosen, not drawn, only the uniform share counts.
    """
    if model is None or not len(y):
        return ()
    if isinstance(model, Coded):
        model, y = model.model_, model.numbers(y)
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


def audited(model: Model, audit: Split | None) -> Estimate | None:
    """Return the accuracy of a model on labels that it has not learned from."""
    if model is None or audit is None or not len(audit.y):
        return None
    return accuracy(tuple(same(predict(model, audit.X), audit.y).astype(float).tolist()))


def made_points(made: Split | None, query: Query, answer: Answer) -> Split | None:
    """Add the twins of answered rows, each with the label of its source."""
    if query.created is None or not len(answer.rows):
        return made
    label = dict(zip(query.index[answer.rows].tolist(), answer.labels, strict=True))
    keep = [row for row, source in enumerate(query.created.source.tolist()) if source in label]
    if not keep:
        return made
    X, y = query.created.points[keep], as_given([label[int(query.created.source[row])] for row in keep])
    return Split(X, y) if made is None else Split(np.concatenate([made.X, X]), join_given(made.y, y))
