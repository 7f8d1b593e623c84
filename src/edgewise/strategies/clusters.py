"""Strategies that cluster the pool: a typical row of each cluster, and a uniform sample spread over them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors

from edgewise.arrays import Floats, Index, InputError
from edgewise.pools.pool import Pool
from edgewise.randomness import stream
from edgewise.strategies.frame import Query, Request, chosen, draw
from edgewise.strategies.model_scores import Space, asks, embedder


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
        look = embedder(request.model, self.space, request.pool)
        points, known = _reduced(request.pool, rows, look, request)
        k = min(len(points), self.clusters, request.n + len(known))
        groups = clustered(np.vstack([points, known]), k, request.seed)
        member, covered = groups[: len(points)], np.bincount(groups[len(points) :], minlength=k)
        asked = _visited(member, covered, request.n)
        typical = _typicality(points, member, asked, self.neighbours)
        order = _in_turn(member, covered, typical, request.n)
        return chosen(
            list(rows[order]), list(typical[order]), queries=len(rows) * asks(request.model, self.space)
        )


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
        look = embedder(request.model, self.space, request.pool)
        points, _ = _reduced(request.pool, rows, look, replace(request, labelled=None))
        picked = np.empty(0, dtype=np.intp)
        if request.n:
            member = _in_tree_order(
                points, clustered(points, min(len(points), self.clusters, request.n), request.seed)
            )
            picked = rows[
                systematic(
                    np.full(len(rows), request.n / len(rows)), member, stream(request.seed, "stratified")
                )
            ]
        return Query(
            picked,
            np.zeros(len(picked)),
            np.ones(len(picked)),
            np.ones(len(picked), dtype=bool),
            queries=len(rows) * asks(request.model, self.space),
        )


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


def clustered(points: Floats, k: int, seed: int) -> Index:
    """Return the k-means cluster of each of ``points`` (n, h) ``(n,)``."""
    with warnings.catch_warnings():
        # Repeated rows leave fewer distinct points than clusters; empty clusters do no harm here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans = KMeans(k, n_init=1, max_iter=20, random_state=seed % 2**32)
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


def _reduced(
    pool: Pool, rows: Index, look: Callable[[Floats], Floats], request: Request
) -> tuple[Floats, Floats]:
    """Return the pool's ``rows`` and the labelled points in at most 50 dimensions."""
    if len(rows) == len(pool):
        points = pool.score(look)
    else:
        points = np.concatenate(
            [
                look(pool.rows(part))
                for part in np.array_split(rows, 1 + len(rows) * int(np.prod(pool.shape)) // 2**21)
            ]
        )
    points = points.astype(np.float64)
    known = np.empty((0, points.shape[1]))
    if request.labelled is not None:
        known = look(request.labelled.X).astype(np.float64)
    if min(points.shape) > 50:
        axes = PCA(50, svd_solver="randomized", random_state=request.seed % 2**32).fit(points)
        points, known = axes.transform(points), axes.transform(known) if len(known) else known[:, :50]
    return points, known


def _visited(member: Index, covered: Index, n: int) -> Index:
    """Return the clusters that the first ``n`` rows of `_in_turn` may come from."""
    size = np.bincount(member, minlength=len(covered))
    cluster = np.repeat(np.arange(len(size)), size)
    turn = np.arange(len(cluster)) - np.repeat(np.cumsum(size) - size, size)
    # Fewer labels first, then larger clusters; as one number, so that ties at the end are seen.
    place = (turn + covered[cluster]) * (len(member) + 1) - size[cluster]
    last = np.partition(place, n - 1)[n - 1] if 0 < n < len(place) else np.inf
    return np.unique(cluster[place <= last])


def _typicality(points: Floats, member: Index, clusters: Index, neighbours: int) -> Floats:
    """Inverse mean distance to the nearest points of the same cluster; lone points are 0, and other clusters."""
    if neighbours < 1:
        raise InputError(f"neighbours must be at least 1; got {neighbours}.")
    typical = np.zeros(len(points))
    for cluster in clusters:
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
