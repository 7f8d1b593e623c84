"""Which reader a model goes to, and the wrappers whose rule allows to look through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from edgewise.arrays import Floats
from edgewise.attacks.trees.ensemble import Ensemble, Group, Tree
from edgewise.attacks.trees.reading import catboost, lightgbm, scikit_learn, xgboost
from edgewise.attacks.trees.reading.scalers import check_monotone
from edgewise.models.access import check_answers_as
from edgewise.models.answers import UnansweredError, check_fitted
from edgewise.models.unwrap import last_step


@dataclass(frozen=True)
class Reading:
    """An ensemble, and the steps between the model's input and what the trees see."""

    ensemble: Ensemble
    steps: tuple[Any, ...] = ()


READERS: tuple[tuple[type, Callable[[Any], Ensemble]], ...] = (
    (DecisionTreeClassifier, scikit_learn.decision_tree),
    (RandomForestClassifier, scikit_learn.forest),
    (ExtraTreesClassifier, scikit_learn.forest),
    (GradientBoostingClassifier, scikit_learn.gradient_boosting),
    (HistGradientBoostingClassifier, scikit_learn.hist_gradient_boosting),
    (BaggingClassifier, scikit_learn.bagging),
    (AdaBoostClassifier, scikit_learn.ada_boost),
)

THRESHOLDS = ("FixedThresholdClassifier", "TunedThresholdClassifierCV")
WRAPPERS = ("Pipeline", "VotingClassifier", "CalibratedClassifierCV", *THRESHOLDS)
"""Of scikit-learn, told by name: releases before 1.5 have no thresholds."""

AVERAGED = (DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier, BaggingClassifier)
"""Whose probabilities are means over trees."""

LIBRARIES: dict[tuple[str, str], Callable[[Any], Ensemble]] = {
    ("xgboost", "XGBClassifier"): xgboost.classifier,
    ("xgboost", "XGBRFClassifier"): xgboost.classifier,
    ("lightgbm", "LGBMClassifier"): lightgbm.classifier,
    ("catboost", "CatBoostClassifier"): catboost.classifier,
}
"""Told by name, so that none of these is imported."""


def read(model: Any) -> Reading:
    """Return a fitted model of trees in the common form.

    Raises
    ------
    UnansweredError
        A model that is not of trees, or whose rule is not a sum over trees.
    InputError
        A model that is not fitted.
    """
    check_fitted(model)
    for kind, reader in READERS:
        if isinstance(model, kind):
            check_answers_as(model, kind)
            return Reading(reader(model))
    for base in type(model).__mro__:
        found = LIBRARIES.get((base.__module__.split(".")[0], base.__name__))
        if found is not None:
            check_answers_as(model, base)
            return Reading(found(model))
    for base in type(model).__mro__:
        if base.__name__ in WRAPPERS and base.__module__.startswith("sklearn."):
            check_answers_as(model, base)
    if isinstance(model, Pipeline):
        steps = tuple(step for _, step in model.steps[:-1] if step not in (None, "passthrough"))
        for step in steps:
            check_monotone(step)
        inner = read(model.steps[-1][1])
        return replace(inner, steps=steps + inner.steps)
    if isinstance(model, VotingClassifier):
        return Reading(_voting(model))
    if isinstance(model, CalibratedClassifierCV):
        inner, chance = _calibrated(model)
        return _moved(inner, lambda scores: chance(scores) > 1.0 - chance(scores))
    if _has_threshold(model):
        return _threshold(model)
    raise UnansweredError(
        f"{type(model).__name__} is not a tree, a forest or boosting that edgewise reads. For other models use 'race' "
        "(labels only), or a gradient attack."
    )


def _voting(model: Any) -> Ensemble:
    """Read a vote over forests (soft) or over single trees (hard)."""
    weights = [1.0] * len(model.estimators_) if model.weights is None else list(model._weights_not_none)
    trees: list[Tree] = []
    groups: list[Group] = []
    for each, weight in zip(model.estimators_, weights, strict=True):
        inner = read(each)
        known = inner.ensemble
        if inner.steps or not isinstance(each, AVERAGED):
            raise UnansweredError(
                f"a vote over {type(each).__name__} is no sum over trees; votes over trees and forests are read."
            )
        if model.voting == "hard" and len(known.trees) > 1:
            raise UnansweredError("a hard vote over forests is no sum over trees; voting='soft' is read.")
        for tree in known.trees:
            value = np.eye(len(known.classes))[tree.value.argmax(1)] if model.voting == "hard" else tree.value
            trees.append(replace(tree, value=value))
        groups.append(Group(len(known.trees), known.groups[0].divisor, float(weight)))
    count = len(model.classes_)
    divisor = float(np.sum(weights)) if model.voting == "soft" else 1.0
    return Ensemble(
        tuple(trees),
        np.asarray(model.classes_),
        np.zeros(count),
        trees_width(trees, model),
        0.0,
        tuple(groups),
        divisor,
    )


