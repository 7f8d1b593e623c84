"""What strategies read off a model: margins, probabilities, and the space it sees points in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from edgewise.arrays import Floats, Index, InputError
from edgewise.models.answers import UnansweredError, class_scores, known_classes
from edgewise.models.features import Features, spread_rows
from edgewise.models.rows import Rows, check_rows, count, handed, is_sparse, is_texts, numbers
from edgewise.models.unwrap import Model, is_module, module_of, pipeline_of, unwrapped
from edgewise.pools.files import BATCH_BYTES
from edgewise.pools.pool import Pool


Space = Literal["input", "embedding"]
"""Where distances are measured: raw features, or what enters the last linear layer of a network."""


def margins(model: Model, X: Rows) -> Floats:
    """Return how sure ``model`` is of each row: the best score less the second best, at least 0 ``(n,)``.

    Scores are logits of a torch module, else probabilities or decision values. The votes of a nearest-
    neighbour model tie almost everywhere; its margin is the gap between the m-th nearest points of the two
    nearest classes, m = (k + 1) // 2, which is 0 exactly where an odd number of two-class votes changes.

    Raises
    ------
    UnansweredError
        The model gives labels only.

    Examples
    --------
    >>> margins(lambda X: np.hstack([X, 1 - X]), np.array([[0.5], [0.9]])).round(3)
    array([0. , 0.8])
    """
    scores = ranked_scores(model, X)
    if scores.shape[1] < 2:
        return np.full(count(X), np.inf)
    first, second = np.partition(scores.T, -2, axis=0)[:-3:-1]
    return first - second


def ranked_scores(model: Model, X: Rows) -> Floats:
    """Return the scores ``(n, c)`` that `margins` and `best_two` go by."""
    return _neighbour_scores(model, X) if has_distances(model) else _scores(model, X)


def best_two(model: Model, X: Rows) -> tuple[Index, Index, Floats, Floats]:
    """Return the positions of the two best classes of each row, and their scores (see `margins`)."""
    scores = ranked_scores(model, X)
    if scores.shape[1] < 2:
        none = np.zeros(len(X), dtype=np.intp)
        return none, none, np.full(len(X), np.inf), np.zeros(len(X))
    pair = np.argpartition(-scores, 1, axis=1)[:, :2]
    values = np.take_along_axis(scores, pair, axis=1)
    swap = values[:, 1] > values[:, 0]
    pair[swap], values[swap] = pair[swap][:, ::-1], values[swap][:, ::-1]
    return pair[:, 0], pair[:, 1], values[:, 0], values[:, 1]


def _scores(model: Model, X: Rows) -> Floats:
    network = module_of(model)
    try:
        return class_scores(model if network is None or pipeline_of(model) is not None else network, X)
    except UnansweredError as error:
        raise UnansweredError(
            f"{error} With labels alone these strategies still work: 'herding', 'random', 'core-set', "
            "'typical', and 'dfal' with attack='race'."
        ) from None


def has_distances(model: Model) -> bool:
    """Return whether ``model`` is a k-NN whose distances to rows can be computed."""
    inner = unwrapped(model)
    return isinstance(inner, KNeighborsClassifier) and inner.effective_metric_ != "precomputed"


def class_distances(model: Model, X: Rows) -> Floats:
    """Return the distance of each row to the m-th nearest training point of each class ``(n, c)``, exact.

    m = (k + 1) // 2; in the metric of the model; infinite where a class has fewer points.
    """
    knn, classes = unwrapped(model), known_classes(model)
    assert classes is not None
    place = (int(knn.n_neighbors) + 1) // 2
    metric, options = knn.effective_metric_, dict(knn.effective_metric_params_)
    p, rows = options.pop("p", 2), X if is_sparse(X) else numbers(X).reshape(count(X), -1)
    if rows.shape[1] != knn.n_features_in_:
        raise InputError(f"rows have {rows.shape[1]} features; the model was fitted to {knn.n_features_in_}.")
    distance = np.full((count(X), len(classes)), np.inf)
    for c in range(len(classes)):
        own = np.flatnonzero(knn._y == c)
        if len(own) >= place:
            near = NearestNeighbors(n_neighbors=place, metric=metric, p=p, metric_params=options or None)
            distance[:, c] = near.fit(knn._fit_X[own]).kneighbors(rows)[0][:, -1]
    return distance


def _neighbour_scores(model: Model, X: Rows) -> Floats:
    scores = -class_distances(model, X)
    finite = scores[np.isfinite(scores)]
    return np.where(np.isfinite(scores), scores, (finite.min() if finite.size else 0.0) * 2 - 1)


def probabilities(model: Model, X: Rows) -> Floats:
    """Return class probabilities ``(n, c)``; logits of a torch module go through a softmax.

    Raises
    ------
    UnansweredError
        The model has none; the message says which strategies still work.
    """
    if hasattr(model, "predict_proba"):
        return class_scores(model, X)
    if not hasattr(model, "decision_function"):
        scores = np.asarray(_scores(model, X), float)
        if is_module(model):
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        if (scores >= 0).all():
            return scores / np.maximum(scores.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    raise UnansweredError(
        f"{type(model).__name__} gives no probabilities. 'herding', 'margin', 'dfal', 'edge-mix', "
        "'core-set', 'typical' and 'random' still work; for the others wrap it in "
        "sklearn.calibration.CalibratedClassifierCV."
    )


def embedder(model: Model, space: Space, pool: Pool | None = None) -> Callable[[Rows], Floats]:
    """Return the function that maps rows to the space distances are measured in ``(n, h)``, float32.

    ``"embedding"`` is what enters the last linear layer of a torch module or skorch net; models that are no
    networks, and no model, have none, and inputs are used as they are. The ``space`` of a ``pool`` that has one comes
    first. Frames, sparse rows and texts are measured where the last step of a pipeline sees them, if the model is a
    pipeline; gaps there are filled with the mean. Otherwise texts, and frames that hold more than numbers without
    gaps, are measured by the `edgewise.models.features.Features` of the pool.
    """
    network = module_of(model)
    if space not in ("input", "embedding"):
        raise InputError(f"space must be 'input' or 'embedding'; got {space!r}.")
    if space == "embedding" and network is not None:
        from edgewise.models.torch_calls import embedding

        return lambda X: embedding(network, X)
    if pool is not None and pool.space is not None:
        return pool.space
    if pool is None or not (pool.names is not None or pool.shape == () or pool.missing):
        return partial(_as_points, model, None)
    sample = pool.rows(spread_rows(len(pool)))
    return partial(_as_points, model, sample) if pipeline_of(model) is not None else _of_frame(sample)


def _of_frame(sample: Rows) -> Callable[[Rows], Floats]:
    try:
        numbers(sample)
    except InputError:
        return Features.of(sample)[0]
    return partial(_as_points, None, sample)


def _as_points(model: Model, sample: Rows | None, X: Rows) -> Floats:
    """Return rows as numbers; gaps, which only frames and pipelines may have, are the mean of the sample."""
    points = _seen(model, X, missing=sample is not None)
    gaps = np.isnan(points)
    if sample is not None and gaps.any():
        known = _seen(model, sample, missing=True)
        told = ~np.isnan(known)
        mean = np.where(told, known, 0).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
        points = np.where(gaps, mean, points)
    return points.astype(np.float32, copy=False)


def _seen(model: Model, X: Rows, *, missing: bool) -> Floats:
    steps = pipeline_of(model)
    if steps is not None and (is_texts(X) or not isinstance(X, np.ndarray)):
        made = steps[:-1].transform(handed(X))
        seen = check_rows(made, name="what the pipeline's last step sees", missing=missing)
        return numbers(seen, missing=missing).reshape(count(seen), -1)
    return numbers(X, missing=missing).reshape(count(X), -1)


def asks(model: Model, space: Space) -> bool:
    """Say whether measuring distances in ``space`` costs model queries."""
    return space == "embedding" and module_of(model) is not None


def embedded(pool: Pool, function: Callable[[Floats], Floats], cap: int = 16 * BATCH_BYTES) -> Pool:
    """Return the pool of ``function(rows)``: kept if it fits in ``cap`` bytes, else computed in each pass."""
    width = int(np.prod(np.shape(function(pool.rows(np.array([0]))))[1:]))
    if 4 * width * len(pool) <= cap:
        return Pool.of(pool.score(function))
    take = pool.take
    return replace(
        pool,
        names=None,
        shape=(width,),
        read=lambda: (function(rows) for _, rows in pool.batches()),
        take=None if take is None else _then(take, function),
    )


def _then(take: Callable[[Index], Rows], function: Callable[[Rows], Floats]) -> Callable[[Index], Floats]:
    return lambda index: function(check_rows(take(index), name="pool"))
