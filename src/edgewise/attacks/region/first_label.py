"""The model's label of each query from the index: the class of the nearest training point, where that is sure."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Floats, Index, Labels, Mask
from edgewise.attacks.region.batch import blocks, one_blas_thread
from edgewise.attacks.region.compiling import BLOCK, compiled, dated
from edgewise.attacks.region.distance_filters import chunk_minima, nearest, view
from edgewise.attacks.region.fitted import Fitted, fitted, squared_lengths
from edgewise.attacks.region.index import CHUNK, Bounds
from edgewise.attacks.region.search_arrays import Points, Scratch, Views, points_of, scratch
from edgewise.models.access import Access
from edgewise.models.unwrap import unwrapped


_KEPT = 2**24  # bounds kept for the search that follows: 64 MiB


@dated
@compiled(BLOCK)
def nearest_classes(
    X: Floats, views: Views, p: Points, w: Scratch, counts: Index, own: Index, gap: Floats
) -> None:
    """Set the class of each row's nearest point, and how much farther, squared, any other class is."""
    for b in range(X.shape[0]):
        chunk_minima(views.lows[b], views.least)
        first, second = np.inf, np.inf
        for label in range(p.start.size):
            far = nearest(X[b], view(b, label, views, p), p, w, counts)[1]
            if far < first:
                first, second, own[b] = far, first, label
            elif far < second:
                second = far
        gap[b] = second - first


def first_labels(model: Access, X: Floats) -> Labels:
    """Return the model's label of each row ``X`` (n, d); it is asked where two classes are as near as rounding.

    Any other model than a `KNeighborsClassifier` of one neighbour with plain Euclidean distances is asked about every
    row. What the bounds say of the rows is kept with ``model`` for the search that follows; see `known_bounds`.
    """
    if type(unwrapped(model.model)) is not KNeighborsClassifier or model.given is not None or X.ndim != 2:
        return model.labels(X)
    known = model.neighbours()
    if known.k > 1 or known.seen is not None or X.shape[1] != known.X.shape[1]:
        return model.labels(X)
    fit, _ = fitted(model)
    own, doubtful, model.kept["bounds"] = _classes(fit, X, squared_lengths(X, model.rows))
    labels, rows = fit.classes[own], np.flatnonzero(doubtful)
    if len(rows):
        labels[rows] = model.view(rows).labels(X[rows])
    return labels


def known_bounds(model: Access) -> Bounds | None:
    """Return what `first_labels` found out about the rows that ``model`` is for, or None."""
    bounds: Bounds | None = model.kept.get("bounds")
    return bounds if bounds is None or len(bounds.lows) == len(model.rows) else bounds.of(model.rows)


def _classes(fit: Fitted, X: Floats, own2: Floats) -> tuple[Index, Mask, Bounds | None]:
    """Return the class of each row's nearest point, whether the model's rounding may see another, and bounds."""
    index, part = fit.index, fit.index.cut(X)
    n, points = len(part), points_of(index)
    own, gap = np.zeros(n, np.intp), np.empty(n)
    lists, least = scratch(len(index.X), 1, points), np.empty(len(index.X) // CHUNK, np.float32)
    counts = np.zeros(4, np.intp)
    with one_blas_thread():
        known = index.bounds(part) if n * len(index.X) <= _KEPT else None
        for rows in blocks(n, len(index.X)):
            bounds = index.bounds(part[rows]) if known is None else known.of(rows)
            nearest_classes(part[rows], Views(*bounds, least), points, lists, counts, own[rows], gap[rows])
    # A model that expands |x - y|^2 into products may be wrong by that much.
    reach = 16 * (X.shape[1] + 16) * np.finfo(float).eps * (own2 + fit.largest2)
    return own, gap <= reach, known
