"""XGBoost's classifiers, from the JSON a booster writes of itself; the library is not imported.

It compares ``float32(x) < split`` and adds up in float32, one tree after the other, from the logit of
``base_score``.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.trees.ensemble import Ensemble, Tree, float32_wall
from edgewise.attacks.trees.reading.scikit_learn import boosted
from edgewise.models.answers import UnansweredError


def classifier(model: Any) -> Ensemble:
    """Read an `XGBClassifier` or `XGBRFClassifier`."""
    booster = model.get_booster()
    written = json.loads(bytes(booster.save_raw("json")).decode())["learner"]
    gradient = written["gradient_booster"]
    if gradient["name"] != "gbtree":
        raise UnansweredError(f"XGBoost's booster {gradient['name']!r} is not read; 'gbtree' is.")
    objective, classes = written["objective"]["name"], np.asarray(model.classes_)
    columns = max(1, int(written["learner_model_param"]["num_class"]))
    if objective not in ("binary:logistic", "binary:logitraw", "multi:softprob", "multi:softmax"):
        raise UnansweredError(f"XGBoost's objective {objective!r} is not read.")
    if (missing := getattr(model, "missing", None)) is not None and not np.isnan(missing):
        raise UnansweredError(f"XGBoost with missing={missing!r} is not read; missing=NaN is.")
    best = written["attributes"].get("best_iteration")
    start = _start(written["learner_model_param"]["base_score"], columns, objective)
    grown = gradient["model"]
    per_stage = columns * max(1, int(grown["gbtree_model_param"].get("num_parallel_tree", 1)))
    rows = grown["trees"] if best is None else grown["trees"][: (int(best) + 1) * per_stage]
    sets: list[Index] = []
    trees = [_tree(each, k, columns, sets) for each, k in zip(rows, grown["tree_info"], strict=False)]
    return boosted(
        trees,
        classes,
        start,
        model.n_features_in_,
        _half() if objective == "binary:logistic" else 0.5 if columns == 1 else 0.0,
        single=True,
    )


def _start(written: str, columns: int, objective: str) -> Floats:
    """Return the margin that ``base_score`` stands for."""
    numbers = [np.float32(each) for each in str(written).strip("[]").split(",")]
    base = np.asarray(numbers, np.float32)
    if objective == "binary:logistic":
        base = -np.log(np.float32(1) / base - np.float32(1)).astype(np.float32)
    return np.array(np.broadcast_to(base, (columns,)), float)


def _half() -> float:
    """Return the largest float32 margin whose float32 probability is not above a half."""
    low, high = 0, int(np.float32(1).view(np.int32))
    while high - low > 1:
        middle = (low + high) // 2
        margin = np.int32(middle).view(np.float32)
        chance = np.float32(1) / (np.float32(1) + np.exp(-margin))
        low, high = (low, middle) if chance > np.float32(0.5) else (middle, high)
    return float(np.int32(low).view(np.float32))


def _tree(written: dict[str, Any], k: int, columns: int, sets: list[Index]) -> Tree:
    if int(written["tree_param"].get("size_leaf_vector", 0)) > 1:
        raise UnansweredError("XGBoost's trees with a vector a leaf (multi_output_tree) are not read.")
    left = np.asarray(written["left_children"], np.intp)
    leaf = left < 0
    condition = np.asarray(written["split_conditions"], np.float32)
    if np.asarray(written.get("split_type", [0]))[
        ~leaf if len(written.get("split_type", [])) else [False]
    ].any():
        raise UnansweredError(
            "XGBoost's categorical splits are not read; encode categories as numbers before the model."
        )
    value = np.zeros((len(left), columns))
    value[leaf, k] = condition[leaf]
    return Tree(
        np.where(leaf, -1, np.asarray(written["split_indices"], np.intp)),
        np.where(leaf, 0.0, float32_wall(np.nextafter(condition, np.float32(-np.inf)))),
        left,
        np.asarray(written["right_children"], np.intp),
        np.asarray(written["default_left"], bool),
        value,
        np.full(len(left), -1),
    )