def trees_width(trees: list[Tree], model: Any) -> int:
    """Return the number of columns of a voting model."""
    return int(getattr(model.estimators_[0], "n_features_in_", max(int(t.feature.max()) for t in trees) + 1))


def _one_score(inner: Reading, model: Any) -> Reading:
    """Return a binary reading with one column: the score of the second class."""
    known = inner.ensemble
    if len(known.classes) != 2:
        raise UnansweredError(f"{type(model).__name__} of more than two classes is no sum over trees.")
    if len(known.init) == 1:
        return inner
    if known.votes:
        raise UnansweredError(f"{type(model).__name__} around an AdaBoostClassifier is not read.")
    trees = tuple(replace(tree, value=tree.value[:, 1:]) for tree in known.trees)
    return replace(inner, ensemble=replace(known, trees=trees, init=known.init[1:]))


def _calibrated(model: Any) -> tuple[Reading, Callable[[Floats], Floats]]:
    """Read one calibrated model of two classes: its one score, and the chance of the second class at scores."""
    if len(model.calibrated_classifiers_) != 1:
        raise UnansweredError(
            f"the mean of {len(model.calibrated_classifiers_)} calibrated models is no sum over trees; "
            "CalibratedClassifierCV(..., ensemble=False) is read."
        )
    only = model.calibrated_classifiers_[0]
    if only.method not in ("sigmoid", "isotonic"):
        raise UnansweredError(f"calibration by {only.method!r} is not read; 'sigmoid' and 'isotonic' are.")
    _check_plain(only.estimator, model)
    inner, calibrator = read(only.estimator), only.calibrators[0]
    # Boosting that has no margins of its own to give is calibrated on its probabilities.
    margins = len(inner.ensemble.init) == 1 and not hasattr(only.estimator, "decision_function")

    def chance(scores: Floats) -> Floats:
        return np.asarray(calibrator.predict(expit(scores) if margins else scores))

    return _one_score(inner, model), chance


def _has_threshold(model: Any) -> bool:
    return any(base.__name__ in THRESHOLDS for base in type(model).__mro__)


def _check_plain(inside: Any, model: Any) -> None:
    """Refuse a wrapper of two classes whose score another one has moved already."""
    last = last_step(inside)
    if isinstance(last, CalibratedClassifierCV) or _has_threshold(last):
        raise UnansweredError(f"{type(model).__name__} around {type(last).__name__} is not read.")


def _moved(inner: Reading, second: Callable[[Floats], Any]) -> Reading:
    return replace(inner, ensemble=replace(inner.ensemble, threshold=last_below(second)))


def last_below(second: Callable[[Floats], Any]) -> float:
    """Return the largest score for which a rising rule ``second`` does not say the second class.

    Raises
    ------
    UnansweredError
        The rule falls.

    Examples
    --------
    >>> last_below(lambda scores: scores > 0.25)
    0.25
    """
    low, high = -1e6, 1e6
    at_low, at_high = (bool(second(np.array([end]))[0]) for end in (low, high))
    if at_low and not at_high:
        raise UnansweredError("a calibration that turns the order of scores around is not read.")
    if at_low == at_high:
        return -np.inf if at_low else np.inf
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return low
        if bool(second(np.array([middle]))[0]):
            high = middle
        else:
            low = middle


def _threshold(model: Any) -> Reading:
    """Read a binary model with a threshold of its own, which may be one on calibrated chances."""
    inner, inside = read(model.estimator_), last_step(model.estimator_)
    name = getattr(model, "response_method", "auto")
    margins = len(inner.ensemble.init) == 1
    own = model.threshold if hasattr(model, "threshold") else model.best_threshold_
    positive = getattr(model, "pos_label", None)
    classes = list(inner.ensemble.classes)
    if positive is not None and positive != classes[-1]:
        raise UnansweredError("a threshold on the first class is not read; the second class as pos_label is.")
    if isinstance(inside, CalibratedClassifierCV) and name in ("auto", "predict_proba"):
        least, (_, chance) = 0.5 if own == "auto" else float(own), _calibrated(inside)
        return _moved(inner, lambda scores: chance(scores) >= least)
    _check_plain(inside, model)
    if margins and (own == "auto" or name == "decision_function"):
        level = 0.0 if own == "auto" else float(own)
    elif not margins and name in ("auto", "predict_proba"):
        level = 0.5 if own == "auto" else float(own)
    elif margins and 0 < float(own) < 1:
        level = float(np.log(own) - np.log1p(-float(own)))
        level /= 2 if getattr(inside, "loss", None) == "exponential" else 1
    else:
        raise UnansweredError(f"{type(model).__name__} with response_method={name!r} is not read here.")
    single = _one_score(inner, model)
    return replace(single, ensemble=replace(single.ensemble, threshold=float(np.nextafter(level, -np.inf))))
