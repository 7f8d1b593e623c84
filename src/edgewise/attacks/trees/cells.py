"""Cells: between two walls of a feature no tree can tell values apart; all that follows is integer work.

A wall is a pair of neighbouring numbers: the largest the model sends left and the next one. So a point just
across a wall needs no small step, and what rounds to the same float32 is on the same side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.trees.ensemble import Ensemble
from edgewise.attacks.trees.kernels.compiling import Wholes
from edgewise.attacks.trees.kernels.forest import Forest, sizes


@dataclass(frozen=True)
class Cells:
    """An ensemble over the numbers of one dtype.

    Parameters
    ----------
    forest
        Its nodes in cell numbers.
    offset
        Where each feature's cells begin in a row of all cells ``(d + 1,)``.
    wall
        All walls, each feature's in order; feature f has one fewer than cells.
    first, last
        The smallest and the largest number of each cell; a cell without any has ``first > last``.
    depth, conditions
        Of the deepest tree; of all leaves together.
    worth, start
        What each leaf adds to each class's score ``(m, c)``, and what the scores start from ``(c,)``.
    slack
        How far rounding can move a sum of leaves.
    """

    forest: Forest
    ensemble: Ensemble
    offset: Wholes
    wall: Floats
    first: Floats
    last: Floats
    depth: int
    conditions: int
    worth: Floats
    start: Floats
    slack: float

    @property
    def n_features(self) -> int:
        """Of the model's input."""
        return len(self.offset) - 1

    def needed(self, own: int, rival: int) -> float:
        """Return what the leaves of all trees together have to add to the lead of ``rival`` over ``own``.

        It is a little low: by what rounding can make of a sum in the model's order.
        """
        return float(self.start[own] - self.start[rival]) - self.slack


def compile_cells(ensemble: Ensemble, dtype: np.dtype[Any]) -> Cells:
    """Return the cells of an ensemble for inputs of a dtype."""
    feature = np.concatenate([tree.feature for tree in ensemble.trees])
    wall = np.concatenate([tree.wall for tree in ensemble.trees])
    category = np.concatenate([tree.category for tree in ensemble.trees])
    numeric = (feature >= 0) & (category < 0)
    edge = wall.astype(float)
    if dtype == np.float32:
        edge[numeric] = rounded_down(edge[numeric], dtype)
    walls = [
        np.full(max(len(ensemble.codes[f]) - 1, 0), np.inf)  # one cell a category, told apart by its code
        if f in ensemble.codes
        else np.unique(edge[numeric & (feature == f)])
        for f in range(ensemble.n_features)
    ]
    offset = np.concatenate([[0], np.cumsum([len(each) + 1 for each in walls])]).astype(np.int32)
    cut = np.zeros(len(feature), np.int32)
    for f, each in enumerate(walls):
        rows = numeric & (feature == f)
        cut[rows] = np.searchsorted(each, edge[rows])
    cut[category >= 0] = -1 - category[category >= 0]
    forest = _forest(ensemble, feature, cut)
    depth, conditions = sizes(forest.root, forest.feature, forest.left, forest.right)
    with np.errstate(over="ignore"):
        above = [np.nextafter(each.astype(dtype), np.asarray(np.inf, dtype)).astype(float) for each in walls]
    return Cells(
        forest,
        ensemble,
        offset,
        np.concatenate(walls) if walls else np.empty(0),
        np.concatenate([np.concatenate([[-np.inf], each]) for each in above]),
        np.concatenate([np.concatenate([each, [np.inf]]) for each in walls]),
        int(depth),
        int(conditions),
        *_scores(ensemble, forest),
    )


PROBES = 200
"""Rows at which what was read of a model is held against what it answers."""
LARGEST = 1e18
"""Neither these nor walls behind a scaler are looked for beyond it, where a scaler may overflow float32."""


def some_rows(cells: Cells, dtype: np.dtype[Any]) -> Floats:
    """Return rows ``(n, d)`` of a dtype, each in a random cell of each feature; categories are known ones."""
    rng = np.random.default_rng(0)
    rows = np.zeros((PROBES, cells.n_features), dtype)
    for f in range(cells.n_features):
        at = rng.integers(cells.offset[f], cells.offset[f + 1], PROBES)
        if f in cells.ensemble.codes:
            known = cells.ensemble.codes[f]
            rows[:, f] = known[at - cells.offset[f]] if len(known) else 0.0
            continue
        first, last = cells.first[at], cells.last[at]
        low = np.where(np.isfinite(first), first, np.where(np.isfinite(last), last, 0.0))
        high = np.where(np.isfinite(last), last, low)
        beyond = np.isposinf(last) * (1 + abs(high)) - np.isneginf(first) * (1 + abs(low))
        rows[:, f] = np.clip(low / 2 + high / 2 + beyond / 2, -LARGEST, LARGEST)
    return rows


