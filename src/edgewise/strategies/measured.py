"""Rows of a request, here or in shards, and the space in which their distances are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.models.features import Features
from edgewise.models.rows import Rows, is_texts
from edgewise.pools.top_rows import Columns, draw_rows
from edgewise.strategies.doubt import doubts
from edgewise.strategies.frame import Request
from edgewise.strategies.model_scores import Space, asks, embedder


BLOCK = 2**21
"""Numbers of a pool that are held at once while its rows are mapped."""

PART = 2**16
"""Doubts that are handed on at once."""


@dataclass(frozen=True)
class Source:
    """Where rows come from: a pool here, or shards elsewhere.

    Parameters
    ----------
    free
        How many rows may be picked.
    size
        How many rows a model is asked about for the doubts.
    draw
        Draws at most so many of them, uniformly, ascending; the name is that of the random stream.
    doubts
        The doubt of every row that may be picked, block by block, as columns ``row`` (ascending) and ``score``.
    points
        Given rows ``(m, ...)``, as the model sees them.
    """

    free: int
    size: int
    draw: Callable[[int, str], Index]
    doubts: Callable[[], Iterable[Columns]]
    points: Callable[[Index], Rows]


@dataclass(frozen=True)
class Measured:
    """Maps rows to where distances are measured: features divided by their spread, or an embedding; float32.

    Parameters
    ----------
    source
        Where rows come from.
    look
        What a row is mapped by.
    centre, spread
        What is subtracted from mapped rows before they are rounded, and what they are divided by, ``(h,)``.
    shape
        The shape of a row.
    """

    source: Source
    look: Callable[[Rows], Floats]
    centre: Floats
    spread: Floats
    shape: tuple[int, ...]

    @classmethod
    def of(
        cls, source: Source, request: Request, sample: Index, space: Space, standardise: bool | None = None
    ) -> Measured:
        """Return the map for a request; centre and spread are those of the rows ``sample``.

        Without a word on ``standardise`` images, embeddings, features that lie in [0, 1] and `Features`, which are
        scaled already, are left alone.
        """
        shape, embeds = request.pool.shape, asks(request.model, space)
        mapped = embedder(request.model, space, request.pool)
        scaled = isinstance(mapped, Features)
        look = mapped if embeds or request.pool.missing else partial(_points, mapped)
        plain = cls(source, look, np.zeros(1), np.ones(1), shape)
        if standardise is False or (standardise is None and (embeds or len(shape) > 1 or scaled)):
            return plain
        rows = np.concatenate([look(part) for part in plain.parts(sample)])
        if standardise is None and rows.min() >= 0 and rows.max() <= 1:
            return plain
        spread = rows.std(axis=0)
        return cls(source, look, rows.mean(axis=0), np.where(spread > 0, spread, 1), shape)

    def parts(self, index: Index) -> Iterable[Rows]:
        """Yield pool rows as they are, a part at a time."""
        for part in np.array_split(index, 1 + len(index) * int(np.prod(self.shape)) // BLOCK):
            yield self.source.points(part)

    def rows(self, index: Index) -> Floats:
        """Return pool rows mapped ``(m, h)``."""
        return np.concatenate([self.given(part) for part in self.parts(index)])

    def given(self, X: Rows) -> Floats:
        """Return ``X`` (m, ...) mapped ``(m, h)``."""
        return ((self.look(X) - self.centre) / self.spread).astype(np.float32)


def _points(mapped: Callable[[Rows], Floats], X: Rows) -> Floats:
    """Return rows in double precision, which an array has before it is mapped and others only after."""
    plain = isinstance(X, np.ndarray) and not is_texts(X) and not isinstance(mapped, Features)
    return (X.reshape(len(X), -1) if plain else mapped(X)).astype(np.float64)


def here(request: Request) -> Source:
    """Return the pool of a request as a source."""
    shut = np.ones(len(request.pool), dtype=bool)
    shut[request.candidates] = False
    taken = np.flatnonzero(shut)

    def draw(n: int, name: str) -> Index:
        free = len(request.candidates)
        return np.sort(draw_rows(min(n, free), len(request.pool), taken, request.seed, name))

    def scored() -> Iterable[Columns]:
        score = request.score(lambda X: doubts(request.model, X))
        for start in range(0, len(score), PART):
            part = slice(start, start + PART)
            yield {"row": request.candidates[part], "score": score[part]}

    return Source(len(request.candidates), len(request.pool), draw, scored, request.pool.rows)
