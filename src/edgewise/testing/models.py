"""What every model promises, as checks on a call ``() -> unfitted estimator``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits

from edgewise.arrays import Floats, Labels
from edgewise.models.unwrap import Model
from edgewise.testing.promise import promise


Make = Callable[[], Model]


def _digits() -> tuple[Floats, Labels]:
    X, y = load_digits(n_class=3, return_X_y=True)
    return X[:120] / 16, y[:120]


def learns(make: Make) -> None:
    """It labels most of its training points as they are, with labels of ``classes_``."""
    X, y = _digits()
    model = make().fit(X, y)
    answered = model.predict(X)
    promise(answered.shape == y.shape, "not one label per row")
    promise(np.isin(answered, model.classes_).all(), "a label that training did not have")
    promise((answered == y).mean() > 0.6, "it did not learn its own training points")


def clones(make: Make) -> None:
    """`sklearn.base.clone` gives an equal, unfitted estimator that learns the same."""
    X, y = _digits()
    one, two = make(), clone(make())
    promise((one.fit(X, y).predict(X) == two.fit(X, y).predict(X)).all(), "a clone learns something else")


def leaves_data_alone(make: Make) -> None:
    """Training and prediction change neither points nor labels."""
    X, y = _digits()
    before = X.copy(), y.copy()
    make().fit(X, y).predict(X)
    promise((before[0] == X).all(), "the points were changed")
    promise((before[1] == y).all(), "the labels were changed")


def pulls_back(make: Make) -> None:
    """If it answers the gradient question, the answer agrees with central differences of its scores."""
    X, y = _digits()
    model = make().fit(X, y)
    if not hasattr(model, "scores_and_pullback"):
        return
    at = X[:3] + 0.013
    answer, pullback = model.scores_and_pullback(at)
    scores: Floats = np.asarray(answer)
    weights = np.random.default_rng(0).normal(size=scores.shape)
    direction = np.random.default_rng(1).normal(size=at.shape)
    ahead, behind = (model.scores_and_pullback(at + sign * 1e-5 * direction)[0] for sign in (1, -1))
    slope = (weights * (ahead - behind)).sum(axis=1) / 2e-5
    given = (pullback(weights) * direction).sum(axis=1)
    promise(np.allclose(slope, given, rtol=1e-4, atol=1e-6), "the pullback is not the gradient of the scores")


MODEL_CHECKS: tuple[Callable[[Make], None], ...] = (learns, clones, leaves_data_alone, pulls_back)
