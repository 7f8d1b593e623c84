"""Table 7: every arm of the paper on MNIST with LeNet, by pool and labels, in both readings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from edgewise.arrays import Floats, Label, Labels, Values
from edgewise.attacks.names import ATTACKS
from edgewise.data import load
from edgewise.data.dataset import Split
from edgewise.learning.loop import learn
from edgewise.learning.metrics import accuracy
from edgewise.learning.oracle import GroundTruth
from edgewise.models.unwrap import Model
from edgewise.paper.tables.frame import Claim, Key, Result, row, select
from edgewise.paper.tables.remembered import Remembered
from edgewise.paper.tables.table7_claims import ADVERSARIAL, fours, random_wins, uneven
from edgewise.paper.tables.verdict_rule import never_below
from edgewise.randomness import child_seed, stream
from edgewise.store import Cell
from edgewise.strategies.adversarial import Dfal, MaxConfidence
from edgewise.strategies.frame import Created, Query, Strategy
from edgewise.strategies.selecting import query, resolved


NAME = "table7"
POOLS = (55_000, 30_000, 10_000, 5_000, 2_500, 1_500)
LABELS = (100, 500, 800, 1000)
STEPS = 250
"""Batches of 32 that a shadow trains for, whatever its labels."""

ROUNDS = "rounds-"
"""Prefix of the arms that work round by round."""

STRATEGIES: Values = {
    "random": "random",
    "edge-mix": "edge-mix",
    "herding": "herding",
    "dfal": Dfal(),
    "margin": "margin",
    "typical": "typical",
    "dfal-e-1": Dfal(twins=0.1),
    "dfal-e-2": Dfal(twins=0.01),
    "dfal-e-3": Dfal(twins=0.001),
    "max-confidence": MaxConfidence(most=2000),
    "dfal-twins": Dfal(twins="crossing"),
}
"""The paper's arms and those it lacks; each ranks by the victim (one shot) or by the last model (rounds)."""

OURS = ("edge-mix", "herding")
PAPER = ("random", *ADVERSARIAL)
MAIN = ("random", *OURS, *PAPER[1:], "dfal-twins")
"""The arms that are run by default: the paper's six, DFAL as first published, and this package's two."""
READINGS = ("one-shot", "rounds")


@dataclass(frozen=True)
class Table7:
    """Every arm from six pools, 100 to 1000 labels, once ranked by a victim, once in rounds.

    Parameters
    ----------
    arms
        Which strategies; the others are those of `STRATEGIES`.
    pools
        Pool sizes that are run round by round too.
    protocols
        Ranked once by a victim (``"one-shot"``), in rounds (``"rounds"``), or both.
    """

    name: str = NAME
    title: str = "MNIST, LeNet: test accuracy by unlabelled pool and number of labels"
    data: tuple[str, ...] = tuple(f"mnist-pool-{size}" for size in POOLS)
    readings: tuple[str, ...] = (
        "One shot: a victim LeNet is trained on the whole labelled pool (800 batches of 64, and at least two "
        "epochs) and ranks it once; the shadow is trained from scratch on the pick alone. This reading gives "
        "the paper's pattern, so it is the one set beside its numbers.",
        "Round by round (arms 'rounds-...'): no victim; 100 labels a round, each round's LeNet ranks the "
        "rest. This is how people work.",
        f"Every LeNet shadow trains for {STEPS} batches of 32 with Adam and a one-cycle rate, the same for "
        "all arms; rounds train for 15 epochs of batches of 16.",
        "DFAL_e-x adds to each picked image a twin moved by an L2 length of 10^-x towards its adversary, "
        "with the label of its source; the paper does not name the norm.",
        "Max Conf attacks 2,000 uniform rows of the pool and takes the surest twins with their sources.",
        "'dfal-twins' is DFAL as first published: the adversarial point itself beside each picked image, with "
        "its source's label. The paper names the method and leaves the twins out.",
        "Accuracy is measured on the 10,000 test images; nothing is tuned on them.",
    )
    arms: tuple[str, ...] = MAIN
    pools: tuple[int, ...] = (10_000, 1_500)
    protocols: tuple[str, ...] = READINGS

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return a cell a protocol, seed, pool and arm, in that order, so that a part of a run is paired."""
        size = {"labels": list(LABELS[:2] if quick else LABELS), "steps": 60 if quick else STEPS}
        return [
            Cell(NAME, {"data": name, **size, "reading": protocol, "arm": arm}, seed)
            for protocol in self.protocols
            for seed in range(seeds)
            for name in data
            for arm in self.arms
            if protocol == "one-shot" or int(name.rsplit("-", 1)[1]) in self.pools
        ]

    @property
    def work(self) -> Callable[[Cell], Values]:
        """`work`."""
        return work

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare the accuracy of every arm with random of the same reading."""
        if metric != "accuracy":
            return ()
        prefix = ROUNDS if key.arm.startswith(ROUNDS) else ""
        return (replace(key, arm=prefix + "random"),)

    def family(self, key: Key) -> str:
        """Correct over the pools and numbers of labels of an arm: each arm is a question of its own."""
        return key.arm

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the paper's claims about Table 7, and those this package makes about what was run."""
        return [
            random_wins(results),
            uneven(results),
            fours(results),
            *(
                never_below(
                    f"{arm} is nowhere below random by a point ({protocol}; our claim, not the paper's).",
                    select(results, arm=prefix + arm),
                    prefix + "random",
                )
                for arm in OURS
                for prefix, protocol in (("", "one shot"), (ROUNDS, "round by round"))
                if select(results, arm=prefix + arm)
            ),
        ]


