"""Copies as fitted scikit-learn classifiers that can be saved, asked and attacked like any other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from edgewise.arrays import Floats, Index, Label, Labels
from edgewise.audit.families.frame import Space


def linear_classifier(W: Floats, b: Floats, labels: list[Label]) -> LinearSVC:
    """Return a linear classifier with these weights (r, d) and intercepts (r,).

    Two labels have one row of weights, for the second one.
    """
    names = np.array(labels)
    order = np.argsort(names)
    if len(names) == 2:
        sign = -1.0 if order[0] == 1 else 1.0
        weights, intercepts = sign * W, sign * b
    else:
        weights, intercepts = W[order], b[order]
    made = LinearSVC()
    made.coef_, made.intercept_ = np.ascontiguousarray(weights), np.array(intercepts, float)
    made.classes_ = names[order]
    made.n_features_in_, made.n_iter_ = weights.shape[1], 0
    return made


def in_raw_units(space: Space, W: Floats, labels: list[Label]) -> LinearSVC:
    """Return the linear classifier in the victim's units of weights (r, d + 1) in standard coordinates."""
    raw = np.zeros((len(W), space.pool.shape[1]))
    raw[:, space.free] = W[:, :-1] / space.scale
    return linear_classifier(raw, W[:, -1] - raw[:, space.free] @ space.mean, labels)


class Standard(TransformerMixin, BaseEstimator):
    """Rows in the victim's units to standard coordinates; features that do not vary are left out.

    Parameters
    ----------
    free, mean, scale
        As in `Space`.
    """

    def __init__(self, free: Index, mean: Floats, scale: Floats) -> None:
        self.free, self.mean, self.scale = free, mean, scale

    def fit(self, X: Floats, y: object = None) -> Standard:
        """Nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: Floats) -> Floats:
        """Return ``(n, free)``."""
        return (np.asarray(X, float)[:, self.free] - self.mean) / self.scale


class WallTree(ClassifierMixin, BaseEstimator):
    """A tree that splits at known thresholds as far as they tell its rows apart, and anywhere after that.

    Parameters
    ----------
    thresholds
        For each feature the thresholds known, ascending.
    random_state
        Breaks ties between splits.
    """

    def __init__(self, thresholds: Sequence[Floats] = (), random_state: int = 0) -> None:
        self.thresholds = thresholds
        self.random_state = random_state

    def cells(self, X: Floats) -> Floats:
        """Return for each feature the number of thresholds below it ``(n, d)``."""
        rows = np.asarray(X, float)
        if not len(self.thresholds):
            return np.zeros((len(rows), 1))
        columns = [np.searchsorted(cuts, rows[:, j], side="left") for j, cuts in enumerate(self.thresholds)]
        return np.column_stack(columns).astype(np.float32)

    def fit(self, X: Floats, y: Labels) -> WallTree:
        """Grow the tree on rows ``X`` (n, d) with labels ``y`` (n,)."""
        rows, labels = np.asarray(X, float), np.asarray(y)
        self.classes_, self.n_features_in_ = np.unique(labels), rows.shape[1]
        cells = self.cells(rows)
        self.tree_ = DecisionTreeClassifier(random_state=self.random_state).fit(cells, labels)
        leaf = np.asarray(self.tree_.apply(cells))
        self.below_: dict[int, DecisionTreeClassifier] = {}
        for number in np.unique(leaf[self.tree_.predict(cells) != labels]):
            inside = leaf == number
            grown = DecisionTreeClassifier(random_state=self.random_state).fit(rows[inside], labels[inside])
            self.below_[int(number)] = grown
        return self

    def predict(self, X: Floats) -> Labels:
        """Return the labels ``(n,)``."""
        check_is_fitted(self, "tree_")
        cells = self.cells(X)
        labels, leaf = np.asarray(self.tree_.predict(cells)), np.asarray(self.tree_.apply(cells))
        for number, grown in self.below_.items():
            inside = leaf == number
            if inside.any():
                labels[inside] = grown.predict(np.asarray(X, float)[inside])
        return labels

    def get_n_leaves(self) -> int:
        """Return how many leaves there are."""
        return int(
            self.tree_.get_n_leaves() + sum(grown.get_n_leaves() - 1 for grown in self.below_.values())
        )


def standardised(space: Space, *steps: object) -> Pipeline:
    """Return a pipeline from the victim's units through fitted steps."""
    first = Standard(space.free, space.mean, space.scale)
    return Pipeline([("standard", first), *((type(step).__name__.lower(), step) for step in steps)])
