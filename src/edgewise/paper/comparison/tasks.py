"""The rows of a compared task: pool, test rows and initial labels, from the seed alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from edgewise.arrays import Floats, Index, InputError, Labels
from edgewise.data import load
from edgewise.data.keel import KEEL, keel, read_table
from edgewise.randomness import stream


def rows_of(name: str, pool: int, test: int, seed: int) -> tuple[Floats, Labels, Floats, Labels]:
    """Return pool and test rows, scaled by the pool's mean and spread; images stay in [0, 1]."""
    if name in _MADE:
        points, y = _MADE[name](pool + test, stream(seed, "made", name))
        return points[:pool], y[:pool], points[pool:], y[pool:]
    if is_table(name):
        return _split(name, pool, test, seed)
    data = load(name, rng=seed)
    known = [part for part in (data.train, data.held_out) if len(part.y)]
    rows = stream(seed, "pool").permutation(sum(len(part.y) for part in known))[:pool]
    asked = stream(seed, "test").permutation(len(data.test.y))[:test]
    points, other = np.concatenate([part.X for part in known])[rows], data.test.X[asked]
    if data.image_shape is None:
        points, other = _scaled(points, other)
    return points, np.concatenate([part.y for part in known])[rows], other, data.test.y[asked]


def _split(name: str, pool: int, test: int, seed: int) -> tuple[Floats, Labels, Floats, Labels]:
    """Return pool and test rows of a table."""
    X, y = table_of(name)
    if pool + test > len(y):
        raise InputError(f"{name} has {len(y)} rows; a pool of {pool} and {test} for testing need more.")
    rows = stream(seed, "rows", name).permutation(len(y))[: pool + test]
    points, other = _scaled(X[rows[:pool]], X[rows[pool:]])
    return points, y[rows[:pool]], other, y[rows[pool:]]


def _scaled(points: Floats, other: Floats) -> tuple[Floats, Floats]:
    centre, spread = points.mean(axis=0), points.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    return (points - centre) / spread, (other - centre) / spread


@cache
def table_of(name: str) -> tuple[Floats, Index]:
    """Return the features and classes of a KEEL table, of one's own, or of the one that is made here."""
    if name == TOPICS:
        return _topics(1000, stream(0, "made", name))
    return read_table(name) if is_own(name) else keel(name)


def is_table(name: str) -> bool:
    """Say whether the name is that of a table: KEEL's, the one that is made here, or a CSV of one's own."""
    return name in KEEL or name == TOPICS or is_own(name)


def is_own(name: str) -> bool:
    """Say whether the name is that of a person's own table."""
    return name.endswith(".csv")


def start_of(y: Labels, n: int, seed: int) -> Index:
    """Return uniform rows, drawn again until two classes are among them: without them nothing can be trained."""
    if n == 0:
        return np.empty(0, int)
    rng = stream(seed, "start")
    while True:
        rows = np.sort(rng.permutation(len(y))[:n])
        if len(np.unique(y[rows])) > 1:
            return rows


def _islands(n: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Draw two half planes, with an island of the left class in the right one."""
    X = rng.uniform(-1, 1, (n, 2))
    island = np.hypot(X[:, 0] - 0.55, X[:, 1]) < 0.22
    return X, ((X[:, 0] > 0) & ~island).astype(int)


def _wave10(n: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Draw a sine boundary in two coordinates with eight that mean nothing, 10 % of labels wrong."""
    X = rng.uniform(-1, 1, (n, 10))
    y = X[:, 1] > 0.4 * np.sin(np.pi * X[:, 0])
    return X, (y ^ (rng.random(n) < 0.1)).astype(int)


def _topics(n: int, rng: np.random.Generator) -> tuple[Floats, Index]:
    """Draw short texts as counts of words: half the words are anyone's, half those of one of nine topics."""
    words, topics = 800, 9
    common = 1 / np.arange(1.0, words + 1)
    of_topic = np.zeros((topics, words))
    for row in of_topic:
        row[rng.choice(words, words // 20, replace=False)] = rng.dirichlet(np.full(words // 20, 0.3))
    y = rng.integers(topics, size=n)
    lengths = 1 + rng.poisson(8 * rng.lognormal(0, 0.5, n))
    X = np.array(
        [
            rng.multinomial(length, 0.5 * of_topic[topic] + 0.5 * common / common.sum())
            for length, topic in zip(lengths, y, strict=True)
        ]
    )
    return X[:, X.any(axis=0)].astype(float), y


TOPICS = "topics"
"""A table that is made here, on which a few rows are near all others; see `edgewise.strategies.measured.hubs`."""
_MADE: Mapping[str, Callable[[int, np.random.Generator], tuple[Floats, Labels]]] = {
    "islands": _islands,
    "wave10": _wave10,
}
