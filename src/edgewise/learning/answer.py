"""What an oracle answers and what it costs, read from whatever it gives: a list, an array, a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from edgewise.arrays import Index, InputError, Label, Labels, is_list
from edgewise.learning.any_labels import as_given, join_given
from edgewise.models.answers import UnansweredError
from edgewise.models.labels import LabelsLike, listed, missing


@dataclass(frozen=True)
class Cost:
    """What was spent, in three currencies that are never added to one another.

    Parameters
    ----------
    labels
        Points that somebody answered for.
    queries
        Rows a model answered.
    gradients
        Rows a model answered with a gradient.

    Examples
    --------
    >>> Cost(labels=2) + Cost(labels=1, queries=5)
    Cost(labels=3, queries=5, gradients=0)
    """

    labels: int = 0
    queries: int = 0
    gradients: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.labels + other.labels, self.queries + other.queries, self.gradients + other.gradients
        )


@dataclass(frozen=True)
class Answer:
    """What an oracle answered for a batch; rows it left out are not here.

    Parameters
    ----------
    rows
        Which rows of the batch were answered ``(m,)``, ascending.
    labels
        Their labels ``(m,)``.
    cost
        What the batch cost.
    """

    rows: Index
    labels: Labels
    cost: Cost


class OracleError(InputError):
    """An oracle raised or broke its contract.

    Parameters
    ----------
    message
        What went wrong.
    answer
        What the oracle had answered by then.
    given
        What it gave that could not be taken.
    """

    def __init__(self, message: str, answer: Answer, given: object = None) -> None:
        super().__init__(message)
        self.answer = answer
        self.given = given


class MissingAnswersError(UnansweredError):
    """A model was asked, and left rows unanswered; ``labels`` has one entry per row, None for those."""

    def __init__(self, message: str, labels: list[Label | None]) -> None:
        super().__init__(message)
        self.labels = labels


def merged(answers: Sequence[Answer]) -> Answer:
    """Return parts of an answer as one, rows ascending."""
    rows = np.concatenate([np.empty(0, np.intp), *(part.rows for part in answers)])
    labels: Labels = np.empty(0)
    for part in answers:
        labels = join_given(labels, part.labels)
    order = np.argsort(rows)
    return Answer(rows[order], labels[order], sum((part.cost for part in answers), Cost()))


def entries_of(given: LabelsLike, rows: int, before: Sequence[Answer]) -> list[Label]:
    """Return one entry per row, None where missing, or raise with what was answered before."""
    if _is_mapping(given):
        outside = [row for row in given if row not in range(rows)]
        if outside:
            message = f"the oracle answered row {outside[0]!r} of a batch of {rows}."
            raise OracleError(message, merged(before), given)
        return [given.get(row) for row in range(rows)]
    try:
        values = list(given if is_list(given) else listed(given))
    except (InputError, TypeError):
        values = None
    if (
        values is None
        or len(values) != rows
        or any(isinstance(label, (list, np.ndarray)) for label in values)
    ):
        raise OracleError(
            f"the oracle answered {rows} rows with values of shape {_shape(given)}; expected one label per "
            "row, None for no answer (or a mapping from row to label).",
            merged(before),
            given,
        )
    return values


def _is_mapping(given: object) -> TypeGuard[Mapping[Any, Label]]:
    return isinstance(given, Mapping)


def _shape(given: LabelsLike) -> tuple[int, ...] | str:
    try:
        return np.shape(given)
    except ValueError:
        return f"({len(given)}, ...)"


def answered(labels: Sequence[Label | None], asked: Index) -> Answer:
    """Keep what is a label among those of the rows ``asked``."""
    there = [place for place, label in enumerate(labels) if not missing(label)]
    return Answer(asked[there], as_given([labels[place] for place in there]), Cost(labels=len(there)))
