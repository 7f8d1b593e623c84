"""Paired runs of the loop on real data: what `edgewise compare` computes, one cell a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgewise.arrays import InputError, Values
from edgewise.data.keel import KEEL
from edgewise.learning.learners import LEARNERS, gives_probabilities, is_network
from edgewise.learning.loop import learn
from edgewise.learning.oracle import GroundTruth
from edgewise.models.access import predict
from edgewise.paper.comparison.arms import ARMS
from edgewise.paper.comparison.tasks import TOPICS, is_own, is_table, rows_of, start_of, table_of
from edgewise.registry import from_file, lookup, unknown
from edgewise.store import Cell
from edgewise.strategies import STRATEGIES
from edgewise.strategies.edge_mix import EdgeMix
from edgewise.strategies.frame import Strategy
from edgewise.strategies.selecting import resolved


@dataclass(frozen=True)
class Trial:
    """How long and on how much a task is run.

    Parameters
    ----------
    pool, test
        Rows of the pool (at most) and of the test set.
    start, batch, budget
        Uniform initial labels, the same for every strategy; labels a round; labels bought.
    networks
        Whether a network fits the data.
    """

    pool: int = 1500
    test: int = 1000
    start: int = 20
    batch: int = 10
    budget: int = 180
    networks: bool = False


TRIALS: Mapping[str, Trial] = {
    "halfmoon": Trial(),
    "abalone": Trial(),
    "cancer": Trial(pool=480, test=200),
    "australian": Trial(pool=480, test=200),
    "covtype": Trial(),
    "digits": Trial(pool=1200, test=590),
    "mnist-1v7": Trial(),
    "mnist": Trial(pool=4000, test=2000, batch=20, budget=380, networks=True),
    "islands": Trial(),
    "wave10": Trial(),
}
"""The ten data sets; the last two are made here, from problems on which plain boundary sampling fails."""

STRONG = (
    "random",
    "margin",
    "entropy",
    "badge",
    "core-set",
    "typical",
    "typical-then-margin",
    "edge-mix",
    "herding",
)
"""What `edgewise compare` runs if no strategy is named."""

PLAIN = tuple(name for name in LEARNERS if not name.startswith("network-"))
"""The learners that it runs if none is named."""

REPORT = (
    *("cancer", "islands", "wave10", "mnist-1v7", "german", "crx"),
    *("bands", "mushroom", "saheart", "splice", "tic-tac-toe"),
)
"""Data that no strategy was chosen or tuned on; a person's own table is one too. All else is development data."""

LEARNED_FROM = ("cnae-9.csv",)
"""A table of one's own that was report data until herding failed on it, and was mended."""


def kind_of(data: str) -> str:
    """Say whether a data set was used when strategies were chosen.

    Examples
    --------
    >>> kind_of("digits"), kind_of("german"), kind_of("mine.csv")
    ('development', 'report', 'report')
    """
    unseen = data in REPORT or (is_own(data) and data not in LEARNED_FROM)
    return "report" if unseen else "development"


def trial_of(data: str) -> Trial:
    """Return how a data set is run: as in `TRIALS`; a table by its number of rows."""
    if data in TRIALS:
        return TRIALS[data]
    if not is_table(data):
        raise InputError(unknown(data, [*TRIALS, *KEEL, TOPICS], "data set") + " Or give a CSV: FILE.csv.")
    n = len(table_of(data)[1])
    pool = min(500, int(0.6 * n))
    return table_trial(pool, min(400, n - pool))


def table_trial(pool: int, test: int) -> Trial:
    """Return how a table is run: 10 labels at the start, 150 are bought, or 60 % of a small pool."""
    return Trial(pool, test, 10, 10, min(150, 10 * int(0.06 * pool)))


