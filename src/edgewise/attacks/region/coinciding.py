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


def asked_order(model: KNeighborsClassifier, known: Neighbours, places: list[list[int]]) -> Index:
    """Return the order ``(n,)`` in which a model of several neighbours takes the points of one place, 0 elsewhere.

    Where fewer of them count than lie at a place it takes some, by its own ways. This is what it does when it is asked
    at the place itself, for its 1, 2, ... k nearest; what it never takes comes last.
    """
    order = np.zeros(len(known.y), np.intp)
    at_places = named(model, known.X[[group[0] for group in places]])
    for group in places:
        order[group] = known.k
    for taken in range(known.k, 0, -1):
        nearest = model.kneighbors(at_places, taken, return_distance=False)
        for group, rows in zip(places, nearest, strict=True):
            order[np.intersect1d(group, rows)] = taken - 1
    return order


def own_first(known: Neighbours, places: list[list[int]], own: int) -> Index:
    """Return an order ``(n,)`` in which those of the class ``own`` come first: outvoted there, it is in any order."""
    order = np.zeros(len(known.y), np.intp)
    for group in places:
        order[group] = known.y[group] != own
    return order


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
