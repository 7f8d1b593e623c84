"""The rows to label next, from labels so far: what `edgewise query` does."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Index, InputError, Labels, Mask
from edgewise.learning.fitting import fitted
from edgewise.learning.learners import LEARNERS
from edgewise.pools.pool import Pool
from edgewise.randomness import child_seed
from edgewise.registry import component, lookup
from edgewise.strategies import STRATEGIES
from edgewise.strategies.frame import Query
from edgewise.strategies.selecting import query


def next_batch(
    pool: Pool, index: Index, known: Labels, uniform: Mask, n: int, *, strategy: str, learner: str, seed: int
) -> Query:
    """Return the next ``n`` rows for labels ``known`` of the rows ``index``: what `edgewise query` does.

    Features are scaled to mean 0 and spread 1 over the pool; with fewer than two classes there is no model.
    """
    lookup(LEARNERS, learner, "learner")
    if learner == "network":
        raise InputError("the command trains 1-nn, rbf-ridge and logistic; for networks call edgewise.query.")
    rows = pool.score(lambda part: part.reshape(len(part), -1))
    spread = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)
    model = None
    if len(np.unique(known)) > 1:
        model = fitted(LEARNERS[learner](rows), rows[index], known, seed=child_seed(seed, "fit"))
    elif needs_model(strategy):
        raise InputError(
            f"{strategy} needs labels of at least two classes; label a first batch of "
            "'edge-mix', 'typical' or 'random' first."
        )
    return query(
        model,
        rows,
        n,
        component(STRATEGIES, strategy, "strategy"),
        labelled=(rows[index], known) if len(index) else None,
        candidates=np.setdiff1d(np.arange(len(rows)), index),
        rng=child_seed(seed, "query"),
        uniform=uniform,
    )


def needs_model(strategy: str) -> bool:
    """Say whether a strategy asks a model and so cannot make the first batch."""
    return bool(lookup(STRATEGIES, strategy, "strategy").needs)
