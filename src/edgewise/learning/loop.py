"""The active-learning loop: query, ask, retrain, as a generator that can be stopped, killed and resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, InputError, Json, check_box, check_count
from edgewise.digests import digest
from edgewise.learning.fitting import check_learner, takes_weights
from edgewise.learning.journal import Journal
from edgewise.learning.oracle import OracleLike, as_oracle, name_of
from edgewise.learning.rounds import Round, Stop
from edgewise.learning.run import LearningError, Run
from edgewise.models.rows import Rows
from edgewise.models.unwrap import Model
from edgewise.randomness import Rng, seed_of
from edgewise.store import Store
from edgewise.strategies.edge_mix import is_local_average
from edgewise.strategies.foreign import ScoreFunction
from edgewise.strategies.frame import Strategy
from edgewise.strategies.given import read_source
from edgewise.strategies.names import StrategyName
from edgewise.strategies.selecting import resolved


__all__ = ["LearningError", "Round", "Stop", "learn"]


def learn(
    model: Model,
    pool: Rows,
    oracle: OracleLike,
    strategy: StrategyName | Strategy | ScoreFunction = "herding",
    *,
    batch: int,
    budget: int,
    rng: Rng = None,
    start: tuple[ArrayLike, ArrayLike] | None = None,
    warm: bool = False,
    weighted: bool | None = None,
    store: Store | None = None,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    stop: Stop | None = None,
    tune: Mapping[str, Sequence[object]] | None = None,
    run: str | None = None,
    audit: int = 0,
) -> Iterator[Round]:
    """Label a pool in batches: yield a `Round` after each, until the budget is spent.

    Parameters
    ----------
    model
        An estimator; a copy is fitted, this one is never touched.
    pool
        As in `edgewise.query`; its digest is checked before every round.
    oracle
        `GroundTruth`, `Victim`, `Callback` or a function of the points; see `edgewise.learning.oracle`. Rows
        it leaves unanswered are not offered again.
    strategy
        As in `edgewise.query`. Before there is a model, a strategy that needs one gets uniform rows.
    batch
        Labels a round.
    budget
        Labels to buy in all, at most; the last round may be smaller.
    rng
        Fixes every draw of every round; the same seed gives the same picks, bit for bit on CPU. None is fresh
        entropy, and seed 0 with a store, so that the same call goes on with its run.
    start
        ``(X, y)`` labelled already.
    warm
        Go on from the last round's model (skorch nets, ``warm_start`` estimators) instead of from scratch.
    weighted
        Whether ``fit`` gets the inverse propensities as sample weights, 1 where they are unknown; None for
        local averages that take weights (`NadarayaWatsonClassifier`), whose votes they correct.
    store
        Where every query is written before the oracle is asked, and every answer before the next is asked. A
        run that is decided by the same model, strategy, pool, start, box and seed goes on where it was killed,
        with a larger budget too; answers paid for are never asked again, and a run is one process's at a time.
    box
        Bounds for made points.
    stop
        Looks at the rounds so far and says why to stop; see `edgewise.learning.stopping`.
    tune
        Values to try for parameters of the model, in every round, judged on the uniform labels only.
    run
        A name for the run in the store, where something that decides it has no value that could be known again,
        such as a strategy that reads a list. A named run keeps its pool, start, box and seed; how it learns may
        change.
    audit
        So many labels of the budget are bought first, uniformly, and never learned from: `Round.audited` is the
        accuracy of each round's model on them, whatever the strategy.

    Returns
    -------
    Iterator of Round
        One after each batch: what was asked and answered, the model, the cost, the accuracy with its interval.

    Raises
    ------
    InputError
        Bad input, a pool that changed since it was first read, or a strategy that broke its contract.
    OracleError
        The oracle raised or answered wrongly; with a store, what it had answered is kept.
    LearningError
        The model could not be fitted, or the stop raised; all labels bought are in the error.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from edgewise.learning.oracle import GroundTruth
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> run = learn(LogisticRegression(), X, GroundTruth(X[:, 0] > 0), "margin", batch=5, budget=15, rng=0)
    >>> [round.n_labelled for round in run]
    [5, 10, 15]
    """
    check_count(batch, "batch")
    check_count(budget, "budget")
    check_count(audit, "audit", low=0)
    weighted = is_local_average(model) and takes_weights(model) if weighted is None else weighted
    check_learner(model, weighted=weighted, warm=warm)
    rows = read_source(pool, model)
    bounds = check_box(box, int(np.prod(rows.shape)))
    plan = Run(
        model,
        rows,
        as_oracle(oracle),
        resolved(strategy),
        batch,
        budget,
        seed_of(0 if rng is None and store is not None else rng),
        warm,
        weighted,
        stop,
        tune,
        bounds,
        audit,
    )
    if budget > len(rows):
        raise InputError(f"budget is {budget} labels; the pool has {len(rows)} rows. Ask for fewer.")
    state, content = plan.started(start), rows.digest()
    if store is None:
        return plan.rounds(state, content, None)
    decides: dict[str, Callable[[], Json]] = {
        "model": lambda: digest(model, settings=True),
        "strategy": lambda: digest(plan.strategy),
        "pool": lambda: content,
        "start": lambda: None if start is None else digest((state.X, state.y)),
        "box": lambda: digest(bounds),
        "seed": lambda: plan.seed,
        "learning": lambda: digest((batch, warm, weighted, tune, *[audit] * (audit > 0))),
        "oracle": lambda: name_of(plan.oracle),
        "repeatable": lambda: plan.oracle.repeatable,
    }
    return plan.rounds(state, content, Journal.of(store, run, decides, plan.seed))
