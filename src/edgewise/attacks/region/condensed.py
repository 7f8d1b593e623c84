"""Which training points the boundary is made by, in few dimensions: those with a Delaunay neighbour of another class.

A point left out gives its cell to its Delaunay neighbours. Where they all have its class, the regions of the classes
stay what they are: the condensing of Toussaint, Bhattacharya and Poulsen (1984). A triangulation in which every
simplex's sphere leaves out the corner beyond each facet, and whose hull is convex at every ridge, is Delaunay's. Where
rounding leaves one of these tests in doubt, the two simplices count as one, whose corners are all neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError

from edgewise.arrays import Floats, Index, Mask


FEWEST = 500
"""Points below which a search looks at all of them."""

MOST: Mapping[int, int] = {1: 10**7, 2: 200_000, 3: 20_000}
"""Points, by dimension, above which triangulating takes longer than many searches."""

_DOUBT = 1e-12  # of a determinant with entries up to 1


def deciding(X: Floats, y: Index) -> Index:
    """Return the rows of ``X`` (n, d) without which the regions of the classes ``y`` (n,) would be others.

    All rows where there are few of them, many features, or no safe answer. Rows at one place have one class.

    Examples
    --------
    >>> x = np.arange(600.0)[:, None]
    >>> deciding(x, (x[:, 0] > 200).astype(int)).tolist()
    [200, 201]
    """
    everything = np.arange(len(X))
    P = X[:, (X != X[0]).any(axis=0)]
    d = P.shape[1]
    if not 1 <= d <= 3 or not FEWEST <= len(X) <= MOST[d]:
        return everything
    places, rows = np.unique(P, axis=0, return_index=True)
    label = y[rows]
    if d == 1:
        before = np.flatnonzero(label[1:] != label[:-1])
        kept = np.union1d(before, before + 1)
        return np.sort(rows[kept]) if len(kept) else everything
    try:
        mesh = Delaunay(places - places.mean(axis=0))
    except QhullError:
        return everything
    corners, neighbours = mesh.simplices.astype(np.intp), mesh.neighbors.astype(np.intp)
    pairs = _in_doubt(places, corners, neighbours)
    if len(mesh.coplanar) or pairs is None:
        return everything
    links = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(corners), len(corners)))
    count, group = connected_components(links, directed=False)
    low, high = np.full(count, len(X)), np.full(count, -1)
    np.minimum.at(low, group, label[corners].min(axis=1))
    np.maximum.at(high, group, label[corners].max(axis=1))
    kept = np.unique(corners[low[group] < high[group]])
    return np.sort(rows[kept]) if len(kept) else everything


def _in_doubt(P: Floats, corners: Index, neighbours: Index) -> Index | None:
    """Return pairs of simplices ``(m, 2)`` between which a test is in doubt; None if they are no triangulation."""
    which = np.arange(len(corners))
    inner = P[corners]
    turn = _determinant(inner[:, 1:] - inner[:, :1])
    found: list[Index] = []
    for side in range(corners.shape[1]):
        there = neighbours[:, side]
        one = which[there > which]
        two = there[one]
        beyond = neighbours[two] == one[:, None]
        if not (beyond.sum(axis=1) == 1).all():
            return None
        q = P[corners[two, beyond.argmax(axis=1)]]
        found.append(np.stack([one, two], axis=1)[~_outside(inner[one], turn[one], q)])
        thin = which[(np.abs(turn) <= _DOUBT) & (there >= 0)]
        found.append(np.stack([thin, neighbours[thin, side]], axis=1))
    hull = _bent(P, corners, neighbours)
    return None if hull is None else np.concatenate([*found, hull])


def _outside(inner: Floats, turn: Floats, q: Floats) -> Mask:
    """Say where ``q`` (m, d) surely is outside the sphere through corners ``(m, d + 1, d)`` of orientation ``turn``."""
    rows = inner - q[:, None]
    rows = rows / np.abs(rows).max(axis=(1, 2), keepdims=True)
    lifted = np.concatenate([rows, np.square(rows).sum(axis=2, keepdims=True)], axis=2)
    sign = 1 if q.shape[1] == 2 else -1
    return (np.abs(turn) > _DOUBT) & (sign * np.sign(turn) * np.linalg.det(lifted) < -_DOUBT)


def _determinant(rows: Floats) -> Floats:
    """Return determinants of ``(m, d, d)``, each divided by its largest entry first."""
    return np.linalg.det(rows / np.abs(rows).max(axis=(1, 2), keepdims=True))


def _bent(P: Floats, corners: Index, neighbours: Index) -> Index | None:
    """Return pairs of simplices at the hull between whose outer facets it is not surely convex, or None."""
    simplex, side = np.nonzero(neighbours < 0)
    d = P.shape[1]
    facets = np.array([np.delete(corners[s], k) for s, k in zip(simplex, side, strict=True)])
    inside = corners[simplex, side]
    # Each ridge of the hull is a facet less one corner, and lies between two facets.
    ridges = np.concatenate([np.sort(np.delete(facets, k, axis=1), axis=1) for k in range(d)])
    lone, facet = facets.T.reshape(-1), np.tile(np.arange(len(facets)), d)
    order = np.lexsort(ridges.T)
    first, second = order[0::2], order[1::2]
    if len(order) % 2 or not np.array_equal(ridges[first], ridges[second]):
        return None
    plane = P[facets[facet[first]]]
    across = _determinant(plane - P[lone[second]][:, None])
    within = _determinant(plane - P[inside[facet[first]]][:, None])
    sure = (np.minimum(np.abs(across), np.abs(within)) > _DOUBT) & (across * within > 0)
    return np.stack([simplex[facet[first]], simplex[facet[second]]], axis=1)[~sure]
