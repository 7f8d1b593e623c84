"""modAL: `ours` makes a query strategy for its learners, `Theirs` runs its functions in our loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.models.rows import Rows
from edgewise.randomness import Rng
from edgewise.strategies.foreign import ScoreFunction
from edgewise.strategies.frame import Query, Request, Strategy
from edgewise.strategies.names import StrategyName
from edgewise.strategies.selecting import query


def ours(
    strategy: StrategyName | Strategy | ScoreFunction = "herding", rng: Rng = None
) -> Callable[..., tuple[Index, Floats]]:
    """Return a function ``(learner, X_pool, n_instances)`` for ``ActiveLearner(query_strategy=...)``.

    It answers with rows and their scores, the pair that modAL takes apart itself.
    """

    def query_strategy(learner: Any, X_pool: Rows, n_instances: int = 1) -> tuple[Index, Floats]:
        X, y = learner.X_training, learner.y_training
        answer = query(
            learner.estimator, X_pool, n_instances, strategy, labelled=None if X is None else (X, y), rng=rng
        )
        return answer.index, answer.score

    return query_strategy


@dataclass(frozen=True)
class Theirs:
    """A query function of modAL as a strategy of edgewise: ``Theirs(modAL.uncertainty.margin_sampling)``.

    Parameters
    ----------
    function
        Takes ``(model, X, n_instances=...)`` and returns rows, or rows and figures.
    """

    function: Callable[..., object]

    def __call__(self, request: Request) -> Query:
        """Call it on the candidates."""
        X = request.pool.rows(request.candidates)
        answer = self.function(request.fitted(), X, n_instances=request.n)
        index = np.asarray(answer[0] if isinstance(answer, tuple) else answer, dtype=np.intp)
        n = len(index)
        return Query(request.candidates[index], np.zeros(n), np.full(n, np.nan), np.zeros(n, dtype=bool))
