"""Rows of a request, here or in shards, and the space in which their distances are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.pools.top_rows import Columns, draw_rows
from edgewise.strategies.doubt import doubts
from edgewise.strategies.frame import Request
from edgewise.strategies.model_scores import Space, asks, embedder


BLOCK = 2**21
"""Numbers of a pool that are held at once while its rows are mapped."""


@dataclass(frozen=True)
class Source:
    """Where rows come from: a pool here, or shards elsewhere.

    Parameters
    ----------
    free
        How many rows may be picked.
    draw
        Draws at most so many of them, uniformly, ascending; the name is that of the random stream.
    doubts
        The doubt of every row that may be picked, block by block, as columns ``row`` (ascending) and ``score``.
    points
        Given rows ``(m, ...)``, as the model sees them.
    """

    free: int
    draw: Callable[[int, str], Index]
    doubts: Callable[[], Iterable[Columns]]
    points: Callable[[Index], Floats]


@dataclass(frozen=True)
class Measured:
    """Maps rows to where distances are measured: features divided by their spread, or an embedding; float32.

    Parameters
    ----------
    source
        Where rows come from.
    look
        What a row is mapped by.
    spread
        What features are divided by ``(h,)``, or None.
    shape
        The shape of a row.
    """

    source: Source
    look: Callable[[Floats], Floats]
    spread: Floats | None
    shape: tuple[int, ...]

    @classmethod
    def of(
        cls, source: Source, request: Request, sample: Index, space: Space, standardise: bool | None = None
    ) -> Measured:
        """Return the map for a request; spreads are those of the rows ``sample``.

        Without a word on ``standardise`` images, embeddings and features that lie in [0, 1] are left alone.
        """
        look, shape = embedder(request.model, space), request.pool.shape
        plain = cls(source, look, None, shape)
        if standardise is False or (standardise is None and (asks(request.model, space) or len(shape) > 1)):
            return plain
        rows = plain.rows(sample)
        if standardise is None and rows.min() >= 0 and rows.max() <= 1:
            return plain
        spread = rows.std(axis=0)
        return cls(source, look, np.where(spread > 0, spread, 1).astype(np.float32), shape)

    def rows(self, index: Index) -> Floats:
        """Return pool rows ``(m, h)``, mapped a part at a time."""
        parts = np.array_split(index, 1 + len(index) * int(np.prod(self.shape)) // BLOCK)
        return np.concatenate([self.given(self.source.points(part)) for part in parts])

    def given(self, X: Floats) -> Floats:
        """Return ``X`` (m, ...) mapped ``(m, h)``."""
        mapped = np.asarray(self.look(X), np.float32)
        return mapped if self.spread is None else mapped / self.spread


def here(request: Request) -> Source:
    """Return the pool of a request as a source."""
    taken = np.setdiff1d(np.arange(len(request.pool)), request.candidates, assume_unique=True)

    def draw(n: int, name: str) -> Index:
        free = len(request.candidates)
        return np.sort(draw_rows(min(n, free), len(request.pool), taken, request.seed, name))

    def scored() -> Iterable[Columns]:
        score = request.score(lambda X: doubts(request.model, X))
        return [{"row": request.candidates, "score": score}]

    return Source(len(request.candidates), draw, scored, request.pool.rows)