def cells_of(cells: Cells, X: Floats) -> Wholes:
    """Return the cells of rows ``X`` (n, d); -1 for a missing value."""
    Z = np.empty(X.shape, np.int32)
    for f in range(cells.n_features):
        x = X[:, f].astype(float)
        if f in cells.ensemble.codes:
            Z[:, f] = codes_of(cells.ensemble, f, x)
        else:
            walls = cells.wall[cells.offset[f] - f : cells.offset[f + 1] - f - 1]
            Z[:, f] = np.where(np.isnan(x), -1, np.searchsorted(walls, x))
    return Z


def codes_of(ensemble: Ensemble, f: int, x: Floats) -> Index:
    """Return the position of each value among the known categories of a feature; -1 for others."""
    known = ensemble.codes[f]
    if not len(known):
        return np.full(len(x), -1)
    value = np.trunc(x) if ensemble.cut else x
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known, value, sorter=order), len(known) - 1)]
    return np.where(known[at] == value, at, -1)


def rounded_down(values: Floats, dtype: np.dtype[Any]) -> Floats:
    """Return the largest number of a dtype that is at most each value, as float64."""
    with np.errstate(over="ignore"):
        near = values.astype(dtype)
        return np.where(near > values, np.nextafter(near, np.asarray(-np.inf, dtype)), near).astype(float)


def _forest(ensemble: Ensemble, feature: Index, cut: Wholes) -> Forest:
    counts = [len(tree.feature) for tree in ensemble.trees]
    begin = np.concatenate([[0], np.cumsum(counts)[:-1]])
    leaf = feature < 0
    cut[leaf] = np.arange(leaf.sum())
    widest = max((int(each.max()) + 1 for each in ensemble.categories if len(each)), default=0)
    sets = np.zeros((len(ensemble.categories), widest), np.bool_)
    for row, codes in enumerate(ensemble.categories):
        sets[row, codes] = True
    groups = ensemble.groups
    left, right = (
        np.concatenate([getattr(tree, side) + at for tree, at in zip(ensemble.trees, begin, strict=True)])
        for side in ("left", "right")
    )
    return Forest(
        begin.astype(np.int32),
        feature.astype(np.int32),
        cut,
        left.astype(np.int32),
        right.astype(np.int32),
        np.concatenate([tree.missing_left for tree in ensemble.trees]).astype(np.bool_),
        np.ascontiguousarray(np.concatenate([tree.value for tree in ensemble.trees])[leaf], float),
        sets,
        np.array(ensemble.init, float),
        np.cumsum([group.count for group in groups]).astype(np.int32),
        np.array([[group.divisor, group.weight] for group in groups], float),
        np.array([float(ensemble.single), ensemble.divisor, ensemble.threshold]),
    )


def _scaled(forest: Forest) -> tuple[Floats, Index]:
    """Return what each leaf adds to the final scores ``(m, c)``, and the tree of each leaf."""
    leaf = np.flatnonzero(forest.feature < 0)
    tree = np.searchsorted(forest.root, leaf, side="right") - 1
    group = np.searchsorted(forest.group_end, tree, side="right")
    scale = forest.group_rule[group, 1] / forest.group_rule[group, 0] / forest.rule[1]
    return forest.value * scale[:, None], tree


def _scores(ensemble: Ensemble, forest: Forest) -> tuple[Floats, Floats, float]:
    """Return ``worth``, ``start`` and ``slack`` of `Cells`.

    A single score belongs to the second class; the first one's is the threshold.
    """
    scaled, tree = _scaled(forest)
    start = forest.init * (forest.group_rule[:, 1] / forest.group_rule[:, 0]).sum() / forest.rule[1]
    most = np.zeros(len(forest.root))
    np.maximum.at(most, tree, np.abs(scaled).max(axis=1))
    unit = 2.0**-24 if ensemble.single else 2.0**-53
    size = most.sum() + np.abs(start).max() + abs(ensemble.threshold)
    slack = float(4 * unit * (len(forest.root) + 4) * size)
    if scaled.shape[1] == 1:
        scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1)
        start = np.array([ensemble.threshold, start[0]])
    return np.ascontiguousarray(scaled), start, slack
