"""What strategies read off a model: margins, probabilities, and the space it sees points in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, cast

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from edgewise.arrays import Floats, Index, InputError
from edgewise.models.access import UnansweredError, class_scores
from edgewise.pools.pool import BATCH_BYTES, Pool


Space = Literal["input", "embedding"]
"""Where distances are measured: raw features, or what enters the last linear layer of a network."""


def margins(model: Any, X: Floats) -> Floats:
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
    first, second = best_two(model, X)[2:]
    return first - second


def best_two(model: Any, X: Floats) -> tuple[Index, Index, Floats, Floats]:
    """Return the positions of the two best classes of each row, and their scores (see `margins`)."""
    scores = _neighbour_scores(model, X) if isinstance(model, KNeighborsClassifier) else _scores(model, X)
    if scores.shape[1] < 2:
        none = np.zeros(len(X), dtype=np.intp)
        return none, none, np.full(len(X), np.inf), np.zeros(len(X))
    pair = np.argpartition(-scores, 1, axis=1)[:, :2]
    values = np.take_along_axis(scores, pair, axis=1)
    swap = values[:, 1] > values[:, 0]
    pair[swap], values[swap] = pair[swap][:, ::-1], values[swap][:, ::-1]
    return pair[:, 0], pair[:, 1], values[:, 0], values[:, 1]


def _scores(model: Any, X: Floats) -> Floats:
    try:
        network = module_of(model)
        return class_scores(model if network is None else network, X)
    except UnansweredError as error:
        raise UnansweredError(
            f"{error} With labels alone these strategies still work: 'herding', 'random', 'core-set', "
            "'typical', and 'dfal' with attack='opt'."
        ) from None


def class_distances(model: KNeighborsClassifier, X: Floats) -> Floats:
    """Return the distance of each row to the m-th nearest training point of each class ``(n, c)``, exact.

    m = (k + 1) // 2; in the metric of the model; infinite where a class has fewer points.

    Raises
    ------
    UnansweredError
        The model was fitted to several outputs or to a matrix of distances.
    """
    knn = cast("Any", model)
    metric, parameters = knn.effective_metric_, dict(knn.effective_metric_params_)
    if knn._y.ndim != 1 or metric == "precomputed":
        raise UnansweredError(
            "a nearest-neighbour model is scored by the distances to its training points: it needs one output "
            "and the points themselves; this one has several outputs or metric='precomputed'."
        )
    place, p = (int(knn.n_neighbors) + 1) // 2, parameters.pop("p", 2)
    distance = np.full((len(X), len(knn.classes_)), np.inf)
    for c in range(distance.shape[1]):
        points = knn._fit_X[knn._y == c]
        if points.shape[0] >= place:
            near = NearestNeighbors(n_neighbors=place, metric=metric, p=p, metric_params=parameters or None)
            distance[:, c] = near.fit(points).kneighbors(X)[0][:, -1]
    return distance


def _neighbour_scores(model: KNeighborsClassifier, X: Floats) -> Floats:
    """Minus the distance to the m-th nearest point of each class; exact."""
    scores = -class_distances(model, X)
    finite = scores[np.isfinite(scores)]
    return np.where(np.isfinite(scores), scores, (finite.min() if finite.size else 0.0) * 2 - 1)


def probabilities(model: Any, X: Floats) -> Floats:
    """Return class probabilities ``(n, c)``; logits of a torch module go through a softmax.

    Raises
    ------
    UnansweredError
        The model has none; the message says which strategies still work.
    """
    if hasattr(model, "predict_proba"):
        return np.asarray(class_scores(model, X), float)
    if not hasattr(model, "predict") and not hasattr(model, "decision_function"):
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


def embedder(model: Any, space: Space) -> Callable[[Floats], Floats]:
    """Return the function that maps rows to the space distances are measured in ``(n, h)``, float32.

    ``"embedding"`` is what enters the last linear layer of a torch module or skorch net; models that are no
    networks, and no model, have none, and inputs are used as they are.
    """
    network = module_of(model)
    if space not in ("input", "embedding"):
        raise InputError(f"space must be 'input' or 'embedding'; got {space!r}.")
    if space == "input" or network is None:
        return lambda X: X.reshape(len(X), -1).astype(np.float32, copy=False)
    return lambda X: _penultimate(network, X)


def asks(model: Any, space: Space) -> bool:
    """Say whether measuring distances in ``space`` costs model queries."""
    return space == "embedding" and module_of(model) is not None


def module_of(model: Any) -> Any:
    """Return the torch module of a module or a fitted skorch net, else None."""
    inner = getattr(model, "module_", None)
    return inner if is_module(inner) else model if is_module(model) else None


def is_module(model: Any) -> bool:
    """Say whether ``model`` is a torch module, without importing torch."""
    return any(base.__module__ == "torch.nn.modules.module" for base in type(model).__mro__)


def _penultimate(network: Any, X: Floats) -> Floats:
    import torch

    last = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
    if not last:
        return X.reshape(len(X), -1).astype(np.float32, copy=False)
    seen: list[Any] = []
    hook = last[-1].register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))
    modes = {layer: layer.training for layer in network.modules()}
    weight = next(network.parameters())
    network.eval()
    try:
        with torch.no_grad():
            network(torch.as_tensor(X, dtype=weight.dtype, device=weight.device))
    finally:
        hook.remove()
        for layer, mode in modes.items():
            layer.training = mode
    return cast("Floats", seen[-1].flatten(1).float().cpu().numpy())


def embedded(pool: Pool, function: Callable[[Floats], Floats], cap: int = 16 * BATCH_BYTES) -> Pool:
    """Return the pool of ``function(rows)``: kept if it fits in ``cap`` bytes, else computed in each pass."""
    width = int(np.prod(np.shape(function(pool.rows(np.array([0]))))[1:]))
    if 4 * width * len(pool) <= cap:
        return Pool.of(pool.score(function))
    take = pool.take
    return replace(
        pool,
        shape=(width,),
        read=lambda: (function(rows) for _, rows in pool.batches()),
        take=None if take is None else _then(take, function),
    )


def _then(take: Callable[[Index], Any], function: Callable[[Floats], Floats]) -> Callable[[Index], Floats]:
    return lambda index: function(np.asarray(take(index)))
