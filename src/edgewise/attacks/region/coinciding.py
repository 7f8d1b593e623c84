"""Training points of several classes at one place: which class, or which of them, a model takes."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Floats, Index
from edgewise.models.answers import predict
from edgewise.models.neighbours import Neighbours
from edgewise.models.unwrap import named


def mixed_places(known: Neighbours) -> list[list[int]]:
    """Return the rows of the training points at each place where several classes are."""
    X = np.asarray(known.X, np.float64)
    buckets: dict[int, list[int]] = {}
    for row, values in enumerate(np.ascontiguousarray(X) + 0.0):
        buckets.setdefault(hash(values.tobytes()), []).append(row)
    return [
        group
        for rows in buckets.values()
        if len(set(known.y[rows].tolist())) > 1
        for group in _equal(X, rows)
        if len(set(known.y[group].tolist())) > 1
    ]


def agreed_classes(model: KNeighborsClassifier, known: Neighbours, places: list[list[int]]) -> Index:
    """Return the classes of the training points, of coinciding ones of several classes as the model resolves them.

    At such a place the region of one class has the point and the others' are empty; which one is the model's
    own doing, so it is asked once (charged to no sample).
    """
    y = known.y.copy()
    for group in places:
        label = predict(model, named(model, known.X[group[:1]]))[0]
        y[group] = int(np.flatnonzero(known.classes == label)[0])
    return y


def orders(model: KNeighborsClassifier, known: Neighbours, places: list[list[int]], own: int) -> list[Index]:
    """Return orders ``(n,)`` in which a model of several neighbours may take the points of one place, 0 elsewhere.

    Where fewer of them count than lie at a place it takes some, by its own ways. The first order is that in which
    it takes them when it is asked at the place itself, for its 1, 2, ... k nearest; in the second those of the
    class ``own`` come first: where that is outvoted, it is in any order.
    """
    asked = np.zeros(len(known.y), np.intp)
    first = asked.copy()
    asked_at = named(model, known.X[[group[0] for group in places]])
    nearest = [model.kneighbors(asked_at, taken, return_distance=False) for taken in range(known.k, 0, -1)]
    for at, group in enumerate(places):
        asked[group] = known.k
        for taken, rows in zip(range(known.k, 0, -1), nearest, strict=True):
            asked[np.intersect1d(group, rows[at])] = taken - 1
        first[group] = known.y[group] != own
    return [asked, first]


def _equal(X: Floats, rows: list[int]) -> list[list[int]]:
    """Cut ``rows`` into groups of identical points."""
    groups: list[list[int]] = []
    for row in rows:
        for group in groups:
            if np.array_equal(X[group[0]], X[row]):
                group.append(row)
                break
        else:
            groups.append([row])
    return groups
