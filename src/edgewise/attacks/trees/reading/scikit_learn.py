"""Trees and ensembles of scikit-learn, read to the last bit of their own arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier

from edgewise.arrays import Floats, Index
from edgewise.attacks.trees.ensemble import Ensemble, Group, Tree, float32_wall
from edgewise.models.answers import UnansweredError


NEVER = -np.finfo(float).smallest_subnormal
"""The number before 0: what is above it is at least 0."""


def grown(fitted: Sequence[tuple[Any, Floats]], chosen: Sequence[Index] | None = None) -> list[Tree]:
    """Return each ``tree_`` of scikit-learn with what its leaves add ``(m, c)``.

    ``chosen`` are the columns each was fitted on, where that is a choice of them.
    """
    thresholds = [np.asarray(tree.threshold) for tree, _ in fitted]
    walls = np.split(float32_wall(np.concatenate(thresholds)), np.cumsum([len(t) for t in thresholds])[:-1])
    trees: list[Tree] = []
    for k, ((tree, value), wall) in enumerate(zip(fitted, walls, strict=True)):
        left = np.asarray(tree.children_left)
        split = left >= 0
        feature = np.where(split, np.asarray(tree.feature, np.intp), -1)
        if chosen is not None:
            feature = np.where(split, np.asarray(chosen[k])[feature], -1)
        trees.append(
            Tree(
                feature,
                np.where(split, wall, 0.0),
                left,
                np.asarray(tree.children_right),
                np.asarray(tree.missing_go_to_left, bool),
                value,
                np.full(len(feature), -1),
            )
        )
    return trees


def one_output(model: Any) -> None:
    """Refuse a classifier of several outputs."""
    if getattr(model, "n_outputs_", 1) != 1:
        raise UnansweredError(f"{type(model).__name__} has {model.n_outputs_} outputs; one is expected.")


def fractions(tree: Any, columns: Index | None = None, c: int | None = None) -> Floats:
    """Return the class fractions of a classification tree's nodes ``(m, c)``."""
    value = np.asarray(tree.value)[:, 0, :]
    if columns is None:
        return value
    spread = np.zeros((len(value), c or 0))
    spread[:, columns] = value[:, : len(columns)]
    return spread


def decision_tree(model: Any) -> Ensemble:
    """Read a `DecisionTreeClassifier` or `ExtraTreeClassifier`."""
    one_output(model)
    return additive(grown([(model.tree_, fractions(model.tree_))]), model.classes_, model.n_features_in_)


def additive(
    trees: Sequence[Tree], classes: Any, n_features: int, divisor: float = 1.0, **more: Any
) -> Ensemble:
    """Return trees whose scores are averaged, the first largest winning."""
    return Ensemble(
        tuple(trees),
        np.asarray(classes),
        np.zeros(len(classes)),
        int(n_features),
        groups=(Group(len(trees), divisor),),
        **more,
    )


def forest(model: Any) -> Ensemble:
    """Read a `RandomForestClassifier` or `ExtraTreesClassifier`."""
    one_output(model)
    trees = grown([(each.tree_, fractions(each.tree_)) for each in model.estimators_])
    return additive(trees, model.classes_, model.n_features_in_, len(trees))


def bagging(model: Any) -> Ensemble:
    """Read a `BaggingClassifier` of single trees."""
    count = len(model.classes_)
    trees: list[tuple[Any, Floats]] = []
    for each in model.estimators_:
        if not hasattr(each, "tree_"):
            raise UnansweredError(
                f"bagging of {type(each).__name__} is not read; bagging of DecisionTreeClassifier is."
            )
        whole = len(each.classes_) == count
        columns = np.arange(count) if whole else np.asarray(each.classes_, np.intp)
        trees.append((each.tree_, fractions(each.tree_, columns, count)))
    return additive(
        grown(trees, model.estimators_features_), model.classes_, model.n_features_in_, len(trees)
    )


