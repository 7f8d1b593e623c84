"""Rows of a request, here or in shards, and the space in which their distances are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgewise.arrays import Floats, Index, is_array
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

HUB = 0.5
"""A row that is among the `NEAREST` of more than this share of the rows is a hub."""
NEAREST = 10
LOOK = 500
"""Rows among which hubs are looked for; a fifth is too few to tell."""


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
    unit
        Whether rows are brought to unit length after that, so that directions are compared.
    """

    source: Source
    look: Callable[[Rows], Floats]
    centre: Floats
    spread: Floats
    shape: tuple[int, ...]
    unit: bool = False

    @classmethod
    def of(
        cls,
        source: Source,
        request: Request,
        sample: Index,
        space: Space,
        standardise: bool | None = None,
        unit: bool | None = None,
    ) -> Measured:
        """Return the map for a request; centre and spread are those of the rows ``sample``.

        Without a word on ``standardise`` images, embeddings, features that lie in [0, 1] and `Features`, which are
        scaled already, are left alone; without one on ``unit`` rows of features have unit length where there are
        `hubs`, and centre is then their mean in any case.
        """
        shape, embeds = request.pool.shape, asks(request.model, space)
        mapped = embedder(request.model, space, request.pool)
        scaled = isinstance(mapped, Features)
        look = mapped if embeds or request.pool.missing else partial(_points, mapped)
        plain = cls(source, look, np.zeros(1), np.ones(1), shape)
        learned = embeds or len(shape) > 1
        if learned and not standardise and not unit:
            return plain
        few = sample[:: -(-len(sample) // LOOK)] if scaled else sample
        rows = np.concatenate([look(part) for part in plain.parts(few)])
        centre, spread = rows.mean(axis=0), rows.std(axis=0)
        spread = np.where(spread > 0, spread, 1)
        if standardise is None:
            standardise = not (learned or scaled or (rows.min() >= 0 and rows.max() <= 1))
        if not standardise:
            spread = np.ones(1)
        if unit is None:
            unit = not learned and hubs((rows - centre) / spread)
        return cls(source, look, centre, spread, shape, unit) if standardise or unit else plain

    def parts(self, index: Index) -> Iterable[Rows]:
        """Yield pool rows as they are, a part at a time."""
        for part in np.array_split(index, 1 + len(index) * int(np.prod(self.shape)) // BLOCK):
            yield self.source.points(part)

    def rows(self, index: Index) -> Floats:
        """Return pool rows mapped ``(m, h)``."""
        return np.concatenate([self.given(part) for part in self.parts(index)])

    def given(self, X: Rows) -> Floats:
        """Return ``X`` (m, ...) mapped ``(m, h)``."""
        rows = ((self.look(X) - self.centre) / self.spread).astype(np.float32)
        if self.unit:
            length = np.linalg.norm(rows, axis=1, keepdims=True)
            rows /= np.where(length > 0, length, 1)
        return rows


def hubs(rows: Floats) -> bool:
    """Say whether one of the rows ``(m, h)`` is among the ten nearest of more than half of them.

    That is so where most rows have little and a few have much, such as counts of words: a row with next to nothing is
    near all others, whatever they are about, and labelling it teaches least (Radovanović, Nanopoulos and Ivanović,
    2010). Directions about the mean have no such rows. Equal rows count once; fewer than a hundred have no hubs.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> hubs(rng.normal(size=(300, 20))), hubs((rng.random((300, 400)) < 0.01) / 0.1)
    (False, True)
    """
    some = np.unique(rows[:: -(-len(rows) // LOOK)].astype(np.float32), axis=0)
    if len(some) < LOOK // 5:
        return False
    size = (some**2).sum(axis=1)
    gap = size - 2 * some @ some.T
    np.fill_diagonal(gap, np.inf)
    near = np.argpartition(gap, NEAREST, axis=1)[:, :NEAREST]
    return bool(np.bincount(near.ravel()).max() > HUB * len(some))


def _points(mapped: Callable[[Rows], Floats], X: Rows) -> Floats:
    """Return rows in double precision, which an array has before it is mapped and others only after."""
    plain = is_array(X) and not is_texts(X) and not isinstance(mapped, Features)
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
