"""Strategies that spread out: core-set, BADGE and typicality. None holds an n x n array."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors

from edgewise.arrays import Floats, Index, InputError
from edgewise.randomness import stream
from edgewise.selection.base import Query, Request, draw
from edgewise.selection.pool import Pool
from edgewise.selection.space import Space, embedded, embedder, probabilities


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
        look = embedder(request.model, self.space)
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
        return _chosen(rows, score, queries=0 if request.model is None else len(pool))


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
        look = embedder(model, self.space)
        factors = request.pool.score(
            lambda X: np.hstack([_residual(probabilities(model, X)), _padded(look(X))]))
        rows, score = _plus_plus(factors[request.candidates], _width(model, request.pool),
                                 request.n, stream(request.seed, "badge"))
        return _chosen(list(request.candidates[rows]), score, queries=2 * len(request.pool))


@dataclass(frozen=True)
class Typical:
    """One typical row of each uncovered cluster (TypiClust, Hacohen et al. 2022): for the first labels.

    k-means into as many clusters as rows labelled and asked for (at most ``clusters``); clusters that hold
    no labelled row come first, larger ones before smaller, each giving the row whose nearest neighbours are
    nearest.

    Parameters
    ----------
    space
        Where rows are clustered; beyond 50 dimensions in their first 50 principal components.
    clusters
        Most clusters.
    neighbours
        Neighbours that measure how typical a row is.
    most
        Rows that are clustered at most; a larger pool is represented by a uniform sample of so many.
    """

    space: Space = "input"
    clusters: int = 500
    neighbours: int = 20
    most: int = 60_000

    def __call__(self, request: Request) -> Query:
        """Cluster, then visit the clusters in turn."""
        rows = np.sort(draw(request.candidates, max(self.most, request.n), request.seed, "typical sample"))
        look = embedder(request.model, self.space)
        points, known = _reduced(request.pool, rows, look, request)
        k = min(len(points), self.clusters, request.n + len(known))
        groups = _clustered(np.vstack([points, known]), k, request.seed)
        member, covered = groups[:len(points)], np.bincount(groups[len(points):], minlength=k)
        typical = _typicality(points, member, self.neighbours)
        order = _in_turn(member, covered, typical, request.n)
        return _chosen(list(rows[order]), list(typical[order]),
                       queries=len(rows) if self.space == "embedding" and request.model is not None else 0)


@dataclass(frozen=True)
class Stratified:
    """A uniform sample that is spread: rows as likely as under `Random`, near ones rarely together.

    Rows are ordered by cluster and a systematic sample with a random start is taken, so a cluster with a
    tenth of the pool gives a tenth of the batch, give or take one. Averages over the picks are unbiased.

    Parameters
    ----------
    space
        Where rows are clustered, as in `Typical`.
    clusters
        Most clusters.
    """

    space: Space = "input"
    clusters: int = 500

    def __call__(self, request: Request) -> Query:
        """Cluster at most 5,000 or 20 n rows drawn uniformly, then step through them."""
        most = max(5_000, 20 * request.n)
        rows = np.sort(draw(request.candidates, most, request.seed, "stratified sample"))
        look = embedder(request.model, self.space)
        points, _ = _reduced(request.pool, rows, look, replace(request, labelled=None))
        chosen = np.empty(0, dtype=np.intp)
        if request.n:
            member = _in_tree_order(points, _clustered(points, min(len(points), self.clusters, request.n),
                                                       request.seed))
            chosen = rows[systematic(np.full(len(rows), request.n / len(rows)), member,
                                     stream(request.seed, "stratified"))]
        return Query(chosen, np.zeros(len(chosen)), np.ones(len(chosen)), np.ones(len(chosen), dtype=bool),
                     queries=len(rows) if look is not None and self.space == "embedding" else 0)


def systematic(chance: Floats, group: Index, rng: np.random.Generator) -> Index:
    """Draw rows with inclusion probabilities ``chance`` (n,), spread over the groups in proportion.

    Madow's (1949) systematic sampling along rows ordered by group and shuffled within it; groups with near
    numbers are spread together. ``chance`` is at most 1 and
    adds up to the number of rows drawn, which is met exactly.

    Examples
    --------
    >>> rows = systematic(np.full(6, 0.5), np.array([0, 1, 0, 1, 2, 2]), np.random.default_rng(0))
    >>> sorted(np.array([0, 1, 0, 1, 2, 2])[rows].tolist())
    [0, 1, 2]
    """
    order = np.lexsort((rng.random(len(chance)), group))
    edges = np.cumsum(chance[order])
    n = round(float(edges[-1]))
    edges *= n / edges[-1]
    marks = (rng.random() + np.arange(n)).clip(0, np.nextafter(n, 0))
    return order[np.searchsorted(edges, marks, side="right").clip(0, len(order) - 1)]


def _chosen(rows: list[Any], score: list[Any], queries: int) -> Query:
    n = len(rows)
    return Query(np.array(rows, dtype=np.intp), np.array(score, float), np.full(n, np.nan),
                 np.zeros(n, dtype=bool), queries=queries)


def _first(values: Floats, lottery: Index) -> int:
    """Return the position of the largest value; of several the one with the smallest lot."""
    best = np.flatnonzero(values == values.max())
    return int(best[np.argmin(lottery[best])])


def _gap_to(pool: Pool, centres: Floats) -> Floats:
    """Distance of every row of the pool to the nearest of ``centres`` (m, h), in blocks."""
    def nearest(X: Floats) -> Floats:
        best = np.full(len(X), np.inf)
        for start in range(0, len(centres), 256):
            block = np.asarray(centres[start:start + 256], float)
            if len(block) == 1:
                best = np.minimum(best, np.sqrt(np.square(X - block[0]).sum(axis=1)))
                continue
            rows = X.astype(float)
            size = np.square(rows).sum(axis=1)[:, None] + np.square(block).sum(axis=1)
            squared = size - 2 * (rows @ block.T)
            best = np.minimum(best, np.sqrt(np.maximum(squared, 0)).min(axis=1))
        return best

    return pool.score(nearest)


def _residual(p: Floats) -> Floats:
    likeliest = np.zeros_like(p)
    likeliest[np.arange(len(p)), p.argmax(axis=1)] = 1
    return p - likeliest


def _padded(h: Floats) -> Floats:
    return np.hstack([h, np.ones((len(h), 1), h.dtype)])


def _width(model: Any, pool: Pool) -> int:
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


def _clustered(points: Floats, k: int, seed: int) -> Index:
    with warnings.catch_warnings():
        # Repeated rows leave fewer distinct points than clusters; empty clusters do no harm here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans = cast("Any", KMeans)(k, n_init=1, max_iter=20, random_state=seed % 2**32)
        return np.asarray(kmeans.fit(points).labels_, dtype=np.intp)


def _in_tree_order(points: Floats, member: Index) -> Index:
    """Renumber clusters so that near ones have near numbers: in the order of leaves of their Ward tree."""
    member = np.unique(member, return_inverse=True)[1].reshape(-1)
    size = np.bincount(member)
    if len(size) < 3:
        return member
    centres = np.stack([np.bincount(member, weights=column) / size for column in points.T], axis=1)
    rank = np.empty(len(size), dtype=np.intp)
    rank[leaves_list(linkage(centres, "ward"))] = np.arange(len(size))
    return rank[member]


def _reduced(pool: Pool, rows: Index, look: Callable[[Floats], Floats],
             request: Request) -> tuple[Floats, Floats]:
    """Return the pool's ``rows`` and the labelled points in at most 50 dimensions."""
    if len(rows) == len(pool):
        points = pool.score(look)
    else:
        points = np.concatenate([look(pool.rows(part)) for part in np.array_split(
            rows, 1 + len(rows) * int(np.prod(pool.shape)) // 2**21)])
    points = points.astype(np.float64)
    known = np.empty((0, points.shape[1]))
    if request.labelled is not None:
        known = look(request.labelled.X).astype(np.float64)
    if min(points.shape) > 50:
        axes = PCA(50, svd_solver="randomized", random_state=request.seed % 2**32).fit(points)
        points, known = axes.transform(points), axes.transform(known) if len(known) else known[:, :50]
    return points, known


def _typicality(points: Floats, member: Index, neighbours: int) -> Floats:
    """Inverse mean distance to the nearest points of the same cluster; lone points are 0."""
    if neighbours < 1:
        raise InputError(f"neighbours must be at least 1; got {neighbours}.")
    typical = np.zeros(len(points))
    for cluster in np.unique(member):
        inside = np.flatnonzero(member == cluster)
        k = min(neighbours, len(inside) - 1)
        if k:
            near = NearestNeighbors(n_neighbors=k).fit(points[inside]).kneighbors()[0]
            typical[inside] = 1 / np.maximum(near.mean(axis=1), np.finfo(float).tiny)
    return typical


def _in_turn(member: Index, covered: Index, typical: Floats, n: int) -> Index:
    """Visit clusters in turn, those with fewer labels first, then larger ones; most typical rows first."""
    order = np.lexsort((-typical, member))
    turn = np.empty(len(member), dtype=np.intp)
    sorted_member = member[order]
    starts = np.searchsorted(sorted_member, sorted_member, side="left")
    turn[order] = np.arange(len(member)) - starts
    size = np.bincount(member, minlength=len(covered))
    return np.lexsort((-typical, -size[member], turn + covered[member]))[:n]
