"""BALD: rows that the members of a committee are each sure of and disagree about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier

from edgewise.arrays import Floats, Index, InputError, check_count
from edgewise.models.answers import UnansweredError, known_classes
from edgewise.models.rows import Rows, numbers, take
from edgewise.models.unwrap import unwrapped
from edgewise.randomness import child_seed, stream
from edgewise.strategies.frame import Query, Request, pick
from edgewise.strategies.model_scores import probabilities


@dataclass(frozen=True)
class Bald:
    """The rows with the largest mutual information between label and committee member (Houlsby et al. 2011).

    The entropy of the mean probabilities less the mean entropy of the members, in nats. The committee is the
    members of a forest or of another averaging ensemble of scikit-learn; of any other estimator, copies
    fitted to bootstraps of the labels.

    Parameters
    ----------
    members
        Copies to fit where the model is no ensemble.

    Examples
    --------
    >>> import edgewise as ew
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> forest = RandomForestClassifier(20, random_state=0).fit(X[[9, 30, 70, 90]], [0, 0, 1, 1])
    >>> bool(np.abs(X[ew.query(forest, X, 5, "bald", rng=0).index]).max() < 0.5)
    True
    """

    members: int = 10

    def __call__(self, request: Request) -> Query:
        """Score every candidate by every member."""
        committee = members_of(request.fitted()) or self._bootstrapped(request)
        score = request.score(lambda X: disagreement(np.stack([voice(X) for voice in committee])))
        return pick(request, score, queries=len(request.pool) * len(committee))

    def _bootstrapped(self, request: Request) -> list[Any]:
        check_count(self.members, "members", low=2)
        model = request.model
        if request.labelled is None or not (hasattr(model, "fit") and is_classifier(model)):
            raise UnansweredError(
                f"bald asks a committee: a forest or another ensemble, or any estimator of scikit-learn "
                f"together with the labels it was fitted to (labelled=(X, y)); got {type(model).__name__}."
            )
        X, y = request.labelled
        classes, codes = np.unique(y, return_inverse=True)
        voices: list[Any] = []
        for number in range(self.members):
            rng = stream(request.seed, "bootstrap", number)
            rows = _bootstrap(codes, len(classes), rng)
            copy = clone(model)
            if "random_state" in copy.get_params():
                copy.set_params(random_state=child_seed(request.seed, "member", number) % 2**32)
            voices.append(_Voice(copy.fit(take(X, rows), codes[rows]), len(classes)))
        return voices


@dataclass(frozen=True)
class _Voice:
    """A member that knows classes as numbers, perhaps not all; gives all probabilities."""

    model: Any
    width: int
    features: Any = ...

    def __call__(self, X: Rows) -> Floats:
        p = np.zeros((X.shape[0], self.width))
        seen = X if self.features is ... else numbers(X)[:, self.features]
        p[:, np.asarray(self.model.classes_, dtype=np.intp)] = probabilities(self.model, seen)
        return p


def members_of(model: Any) -> list[Any]:
    """Return the members of an averaging ensemble as functions from rows to probabilities, or nothing."""
    inner, classes = unwrapped(model), known_classes(model)
    grown, width = getattr(inner, "estimators_", None), 0 if classes is None else len(classes)
    if grown is None or isinstance(grown, np.ndarray) or not all(is_classifier(each) for each in grown):
        return []
    features = getattr(inner, "estimators_features_", [...] * len(grown))
    return [_Voice(each, width, part) for each, part in zip(grown, features, strict=True)]


def disagreement(p: Floats) -> Floats:
    """Return the mutual information of label and member ``(n,)`` for probabilities ``(members, n, c)``.

    Examples
    --------
    >>> disagreement(np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]])).round(3)
    array([0.693, 0.   ])
    """
    return _entropy(p.mean(axis=0)) - _entropy(p).mean(axis=0)


def _entropy(p: Floats) -> Floats:
    return -np.sum(p * np.log(np.maximum(p, np.finfo(float).tiny)), axis=-1)


def _bootstrap(codes: Index, width: int, rng: np.random.Generator) -> Index:
    """Draw rows with replacement until two classes are among them."""
    if width < 2:
        raise InputError("bald needs labels of at least two classes to fit a committee.")
    while True:
        rows = rng.integers(len(codes), size=len(codes))
        if len(np.unique(codes[rows])) > 1:
            return rows
