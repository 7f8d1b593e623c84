"""What every strategy promises, as checks on a call like `edgewise.query` without its first argument."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression

from edgewise.arrays import Floats, Labels
from edgewise.models.unwrap import Model
from edgewise.strategies.frame import Query
from edgewise.testing.attacks import global_state
from edgewise.testing.promise import promise


Ask = Callable[..., Query]
"""``(model, pool, n, *, labelled, rng) -> Query``."""


def _problem(copies: int = 1) -> tuple[Model, Floats, tuple[Floats, Labels]]:
    rng = np.random.default_rng(2)
    pool = np.repeat(rng.normal(size=(60 // copies, 2)), copies, axis=0)
    X = np.vstack([pool[:10], [[-2.0, 0.0], [2.0, 0.0]]])
    y = (X[:, 0] > 0).astype(int)
    return LogisticRegression().fit(X, y), pool, (X, y)


def picks_distinct_rows(ask: Ask) -> None:
    """It answers with as many distinct rows of the pool as were asked for, repeated rows or not."""
    for copies in (1, 6):
        model, pool, labelled = _problem(copies)
        for n in (1, 7, len(pool)):
            index = ask(model, pool, n, labelled=labelled, rng=0).index
            promise(len(index) == n, f"{n} rows asked, {len(index)} picked")
            promise(len(np.unique(index)) == n, "a row was picked twice")
            promise(index.min() >= 0, "a negative row")
            promise(index.max() < len(pool), "a row beyond the pool")


def gives_fields_of_one_length(ask: Ask) -> None:
    """Score, propensity and uniform share have an entry a pick; a propensity is positive or NaN."""
    model, pool, labelled = _problem()
    answer = ask(model, pool, 8, labelled=labelled, rng=0)
    promise(answer.score.shape == answer.propensity.shape == answer.uniform.shape == (8,), "lengths differ")
    known = answer.propensity[~np.isnan(answer.propensity)]
    promise((known > 0).all(), "a propensity is not positive")
    promise(not np.isnan(answer.propensity[answer.uniform]).any(), "a uniform pick without propensity")


def repeats(ask: Ask) -> None:
    """The same seed gives the same rows in the same order."""
    model, pool, labelled = _problem()
    one, two = (ask(model, pool, 9, labelled=labelled, rng=1).index for _ in range(2))
    promise((one == two).all(), "one seed gives two answers")


def touches_nothing(ask: Ask) -> None:
    """Pool, labels, model and global random state are as they were."""
    model, pool, labelled = _problem()
    before = pickle.dumps((vars(model), pool, labelled))
    state = global_state()
    ask(model, pool, 5, labelled=labelled, rng=0)
    promise(pickle.dumps((vars(model), pool, labelled)) == before, "pool, labels or model were changed")
    promise(global_state() == state, "the global random state was used")


STRATEGY_CHECKS: tuple[Callable[[Ask], None], ...] = (
    picks_distinct_rows,
    gives_fields_of_one_length,
    repeats,
    touches_nothing,
)
