"""Lu et al.'s benchmark (2023, arXiv 2306.08954): their protocol to the letter, their numbers beside ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from edgewise.arrays import Floats, Index, Values
from edgewise.data.files import rows as rows_of
from edgewise.data.keel import keel
from edgewise.data.table_files import AUSTRALIAN
from edgewise.learning.loop import learn
from edgewise.learning.oracle import GroundTruth
from edgewise.paper.comparison.arms import ARMS
from edgewise.randomness import child_seed
from edgewise.registry import lookup
from edgewise.store import Cell


WHAT = "lu2023"
INITIAL, TEST = 20, 0.4
"""Rows labelled at the start, and the share of rows for testing."""

SMALL = ("sonar", "heart", "haberman", "ionosphere", "wdbc", "australian", "pima", "mammographic")
LARGE = ("banana", "phoneme", "ring", "twonorm")
SETS: Mapping[str, tuple[str, ...]] = {"small": SMALL, "large": LARGE, "all": SMALL + LARGE}

LARGEST = 1000
"""Labels after which a run on a large set ends here; theirs go on until the pool is empty."""

COMPARED = ("random", "margin", "typical", "edge-mix", "herding", "herding-share-0")
"""Strategies that are run if none are named."""


def cells(data: Sequence[str], strategies: Sequence[str], splits: Iterable[int]) -> list[Cell]:
    """Return one cell a run, splits outermost; ``data`` names sets, or groups of `SETS`.

    Examples
    --------
    >>> cells(["small"], ["margin"], [0])[0].settings["data"]
    'sonar'
    """
    names = [name for given in data for name in SETS.get(given, (given,))]
    for name in names:
        lookup(dict.fromkeys(SETS["all"], 0), name, "data set of Lu et al.")
    for strategy in strategies:
        lookup(ARMS, strategy, "strategy")
    return [
        Cell(
            WHAT, {"data": name, "strategy": strategy} | ({"labels": LARGEST} if name in LARGE else {}), split
        )
        for split in splits
        for name in names
        for strategy in strategies
    ]


def work(cell: Cell) -> Values:
    """Return the area under the budget curve of one split, and the curve.

    An RBF support vector machine (C = 1, gamma = 1 / d) queries and is judged; rows are scaled by mean and
    spread of the training part; one label a round, until the pool is empty or ``labels`` are there. A split
    whose initial labels are of one class is left out, as theirs are: its area is None.
    """
    s = cell.settings
    X, y, test_X, test_y = split(str(s["data"]), cell.seed)
    if len(np.unique(y[:INITIAL])) < len(np.unique(np.concatenate([y, test_y]))):
        return {"aubc": None, "right": [], "test": len(test_y)}
    right: list[int] = []
    for done in learn(
        SVC(C=1, kernel="rbf", gamma="auto"),
        X[INITIAL:],
        GroundTruth(y[INITIAL:]),
        lookup(ARMS, str(s["strategy"]), "strategy")(),
        batch=1,
        budget=min(int(s.get("labels", len(y))), len(y)) - INITIAL,
        rng=child_seed(cell.seed, WHAT),
        start=(X[:INITIAL], y[:INITIAL]),
    ):
        right.append(int(np.sum(done.model.predict(test_X) == test_y)))
    return {"aubc": aubc(np.array(right) / len(test_y)), "right": right, "test": len(test_y)}


def split(name: str, seed: int) -> tuple[Floats, Index, Floats, Index]:
    """Return training and test rows of one of their splits, the initially labelled rows first.

    All rows are shuffled by ``default_rng(seed)``, the first 60 % are for training; these are shuffled again
    by a second generator of the same seed, and the first 20 are labelled.
    """
    X, y = table(name)
    order = np.arange(len(y))
    np.random.default_rng(seed).shuffle(order)
    size = int(len(y) * (1 - TEST))
    train, test = order[:size], order[size:]
    np.random.default_rng(seed).shuffle(train)
    scaler = StandardScaler().fit(X[train])
    train_X, test_X = (np.asarray(scaler.transform(X[rows])) for rows in (train, test))
    return train_X, y[train], test_X, y[test]


@cache
def table(name: str) -> tuple[Floats, Index]:
    """Return features and classes of a set under the name that KEEL has for it."""
    if name == "australian":
        rows = rows_of(AUSTRALIAN)
        return rows[:, :-1], (rows[:, -1] > 0).astype(np.intp)
    return keel(name)


def aubc(accuracy: Floats) -> float:
    """Return their area: the trapezoids under the accuracies after each query, over one more than their number.

    Examples
    --------
    >>> round(aubc(np.array([0.5, 1.0, 1.0])), 4)
    0.4375
    """
    return float(np.trapezoid(accuracy) / (len(accuracy) + 1))
