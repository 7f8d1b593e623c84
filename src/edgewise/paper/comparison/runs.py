"""Paired runs of the loop on real data: what `edgewise compare` computes, one cell a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.arrays import Floats, InputError, Labels
from edgewise.data import load
from edgewise.learning.learners import LEARNERS
from edgewise.learning.loop import learn
from edgewise.learning.oracle import GroundTruth
from edgewise.models.access import predict
from edgewise.randomness import stream
from edgewise.registry import lookup
from edgewise.store import Cell
from edgewise.strategies import STRATEGIES


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


def cells(
    data: Sequence[str],
    learners: Sequence[str],
    strategies: Sequence[str],
    seeds: Sequence[int],
    *,
    batch: int | None = None,
    budget: int | None = None,
    pool: int | None = None,
) -> list[Cell]:
    """Return one cell a run, seeds outermost, so that a part of a sweep is paired as far as it goes.

    ``batch``, ``budget`` and ``pool`` take the place of those of `TRIALS`.

    Examples
    --------
    >>> cells(["halfmoon"], ["1-nn"], ["margin"], [0])[0].settings["budget"]
    180
    """
    made: list[Cell] = []
    for strategy in strategies:
        lookup(STRATEGIES, strategy, "strategy")
    for seed in seeds:
        for name in data:
            trial = lookup(TRIALS, name, "data set")
            for learner in learners:
                lookup(LEARNERS, learner, "learner")
                if learner == "network" and not trial.networks:
                    continue
                made += [
                    Cell(
                        "compare",
                        {
                            "data": name,
                            "learner": learner,
                            "strategy": strategy,
                            "pool": pool or trial.pool,
                            "test": trial.test,
                            "start": trial.start,
                            "batch": batch or trial.batch,
                            "budget": budget or trial.budget,
                        },
                        seed,
                    )
                    for strategy in strategies
                ]
    return made


def work(cell: Cell) -> dict[str, Any]:
    """Return the learning curve of one run: test accuracy after each round.

    The split, the initial labels and the learner's seed depend on the cell's seed alone, so all strategies of
    a seed start from the same model.
    """
    s = cell.settings
    X, y, test_X, test_y = _task(str(s["data"]), int(s["pool"]), int(s["test"]), cell.seed)
    first = _start(y, int(s["start"]), cell.seed)
    rest = np.setdiff1d(np.arange(len(y)), first)
    if len(rest) < int(s["budget"]):
        raise InputError(f"{s['data']} has a pool of {len(rest)} rows; the budget is {s['budget']}.")
    labels: list[int] = []
    accuracy: list[float] = []
    learner = LEARNERS[str(s["learner"])](X)
    for done in learn(
        learner,
        X[rest],
        GroundTruth(y[rest]),
        lookup(STRATEGIES, str(s["strategy"]), "strategy").make(),
        batch=int(s["batch"]),
        budget=int(s["budget"]),
        rng=cell.seed,
        start=(X[first], y[first]),
    ):
        labels.append(done.n_labelled)
        accuracy.append(float(np.mean(predict(done.model, test_X) == test_y)))
    return {"labels": labels, "accuracy": accuracy}


def _task(name: str, pool: int, test: int, seed: int) -> tuple[Floats, Labels, Floats, Labels]:
    """Return pool and test rows, scaled by the pool's mean and spread; images stay in [0, 1]."""
    if name in _MADE:
        points, y = _MADE[name](pool + test, stream(seed, "made", name))
        return points[:pool], y[:pool], points[pool:], y[pool:]
    data = load(name, rng=seed)
    known = [part for part in (data.train, data.held_out) if len(part.y)]
    rows = stream(seed, "pool").permutation(sum(len(part.y) for part in known))[:pool]
    asked = stream(seed, "test").permutation(len(data.test.y))[:test]
    points, other = np.concatenate([part.X for part in known])[rows], data.test.X[asked]
    if data.image_shape is None:
        centre, spread = points.mean(axis=0), points.std(axis=0)
        spread = np.where(spread > 0, spread, 1)
        points, other = (points - centre) / spread, (other - centre) / spread
    return points, np.concatenate([part.y for part in known])[rows], other, data.test.y[asked]


def _start(y: Labels, n: int, seed: int) -> Any:
    """Uniform rows, drawn again until two classes are among them: without them nothing can be trained."""
    rng = stream(seed, "start")
    while True:
        rows = np.sort(rng.permutation(len(y))[:n])
        if len(np.unique(y[rows])) > 1:
            return rows


def _islands(n: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Draw two half planes, with an island of the left class in the right one."""
    X = rng.uniform(-1, 1, (n, 2))
    island = np.hypot(X[:, 0] - 0.55, X[:, 1]) < 0.22
    return X, ((X[:, 0] > 0) & ~island).astype(int)


def _wave10(n: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Draw a sine boundary in two coordinates with eight that mean nothing, 10 % of labels wrong."""
    X = rng.uniform(-1, 1, (n, 10))
    y = X[:, 1] > 0.4 * np.sin(np.pi * X[:, 0])
    return X, (y ^ (rng.random(n) < 0.1)).astype(int)


_MADE: Mapping[str, Callable[[int, np.random.Generator], tuple[Floats, Labels]]] = {
    "islands": _islands,
    "wave10": _wave10,
}
