"""CatBoost's classifier, from the JSON model it writes; the library is not imported.

Its trees are symmetric: level i of a tree asks ``float32(x) > border`` and gives bit i of the leaf's number.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.attacks.trees.ensemble import Ensemble, Tree, float32_wall
from edgewise.attacks.trees.reading.scikit_learn import boosted
from edgewise.models.answers import UnansweredError


def classifier(model: Any) -> Ensemble:
    """Read a `CatBoostClassifier` on numeric features."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        written = json.loads(path.read_text())
    features = written["features_info"]
    if features.get("categorical_features") or features.get("text_features"):
        raise UnansweredError("CatBoost's categorical features are not read; encode them as numbers before.")
    if "oblivious_trees" not in written:
        raise UnansweredError("CatBoost's grow_policy must be 'SymmetricTree'; other trees are not read.")
    columns = [int(each["flat_feature_index"]) for each in features["float_features"]]
    empty = [each["nan_value_treatment"] == "AsFalse" for each in features["float_features"]]
    low = [each["nan_value_treatment"] != "AsTrue" for each in features["float_features"]]
    scale, bias = written["scale_and_bias"]
    start = np.atleast_1d(np.asarray(bias, float))
    trees = [
        _tree(each, columns, [a or b for a, b in zip(empty, low, strict=True)], len(start), scale)
        for each in written["oblivious_trees"]
    ]
    return boosted(trees, model.classes_, start, len(columns), 0.0)


def _tree(written: dict[str, Any], columns: list[int], low: list[bool], c: int, scale: float) -> Tree:
    splits: list[dict[str, Any]] = written["splits"] or []
    depth = len(splits)
    leaves = np.asarray(written["leaf_values"], float).reshape(2**depth, c) * scale
    count: int = 2 ** (depth + 1) - 1
    feature, wall = np.full(count, -1), np.zeros(count)
    missing, value = np.zeros(count, bool), np.zeros((count, c))
    number = np.zeros(count, np.intp)
    for node in range(2**depth - 1):
        level = int(np.log2(node + 1))
        split = splits[level]
        if split["split_type"] != "FloatFeature":
            raise UnansweredError(f"CatBoost's split {split['split_type']!r} is not read.")
        which = int(split["float_feature_index"])
        feature[node], wall[node] = columns[which], float32_wall(np.array([split["border"]]))[0]
        missing[node] = low[which]
        number[2 * node + 1], number[2 * node + 2] = number[node], number[node] + 2**level
    first = 2**depth - 1
    value[first:] = leaves[number[first:]]
    inner = np.arange(count) < first
    left = np.where(inner, 2 * np.arange(count) + 1, -1)
    return Tree(feature, wall, left, np.where(inner, left + 1, -1), missing, value, np.full(count, -1))
