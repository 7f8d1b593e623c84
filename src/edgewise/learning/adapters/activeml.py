"""scikit-activeml 1.0: `Ours` runs our strategies in its loops, `Theirs` runs its strategies in ours."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from skactiveml.base import SingleAnnotatorPoolQueryStrategy
from skactiveml.classifier import SklearnClassifier
from skactiveml.utils import is_labeled
from sklearn.base import clone

from edgewise.arrays import Floats, Index
from edgewise.models.labels import LabelsLike
from edgewise.models.rows import Rows
from edgewise.models.unwrap import Model
from edgewise.strategies import frame as base
from edgewise.strategies.foreign import ScoreFunction
from edgewise.strategies.frame import Strategy
from edgewise.strategies.names import StrategyName
from edgewise.strategies.selecting import query as choose


class Ours(SingleAnnotatorPoolQueryStrategy):
    """A strategy of edgewise in scikit-activeml: ``Ours("herding").query(X, y, clf)``."""

    def __init__(
        self,
        strategy: StrategyName | Strategy | ScoreFunction = "herding",
        missing_label: object = np.nan,
        random_state: object = None,
    ) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.strategy: StrategyName | Strategy | ScoreFunction = strategy

    def query(
        self,
        X: Rows,
        y: LabelsLike,
        clf: Model,
        fit_clf: bool = True,
        candidates: ArrayLike | None = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Index | tuple[Index, Floats]:
        """Return indices as scikit-activeml does; utilities are 1 for the pick of each step, 0 for others."""
        points, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        rows, mapping = self._transform_candidates(candidates, points, y)
        known = is_labeled(y, missing_label=self.missing_label_)
        model = clone(clf).fit(points, y) if fit_clf else clf
        answer = choose(
            model if known.any() else None,
            rows,
            batch_size,
            self.strategy,
            labelled=(points[known], y[known]),
            rng=int(self.random_state_.randint(2**31)),
        )
        places = np.arange(len(rows)) if mapping is None else mapping
        utilities = np.full((batch_size, len(rows if mapping is None else points)), np.nan)
        for step, row in enumerate(answer.index):
            utilities[step, np.delete(places, answer.index[:step])] = 0
            utilities[step, places[row]] = 1
        return (places[answer.index], utilities) if return_utilities else places[answer.index]


@dataclass(frozen=True)
class Theirs:
    """A query strategy of scikit-activeml as a strategy of edgewise: ``Theirs(ProbCover())``."""

    strategy: Any

    def __call__(self, request: base.Request) -> base.Query:
        """Hand over all rows, those labelled first, classes numbered, and translate the answer back."""
        X, y = request.labelled or (np.empty((0, *request.pool.shape)), np.empty(0))
        classes, code = np.unique(y, return_inverse=True)
        given: dict[str, object] = {}
        if "clf" in inspect.signature(self.strategy.query).parameters:
            clf = SklearnClassifier(clone(request.fitted()), classes=range(len(classes)))
            given = {"clf": clf.fit(X, code.astype(float)), "fit_clf": False}
        strategy = clone(self.strategy).set_params(random_state=request.seed % 2**31)
        new = request.pool.rows(request.candidates)
        index = strategy.query(
            np.vstack([X, new]), np.r_[code, np.full(len(new), np.nan)], batch_size=request.n, **given
        ) - len(X)
        none = np.zeros(len(index))
        return base.Query(request.candidates[index], none, none + np.nan, none.astype(bool))
