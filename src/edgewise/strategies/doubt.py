"""How much a model doubts each row, on one scale for every kind of model: 0 sure, 1 a tie."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgewise.arrays import Box, Floats
from edgewise.models.answers import UnansweredError, class_scores
from edgewise.models.rows import Rows, count, is_frame, numbers
from edgewise.models.unwrap import module_of, pipeline_of
from edgewise.strategies.greedy_cover import nearest
from edgewise.strategies.model_scores import class_distances, has_distances


def doubts(model: Any, X: Rows) -> Floats:
    """Return how much ``model`` doubts each row ``(m,)``: 1 - (p1 - p2), its two likeliest classes.

    Probabilities are the model's own; else the softmax of a torch module's logits; else the softmax of twice
    the decision values (a sigmoid of 2 f for two classes). A nearest-neighbour model, whose votes tie almost
    everywhere, gives d1 / d2 instead: its distance, in its own metric, to the ((k + 1) // 2)-th point of the
    nearest class over that of the second nearest. Both are 1 on the boundary and fall to 0. A model that
    knows one class doubts everything.

    Raises
    ------
    UnansweredError
        The model gives labels only.

    Examples
    --------
    >>> doubts(lambda X: np.hstack([X, 1 - X]), np.array([[0.5], [0.9]])).round(3)
    array([1. , 0.2])
    """
    if has_distances(model):
        return _ratio(class_distances(model, X))
    p = probability_scale(model, X)
    if p.shape[1] < 2:
        return np.ones(count(X))
    two = -np.partition(-p, 1, axis=1)[:, :2]
    return 1 - (two[:, 0] - two[:, 1])


def probability_scale(model: Any, X: Rows) -> Floats:
    """Return the scores of any model that has some as numbers that add up to 1 ``(m, c)``; see `doubts`."""
    network = module_of(model)
    if network is not None and pipeline_of(model) is None:
        return _softmax(class_scores(network, X))
    if hasattr(model, "regress"):
        estimate = np.asarray(model.regress(X), float).clip(0, 1)
        estimate = np.stack([1 - estimate, estimate], axis=1) if estimate.ndim == 1 else estimate
        return _shares(estimate)
    scores = np.asarray(class_scores(model, X), float)
    if hasattr(model, "predict_proba"):
        return scores
    if hasattr(model, "decision_function"):
        return _softmax(2 * scores)
    return _shares(scores) if (scores >= 0).all() else _softmax(scores)


def gives_labels_only(model: Any, X: Rows) -> bool:
    """Say whether the model has no score to doubt by; asked about the rows ``X`` (m, ...)."""
    try:
        doubts(model, X)
    except UnansweredError:
        return True
    return False


def _ratio(distance: Floats) -> Floats:
    """Return the smallest over the second smallest of each row; 1 where fewer than two classes can win."""
    if distance.shape[1] < 2:
        return np.ones(len(distance))
    first, second = np.partition(distance, 1, axis=1)[:, :2].T
    known = np.isfinite(second) & (second > 0)
    return np.where(known, np.where(known, first, 0) / np.where(known, second, 1), 1.0)


def _softmax(scores: Floats) -> Floats:
    weight = np.exp(np.asarray(scores, float) - scores.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def _shares(scores: Floats) -> Floats:
    return scores / np.maximum(scores.sum(axis=1, keepdims=True), np.finfo(float).tiny)


def distance_doubts(model: Any, X: Rows, labelled: Rows | None, *, box: Box | None, seed: int) -> Floats:
    """Return g / (g + 2 r) of each row ``(m,)``: g to the nearest label, r to the decision boundary, L2.

    For 1-NN and points on a line this is d1 / d2, what `doubts` says. r is exact where `radius` knows the
    model, else what `attack` finds, which may be more. Without labels g is the median of r.

    Parameters
    ----------
    labelled
        The labelled points ``(l, ...)``, or None.
    box, seed
        Of the attack.
    """
    distance = distance_to_boundary(model, X, box=box, seed=seed)
    found = distance[np.isfinite(distance)]
    gap = np.full(count(X), np.median(found) if len(found) else 1.0)
    if labelled is not None:
        rows, known = (numbers(part).reshape(count(part), -1).astype(np.float64) for part in (X, labelled))
        gap = np.sqrt(nearest(rows, known))
    total = gap + 2 * distance
    return np.where(total > 0, gap / np.where(total > 0, total, 1), 1.0)


def distance_to_boundary(model: Any, X: Rows, *, box: Box | None, seed: int) -> Floats:
    """Return how far each row is from another label in L2 ``(m,)``, infinite where none was found.

    Exact where `radius` knows the model, else what `attack` finds, which may be more.

    Parameters
    ----------
    box, seed
        Of the attack.
    """
    # Late: the compiled engine behind them takes memory and time that other strategies do without.
    from edgewise.attacks import attack
    from edgewise.attacks.radii import radius
    from edgewise.strategies.adversarial import attack_for

    try:
        return radius(model, X if is_frame(X) else numbers(X).reshape(count(X), -1), box=box).distance
    except UnansweredError:
        return attack(model, X, attack_for(model), box=box, rng=seed).distance
