"""The training points of a nearest-neighbour classifier, and the affine map that it sees rows through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from edgewise.arrays import Floats, Index, Labels, is_array
from edgewise.models.answers import check_fitted
from edgewise.models.unwrap import Model, own_answer
from edgewise.models.weights import Affine, folded


_UNEVEN = 1e8


@dataclass(frozen=True)
class Neighbours:
    """The training points of a fitted `KNeighborsClassifier`.

    Parameters
    ----------
    X
        Training points ``(n, m)`` as the classifier has them, in the dtype they were given.
    y
        Their classes ``(n,)`` as positions in ``classes``.
    classes
        The labels.
    k
        Neighbours asked at prediction.
    weights
        ``"uniform"`` or ``"distance"``.
    seen
        Distances are Euclidean between ``points`` and what this map makes of a row.
    points
        ``X`` in the space where distances are Euclidean; the same array but for a metric with weights.
    """

    X: Floats
    y: Index
    classes: Labels
    k: int
    weights: str
    seen: Affine | None
    points: Floats


def neighbours_of(model: Model) -> Neighbours | str:
    """Return the training points of a nearest-neighbour model or pipeline of affine steps and one, or why not.

    The metric is Euclidean, or one that a linear map makes so: with a weight a feature, standardised, or of
    Mahalanobis. For another the second half of the answer is what it is.
    """
    if isinstance(model, Pipeline):
        inner = own_answer(model, Pipeline) or neighbours_of(model.steps[-1][1])
        if isinstance(inner, str) or len(model.steps) == 1:
            return inner
        seen = folded(model, inner.seen or Affine.identity(int(inner.X.shape[1])))
        return seen if isinstance(seen, str) else _through(seen, inner)
    if not isinstance(model, KNeighborsClassifier):
        return (
            "this attack needs the training points of a KNeighborsClassifier, alone or behind affine scalers; got "
            f"{type(model).__name__}"
        )
    check_fitted(model)
    own = own_answer(model, KNeighborsClassifier)
    if own is not None:
        return own
    if model._y.ndim != 1 or not is_array(model._fit_X):
        return (
            "this attack needs one output and dense training points; the model was fitted on "
            f"{type(model._fit_X).__name__} with {1 if model._y.ndim == 1 else model._y.shape[1]} output(s). "
            "Fit it on X.toarray() and one column of labels"
        )
    if model.weights not in ("uniform", "distance"):
        return f"weights must be 'uniform' or 'distance' here; the model has {model.weights!r}"
    root = _root(model)
    if isinstance(root, str):
        return root
    X = model._fit_X
    plain = Neighbours(
        X,
        model._y.astype(np.intp, copy=False),
        np.asarray(model.classes_),
        int(model.n_neighbors),
        str(model.weights),
        None,
        X,
    )
    if root is None:
        return plain
    if root.shape[1] != X.shape[1]:
        return f"the metric is one of {root.shape[1]} features; the model was fitted to {X.shape[1]}"
    return _through(Affine(root, np.zeros(len(root))), replace(plain, points=X @ root.T))


def _through(seen: Affine, known: Neighbours) -> Neighbours | str:
    """Return neighbours that see rows through a map, unless it is too uneven for the arithmetic."""
    if not len(seen.sizes) or seen.sizes[0] > _UNEVEN * seen.sizes[-1]:
        return (
            "the steps before the neighbours stretch some directions more than a hundred million times as much as "
            "others; give features in units of like size"
        )
    return replace(known, seen=seen)


def _root(model: KNeighborsClassifier) -> Floats | str | None:
    """Return a matrix that makes the metric Euclidean, None where it is, or why there is none."""
    metric, more = str(model.effective_metric_), dict[str, Any](model.effective_metric_params_ or {})
    p = more.pop("p", 2)
    euclidean = metric in ("euclidean", "l2", "minkowski", "sqeuclidean") and p == 2
    if euclidean and not more:
        return None
    weight = more.get("w") if euclidean else None
    if weight is None and metric == "seuclidean" and more.get("V") is not None:
        weight = 1 / np.asarray(more["V"], float)
    if weight is not None:
        return np.diag(np.sqrt(np.asarray(weight, float)))
    if metric == "mahalanobis" and more.get("VI") is not None:
        values, turn = np.linalg.eigh(np.asarray(more["VI"], float))
        values = np.where(values > _UNEVEN**-2 * values.max(initial=0), values, 0)
        return np.sqrt(values)[:, None] * turn.T
    given = ", ".join([repr(metric), f"p={p}", *(f"{name}={value!r}" for name, value in more.items())])
    return (
        "this attack knows the Euclidean metric only, also with weights (minkowski, seuclidean, mahalanobis); the "
        f"model was fitted with {given}. Fit KNeighborsClassifier(metric='euclidean')"
    )