def cells(
    data: Sequence[str],
    learners: Sequence[str],
    strategies: Sequence[str],
    seeds: Sequence[int],
    *,
    start: int | None = None,
    batch: int | None = None,
    budget: int | None = None,
    pool: int | None = None,
) -> list[Cell]:
    """Return one cell a run, seeds outermost, so that a part of a sweep is paired as far as it goes.

    ``start`` (0: a strategy picks the first batch too, without a model), ``batch``, ``budget`` and ``pool`` take
    the place of those of `TRIALS`; ``"keel"`` is every KEEL table.

    Examples
    --------
    >>> cells(["halfmoon"], ["1-nn"], ["margin"], [0])[0].settings["budget"]
    180
    """
    made: list[Cell] = []
    sets = [name for given in data for name in (sorted(KEEL) if given == "keel" else (given,))]
    shown = {strategy: _strategy_settings(strategy) for strategy in strategies}
    for seed in seeds:
        for name in sets:
            trial = trial_of(name)
            for learner in learners:
                lookup(LEARNERS, learner, "learner")
                if is_network(learner) and not trial.networks:
                    continue
                task = {
                    "data": name,
                    "learner": learner,
                    "pool": pool or trial.pool,
                    "test": trial.test,
                    "start": trial.start if start is None else start,
                    "batch": batch or trial.batch,
                    "budget": budget or trial.budget,
                }
                if is_own(name):
                    task["content"] = _digest(name)
                for strategy in strategies:
                    more = dict(shown[strategy])
                    if strategy == "edge-mix" and name not in TRIALS:
                        more["guard"] = False
                    if _goes_with(strategy, learner):
                        made.append(Cell("compare", task | more, seed))
    return made


def _strategy_settings(strategy: str) -> Values:
    if ".py:" in strategy:
        from_file(strategy)
        return {"strategy": strategy, "code": _digest(strategy.rpartition(":")[0])}
    lookup(ARMS, strategy, "strategy")
    return {"strategy": strategy}


def _goes_with(strategy: str, learner: str) -> bool:
    """Say whether the learner can answer what the strategy asks; a pair that cannot is left out."""
    needs = STRATEGIES[strategy].needs if strategy in STRATEGIES else ()
    return "probabilities" not in needs or gives_probabilities(learner)


def work(cell: Cell) -> Values:
    """Return the learning curve of one run: test accuracy after each round.

    The split, the initial labels and the learner's seed depend on the cell's seed alone, so all strategies of
    a seed start from the same model.
    """
    s = cell.settings
    X, y, test_X, test_y = rows_of(str(s["data"]), int(s["pool"]), int(s["test"]), cell.seed)
    first = start_of(y, int(s["start"]), cell.seed)
    rest = np.setdiff1d(np.arange(len(y)), first)
    if len(rest) < int(s["budget"]):
        raise InputError(f"{s['data']} has a pool of {len(rest)} rows; the budget is {s['budget']}.")
    curve: dict[str, list[float]] = {"labels": [], "accuracy": [], "balanced": []}
    learner = LEARNERS[str(s["learner"])](X)
    for done in learn(
        learner,
        X[rest],
        GroundTruth(y[rest]),
        _strategy(s),
        batch=int(s["batch"]),
        budget=int(s["budget"]),
        rng=cell.seed,
        start=(X[first], y[first]) if len(first) else None,
    ):
        curve["labels"].append(done.n_labelled)
        # Before two classes are known there is no model, and the known class is all that can be said.
        said = done.labels[:1] if done.model is None else predict(done.model, test_X)
        right = np.equal(said, test_y)
        curve["accuracy"].append(float(np.mean(right)))
        curve["balanced"].append(float(np.mean([right[test_y == c].mean() for c in np.unique(test_y)])))
    return dict(curve)


def _strategy(settings: Values) -> Strategy:
    """Return the strategy of a cell; edge-mix has its guard, as in the first edition, unless the cell says not."""
    name = str(settings["strategy"])
    if name == "edge-mix":
        return EdgeMix(guard=bool(settings.get("guard", True)))
    return ARMS[name]() if name in ARMS else resolved(name)


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
