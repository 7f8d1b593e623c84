"""The active-learning loop: query, ask, retrain, as a generator that can be stopped, killed and resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Index, InputError, Labels, Mask, check_box, check_count
from edgewise.data.dataset import Split
from edgewise.learning.fitting import fitted, takes_weights, tuned
from edgewise.learning.journal import Journal
from edgewise.learning.oracle import Answer, Cost, Oracle, OracleError, as_oracle, ask
from edgewise.learning.round_totals import accuracy, hits, made_points, merged
from edgewise.models.joining import check_y, joined
from edgewise.models.rows import Rows, count, like, stacked
from edgewise.pools.pool import Pool
from edgewise.randomness import Rng, child_seed, seed_of
from edgewise.stats import Estimate
from edgewise.store import Store
from edgewise.strategies import make
from edgewise.strategies.edge_mix import is_local_average
from edgewise.strategies.frame import NoModelError, Query, Request, Strategy, checked
from edgewise.strategies.given import read_rows
from edgewise.strategies.uncertainty import Random


NOTHING = Cost()

RECENT = 100
"""Labels that the running accuracy looks back on; it describes the models of those rounds."""


@dataclass(frozen=True)
class Round:
    """One round, after retraining.

    Parameters
    ----------
    number
        0 for the first batch.
    query
        What was asked for.
    index, labels
        The pool rows that were answered, and their labels.
    model
        Fitted to all labels so far; None while they are of one class.
    cost
        Spent so far, in three currencies.
    balance
        How many labels of each class there are so far.
    accuracy
        The accuracy on the unlabelled pool of the models of the latest rounds, unbiased by the propensities,
        with its 95 % interval; None before there is a model and two labels to judge it by.
    n_labelled
        Labels so far, the initial ones included.
    stop
        Why the loop ends after this round, or None.
    """

    number: int
    query: Query
    index: Index
    labels: Labels
    model: Any
    cost: Cost
    balance: dict[Any, int]
    accuracy: Estimate | None
    n_labelled: int
    stop: str | None = None


Stop = Callable[[list[Round]], str | None]
"""Looks at the rounds so far and says why to stop, or None."""


def learn(
    model: Any,
    pool: Any,
    oracle: Oracle | Callable[..., Any],
    strategy: str | Strategy | Callable[..., Any],
    *,
    batch: int,
    budget: int,
    rng: Rng = 0,
    start: tuple[ArrayLike, ArrayLike] | None = None,
    warm: bool = False,
    weighted: bool | None = None,
    store: Store | None = None,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    stop: Stop | None = None,
    tune: Mapping[str, Sequence[Any]] | None = None,
    **settings: Any,
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
    strategy, settings
        As in `edgewise.query`. Before there is a model, a strategy that needs one gets uniform rows.
    batch
        Labels a round.
    budget
        Labels to buy in all; the last round may be smaller.
    rng
        Fixes every draw of every round; the same seed gives the same picks, bit for bit on CPU.
    start
        ``(X, y)`` labelled already.
    warm
        Go on from the last round's model (skorch nets, ``warm_start`` estimators) instead of from scratch.
    weighted
        Whether ``fit`` gets the inverse propensities as sample weights, 1 where they are unknown; None for
        local averages that take weights (`NadarayaWatsonClassifier`), whose votes they correct.
    store
        Where every query is written before the oracle is asked and every answer after it. A run with the same
        arguments and store goes on where it was killed; answers paid for are never asked again.
    box
        Bounds for made points.
    stop
        Looks at the rounds so far and says why to stop; see `edgewise.learning.stopping`.
    tune
        Values to try for parameters of the model, in every round, judged on the uniform labels only.

    Raises
    ------
    InputError
        Bad input, a pool that changed since it was first read, or a strategy that broke its contract.
    OracleError
        The oracle raised or answered wrongly; with a store, what it had answered is kept.

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
    weighted = is_local_average(model) and takes_weights(model) if weighted is None else weighted
    plan = _Plan(
        model,
        Pool.of(pool),
        as_oracle(oracle),
        make(strategy, settings),
        batch,
        budget,
        seed_of(rng),
        warm,
        weighted,
        stop,
        tune,
    )
    plan = replace(plan, box=check_box(box, int(np.prod(plan.pool.shape))))
    if budget > len(plan.pool):
        raise InputError(f"budget is {budget} labels; the pool has {len(plan.pool)} rows. Ask for fewer.")
    state, digest = plan.started(start), plan.pool.digest()
    if store is None:
        return plan.rounds(state, digest, None)
    given = "none" if start is None else Pool.of(read_rows(start[0], plan.pool, "start X")).digest()
    return plan.rounds(
        state,
        digest,
        Journal(
            store,
            {
                "model": repr(model),
                "strategy": repr(plan.strategy),
                "pool": digest,
                "start": given,
                "batch": batch,
                "budget": budget,
                "warm": warm,
                "weighted": weighted,
                "tune": None
                if tune is None
                else {name: [repr(value) for value in tune[name]] for name in tune},
            },
            plan.seed,
        ),
    )


@dataclass(frozen=True)
class _State:
    """All that is known between two rounds; each round makes a new one.

    ``X, y, uniform, weight``: the labelled points; ``given``: how many were there at the start; ``made``: the
    twins; ``asked``: pool rows asked about; ``hits``: weighted right answers, one a label.
    """

    X: Rows
    y: Labels
    uniform: Mask
    weight: Floats
    asked: Index
    given: int = 0
    made: Split | None = None
    model: Any = None
    cost: Cost = NOTHING
    hits: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """The arguments of a run, checked; its methods take a state and return the next."""

    model: Any
    pool: Pool
    oracle: Oracle
    strategy: Callable[..., Any]
    batch: int
    budget: int
    seed: int
    warm: bool
    weighted: bool
    stop: Stop | None
    tune: Mapping[str, Sequence[Any]] | None
    box: Box | None = None

    def started(self, start: tuple[ArrayLike, ArrayLike] | None) -> _State:
        """Return the state before the first round."""
        none = np.empty(0, dtype=np.intp)
        if start is None:
            return _State(self.pool.rows(none), none, none.astype(bool), none.astype(float), none)
        X = read_rows(start[0], self.pool, "start X")
        y = check_y(start[1], count(X), name="start y")
        state = _State(X, y, np.ones(len(y), dtype=bool), np.ones(len(y)), none, len(y))
        return replace(state, model=self._fit(state, "start"))

    def rounds(self, state: _State, digest: str, journal: Journal | None) -> Iterator[Round]:
        """Yield one round after another."""
        done: list[Round] = []
        while len(state.y) - state.given < self.budget and len(state.asked) < len(self.pool):
            number = len(done)
            if number and self.pool.digest() != digest:
                raise InputError(
                    "the pool changed since the run began (its content hash differs); put the "
                    "old one back, or start a new run with a new store. What was paid for is in "
                    "the rounds so far."
                )
            query = None if journal is None else journal.query(number)
            if query is None:
                query = self._query(state, number)
                if journal is not None:
                    journal.put_query(number, query)
            answer = self._answer(query, number, journal)
            state = self._learned(state, query, answer, number)
            done.append(self._round(state, query, answer, number))
            reason = None if self.stop is None else self.stop(done)
            done[-1] = replace(done[-1], stop=reason)
            yield done[-1]
            if reason is not None:
                return

    def _query(self, state: _State, number: int) -> Query:
        candidates = np.setdiff1d(np.arange(len(self.pool)), state.asked)
        n = min(self.batch, self.budget - (len(state.y) - state.given), len(candidates))
        request = Request(
            state.model,
            self.pool,
            n,
            candidates,
            Split(state.X, state.y) if len(state.y) else None,
            self.box,
            child_seed(self.seed, "query", number),
            self.oracle.repeatable,
            self.budget + state.given,
            state.uniform,
        )
        try:
            return checked(self.strategy(request), request)
        except NoModelError:
            return Random()(request)

    def _answer(self, query: Query, number: int, journal: Journal | None) -> Answer:
        """Ask for what is not answered yet; write down every part, whatever happens."""
        parts = [] if journal is None else journal.answers(number)
        got = [part for part, _ in parts]
        if parts and parts[-1][1]:
            return merged(got)
        seen = np.concatenate([part.rows for part in got]) if got else np.empty(0, dtype=np.intp)
        rest = np.setdiff1d(np.arange(len(query.index)), seen)
        error = None
        try:
            new = ask(self.oracle, self.pool.rows(query.index[rest]), query.index[rest])
        except OracleError as caught:
            new, error = caught.answer, caught
        new = replace(new, rows=rest[new.rows])
        if journal is not None and (error is None or len(new.rows)):
            journal.put_answer(number, len(got), new, closed=error is None)
        if error is not None:
            raise error
        return merged([*got, new])

    def _learned(self, state: _State, query: Query, answer: Answer, number: int) -> _State:
        """Return the state after an answer: judged first, then learned from."""
        rows = answer.rows
        X = self.pool.rows(query.index[rows])
        inverse = 1 / query.propensity[rows]
        cost = state.cost + answer.cost + Cost(0, query.queries, query.gradients)
        state = replace(
            state,
            hits=state.hits + hits(state.model, X, answer.labels, inverse, query.uniform[rows]),
            X=(stacked([state.X, X]) if len(state.y) else X) if len(rows) else state.X,
            y=joined(state.y, answer.labels, names=("the labels so far", "the answers")),
            uniform=np.concatenate([state.uniform, query.uniform[rows]]),
            weight=np.concatenate([state.weight, np.where(np.isnan(inverse), 1, inverse)]),
            asked=np.concatenate([state.asked, query.index]),
            cost=cost,
            made=made_points(state.made, query, answer),
        )
        return replace(state, model=self._fit(state, number)) if len(rows) else state

    def _fit(self, state: _State, number: int | str) -> Any:
        """Fit to labels and twins; None while there is one class only."""
        if len(np.unique(state.y)) < 2:
            return None
        rows, y, weight, model = state.X, state.y, state.weight, self.model
        if state.made is not None:
            rows = stacked([rows, like(state.made.X, rows)])
            y, weight = joined(y, state.made.y), np.concatenate([weight, np.ones(len(state.made.y))])
        if self.tune is not None:
            model = tuned(
                model, self.tune, state.X, state.y, state.uniform, seed=child_seed(self.seed, "tune")
            )
        return fitted(
            model,
            rows,
            y,
            seed=child_seed(self.seed, "fit", number),
            last=state.model if self.warm else None,
            weights=weight if self.weighted else None,
        )

    def _round(self, state: _State, query: Query, answer: Answer, number: int) -> Round:
        classes, counts = np.unique(state.y, return_counts=True)
        return Round(
            number,
            query,
            query.index[answer.rows],
            answer.labels,
            state.model,
            state.cost,
            dict(zip(classes.tolist(), counts.tolist(), strict=True)),
            accuracy(state.hits[-RECENT:]),
            len(state.y),
        )
