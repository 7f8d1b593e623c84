"""Who answers for a label, and what an answer costs: ground truth, a victim model, or any callable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from edgewise.arrays import Index, InputError, Labels, check_count
from edgewise.learning.answer import (
    Answer,
    Cost,
    MissingAnswersError,
    OracleError,
    answered,
    entries_of,
    merged,
)
from edgewise.learning.any_labels import check_alike
from edgewise.models.answers import check_fitted, predict
from edgewise.models.labels import LabelsLike, listed
from edgewise.models.rows import Rows, count, take
from edgewise.models.unwrap import Model


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
        One label per row of the pool ``(n_pool,)``; ``None`` or NaN where there is no answer.

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
        y = listed(self.y)
        if len(index) and (y.ndim != 1 or index.max() >= len(y)):
            raise InputError(
                f"ground truth has labels of shape {y.shape}; the pool asked for row {index.max()}. "
                "Give one label per row of the pool."
            )
        return answered(list(y[index]), np.arange(count(X)))


@dataclass(frozen=True)
class Victim:
    """Answers with the labels of a fitted model; every row asked is a model query too.

    A model that leaves rows unanswered (`edgewise.learning.answer.MissingAnswersError`) leaves them unlabelled.

    Parameters
    ----------
    model
        Anything `edgewise.attack` takes as a model.

    Examples
    --------
    >>> ask(Victim(lambda X: (X[:, 0] > 0).astype(int)), np.array([[1.0], [-1.0]])).cost
    Cost(labels=2, queries=2, gradients=0)
    """

    model: Model

    @property
    def repeatable(self) -> bool | None:
        """A model answers the same point the same way, unless it says that it does not."""
        return getattr(self.model, "repeatable", True)

    def __call__(self, X: Rows, index: Index | None = None) -> Answer:
        """Ask the model once for the whole batch."""
        check_fitted(self.model)
        try:
            labels = predict(self.model, X)
        except MissingAnswersError as error:
            some = answered(error.labels, np.arange(count(X)))
            return Answer(some.rows, some.labels, Cost(len(some.rows), count(X)))
        return Answer(np.arange(count(X)), labels, Cost(count(X), count(X)))


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

    function: Callable[[Rows], LabelsLike]
    chunk: int = 1_000_000
    repeatable: bool | None = None

    def __call__(self, X: Rows, index: Index | None = None) -> Answer:
        """Ask chunk by chunk."""
        return merged([answer for _, answer in self.parts(X, index)])

    def parts(self, X: Rows, index: Index | None = None) -> Iterator[tuple[Index, Answer]]:
        """Yield each chunk's rows and its answer before the next chunk is asked."""
        check_count(self.chunk, "chunk")
        got: list[Answer] = []
        for start in range(0, count(X), self.chunk):
            asked = np.arange(start, min(start + self.chunk, count(X)))
            try:
                given = self.function(take(X, asked))
            except Exception as error:
                message = (
                    f"the oracle raised {type(error).__name__}: {error}; {start} of {count(X)} "
                    "rows had been asked before."
                )
                raise OracleError(message, merged(got)) from error
            answer = answered(entries_of(given, len(asked), got), asked)
            for before in got[:1]:
                try:
                    check_alike(before.labels, answer.labels, ("earlier answers", "the last ones"))
                except InputError as error:
                    raise OracleError(str(error), merged(got), given) from None
            got.append(answer)
            yield asked, got[-1]


@runtime_checkable
class AnswersAsOracle(Protocol):
    """A model that is an oracle too, such as a victim behind a ledger."""

    def as_oracle(self) -> Oracle:
        """Return the oracle."""
        ...


OracleLike: TypeAlias = "Oracle | AnswersAsOracle | Callable[[Rows], LabelsLike]"
"""An oracle, or a bare function of the points."""


def ask(oracle: OracleLike, X: Rows, index: Index | None = None) -> Answer:
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


def ask_in_parts(oracle: Oracle, X: Rows, index: Index) -> Iterator[tuple[Index, Answer]]:
    """Ask as `ask` does, but yield the rows asked and their answer part by part, as they come.

    An oracle that has ``parts`` yields each before it asks on; of others the whole batch is one part.
    """
    parts = getattr(oracle, "parts", None)
    if parts is not None:
        yield from parts(X, index)
    else:
        yield np.arange(count(X)), oracle(X, index)


def name_of(oracle: object) -> str:
    """Return what an oracle is called: its type, and the function or model behind it."""
    behind = getattr(oracle, "function", getattr(oracle, "model", None))
    if behind is None:
        return type(oracle).__name__
    return f"{type(oracle).__name__}({getattr(behind, '__qualname__', type(behind).__name__)})"


def repeats(oracle: OracleLike, X: Rows, index: Index | None = None) -> tuple[bool, Cost]:
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


def as_oracle(oracle: OracleLike) -> Oracle:
    """Return an oracle from an oracle, from a victim behind a ledger, or from a bare function of the points."""
    if isinstance(oracle, AnswersAsOracle):
        return oracle.as_oracle()
    if isinstance(oracle, Oracle):
        return oracle
    if not callable(oracle):
        raise InputError(
            f"an oracle is GroundTruth(y), Victim(model) or a function of the points; "
            f"got {type(oracle).__name__}."
        )
    return Callback(oracle)