def work(cell: Cell) -> Values:
    """Compute one cell: the curve of one arm on one pool."""
    s = cell.settings
    counts, steps = [int(n) for n in s["labels"]], int(s["steps"])
    pool, test = _pool(str(s["data"]), cell.seed)
    strategy = resolved(STRATEGIES[str(s["arm"])])
    if s["reading"] == "rounds":
        return {"rows": _rounds(str(s["arm"]), strategy, pool, test, counts, cell.seed)}
    rows: list[Values] = []
    victim, crossings = _victim(str(s["data"]), cell.seed)
    if isinstance(strategy, (Dfal, MaxConfidence)):
        strategy = replace(strategy, attack=crossings)
    for n in counts:
        pick = query(victim, pool.X, n, strategy, box=(0, 1), rng=child_seed(cell.seed, "pick", n))
        rows_X, rows_y = _with_twins(pool, pick)
        shadow = _shadow(len(rows_y), steps, cell.seed).fit(rows_X, rows_y)
        rows.append(_figures(str(s["arm"]), n, shadow, pool.y[pick.index], test))
    return {"rows": rows}


def _rounds(
    arm: str,
    strategy: Strategy,
    pool: Split,
    test: Split,
    counts: Sequence[int],
    seed: int,
) -> list[Values]:
    found: list[Values] = []
    labels: list[Label] = []
    for done in learn(
        _shadow(0, 0, seed),
        pool.X,
        GroundTruth(pool.y),
        strategy,
        batch=100,
        budget=max(counts),
        rng=seed,
        box=(0, 1),
    ):
        labels += list(done.labels)
        n = done.n_labelled
        if n in counts:
            found.append(_figures(ROUNDS + arm, n, done.model, np.array(labels), test))
    return found


def _figures(arm: str, n: int, model: Model, picked: Labels, test: Split) -> Values:
    """Return a row: accuracy, how unevenly the pick falls on the classes, and how many fours are in it."""
    counts = np.bincount(picked.astype(int), minlength=10)
    share = counts[counts > 0] / counts.sum()
    balance = float(-(share * np.log(share)).sum() / math.log(10))
    return row(
        model="lenet",
        arm=arm,
        budget=n,
        accuracy=accuracy(model, *test),
        balance=balance,
        rarest=int(counts.min()),
        commonest=int(counts.max()),
        fours=int(counts[4]),
        most_other=int(np.delete(counts, 4).max()),
    )


@lru_cache(maxsize=1)
def _mnist(seed: int) -> tuple[Split, Split]:
    data = load("mnist", rng=child_seed(seed, NAME))
    X = np.concatenate([data.train.X, data.held_out.X])
    y = np.concatenate([data.train.y, data.held_out.y])
    return Split(X, y), data.test


def _pool(name: str, seed: int) -> tuple[Split, Split]:
    """Return the pool and the test set; smaller pools are parts of larger ones of the same seed."""
    whole, test = _mnist(seed)
    rows = stream(seed, NAME, "pool").permutation(len(whole.y))[: int(name.rsplit("-", 1)[1])]
    return Split(whole.X[rows], whole.y[rows]), test


@lru_cache(maxsize=1)
def _victim(name: str, seed: int) -> tuple[Model, Remembered]:
    """Train the victim of a pool, which arms that follow one another share, with what DeepFool finds on it."""
    from edgewise.models.net_classifier import NetClassifier

    pool, _ = _pool(name, seed)
    epochs = max(2, round(800 * 64 / len(pool.y)))
    victim = NetClassifier(
        "lenet5",
        epochs=epochs,
        batch_size=64,
        lr=4e-3,
        schedule="one-cycle",
        random_state=child_seed(seed, "victim") % 2**32,
    ).fit(*pool)
    return victim, Remembered(ATTACKS["deepfool"].make())


def _shadow(n: int, steps: int, seed: int) -> Model:
    from edgewise.models.net_classifier import NetClassifier

    if n == 0:
        return NetClassifier("lenet5", epochs=15, batch_size=16, lr=3e-3, schedule="one-cycle")
    epochs = max(1, round(steps * 32 / n))
    return NetClassifier(
        "lenet5",
        epochs=epochs,
        batch_size=32,
        lr=4e-3,
        schedule="one-cycle",
        random_state=child_seed(seed, "shadow") % 2**32,
    )


def _with_twins(pool: Split, pick: Query) -> tuple[Floats, Labels]:
    made: Created | None = pick.created
    if made is None:
        return pool.X[pick.index], pool.y[pick.index]
    return (
        np.concatenate([pool.X[pick.index], made.points.astype(pool.X.dtype)]),
        np.concatenate([pool.y[pick.index], pool.y[made.source]]),
    )
