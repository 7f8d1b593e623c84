"""LightGBM's classifier, from the dump a booster gives of itself; the library is not imported.

It compares ``x <= threshold`` in float64, and cuts categories to whole numbers; the first tree carries the start and
leaves the learning rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgewise.arrays import Index
from edgewise.attacks.trees.ensemble import Ensemble, Group, Tree
from edgewise.models.answers import UnansweredError


def classifier(model: Any) -> Ensemble:
    """Read an `LGBMClassifier`; its categorical features stay as they are."""
    written = model.booster_.dump_model()
    objective, columns = str(written["objective"]).split()[0], int(written["num_tree_per_iteration"])
    if objective not in ("binary", "multiclass", "multiclassova", "cross_entropy"):
        raise UnansweredError(f"LightGBM's objective {objective!r} is not read.")
    sets: list[Index] = []
    used: dict[int, set[int]] = {}
    trees = [
        _tree(each["tree_structure"], i % columns, columns, sets, used)
        for i, each in enumerate(written["tree_info"])
    ]
    codes = {f: np.array(sorted(known), float) for f, known in used.items()}
    place = {f: {int(v): i for i, v in enumerate(values)} for f, values in codes.items()}
    members: list[Index] = []
    for f, values in ((f, v) for tree in trees for f, v in _sorted_sets(tree, sets)):
        members.append(np.array([place[f][int(v)] for v in values], np.intp))
    average = bool(written.get("average_output", False))
    group = Group(len(trees), len(trees) / columns if average else 1.0)
    return Ensemble(
        tuple(trees),
        np.asarray(model.classes_),
        np.zeros(columns),
        int(model.n_features_in_),
        0.0,
        (group,),
        categories=tuple(members),
        codes=codes,
        cut=True,
    )


def _sorted_sets(tree: Tree, sets: list[Index]) -> list[tuple[int, Index]]:
    """Return feature and categories of a tree's categorical nodes, in the order of their rows."""
    rows = np.flatnonzero(tree.category >= 0)
    return [
        (int(tree.feature[row]), sets[int(tree.category[row])])
        for row in rows[np.argsort(tree.category[rows])]
    ]


def _tree(root: dict[str, Any], k: int, columns: int, sets: list[Index], used: dict[int, set[int]]) -> Tree:
    nodes: list[dict[str, Any]] = [root]
    left: list[int] = []
    right: list[int] = []
    for node in nodes:
        if "split_feature" in node:
            left.append(len(nodes))
            nodes.append(node["left_child"])
            right.append(len(nodes))
            nodes.append(node["right_child"])
        else:
            left.append(-1)
            right.append(-1)
    feature = np.array([node.get("split_feature", -1) for node in nodes])
    value, wall = np.zeros((len(nodes), columns)), np.zeros(len(nodes))
    missing, category = np.zeros(len(nodes), bool), np.full(len(nodes), -1)
    for i, node in enumerate(nodes):
        if feature[i] < 0:
            if "leaf_coeff" in node:
                raise UnansweredError(
                    "LightGBM with linear_tree=True is not read: its leaves are no numbers."
                )
            value[i, k] = node["leaf_value"]
        elif node["decision_type"] == "==":
            members = [int(each) for each in str(node["threshold"]).split("||")]
            used.setdefault(int(feature[i]), set()).update(members)
            category[i] = len(sets)
            sets.append(np.array(members))
        else:
            wall[i] = node["threshold"]
            missing[i] = _missing_left(node)
    return Tree(feature, wall, np.array(left), np.array(right), missing, value, category)


def _missing_left(node: dict[str, Any]) -> bool:
    """Say where a numeric node sends a missing value."""
    if node["missing_type"] == "Zero":
        raise UnansweredError("LightGBM with zero_as_missing=True is not read.")
    return bool(node["default_left"]) if node["missing_type"] == "NaN" else bool(node["threshold"] >= 0)
