"""Strategies that spread out: core-set and BADGE. Neither holds an n x n array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.models.unwrap import Model
from edgewise.pools.pool import Pool
from edgewise.randomness import stream
from edgewise.strategies.frame import Query, Request, chosen
from edgewise.strategies.model_scores import Space, asks, embedded, embedder, probabilities


FRONT = 8192
"""Rows of core-set that follow every pick."""

BLOCK = 2048
"""Rows whose distances to many centres are computed at once."""


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
        """Keep one distance a row; a pass over the pool only where the farthest rows at hand may not do."""
        look = embedder(request.model, self.space, request.pool)
        pool = embedded(request.pool, look)
        free = np.zeros(len(pool), dtype=bool)
        free[request.candidates] = True
        gap = np.full(len(pool), np.inf)
        if request.labelled is not None:
            known = look(request.labelled.X)
            gap = pool.score(lambda X: gap_to(X, known))
        gap[~free] = -np.inf
        lottery = stream(request.seed, "core-set").permutation(len(pool))
        rows, score = _farthest(pool, gap, request.n, lottery)
        return chosen(rows, score, queries=len(pool) * asks(request.model, self.space))


def _farthest(pool: Pool, gap: Floats, n: int, lottery: Index) -> tuple[list[int], list[float]]:
    """Pick ``n`` rows of a pool, each the farthest from those before; ``gap`` (m,) to start with, -inf for never.

    Gaps only shrink, so that what a row's gap was is a bound on what it is. The `FRONT` rows with the largest follow
    every pick; while the farthest of them is beyond what all others had, it is the farthest of all.
    """
    rows: list[int] = []
    score: list[float] = []
    front = _Front(pool, gap)
    for _ in range(n):
        row, length = front.farthest(lottery)
        rows.append(row)
        score.append(length)
        front.pick(row)
    return rows, score


class _Front:
    """The rows with the largest gaps, followed pick by pick; of the others what their gap was when last looked at."""

    def __init__(self, pool: Pool, gap: Floats) -> None:
        self.pool, self.gap = pool, gap.copy()
        self.centres: list[Floats] = []
        self.met = np.zeros(len(gap), np.intp)
        """How many centres each gap knows of."""
        self.front, self.points, self.beyond = np.empty(0, np.intp), np.empty((0, *pool.shape)), np.inf

    def farthest(self, lottery: Index) -> tuple[int, float]:
        """Return the row with the largest gap, of several the one with the smallest lot, and its gap."""
        while True:
            best = self.gap[self.front].max(initial=-np.inf)
            if best > self.beyond:
                row = int(self.front[_first(self.gap[self.front], lottery[self.front])])
                return row, float(best)
            above = np.flatnonzero(self.gap >= max(best, np.finfo(float).min))
            late = above[(self.met[above] < len(self.centres)) & (self.gap[above] > 0)]
            if not len(late):
                row = _first(self.gap, lottery)
                return row, float(self.gap[row])
            if len(late) > 16 * FRONT:
                self.gap = np.minimum(self.gap, self.pool.score(partial(_gap_to_each, self.centres)))
                self.met[:] = len(self.centres)
            else:
                self._catch_up(late)
            self._move()

    def pick(self, row: int) -> None:
        """Leave a row out from now on, and bring the front nearer to it."""
        self.gap[row] = -np.inf
        centre = self.pool.rows(np.array([row]))
        self.centres.append(centre)
        self.gap[self.front] = np.minimum(self.gap[self.front], gap_to(self.points, centre))
        self.met[self.front] = len(self.centres)

    def _catch_up(self, rows: Index) -> None:
        """Bring the gaps of some rows up to date."""
        for known in np.unique(self.met[rows]).tolist():
            late = rows[self.met[rows] == known]
            if known < len(self.centres):
                nearer = _gap_to_each(self.centres[known:], self.pool.rows(late))
                self.gap[late] = np.minimum(self.gap[late], nearer)
        self.met[rows] = len(self.centres)

    def _move(self) -> None:
        """Take the rows that had the largest gaps into the front."""
        order = np.argpartition(-self.gap, min(FRONT, len(self.gap)) - 1)
        self.front, rest = order[:FRONT], order[FRONT:]
        self.beyond = float(self.gap[rest].max(initial=-np.inf))
        self._catch_up(self.front)
        self.points = self.pool.rows(self.front)


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
        if len(request.candidates) < len(factors):
            factors = factors[request.candidates]
        rows, score = _plus_plus(
            factors, _width(model, request.pool), request.n, stream(request.seed, "badge")
        )
        return chosen(list(request.candidates[rows]), score, queries=asked)


def _first(values: Floats, lottery: Index) -> int:
    """Return the position of the largest value; of several the one with the smallest lot."""
    best = np.flatnonzero(values == values.max())
    return int(best[np.argmin(lottery[best])])


def _gap_to_each(centres: list[Floats], X: Floats) -> Floats:
    return np.minimum.reduce([gap_to(X, centre) for centre in centres])


def gap_to(X: Floats, centres: Floats) -> Floats:
    """Return the distance of each row of ``X`` (m, h) to the nearest of ``centres`` (k, h), in blocks."""
    best = np.full(len(X), np.inf)
    for start in range(0, len(centres), 256):
        block = np.asarray(centres[start : start + 256], float)
        if len(block) == 1:
            best = np.minimum(best, np.sqrt(np.square(X - block[0]).sum(axis=1)))
            continue
        for low in range(0, len(X), BLOCK):
            rows = X[low : low + BLOCK].astype(float)
            squared = np.square(rows).sum(axis=1)[:, None] + np.square(block).sum(axis=1)
            squared -= 2 * (rows @ block.T)
            least = np.sqrt(np.maximum(squared.min(axis=1), 0))
            best[low : low + BLOCK] = np.minimum(best[low : low + BLOCK], least)
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
    # A block's vectors stay in the cache while they are worked on.
    blocks = [slice(low, low + BLOCK) for low in range(0, len(factors), BLOCK)]
    a, h = factors[:, :width], factors[:, width:]
    size = np.concatenate([np.square(a[b]).sum(axis=1) * np.square(h[b]).sum(axis=1) for b in blocks])
    # In float64 whatever the factors: a running sum of a million float32 chances forgets the small ones.
    gap = size.astype(float)
    free = np.ones(len(a), dtype=bool)
    mass = np.array([gap[b].sum() for b in blocks])
    rows: list[int] = []
    score: list[float] = []
    for step in range(n):
        if not mass.any():
            row = int(rng.choice(np.flatnonzero(free)))
        elif step == 0:
            row = int(np.argmax(gap))
        else:
            place, left = _drawn(mass, rng.random() * mass.sum())
            row = BLOCK * place + _drawn(gap[blocks[place]], left)[0]
        rows.append(row)
        score.append(float(gap[row]))
        free[row], gap[row] = False, 0
        for place, b in enumerate(blocks):
            squared = (a[b] @ a[row]) * (h[b] @ h[row])
            squared *= -2
            both = size[b] + size[row]
            squared += both
            # A copy of the picked row is at distance 0; rounding must not make it look far.
            both *= 1e-12
            squared[squared <= both] = 0
            np.minimum(gap[b], squared, out=gap[b])
            mass[place] = gap[b].sum()
    return np.array(rows, dtype=np.intp), score


def _drawn(chances: Floats, goal: float) -> tuple[int, float]:
    """Return where the running sum of ``chances`` passes ``goal``, and how much of the goal is left there."""
    upto = np.cumsum(chances)
    # Where rounding puts the goal beyond the sum, it is the last place with a chance.
    last = int(np.flatnonzero(chances)[-1])
    place = min(int(upto.searchsorted(goal, side="right")), last)
    return place, goal - (upto[place] - chances[place])
