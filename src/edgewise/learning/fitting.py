"""Fit a copy of a model with a stated seed: from scratch or on from the last one, the caller's untouched."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from edgewise.arrays import Floats, Index, InputError, Labels, Mask
from edgewise.learning.any_labels import as_given, numbered
from edgewise.models.answers import predict
from edgewise.models.joining import same
from edgewise.models.rows import Rows, handed
from edgewise.models.unwrap import Model
from edgewise.randomness import stream
from edgewise.registry import unknown


FOLDS = 5


def fitted(
    model: Model, X: Rows, y: Labels, *, seed: int, last: Model = None, weights: Floats | None = None
) -> Model:
    """Return a fitted copy of ``model``; it and global random state stay as they were.

    Parameters
    ----------
    X, y
        Points ``(n, ...)`` and labels ``(n,)``.
    model
        An estimator with ``fit``; its ``random_state`` parameters get ``seed``, and torch draws from it.
    last
        The model of the round before, to go on from; None starts from scratch.
    weights
        Sample weights (n,) for ``fit``.

    Raises
    ------
    InputError
        No estimator, no way to go on, or weights it does not take.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> fitted(DecisionTreeClassifier(), np.array([[0.0], [1.0]]), np.array([0, 1]), seed=3).random_state
    3
    """
    check_learner(model, weighted=weights is not None, warm=False)
    extra = {} if weights is None else {"sample_weight": weights}
    if y.dtype.kind not in "biufU":
        return _coded(model, X, y, seed, last, weights)
    with _seeded(seed):
        if last is None:
            return _from_scratch(model, seed).fit(handed(X), y, **extra)
        return _going_on(last, handed(X), y, extra)


class Coded(ClassifierMixin, BaseEstimator):
    """A classifier of numbered classes that answers with labels scikit-learn would not take, such as dates."""

    def __init__(self, model: Model = None) -> None:
        self.model = model

    def fit(self, X: Rows, y: Labels) -> Coded:
        """Fit a copy of the model to the numbers of the labels."""
        self.classes_, code = numbered(as_given(list(y)))
        self.model_ = unfitted(self.model).fit(X, code)
        return self

    def numbers(self, y: Labels) -> Index:
        """Return the number that the model inside knows each label by; -1 for labels it never saw."""
        place = {label: number for number, label in enumerate(self.classes_.tolist())}
        return np.array([place.get(label, -1) for label in y.tolist()], dtype=np.intp)

    def predict(self, X: Rows) -> Labels:
        """Return labels as they were given."""
        return self.classes_[self.model_.predict(X)]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in ("predict_proba", "decision_function"):
            raise AttributeError(name)
        return getattr(self.model_, name)


def _coded(model: Model, X: Rows, y: Labels, seed: int, last: Model, weights: Floats | None) -> Coded:
    if last is not None:
        raise InputError(
            "labels other than words and numbers start from scratch each round; leave warm=False."
        )
    found = Coded(model)
    found.classes_, code = numbered(y)
    found.model_ = fitted(model, X, code, seed=seed, weights=weights)
    return found


def check_learner(model: Model, *, weighted: bool, warm: bool) -> None:
    """Raise before anything is paid for if `fitted` will not take the model.

    Raises
    ------
    InputError
        No estimator, no sample weights, or no way to go on.
    """
    if not hasattr(model, "fit") or isinstance(model, type):
        raise InputError(
            f"model must be an estimator with fit, such as LogisticRegression(); got {model!r}. "
            "Wrap a torch module in skorch.NeuralNetClassifier."
        )
    if weighted and not takes_weights(model):
        raise InputError(f"{type(model).__name__}.fit takes no sample_weight; leave weighted=False.")
    goes_on = hasattr(model, "partial_fit") or "warm_start" in getattr(model, "get_params", dict)()
    if warm and not goes_on:
        raise InputError(
            f"{type(model).__name__} cannot go on from where it was (no warm_start); leave warm=False."
        )


def takes_weights(model: Model) -> bool:
    """Say whether ``fit`` of the model takes ``sample_weight``."""
    return hasattr(model, "fit") and "sample_weight" in inspect.signature(model.fit).parameters


def tuned(
    model: Model, grid: Mapping[str, Sequence[object]], X: Rows, y: Labels, uniform: Mask, *, seed: int
) -> Model:
    """Return a copy of ``model`` with the settings of ``grid`` that err least on the uniform points.

    Five folds of the uniform points; each is judged by a model fitted to everything else, boundary points
    included. Judging on boundary points too would tune for a distribution that nobody meets. Ties go to the
    earlier setting.

    Parameters
    ----------
    grid
        For each parameter of the model the values to try.
    uniform
        Which points are a uniform sample ``(n,)``.

    Raises
    ------
    InputError
        A parameter the model does not have.
    """
    if not hasattr(model, "get_params"):
        raise InputError(f"tune needs a model with get_params and set_params; got {type(model).__name__}.")
    names = model.get_params()
    for name in grid:
        if name not in names:
            raise InputError(unknown(name, names, f"parameter of {type(model).__name__}"))
    rows = stream(seed, "folds").permutation(np.flatnonzero(uniform))
    code = numbered(y)[1]
    folds = [(np.setdiff1d(np.arange(len(y)), fold), fold) for fold in np.array_split(rows, FOLDS)]
    usable = [(rest, fold) for rest, fold in folds if len(fold) and len(np.unique(code[rest])) > 1]
    if len(rows) < FOLDS or not usable:
        return unfitted(model).set_params(**ParameterGrid(dict(grid))[0])
    search = GridSearchCV(
        _from_scratch(model, seed), dict(grid), scoring=_right, cv=usable, refit=False, error_score="raise"
    )
    with _seeded(seed):
        search.fit(handed(X), code)
    return unfitted(model).set_params(**search.best_params_)


def _right(model: Model, X: Rows, y: Labels) -> float:
    """Return how many rows the model gets right: folds of unequal size weigh as they should."""
    return float(np.sum(same(predict(model, X), y)))


def _from_scratch(model: Model, seed: int) -> Model:
    fresh = unfitted(model)
    if not hasattr(fresh, "get_params"):
        return fresh
    names = [name for name in fresh.get_params() if name == "random_state" or name.endswith("__random_state")]
    return fresh.set_params(**dict.fromkeys(names, seed % 2**32)) if names else fresh


def unfitted(model: Model) -> Model:
    """Return a copy of ``model`` to be fitted: scikit-learn's clone, or a deep copy where it is no estimator."""
    return clone(model) if hasattr(model, "get_params") else copy.deepcopy(model)


def _going_on(last: Model, X: Rows, y: Labels, extra: dict[str, Floats]) -> Model:
    further = copy.deepcopy(last)
    if hasattr(further, "module_"):
        return further.partial_fit(X, y, **extra)
    if hasattr(further, "get_params") and "warm_start" in further.get_params():
        return further.set_params(warm_start=True).fit(X, y, **extra)
    raise InputError(
        f"{type(last).__name__} cannot go on from where it was (no warm_start); leave warm=False."
    )


@contextmanager
def _seeded(seed: int) -> Generator[None]:
    """Fix the global generators that estimators without ``random_state`` draw from, then put them back."""
    kept = np.random.get_state()  # noqa: NPY002 - estimators of others still use it
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        with _torch_seeded(seed):
            yield
    finally:
        np.random.set_state(kept)  # noqa: NPY002


@contextmanager
def _torch_seeded(seed: int) -> Generator[None]:
    import sys

    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed % 2**63)
        yield
