"""The weights of a linear classifier, with the affine steps of a pipeline folded in; the affine map of such steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
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
from edgewise.models.steps import kept_columns, parts_of, unlike_its_kind
from edgewise.models.unwrap import Model, named, own_answer


_CLOSE = 1e-3  # of the numbers that go into it; a step may work in float32
_FLAT = 1e-7  # of the largest spread: as good as none
_NONE = 1e-14  # of the largest stretch: rounding

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
class Affine:
    """The map ``coef x + intercept``.

    Parameters
    ----------
    coef
        ``(m, d)``.
    intercept
        ``(m,)``.
    """

    coef: Floats
    intercept: Floats

    @classmethod
    def identity(cls, d: int) -> Affine:
        """Return the map of ``d`` features to themselves."""
        return cls(np.eye(d), np.zeros(d))

    @cached_property
    def sizes(self) -> Floats:
        """How much it stretches in each of its own directions, largest first; those that it drops left out."""
        d = min(self.coef.shape)
        rows, columns = np.nonzero(self.coef)
        diagonal = np.array_equal(rows, columns)
        sizes = np.abs(np.diag(self.coef)) if diagonal else np.linalg.svd(self.coef, compute_uv=False)
        sizes = np.sort(sizes)[::-1][:d]
        return sizes[sizes > sizes.max(initial=0) * (0 if diagonal else _NONE)]

    def __call__(self, X: Floats) -> Floats:
        """Return what it makes of rows ``(n, d)``, in float64."""
        return X.astype(float, copy=False) @ self.coef.T + self.intercept


@dataclass(frozen=True)
class Weights(Affine):
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

    classes: Labels

    def scores(self, X: Floats) -> Floats:
        """Return the scores ``(n, c)`` of rows ``(n, d)``, in float64."""
        return self(X)

    def numbers(self, X: Floats) -> Index:
        """Return the winning class of each row, by number."""
        return np.argmax(self.scores(X), axis=1)


def weights_of(model: Model) -> Weights | str:
    """Return the weights of a fitted linear classifier or pipeline, or why there are none."""
    if isinstance(model, Pipeline):
        inner = own_answer(model, Pipeline) or weights_of(model.steps[-1][1])
        if isinstance(inner, str):
            return inner
        seen = folded(model, inner)
        return seen if isinstance(seen, str) else Weights(seen.coef, seen.intercept, inner.classes)
    kinds = (*LINEAR, SVC) if getattr(model, "kernel", None) == "linear" else LINEAR
    kind = next((kind for kind in kinds if isinstance(model, kind)), None)
    if kind is None:
        return f"{type(model).__name__} is not a linear classifier"
    return own_answer(model, kind) or _own(model)


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


def folded(model: Pipeline, last: Affine) -> Affine | str:
    """Return ``last`` after the steps of a pipeline before its own last one as one map, or why there is none.

    The map is made of the steps' parameters and held against what the steps make of a few rows.
    """
    seen = _folded([step for _, step in model.steps[:-1]], last)
    if isinstance(seen, str):
        return seen
    d = seen.coef.shape[1]
    rows = np.random.default_rng(0).normal(size=(4, d))
    made = last(np.asarray(model[:-1].transform(named(model, rows)), float))
    size = np.abs(rows) @ np.abs(seen.coef).T + np.abs(seen.intercept) + np.abs(made)
    if not (np.abs(made - seen(rows)) <= _CLOSE * size).all():
        return "what the pipeline's steps make of a row is not what their parameters say"
    return seen


def _folded(steps: Sequence[object], last: Affine) -> Affine | str:
    for step in reversed(steps):
        through = _through(step, last)
        if isinstance(through, str):
            return through
        last = through
    return last


def _through(step: object, after: Affine) -> Affine | str:
    """Return ``after`` over the input of a step."""
    if step in (None, "passthrough") or (isinstance(step, FunctionTransformer) and step.func is None):
        return after
    if isinstance(step, Pipeline):
        return _folded([inner for _, inner in step.steps], after)
    if isinstance(step, ColumnTransformer):
        return _through_parts(step, after)
    if isinstance(step, SimpleImputer) and (odd := unlike_its_kind(step, SimpleImputer)):
        return odd
    if isinstance(step, (SelectorMixin, SimpleImputer)):
        kept = kept_columns(step)
        coef = np.zeros((len(after.coef), len(kept)))
        coef[:, kept] = after.coef
        return Affine(coef, after.intercept)
    if isinstance(step, (PCA, IncrementalPCA, TruncatedSVD)):
        return _through_turn(step, after)
    scaling = _scaling(step, after.coef.shape[1])
    if isinstance(scaling, str):
        return scaling
    slope, shift = scaling
    return Affine(after.coef * slope, after.intercept + after.coef @ shift)


def _through_turn(step: PCA | IncrementalPCA | TruncatedSVD, after: Affine) -> Affine | str:
    turn = step.components_.astype(float)
    if isinstance(step, TruncatedSVD):
        return Affine(after.coef @ turn, after.intercept)
    if step.whiten:
        spread = np.sqrt(step.explained_variance_.astype(float))
        if spread.min() <= _FLAT * spread.max():
            return f"the pipeline's step {type(step).__name__} whitens a direction in which nothing varies"
        turn = turn / spread[:, None]
    coef = after.coef @ turn
    return Affine(coef, after.intercept - coef @ step.mean_)


def _scaling(step: object, d: int) -> tuple[Floats, Floats] | str:
    """Return what a scaler multiplies its ``d`` columns by and what it adds then."""
    one, zero = np.ones(d), np.zeros(d)
    if isinstance(step, StandardScaler):
        slope = one / (one if step.scale_ is None else step.scale_)
        return slope, -slope * (zero if step.mean_ is None or not step.with_mean else step.mean_)
    if isinstance(step, MinMaxScaler) and not step.clip:
        return step.scale_, step.min_
    if isinstance(step, MaxAbsScaler) and not getattr(step, "clip", False):
        return one / step.scale_, zero
    if isinstance(step, RobustScaler):
        slope = one / (step.scale_ if step.with_scaling else one)
        return slope, -slope * (step.center_ if step.with_centering else zero)
    return f"the pipeline's step {type(step).__name__} is not an affine scaler"


def _through_parts(step: ColumnTransformer, after: Affine) -> Affine | str:
    """Return ``after`` over the input of a column transformer, whose parts may share columns."""
    coef, intercept = np.zeros((len(after.coef), step.n_features_in_)), after.intercept
    for part in parts_of(step):
        own = _folded(part.steps, Affine(part.weight * after.coef[:, part.out], np.zeros(len(after.coef))))
        if isinstance(own, str):
            return own
        np.add.at(coef.T, part.columns, own.coef.T)
        intercept = intercept + own.intercept
    return Affine(coef, intercept)
