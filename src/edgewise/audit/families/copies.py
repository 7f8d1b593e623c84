"""Copies as fitted scikit-learn classifiers that can be saved, asked and attacked like any other."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from edgewise.arrays import Floats
from edgewise.audit.families.frame import Space


def linear_classifier(W: Floats, b: Floats, labels: list[Any]) -> Any:
    """Return a linear classifier with these weights (r, d) and intercepts (r,).

    Two labels have one row of weights, for the second one.
    """
    names = np.array(labels)
    order = np.argsort(names)
    if len(names) == 2 and order[0] == 1:
        W, b = -W, -b
    elif len(names) > 2:
        W, b = W[order], b[order]
    made = cast("Any", LinearSVC())
    made.coef_, made.intercept_, made.classes_ = np.ascontiguousarray(W), np.array(b, float), names[order]
    made.n_features_in_, made.n_iter_ = W.shape[1], 0
    return made


def in_raw_units(space: Space, W: Floats, labels: list[Any]) -> Any:
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

    def __init__(self, free: Any, mean: Any, scale: Any) -> None:
        self.free, self.mean, self.scale = free, mean, scale

    def fit(self, X: Floats, y: Any = None) -> Standard:
        """Nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: Floats) -> Floats:
        """Return ``(n, free)``."""
        return (np.asarray(X, float)[:, self.free] - self.mean) / self.scale


class Bins(TransformerMixin, BaseEstimator):
    """Each feature to the number of its thresholds below it.

    Parameters
    ----------
    thresholds
        For each feature its thresholds, ascending.
    """

    def __init__(self, thresholds: Any) -> None:
        self.thresholds = thresholds

    def fit(self, X: Floats, y: Any = None) -> Bins:
        """Nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: Floats) -> Floats:
        """Return ``(n, d)`` of whole numbers."""
        X = np.asarray(X, float)
        return np.column_stack(
            [np.searchsorted(cuts, X[:, j], side="left") for j, cuts in enumerate(self.thresholds)]
        ).astype(float)


def standardised(space: Space, *steps: Any) -> Any:
    """Return a pipeline from the victim's units through fitted steps."""
    first = Standard(space.free, space.mean, space.scale)
    return Pipeline([("standard", first), *((type(step).__name__.lower(), step) for step in steps)])
