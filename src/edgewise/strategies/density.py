"""Density-weighted margin: rows in doubt that lie where many others do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats
from edgewise.models.rows import Rows, count, take
from edgewise.strategies.doubt import doubts
from edgewise.strategies.frame import Query, Request, pick
from edgewise.strategies.measured import Measured, here
from edgewise.strategies.model_scores import Space, asks


@dataclass(frozen=True)
class DensityMargin:
    """The rows with the largest doubt times density^``power`` (information density, Settles & Craven 2008).

    The doubt is 1 less the gap of the two likeliest classes (`doubts`); the density is the mean over a sample of
    the pool of exp(-(|x - c| / s)^2), s the median distance between its rows.

    Parameters
    ----------
    power
        Of the density.
    witnesses
        Rows of the sample at most.
    space
        Where distances are measured.
    """

    power: float = 1.0
    witnesses: int = 2000
    space: Space = "embedding"

    def __call__(self, request: Request) -> Query:
        """Score every candidate in one pass."""
        model, source = request.fitted(), here(request)
        sample = source.draw(self.witnesses, "witnesses")
        at = Measured.of(source, request, sample, self.space)
        people = at.rows(sample)
        half = _squared(people[::2], people[1::2]) if len(people) > 1 else np.ones((1, 1))
        # Where most rows are copies of one another, half of the pairs are at no distance.
        scale = float(np.median(half)) or float(np.mean(half)) or 1.0

        def score(X: Rows) -> Floats:
            density = np.exp(-_squared(at.given(X), people) / scale).mean(axis=1)
            return doubts(model, X) * density.astype(float) ** self.power

        return pick(
            request,
            request.score(_in_blocks(score)),
            queries=len(request.pool) * (1 + asks(model, self.space)),
        )


def _in_blocks(score: Callable[[Rows], Floats], rows: int = 1024) -> Callable[[Rows], Floats]:
    def scored(X: Rows) -> Floats:
        parts = np.array_split(np.arange(count(X)), 1 + count(X) // rows)
        return np.concatenate([score(take(X, part)) for part in parts if len(part)])

    return scored


def _squared(X: Floats, Y: Floats) -> Floats:
    return np.maximum(np.square(X).sum(axis=1)[:, None] + np.square(Y).sum(axis=1) - 2 * (X @ Y.T), 0)
