"""The query: which rows of a pool to label next, how they were drawn, and the points made beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from edgewise.arrays import (
    Box,
    Floats,
    Index,
    InputError,
    Labels,
    Mask,
)
from edgewise.data.dataset import Split
from edgewise.models.rows import Rows
from edgewise.pools.pool import Pool
from edgewise.randomness import stream


class NoModelError(InputError):
    """A strategy asks a model before there is one."""


@dataclass(frozen=True)
class Created:
    """Points made from picked ones, such as adversarial twins; each carries the label its source will get.

    Parameters
    ----------
    points
        ``(m, ...)``, in the shape of the pool's rows.
    source
        The pool row each was made from ``(m,)``.
    attack
        The attack that made them.
    scale
        Where each lies between its source (0) and the crossing (1) ``(m,)``.
    crossed_into
        The class the model gives at the crossing ``(m,)``.
    """

    points: Floats
    source: Index
    attack: str
    scale: Floats
    crossed_into: Labels


@dataclass(frozen=True, repr=False)
class Query:
    """Rows to label next.

    Parameters
    ----------
    index
        Distinct rows of the pool ``(n,)``, best first.
    score
        What each was chosen for ``(n,)``, larger for more wanted; the scale is the strategy's own.
    propensity
        How much likelier each was drawn than by uniform sampling ``(n,)``: its inverse makes averages over
        the picks unbiased. NaN for a row that was chosen, not drawn.
    uniform
        Which rows came from the uniform share ``(n,)``: an unbiased sample of the pool.
    created
        Points made beside them, or None.
    queries, gradients
        Rows the model answered while choosing, and how many of these with a gradient.
    notes
        What the strategy decided and why, one sentence each.
    seed
        What repeats this query: pass it as ``rng``.
    """

    index: Index
    score: Floats
    propensity: Floats
    uniform: Mask
    created: Created | None = None
    queries: int = 0
    gradients: int = 0
    notes: tuple[str, ...] = ()
    seed: int | None = None

    def __repr__(self) -> str:
        """Return a few lines: how many rows, the first of them, and what the strategy decided."""
        first = ", ".join(map(str, self.index[:8])) + (", ..." if len(self.index) > 8 else "")
        made = "" if self.created is None else f", {len(self.created.points)} points made"
        lines = [f"Query: {len(self.index)} rows ({int(self.uniform.sum())} uniform{made}): {first}"]
        return "\n  ".join([*lines, *self.notes, f"{self.queries} model queries, seed {self.seed}"])


@dataclass(frozen=True)
class Request:
    """All a strategy may look at.

    Parameters
    ----------
    model
        A fitted model, or None before there is one.
    pool
        Where rows are picked from.
    n
        How many, at most ``len(candidates)``.
    candidates
        The rows that may be picked, ascending.
    labelled
        What is labelled already, or None.
    box
        Bounds that made points obey, or None.
    seed
        Fixes every draw.
    repeatable
        Whether the oracle repeats itself, or None for not known.
    budget
        Labels at the end of the whole experiment, those there are included; None for not known.
    uniform
        Which labelled points are a uniform sample; None for all of them.
    """

    model: Any
    pool: Pool
    n: int
    candidates: Index
    labelled: Split | None
    box: Box | None
    seed: int
    repeatable: bool | None = None
    budget: int | None = None
    uniform: Mask | None = None

    def fitted(self) -> Any:
        """Return the model, or say which strategies do without one."""
        if self.model is None:
            raise NoModelError(
                "this strategy asks a model and there is none yet; start with 'herding', "
                "'typical' or 'random', or give a fitted model."
            )
        return self.model

    def score(self, function: Callable[[Rows], Floats]) -> Floats:
        """Return ``function`` of every candidate, batch by batch; only its values are kept."""
        return self.pool.score(function)[self.candidates]


@runtime_checkable
class Strategy(Protocol):
    """A frozen dataclass of settings; calling it answers a request."""

    def __call__(self, request: Request) -> Query:
        """Return ``request.n`` distinct rows among ``request.candidates``."""
        ...


@runtime_checkable
class Rating(Protocol):
    """A strategy that wants the rows with the largest score, each row scored on its own.

    Such a strategy is the same on a pool in pieces; see `edgewise.strategies.sharded`.
    """

    def rate(self, model: Any, X: Floats) -> Floats:
        """Return one score a row of ``X`` ``(m,)``, larger for more wanted."""
        ...


def checked(answer: Query, request: Request) -> Query:
    """Return a strategy's answer if it keeps the promise of `query`, else raise."""
    index = np.asarray(answer.index, dtype=np.intp)
    if (
        len(index) != request.n
        or len(np.unique(index)) != len(index)
        or not _among(index, request.candidates)
    ):
        raise InputError(
            f"the strategy broke its contract: {request.n} distinct candidate rows were expected; "
            f"it returned {len(index)} rows, {len(np.unique(index))} distinct."
        )
    return replace(answer, index=index, seed=request.seed)


def _among(index: Index, ascending: Index) -> bool:
    place = np.searchsorted(ascending, index).clip(0, len(ascending) - 1)
    return bool((ascending[place] == index).all())


def pick(
    request: Request, score: Floats, *, notes: tuple[str, ...] = (), queries: int = 0, gradients: int = 0
) -> Query:
    """Return the ``n`` candidates with the largest ``score`` (n_candidates,), ties drawn at random.

    The only place that breaks ties. Rows chosen this way have no propensity (NaN).
    """
    rows = top(score, request.n, request.seed)
    return replace(
        chosen(list(request.candidates[rows]), list(score[rows]), queries=queries),
        gradients=gradients,
        notes=notes,
    )


def chosen(rows: Sequence[int], score: Sequence[float], *, queries: int = 0) -> Query:
    """Return a query of rows that were chosen one by one, not drawn: no propensity, none uniform."""
    n = len(rows)
    return Query(
        np.array(rows, dtype=np.intp),
        np.array(score, float),
        np.full(n, np.nan),
        np.zeros(n, dtype=bool),
        queries=queries,
    )


def top(score: Floats, n: int, seed: int) -> Index:
    """Return the positions of the ``n`` largest scores, largest first, ties in a random order.

    Examples
    --------
    >>> top(np.array([0.1, 0.9, 0.5]), 2, seed=0)
    array([1, 2])
    """
    values = np.asarray(score, float)
    if np.isnan(values).any():
        raise InputError(
            f"the strategy scored {int(np.isnan(values).sum())} rows NaN; scores are numbers, -inf for never."
        )
    lottery = stream(seed, "ties").permutation(len(values))
    if not 0 < n < len(values):
        return np.lexsort((lottery, -values))[:n]
    # Sorted are only those that are as large as the n-th.
    rows = np.flatnonzero(values >= np.partition(values, len(values) - n)[len(values) - n])
    return rows[np.lexsort((lottery[rows], -values[rows]))[:n]]


def draw(rows: Index, n: int, seed: int, name: str) -> Index:
    """Return ``n`` distinct entries of ``rows``, uniformly at random."""
    return stream(seed, name).permutation(rows)[:n]
