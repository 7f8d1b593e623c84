"""Cells: between two walls of a feature no tree can tell values apart; all that follows is integer work.

A wall is a pair of neighbouring numbers: the largest the model sends left and the next one. So a point just
across a wall needs no small step, and what rounds to the same float32 is on the same side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    gains
        Kept: what each leaf adds to a class's lead over another.
    """

    forest: Forest
    ensemble: Ensemble
    offset: Wholes
    wall: Floats
    first: Floats
    last: Floats
    depth: int
    conditions: int
    kept: dict[tuple[int, int], tuple[Floats, float]] = field(default_factory=dict[Any, Any])

    @property
    def n_features(self) -> int:
        """Of the model's input."""
        return len(self.offset) - 1

    def lead(self, own: int, rival: int) -> tuple[Floats, float]:
        """Return each leaf's gain for ``rival`` over ``own``, and the sum the leaves of all trees need.

        The need is a little low: by what rounding can make of a sum in the model's order.
        """
        if (own, rival) not in self.kept:
            self.kept[own, rival] = _lead(self.ensemble, self.forest, own, rival)
        return self.kept[own, rival]

    def slack(self) -> float:
        """Return how far rounding can move a sum of leaves."""
        return _slack(self.ensemble, self.forest)


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
    )


def cells_of(cells: Cells, X: Floats) -> Wholes:
    """Return the cells of rows ``X`` (n, d); -1 for a missing value."""
    Z = np.empty(X.shape, np.int32)
    for f in range(cells.n_features):
        x = X[:, f].astype(float)
        if f in cells.ensemble.codes:
            known = cells.ensemble.codes[f]
            at = np.minimum(np.searchsorted(known, x), len(known) - 1)
            Z[:, f] = np.where(known[at] == x, at, -1)
        else:
            walls = cells.wall[cells.offset[f] - f : cells.offset[f + 1] - f - 1]
            Z[:, f] = np.where(np.isnan(x), -1, np.searchsorted(walls, x))
    return Z


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


def _slack(ensemble: Ensemble, forest: Forest) -> float:
    scaled, tree = _scaled(forest)
    most = np.zeros(len(forest.root))
    np.maximum.at(most, tree, np.abs(scaled).max(axis=1))
    unit = 2.0**-24 if ensemble.single else 2.0**-53
    size = most.sum() + np.abs(_start(forest)).max() + abs(ensemble.threshold)
    return float(4 * unit * (len(forest.root) + 4) * size)


def _start(forest: Forest) -> Floats:
    """Return what the starts of all groups add to the final scores."""
    return forest.init * (forest.group_rule[:, 1] / forest.group_rule[:, 0]).sum() / forest.rule[1]


def _lead(ensemble: Ensemble, forest: Forest, own: int, rival: int) -> tuple[Floats, float]:
    scaled, start = _scaled(forest)[0], _start(forest)
    slack = _slack(ensemble, forest)
    if scaled.shape[1] == 1:
        sign = 1.0 if own == 0 else -1.0
        return np.ascontiguousarray(sign * scaled[:, 0]), sign * (ensemble.threshold - start[0]) - slack
    gains = np.ascontiguousarray(scaled[:, rival] - scaled[:, own])
    return gains, float(start[own] - start[rival]) - slack
