"""A run of the loop: the state between two rounds, and the steps from one to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Index, InputError, Labels, Mask
from edgewise.data.dataset import Split
from edgewise.learning.answer import Answer, Cost, OracleError, merged
from edgewise.learning.any_labels import check_alike, join_given, numbered
from edgewise.learning.fitting import Coded, fitted, tuned
from edgewise.learning.journal import Journal
from edgewise.learning.oracle import Oracle, ask_in_parts
from edgewise.learning.rounds import NOTHING, Round, Stop, accuracy, audited, hits, made_points
from edgewise.models.joining import check_y
from edgewise.models.rows import Rows, count, like, stacked
from edgewise.models.unwrap import Model
from edgewise.pools.pool import Pool
from edgewise.randomness import child_seed
from edgewise.strategies.frame import NoModelError, Query, Request, Strategy, checked
from edgewise.strategies.given import read_rows
from edgewise.strategies.uncertainty import Random


RECENT = 100
"""Labels that the running accuracy looks back on; it describes the models of those rounds."""


class LearningError(InputError):
    """Learning from labels that were paid for failed; ``index`` and ``labels`` hold all of them."""

    def __init__(self, message: str, index: Index, labels: Labels) -> None:
        super().__init__(message)
        self.index = index
        self.labels = labels


@dataclass(frozen=True)
class State:
    """All that is known between two rounds; each round makes a new one.

    ``X, y, uniform, weight``: the labelled points; ``given``: how many were there at the start; ``made``: the
    twins; ``asked``: pool rows asked about; ``hits``: weighted right answers, one a label; ``audit``: labels that
    are never learned from.
    """

    X: Rows
    y: Labels
    uniform: Mask
    weight: Floats
    asked: Index
    given: int = 0
    made: Split | None = None
    model: Model = None
    cost: Cost = NOTHING
    choosing: Cost = NOTHING
    judging: Cost = NOTHING
    hits: tuple[float, ...] = ()
    audit: Split | None = None

    @property
    def bought(self) -> int:
        """How many labels were paid for."""
        return len(self.y) - self.given + (0 if self.audit is None else len(self.audit.y))


@dataclass(frozen=True)
class Run:
    """The arguments of a run, checked; its methods take a state and return the next."""

    model: Model
    pool: Pool
    oracle: Oracle
    strategy: Strategy
    batch: int
    budget: int
    seed: int
    warm: bool
    weighted: bool
    stop: Stop | None
    tune: Mapping[str, Sequence[object]] | None
    box: Box | None = None
    audit: int = 0

    def started(self, start: tuple[ArrayLike, ArrayLike] | None) -> State:
        """Return the state before the first round."""
        none = np.empty(0, dtype=np.intp)
        if start is None:
            return State(self.pool.rows(none), none, none.astype(bool), none.astype(float), none)
        X = read_rows(start[0], self.pool, "start X")
        y = check_y(start[1], count(X), name="start y")
        state = State(X, y, np.ones(len(y), dtype=bool), np.ones(len(y)), none, len(y))
        return replace(state, model=self._fit(state, "start"))

    def rounds(self, state: State, digest: str, journal: Journal | None) -> Iterator[Round]:
        """Yield one round after another."""
        done: list[Round] = []
        with nullcontext() if journal is None else journal.held():
            while state.bought < self.budget and len(state.asked) < len(self.pool):
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
                answer = self._answer(query, number, self.budget - state.bought, journal)
                try:
                    state = self._learned(state, query, answer, number)
                    done.append(self._round(state, query, answer, number))
                    done[-1] = replace(done[-1], stop=None if self.stop is None else self.stop(done))
                except Exception as error:
                    raise _kept(error, done[:number], query, answer, journal) from error
                yield done[-1]
                if done[-1].stop is not None:
                    return

    def _query(self, state: State, number: int) -> Query:
        candidates = np.setdiff1d(np.arange(len(self.pool)), state.asked)
        audits = self._audits(number)
        n = min(self.audit if audits else self.batch, self.budget - state.bought, len(candidates))
        model, y = state.model, state.y
        if isinstance(model, Coded):
            model, y = model.model_, model.numbers(y)
        request = Request(
            model,
            self.pool,
            n,
            candidates,
            Split(state.X, y) if len(y) else None,
            self.box,
            child_seed(self.seed, "query", number),
            self.oracle.repeatable,
            self.budget + state.given,
            state.uniform,
        )
        try:
            return checked((Random() if audits else self.strategy)(request), request)
        except NoModelError:
            return Random()(request)

    def _audits(self, number: int) -> bool:
        """Say whether a round buys labels to judge by, not to learn from."""
        return self.audit > 0 and number == 0

    def _answer(self, query: Query, number: int, most: int, journal: Journal | None) -> Answer:
        """Ask for what was not asked yet, at most ``most`` labels; each part is written before the next is asked."""
        parts = [] if journal is None else journal.answers(number)
        left = np.setdiff1d(
            np.arange(len(query.index)), np.concatenate([np.empty(0), *(asked for asked, _ in parts)])
        )
        try:
            while len(left) and (open_ := most - sum(len(answer.rows) for _, answer in parts)) > 0:
                now, left = left[:open_].astype(np.intp), left[open_:]
                for asked, answer in self._asked(query.index[now]):
                    part = now[asked], replace(answer, rows=now[answer.rows])
                    parts.append(part)
                    if journal is not None:
                        journal.put_answer(number, len(parts) - 1, *part)
        except BaseException as error:
            if journal is None and parts and not isinstance(error, OracleError):
                got = merged([answer for _, answer in parts])
                error.add_note(
                    f"Answered before in this round: pool rows {query.index[got.rows].tolist()}, labels "
                    f"{got.labels.tolist()}. With store= every answer is kept."
                )
            raise
        return merged([answer for _, answer in parts])

    def _asked(self, index: Index) -> Iterator[tuple[Index, Answer]]:
        """Yield the parts of an answer, and what an oracle hands over when it raises without having yielded it."""
        seen: list[int] = []
        try:
            for asked, answer in ask_in_parts(self.oracle, self.pool.rows(index), index):
                seen += asked.tolist()
                yield asked, answer
        except OracleError as error:
            if not seen and len(error.answer.rows):
                yield error.answer.rows, error.answer
            raise

    def _learned(self, state: State, query: Query, answer: Answer, number: int) -> State:
        """Return the state after an answer: judged first, then learned from."""
        rows = answer.rows
        X = self.pool.rows(query.index[rows])
        if self._audits(number):
            paid = {"asked": np.concatenate([state.asked, query.index]), "cost": state.cost + answer.cost}
            return replace(state, audit=Split(X, answer.labels), **paid)
        inverse = 1 / query.propensity[rows]
        check_alike(state.y[: state.given], answer.labels, ("the start labels", "the answers"))
        state = replace(
            state,
            hits=state.hits + hits(state.model, X, answer.labels, inverse, query.uniform[rows]),
            X=(stacked([state.X, X]) if len(state.y) else X) if len(rows) else state.X,
            y=join_given(state.y, answer.labels),
            uniform=np.concatenate([state.uniform, query.uniform[rows]]),
            weight=np.concatenate([state.weight, np.where(np.isnan(inverse), 1, inverse)]),
            asked=np.concatenate([state.asked, query.index]),
            cost=state.cost + answer.cost,
            choosing=state.choosing + Cost(0, query.queries, query.gradients),
            judging=state.judging + Cost(0, len(rows) if state.model is not None else 0),
            made=made_points(state.made, query, answer),
        )
        state = replace(state, model=self._fit(state, number)) if len(rows) else state
        judges = 0 if state.model is None or state.audit is None else len(state.audit.y)
        return replace(state, judging=state.judging + Cost(0, judges))

    def _fit(self, state: State, number: int | str) -> Model:
        """Fit to labels and twins; None while there is one class only."""
        if len(numbered(state.y)[0]) < 2:
            return None
        rows, y, weight, model = state.X, state.y, state.weight, self.model
        if state.made is not None:
            rows = stacked([rows, like(state.made.X, rows)])
            y, weight = join_given(y, state.made.y), np.concatenate([weight, np.ones(len(state.made.y))])
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

    def _round(self, state: State, query: Query, answer: Answer, number: int) -> Round:
        classes, code = numbered(state.y)
        return Round(
            number,
            query,
            query.index[answer.rows],
            answer.labels,
            state.model,
            state.cost,
            dict(zip(classes.tolist(), np.bincount(code, minlength=len(classes)).tolist(), strict=True)),
            accuracy(state.hits[-RECENT:]),
            len(state.y),
            choosing=state.choosing,
            judging=state.judging,
            audited=audited(state.model, state.audit),
        )


def _kept(
    error: Exception, done: list[Round], query: Query, answer: Answer, journal: Journal | None
) -> LearningError:
    """Return the error that hands over everything bought so far."""
    index = np.concatenate([*(past.index for past in done), query.index[answer.rows]])
    labels = answer.labels
    for past in reversed(done):
        labels = join_given(past.labels, labels)
    where = (
        "Its index and labels hold them; give them as start=(pool[index], labels) to a model that can be fitted."
        if journal is None
        else f"They are kept: run again with a model that can be fitted and run={journal.run!r}."
    )
    kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
    return LearningError(
        f"learning from the {len(index)} labels bought so far failed: {kind}{error} {where}", index, labels
    )