def ada_boost(model: Any) -> Ensemble:
    """Read an `AdaBoostClassifier` of single trees: each votes with its weight."""
    count = len(model.classes_)
    if count < 2:
        raise UnansweredError("the model knows one class only; nothing changes it.")
    trees: list[tuple[Any, Floats]] = []
    for each, weight in zip(model.estimators_, model.estimator_weights_, strict=False):
        if not hasattr(each, "tree_"):
            raise UnansweredError(
                f"AdaBoost of {type(each).__name__} is not read; AdaBoost of DecisionTreeClassifier is."
            )
        vote = np.asarray(each.classes_)[np.asarray(each.tree_.value)[:, 0, :].argmax(axis=1)]
        hit = vote[:, None] == np.asarray(model.classes_)
        trees.append((each.tree_, np.where(hit, float(weight), -1 / (count - 1) * float(weight))))
    total = float(model.estimator_weights_.sum())
    return additive(grown(trees), model.classes_, model.n_features_in_, total, votes=True)


def gradient_boosting(model: Any) -> Ensemble:
    """Read a `GradientBoostingClassifier` that starts from a constant."""
    init = model.init_
    constant = isinstance(init, DummyClassifier) and init.strategy in ("prior", "most_frequent", "constant")
    if not (constant or (isinstance(init, str) and init == "zero")):
        raise UnansweredError(
            f"the model starts from {type(init).__name__}, whose answer depends on the row; "
            "init=None or 'zero' is read."
        )
    start = np.asarray(model._raw_predict_init(np.zeros((1, model.n_features_in_))))[0].astype(float)
    columns, trees = len(start), list[tuple[Any, Floats]]()
    for stage in model.estimators_:
        for k, each in enumerate(stage):
            value = np.zeros((each.tree_.node_count, columns))
            value[:, k] = model.learning_rate * np.asarray(each.tree_.value)[:, 0, 0]
            trees.append((each.tree_, value))
    return boosted(grown(trees), model.classes_, start, model.n_features_in_, NEVER)


def boosted(
    trees: Sequence[Tree], classes: Any, start: Floats, n_features: int, threshold: float, **more: Any
) -> Ensemble:
    """Return trees that are added to a start."""
    return Ensemble(
        tuple(trees),
        np.asarray(classes),
        np.asarray(start, float),
        int(n_features),
        threshold,
        (Group(len(trees)),),
        **more,
    )


def hist_gradient_boosting(model: Any) -> Ensemble:
    """Read a `HistGradientBoostingClassifier`; its categorical features stay as they are."""
    order, codes = _columns(model)
    start = np.asarray(model._baseline_prediction, float).reshape(-1)
    trees: list[Tree] = []
    sets: list[Index] = []
    for stage in model._predictors:
        for k, each in enumerate(stage):
            nodes = each.nodes
            value = np.zeros((len(nodes), len(start)))
            value[:, k] = nodes["value"]
            leaf, sorts = nodes["is_leaf"] != 0, nodes["is_categorical"] != 0
            category = np.full(len(nodes), -1)
            for row in np.flatnonzero(sorts & ~leaf):
                category[row] = len(sets)
                sets.append(_members(each.raw_left_cat_bitsets[nodes["bitset_idx"][row]]))
            trees.append(
                Tree(
                    np.where(leaf, -1, order[np.where(leaf, 0, nodes["feature_idx"])]),
                    np.where(leaf | sorts, 0.0, nodes["num_threshold"]),
                    nodes["left"].astype(np.intp),
                    nodes["right"].astype(np.intp),
                    nodes["missing_go_to_left"] != 0,
                    value,
                    category,
                )
            )
    return boosted(
        trees, model.classes_, start, model.n_features_in_, 0.0, categories=tuple(sets), codes=codes
    )


def _members(words: Any) -> Index:
    """Return the numbers in a bit set of 32-bit words."""
    bits = np.unpackbits(np.asarray(words, "<u4").view(np.uint8), bitorder="little")
    return np.flatnonzero(bits)


def _columns(model: Any) -> tuple[Index, dict[int, Floats]]:
    """Return the input column of each of the trees' features, and the values behind category codes."""
    encoder = model._preprocessor
    if encoder is None:
        return np.arange(int(model.n_features_in_)), {}
    sorts = np.flatnonzero(model.is_categorical_)
    rest = np.flatnonzero(~np.asarray(model.is_categorical_))
    codes: dict[int, Floats] = {}
    for f, known in zip(sorts, encoder.named_transformers_["encoder"].categories_, strict=True):
        try:
            codes[int(f)] = np.asarray(known, float)
        except (TypeError, ValueError):
            raise UnansweredError(
                f"feature {f} has categories of text; encode them as numbers before the model."
            ) from None
    return np.concatenate([sorts, rest]), codes
