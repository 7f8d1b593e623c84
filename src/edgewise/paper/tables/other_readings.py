"""Readings of the paper that are not the main ones, as tables of their own: only what the main run lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Values
from edgewise.attacks import attack
from edgewise.data import load
from edgewise.data.dataset import Split
from edgewise.learning.metrics import accuracy
from edgewise.paper.tables import table2
from edgewise.paper.tables.frame import Claim, Key, Result, row
from edgewise.paper.tables.table2 import HELD_OUT, attack_on
from edgewise.paper.tables.table3 import BUDGETS
from edgewise.paper.tables.transfer import Transferred
from edgewise.randomness import child_seed
from edgewise.store import Cell


@dataclass(frozen=True)
class Aside:
    """A reading as a table without claims: it is set beside the printed grid, and nothing is concluded from it.

    Parameters
    ----------
    name, title, data
        As of any table.
    settings
        What its cells have beside the data set, one mapping a cell.
    compute
        An importable function of a cell.
    """

    name: str
    title: str
    data: tuple[str, ...]
    settings: tuple[Values, ...]
    compute: Callable[[Cell], Values]
    readings: tuple[str, ...] = ()

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return a cell a seed, data set and setting; there is no quick version."""
        return [
            Cell(self.name, {"data": name, **settings}, seed)
            for seed in range(seeds)
            for name in data
            for settings in self.settings
        ]

    @property
    def work(self) -> Callable[[Cell], Values]:
        """`compute`."""
        return self.compute

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare nothing."""
        return ()

    def family(self, key: Key) -> str:
        """Return one family; there are no comparisons."""
        return ""

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return no claims."""
        return []


def test_points() -> Aside:
    """Return Table 2 with the adversarial points made from the test points: a leak, for the record."""
    return Aside(
        "table2-test-points",
        "1-NN trained with adversarial examples of its test points (a leak, for the record)",
        ("halfmoon", "abalone", "mnist-1v7"),
        tuple({"attack": method} for method in table2.ATTACKS),
        from_test_points,
    )


def from_test_points(cell: Cell) -> Values:
    """Compute one attack: accuracy on the very points attacked, and on fresh ones."""
    method = cell.settings["attack"]
    data = load(cell.settings["data"], rng=child_seed(cell.seed, "table2"), **HELD_OUT)
    victim = KNeighborsClassifier(1).fit(*data.train)
    adv = attack(
        victim,
        data.test.X,
        attack_on(data, method),
        box=data.box,
        rng=child_seed(cell.seed, method),
    )
    made = Split(adv.points[adv.found], data.test.y[adv.found])
    shadow = KNeighborsClassifier(1).fit(
        np.concatenate([data.train.X, made.X]), np.concatenate([data.train.y, made.y])
    )
    return {
        "rows": [
            row(
                model="1-nn",
                arm=arm,
                attack=of,
                accuracy=accuracy(model, *data.test),
                fresh=accuracy(model, *data.held_out),
            )
            for arm, of, model in (("baseline", "", victim), ("adversarial", method, shadow))
        ]
    }


def distinct_rows() -> Aside:
    """Return Table 2 on Cancer without test rows that are also trained on or attacked."""
    return Aside(
        "table2-distinct-rows",
        "1-NN trained with adversarial examples, Cancer without its repeated rows",
        ("cancer",),
        tuple(
            {"attack": method, "extra": table2.EXTRA, "rows": "distinct"} for method in ("", *table2.ATTACKS)
        ),
        table2.work,
    )


def sorted_prefixes() -> Aside:
    """Return Table 3's random arm as the first rows of a train set that is sorted by class."""
    return Aside(
        "table3-sorted-prefixes",
        "1-NN trained on the first rows of data sorted by class",
        tuple(BUDGETS),
        ({},),
        first_rows,
    )


def first_rows(cell: Cell) -> Values:
    """Compute one data set: Halfmoon with noise 0.2, which gives the paper's figure at 2,000."""
    name = cell.settings["data"]
    noise: Values = {"noise": 0.2} if name == "halfmoon" else {}
    data = load(name, rng=child_seed(cell.seed, "table3"), **noise)
    order = np.argsort(data.train.y, kind="stable")
    rows: list[Values] = []
    for budget in BUDGETS[name]:
        first = order[:budget]
        shadow = KNeighborsClassifier(1).fit(data.train.X[first], data.train.y[first])
        rows.append(row(model="1-nn", arm="random", budget=budget, accuracy=accuracy(shadow, *data.test)))
    return {"rows": rows}


def eps(size: float) -> Callable[[], Transferred]:
    """Return a maker of Table 4 on Halfmoon with FGSM and PGD of this size."""
    return partial(
        Transferred,
        f"table4-eps-{size}",
        f"1-NN trained with FGSM and PGD of size {size}",
        ("1-nn",),
        data=("halfmoon",),
        eps=size,
        attacks=("fgsm", "pgd"),
    )


def regression(target: str) -> Callable[[], Transferred]:
    """Return a maker of Table 5 with plain kernel ridge regression: R2, or labels 0 and 1 cut at one half."""
    return partial(
        Transferred,
        f"table5-{target}",
        "kernel ridge regression with a linear kernel, " + ("R2" if target == "r2" else "labels 0 and 1"),
        (f"kernel-ridge-linear-{target}",),
    )
