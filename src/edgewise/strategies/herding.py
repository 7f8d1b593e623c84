"""Uncertainty herding: rows that cover what the model doubts, one rule for every budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from edgewise.advice.conditions import relative_error
from edgewise.arrays import Floats, Index, InputError
from edgewise.pools.top_rows import Best
from edgewise.randomness import stream
from edgewise.strategies.doubt import distance_doubts, gives_labels_only
from edgewise.strategies.frame import Query, Request
from edgewise.strategies.greedy_cover import herd, nearest
from edgewise.strategies.measured import Measured, Source, here
from edgewise.strategies.model_scores import Space, asks, embedder


UNLEARNED = 0.85
"""Leave-one-out error, relative to always guessing the commonest class, from which a task counts as hard."""

FEW = 5
"""Labels below which the distance to the nearest of them says nothing about a width."""

LEAST = 1e-6
"""Weight of a row without doubt: where nothing is in doubt, what is left is coverage."""

ALONE = 3.0
"""Of the mean weight, what every row has besides where no labelled row is given: such a pick has to stand alone."""


class Crowd(NamedTuple):
    """Who is to be covered, how much each is in doubt, and who may cover them."""

    witnesses: Index
    doubt: Floats
    candidates: Index
    queries: int = 0
    what: str = "what the model doubts"


@dataclass(frozen=True)
class Herding:
    """Rows that cover the doubt of the pool best: typical ones first, boundary ones later, no switch.

    Each row x of the pool asks to be covered with the weight u(x)^power, u its doubt. A labelled row c covers
    it by k(x, c) = exp(-(|x - c| / s)^2). Rows are picked one by one, each adding the most to the sum over x
    of u(x)^power times the largest cover of x. The width s is ``scale`` times the median distance of the pool
    to its nearest label: it shrinks as labels fill the space, and with it the rule turns from coverage to
    doubt. This is uncertainty herding (UHerding) of Bae et al. (2024, arXiv 2412.20644), with a width and a
    power chosen here. It starts without a model and does with one that gives labels only, by coverage alone. Where
    a model is given but no labelled row, nobody knows what it learned from, and what it doubts would teach another
    model little: three quarters of the weight are then spread over all rows evenly.

    Parameters
    ----------
    share
        The part of each batch that is drawn uniformly first: an unbiased sample for accuracy and tuning.
    doubt
        ``"scores"``: 1 less the gap of the two likeliest classes (`edgewise.strategies.doubt.doubts`).
        ``"distance"``: from the distance to the decision boundary, exact where the model has an exact one
        (`edgewise.strategies.doubt.distance_doubts`).
    scale, power
        Of the width, and of the doubt.
    hard
        The uniform share in place of ``share`` where the leave-one-out error of the labels says that
        neighbours hardly predict one another; None never changes it. Halves the worst losses of
        nearest-neighbour models; needs 5 to 10 labels a class to judge well.
    witnesses, candidates
        Rows that are covered, and rows that may cover, at most. Of a larger pool the witnesses are a uniform
        sample; the candidates are half the rows in most doubt, half a uniform sample.
    space
        Where distances are measured: the ``"embedding"`` of a network, or ``"input"``.
    standardise
        Whether features are divided by their spread; None unless rows are images, lie in [0, 1] or are
        embedded.
    unit
        Whether rows are brought to unit length about the mean, so that directions are compared; None: where
        one row is among the ten nearest of more than half of them, as with counts of words
        (`edgewise.strategies.measured.hubs`).

    Examples
    --------
    >>> import edgewise as ew
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> def line(X): return np.hstack([-X, X])
    >>> pick = ew.query(line, X, 3, Herding(share=0), labelled=([[-1.0], [1.0]], [0, 1]), rng=0)
    >>> len(pick.index), bool((np.abs(X[pick.index]) < 0.7).all())
    (3, True)
    """

    share: float = 0.1
    doubt: Literal["scores", "distance"] = "scores"
    scale: float = 1.5
    power: float = 2.0
    hard: float | None = None
    witnesses: int = 4000
    candidates: int = 4000
    space: Space = "embedding"
    standardise: bool | None = None
    unit: bool | None = None

    def __call__(self, request: Request) -> Query:
        """Draw the uniform share, then herd the rest."""
        return self.pick_from(here(request), request)

    def pick_from(self, source: Source, request: Request) -> Query:
        """Return what is picked from ``source`` for ``request``, whose own pool and candidates are not read."""
        self._check()
        drawn = source.draw(self._uniform_rows(request), "uniform share")
        if len(drawn) == request.n:
            whole = np.ones(request.n, dtype=bool)
            return Query(
                drawn, np.zeros(request.n), np.ones(request.n), whole, notes=("all rows are uniform",)
            )
        crowd = self._crowd(source, request, drawn)
        at = Measured.of(source, request, crowd.witnesses, self.space, self.standardise, self.unit)
        people, doubt = at.rows(crowd.witnesses), crowd.doubt
        known = None if request.labelled is None else at.given(request.labelled.X)
        if self.doubt == "distance" and request.model is not None:
            doubt = distance_doubts(
                request.model,
                source.points(crowd.witnesses),
                None if request.labelled is None else request.labelled.X,
                box=request.box,
                seed=request.seed,
            )
        near = np.full(len(people), np.inf, np.float32)
        if known is not None:
            near = nearest(people, known)
        first = known is None or len(known) < FEW
        gap = nearest(people, at.rows(source.draw(max(10, request.n), "first width"))) if first else near
        width = self.scale * _typical(gap)
        if len(drawn):
            near = np.minimum(near, nearest(people, at.rows(drawn)))
        rows = stream(request.seed, "ties").permutation(crowd.candidates)
        weight = doubt**self.power + LEAST
        place, gain = herd(
            people,
            weight if known is not None and len(known) else weight + ALONE * weight.mean(),
            at.rows(rows),
            np.exp(-near / width**2),
            width,
            request.n - len(drawn),
        )
        uniform = np.arange(request.n) >= len(place)
        directions = " by direction" if at.unit else ""
        return Query(
            np.concatenate([rows[place], drawn]),
            np.concatenate([gain, np.zeros(len(drawn))]),
            np.where(uniform, 1.0, np.nan),
            uniform,
            queries=crowd.queries + asks(request.model, self.space) * (len(people) + len(rows)),
            notes=(
                f"{len(place)} of {request.n} rows cover {crowd.what}{directions}, {len(drawn)} are uniform",
            ),
        )

    def _check(self) -> None:
        if self.doubt not in ("scores", "distance"):
            raise InputError(f"doubt must be 'scores' or 'distance'; got {self.doubt!r}.")
        shares = [self.share] if self.hard is None else [self.share, self.hard]
        if not (all(0 <= part <= 1 for part in shares) and self.scale > 0 and self.power >= 0):
            raise InputError(
                f"herding needs shares in [0, 1], a scale above 0 and a power of at least 0; got {self}."
            )
        if self.witnesses < 1 or self.candidates < 1:
            raise InputError(f"herding needs at least one witness and one candidate; got {self}.")

    def _uniform_rows(self, request: Request) -> int:
        """Return how many rows of the batch are drawn uniformly; the fraction of a row is drawn too."""
        share = self.share
        if self.hard is not None and request.labelled is not None:
            error = relative_error(
                embedder(request.model, "input", request.pool)(request.labelled.X), request.labelled.y
            )
            share = self.hard if error is not None and error > UNLEARNED else share
        return min(request.n, math.floor(share * request.n + stream(request.seed, "rounding").random()))

    def _crowd(self, source: Source, request: Request, drawn: Index) -> Crowd:
        """Choose witnesses and candidates, in one pass over the doubts where a model has any."""
        witnesses = source.draw(self.witnesses, "witnesses")
        most = max(self.candidates, 2 * request.n) + len(drawn)
        rows = source.draw(most, "candidates")
        reason = None
        if request.model is None:
            reason = "there is no model yet"
        elif gives_labels_only(request.model, source.points(witnesses[:1])):
            reason = "the model gives labels only"
        if reason is not None:
            free = np.setdiff1d(rows, drawn)
            return Crowd(witnesses, np.ones(len(witnesses)), free, what=f"the pool ({reason})")
        doubt, best = np.ones(len(witnesses)), Best(most // 2, request.seed)
        for block in source.doubts():
            if not len(block["row"]):
                continue
            place = np.searchsorted(block["row"], witnesses).clip(0, len(block["row"]) - 1)
            here = block["row"][place] == witnesses
            doubt[here] = block["score"][place[here]]
            if source.free > most:
                best.add(block)
        if source.free > most:
            half = stream(request.seed, "half").permutation(rows)[: most - most // 2]
            rows = np.union1d(best.all()["row"], half)
        return Crowd(witnesses, doubt, np.setdiff1d(rows, drawn), source.size + 1)


def _typical(gap: Floats) -> float:
    """Return the median distance, from squared ones; distances of 0 are left out."""
    gap = gap[gap > 0]
    return float(np.sqrt(np.median(gap))) if len(gap) else 1.0
