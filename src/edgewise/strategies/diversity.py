"""Strategies that spread out: core-set and BADGE. Neither holds an n x n array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.models.unwrap import Model
from edgewise.pools.pool import Pool
from edgewise.randomness import stream
from edgewise.strategies.frame import Query, Request, chosen
from edgewise.strategies.model_scores import Space, asks, embedded, embedder, probabilities


@dataclass(frozen=True)
class CoreSet:
    """Greedy k-centre: each row is the farthest from all labelled and picked ones (Sener & Savarese 2018).

    Repeated rows are picked only when nothing else is left. The score is the distance at the time.

    Parameters
    ----------
    space
        ``"embedding"`` (what the model's last layer sees; inputs if it is no network) or ``"input"``.
    """

    space: Space = "embedding"

    def __call__(self, request: Request) -> Query:
        """Keep one distance a row, updated by one pass over the pool for each pick."""
        look = embedder(request.model, self.space, request.pool)
        pool = embedded(request.pool, look)
        free = np.zeros(len(pool), dtype=bool)
        free[request.candidates] = True
        gap = np.full(len(pool), np.inf)
        if request.labelled is not None:
            gap = _gap_to(pool, look(request.labelled.X))
        rows: list[int] = []
        score: list[float] = []
        lottery = stream(request.seed, "core-set").permutation(len(pool))
        for _ in range(request.n):
            row = _first(np.where(free, gap, -np.inf), lottery)
            rows.append(row)
            score.append(float(gap[row]))
            free[row] = False
            gap = np.minimum(gap, _gap_to(pool, pool.rows(np.array([row]))))
        return chosen(rows, score, queries=len(pool) * asks(request.model, self.space))


@dataclass(frozen=True)
class Badge:
    """k-means++ draws in the space of last-layer gradients (Ash et al. 2020), never the same row twice.

    The gradient of a row is the outer product of (p - onehot of the likeliest class) and its embedding; its
    distances are computed from the two factors, so nothing of size classes x embedding is kept. Rows whose
    gradient equals a picked one are drawn only when nothing else is left.

    Parameters
    ----------
    space
        Where embeddings are taken; inputs for models that are no network, with a constant added.
    """

    space: Space = "embedding"

    def __call__(self, request: Request) -> Query:
        """Draw each row with probability proportional to its squared distance to the picked ones."""
        model = request.fitted()
        look = embedder(model, self.space, request.pool)
        factors = request.pool.score(
            lambda X: np.hstack([_residual(probabilities(model, X)), _padded(look(X))])
        )
        asked = len(request.pool) * (1 + asks(model, self.space)) + 1  # one more for the number of classes
        rows, score = _plus_plus(
            factors[request.candidates], _width(model, request.pool), request.n, stream(request.seed, "badge")
        )
        return chosen(list(request.candidates[rows]), score, queries=asked)


def _first(values: Floats, lottery: Index) -> int:
    """Return the position of the largest value; of several the one with the smallest lot."""
    best = np.flatnonzero(values == values.max())
    return int(best[np.argmin(lottery[best])])


def _gap_to(pool: Pool, centres: Floats) -> Floats:
    return pool.score(lambda X: gap_to(X, centres))


def gap_to(X: Floats, centres: Floats) -> Floats:
    """Return the distance of each row of ``X`` (m, h) to the nearest of ``centres`` (k, h), in blocks."""
    best = np.full(len(X), np.inf)
    for start in range(0, len(centres), 256):
        block = np.asarray(centres[start : start + 256], float)
        if len(block) == 1:
            best = np.minimum(best, np.sqrt(np.square(X - block[0]).sum(axis=1)))
            continue
        rows = X.astype(float)
        size = np.square(rows).sum(axis=1)[:, None] + np.square(block).sum(axis=1)
        squared = size - 2 * (rows @ block.T)
        best = np.minimum(best, np.sqrt(np.maximum(squared, 0)).min(axis=1))
    return best


def gradient_length(model: Model, X: Floats, space: Space) -> Floats:
    """Return the squared length of the last-layer gradient of each row ``(m,)``, as `Badge` measures it."""
    a, h = _residual(probabilities(model, X)), _padded(embedder(model, space)(X))
    return np.square(a).sum(axis=1) * np.square(h).sum(axis=1)


def _residual(p: Floats) -> Floats:
    likeliest = np.zeros_like(p)
    likeliest[np.arange(len(p)), p.argmax(axis=1)] = 1
    return p - likeliest


def _padded(h: Floats) -> Floats:
    return np.hstack([h, np.ones((len(h), 1), h.dtype)])


def _width(model: Model, pool: Pool) -> int:
    """Return the number of classes the model tells apart."""
    return probabilities(model, pool.rows(np.array([0]))).shape[1]


def _plus_plus(factors: Floats, width: int, n: int, rng: np.random.Generator) -> tuple[Index, list[float]]:
    """k-means++ (Arthur & Vassilvitskii 2007) for rows a (x) h given as [a, h]; the first is the longest."""
    a, h = factors[:, :width], factors[:, width:]
    size = np.square(a).sum(axis=1) * np.square(h).sum(axis=1)
    gap, free = size.copy(), np.ones(len(a), dtype=bool)
    rows: list[int] = []
    score: list[float] = []
    for step in range(n):
        weight = np.where(free, gap, 0.0)
        total = weight.sum()
        if step == 0 and total > 0:
            row = int(np.argmax(weight))
        elif total > 0:
            row = int(rng.choice(len(a), p=weight / total))
        else:
            row = int(rng.choice(np.flatnonzero(free)))
        rows.append(row)
        score.append(float(gap[row]))
        free[row] = False
        squared = np.maximum(size + size[row] - 2 * (a @ a[row]) * (h @ h[row]), 0)
        # A copy of the picked row is at distance 0; rounding must not make it look far.
        gap = np.minimum(gap, np.where(squared > 1e-12 * (size + size[row]), squared, 0))
    return np.array(rows, dtype=np.intp), score
