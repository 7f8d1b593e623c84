"""Who answers for a label, and what an answer costs: ground truth, a victim model, or any callable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from edgewise.arrays import Index, InputError, Labels, check_count
from edgewise.models.answers import check_fitted, predict
from edgewise.models.labels import answered, listed, missing
from edgewise.models.rows import Rows, count, take


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
    """An oracle raised or broke its contract; what it had answered by then is in ``answer``."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


@runtime_checkable
class Oracle(Protocol):
    """Answers a batch of points; see `ask`, which is how it is asked."""

    @property
    def repeatable(self) -> bool | None:
        """Whether asking again would give the same label: True, False, or None for not known."""
        ...

    def __call__(self, X: Rows, index: Index | None) -> Answer:
        """Answer the rows of ``X`` (n, ...); ``index`` gives their rows in the pool, None for made points."""
        ...


@dataclass(frozen=True)
class GroundTruth:
    """Answers from known labels of the whole pool; made points have none.

    Parameters
    ----------
    y
        One label a row of the pool ``(n_pool,)``; ``None``, NaN or NA where there is no answer.

    Examples
    --------
    >>> ask(GroundTruth(np.array(["a", "b", "c"])), np.zeros((2, 1)), np.array([2, 0])).labels
    array(['c', 'a'], dtype='<U1')
    """

    y: Labels

    @property
    def repeatable(self) -> bool | None:
        """Not known: a recorded label cannot be drawn a second time."""
        return None

    def __call__(self, X: Rows, index: Index | None) -> Answer:
        """Look the rows up."""
        if index is None:
            raise InputError("ground truth knows the rows of a pool only; ask a Victim about made points.")
        rows, labels = answered(self.y, name="ground truth")
        size = len(self.y)
        if len(index) and index.max() >= size:
            raise InputError(
                f"ground truth has {size} labels; the pool asked for row {index.max()}. Give one label per row."
            )
        place = np.full(size, -1)
        place[rows] = np.arange(len(rows))
        there = np.flatnonzero(place[index] >= 0)
        return Answer(there, labels[place[index[there]]], Cost(labels=len(there)))


@dataclass(frozen=True)
class Victim:
    """Answers with the labels of a fitted model; every row asked is a model query too.

    Parameters
    ----------
    model
        Anything `edgewise.attack` takes as a model.

    Examples
    --------
    >>> ask(Victim(lambda X: (X[:, 0] > 0).astype(int)), np.array([[1.0], [-1.0]])).cost
    Cost(labels=2, queries=2, gradients=0)
    """

    model: Any

    @property
    def repeatable(self) -> bool | None:
        """A model answers the same point the same way."""
        return True

    def __call__(self, X: Rows, index: Index | None = None) -> Answer:
        """Ask the model once for the whole batch."""
        check_fitted(self.model)
        return Answer(np.arange(count(X)), predict(self.model, X), Cost(count(X), count(X)))


@dataclass(frozen=True)
class Callback:
    """Asks any function ``rows -> labels``, some of which may be missing.

    Parameters
    ----------
    function
        Takes points ``(m, ...)`` and returns a sequence of ``m`` labels, with ``None`` or NaN for "no
        answer", or a mapping from the row in that batch to its label.
    chunk
        Rows a call; a call that raises loses no answer of the calls before it.
    repeatable
        Whether asking again would give the same label, where known.

    Examples
    --------
    >>> ask(Callback(lambda X: [None, "cat"]), np.zeros((2, 1))).rows
    array([1])
    """

    function: Callable[[Rows], Any]
    chunk: int = 1_000_000
    repeatable: bool | None = None

    def __call__(self, X: Rows, index: Index | None = None) -> Answer:
        """Ask chunk by chunk."""
        check_count(self.chunk, "chunk")
        labels: list[Any] = []
        n = count(X)
        for start in range(0, n, self.chunk):
            rows = take(X, np.arange(start, min(start + self.chunk, n)))
            try:
                given = self.function(rows)
            except Exception as error:
                message = (
                    f"the oracle raised {type(error).__name__}: {error}; {len(labels)} of {n} "
                    "rows had been asked before."
                )
                raise OracleError(message, _answered(labels, n)) from error
            labels += _listed(given, count(rows), labels, n)
        return _answered(labels, n)


def ask(oracle: Oracle | Callable[..., Any], X: Rows, index: Index | None = None) -> Answer:
    """Ask an oracle for a batch of labels, pay, and check what it says.

    Parameters
    ----------
    oracle
        `GroundTruth`, `Victim`, `Callback`, or a bare function of the points (a `Callback`).
    X
        Points ``(n, ...)``.
    index
        Their rows in the pool ``(n,)``; None for points that were made.

    Raises
    ------
    OracleError
        It raised, answered more or fewer rows than asked, or gave a label that is no scalar. Its
        ``answer`` holds what was answered before.
    InputError
        Ground truth asked about made points.

    Examples
    --------
    >>> ask(lambda X: X[:, 0] > 0, np.array([[1.0], [-1.0]])).labels
    array([ True, False])
    """
    if index is not None and len(index) != count(X):
        raise InputError(f"{count(X)} points asked with {len(index)} pool rows; give one row per point.")
    return as_oracle(oracle)(X, index)


def repeats(oracle: Oracle | Callable[..., Any], X: Rows, index: Index | None = None) -> tuple[bool, Cost]:
    """Ask about ``X`` twice and say whether every answer stayed, with what the two askings cost.

    A few points near the boundary are enough: there a noisy oracle changes its mind. Labels that repeat let
    ``edge-mix`` take the smallest margins; say so with ``Callback(..., repeatable=True)``.

    Examples
    --------
    >>> repeats(Victim(lambda X: (X[:, 0] > 0).astype(int)), np.array([[0.1], [-0.1]]))
    (True, Cost(labels=4, queries=4, gradients=0))
    """
    first, again = ask(oracle, X, index), ask(oracle, X, index)
    same = np.array_equal(first.rows, again.rows) and np.array_equal(first.labels, again.labels)
    return same, first.cost + again.cost


def as_oracle(oracle: Oracle | Callable[..., Any]) -> Oracle:
    """Return an oracle from an oracle or from a bare function of the points."""
    if isinstance(oracle, Oracle):
        return oracle
    if not callable(oracle):
        raise InputError(
            f"an oracle is GroundTruth(y), Victim(model) or a function of the points; "
            f"got {type(oracle).__name__}."
        )
    return Callback(oracle)


def _listed(given: Any, rows: int, before: list[Any], total: int) -> list[Any]:
    """Return one entry a row, None where missing, or raise with what was answered before."""
    if isinstance(given, Mapping):
        outside = [row for row in given if row not in range(rows)]
        if outside:
            raise OracleError(
                f"the oracle answered row {outside[0]!r} of a batch of {rows}.", _answered(before, total)
            )
        given = [given.get(row) for row in range(rows)]
    first = [label for label in before if not missing(label)][:1]
    try:
        values = listed(given)
        if values.shape != (rows,):
            raise InputError(
                f"the oracle answered {rows} rows with values of shape {values.shape}; expected one label per "
                "row, None for no answer (or a mapping from row to label)."
            )
        answered([*first, *values], name="the oracle's answers")
    except InputError as error:
        raise OracleError(str(error), _answered(before, total)) from None
    return list(values)


def _answered(labels: list[Any], n: int) -> Answer:
    """Keep what is a label; `labels` may be shorter than the batch of ``n``."""
    rows, given = answered(labels[:n], name="the oracle's answers")
    return Answer(rows, given, Cost(labels=len(rows)))
