"""The weights of a linear classifier, with the affine steps of a pipeline folded in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import SelectorMixin
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC

from edgewise.arrays import Floats, Index, InputError, Labels
from edgewise.models.answers import check_fitted
from edgewise.models.unwrap import Model


LINEAR = (
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
    Perceptron,
    LinearDiscriminantAnalysis,
    LinearSVC,
)


@dataclass(frozen=True)
class Weights:
    """A linear classifier: the first largest of ``coef x + intercept`` wins.

    Parameters
    ----------
    coef
        One row a class ``(c, d)``; of two classes the first has zeros.
    intercept
        One number a class ``(c,)``.
    classes
        The labels ``(c,)``.
    """

    coef: Floats
    intercept: Floats
    classes: Labels

    def scores(self, X: Floats) -> Floats:
        """Return the scores ``(n, c)`` of rows ``(n, d)``, in float64."""
        return X.astype(float, copy=False) @ self.coef.T + self.intercept

    def numbers(self, X: Floats) -> Index:
        """Return the winning class of each row, by number."""
        return np.argmax(self.scores(X), axis=1)


def weights_of(model: Model) -> Weights | str:
    """Return the weights of a fitted linear classifier or pipeline, or why there are none."""
    if isinstance(model, Pipeline):
        inner = weights_of(model.steps[-1][1])
        for _, step in reversed(model.steps[:-1]):
            if isinstance(inner, str):
                break
            inner = _through(step, inner)
        return inner
    linear = isinstance(model, LINEAR) or (isinstance(model, SVC) and model.kernel == "linear")
    if not linear:
        return f"this attack needs a linear classifier; got {type(model).__name__}"
    return _own(model)


def _own(model: Model) -> Weights | str:
    """Return the weights of a linear classifier itself."""
    check_fitted(model)
    coef = model.coef_.toarray() if hasattr(model.coef_, "toarray") else np.asarray(model.coef_, float)
    coef, classes = np.atleast_2d(coef), np.asarray(model.classes_)
    if isinstance(model, SVC) and len(classes) > 2:
        return "an SVC of several classes votes in pairs and is not linear; LinearSVC is"
    if coef.shape[0] != (1 if len(classes) == 2 else len(classes)):
        return f"{type(model).__name__} has several outputs"
    intercept = np.broadcast_to(np.asarray(model.intercept_, float), (len(coef),))
    if len(coef) == 1:
        coef = np.concatenate([np.zeros_like(coef), coef])
        intercept = np.array([0.0, float(intercept[0])])
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
        raise InputError(f"{type(model).__name__} has weights that are NaN or infinite; fit it again.")
    return Weights(np.ascontiguousarray(coef, float), np.array(intercept, float), classes)


def _through(step: object, inner: Weights) -> Weights | str:
    """Return the weights over the input of a step."""
    d = inner.coef.shape[1]
    one, zero = np.ones(d), np.zeros(d)
    if step in (None, "passthrough") or (isinstance(step, FunctionTransformer) and step.func is None):
        return inner
    if isinstance(step, SelectorMixin):
        kept = np.asarray(step.get_support())
        coef = np.zeros((len(inner.coef), len(kept)))
        coef[:, kept] = inner.coef
        return Weights(coef, inner.intercept, inner.classes)
    if isinstance(step, StandardScaler):
        slope = one / (one if step.scale_ is None else step.scale_)
        shift = -slope * (zero if step.mean_ is None else step.mean_)
    elif isinstance(step, MinMaxScaler) and not step.clip:
        slope, shift = step.scale_, step.min_
    elif isinstance(step, MaxAbsScaler) and not getattr(step, "clip", False):
        slope, shift = one / step.scale_, zero
    elif isinstance(step, RobustScaler):
        slope = one / (step.scale_ if step.with_scaling else one)
        shift = -slope * (step.center_ if step.with_centering else zero)
    else:
        return f"the pipeline's step {type(step).__name__} is not an affine scaler"
    return Weights(inner.coef * slope, inner.intercept + inner.coef @ shift, inner.classes)
