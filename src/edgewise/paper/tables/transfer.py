"""What Tables 4 and 5 share: gradient attacks on a network, transferred to a model that has no gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Floats, Labels, Values
from edgewise.attacks import attack, names
from edgewise.attacks.frame import Adversarial
from edgewise.data import load
from edgewise.data.dataset import Dataset, Split
from edgewise.geometry import length
from edgewise.learning.metrics import accuracy
from edgewise.models import MODELS
from edgewise.models.kernel_ridge import KernelRidgeClassifier
from edgewise.models.unwrap import Model
from edgewise.paper.tables.frame import Claim, Key, Result, row, select
from edgewise.paper.tables.label_regression import LabelRegression, measured
from edgewise.paper.tables.verdict_rule import always_better, sometimes_worse
from edgewise.randomness import child_seed
from edgewise.store import Cell


DATA = ("halfmoon", "abalone", "mnist-1v7")
BUDGETS = (50, 100, 250, 500)
ATTACKS = ("fgsm", "pgd", "deepfool", "cw")
EPS = {"halfmoon": 0.5, "abalone": 0.1, "mnist-1v7": 0.3}
SMALL = "small-perturbation"
SCALES = {SMALL: 0.5, f"{SMALL}-0.1": 0.1, f"{SMALL}-1": 1.0}
MORE = "clean-more"
PRINTED = ("1-nn", "kernel-ridge-linear")
EPOCHS = 40

READINGS = (
    "The victim is the model itself, trained on the train split of Table 1. A budget n is n held-out points "
    "(the adversary's own): 'clean' trains a shadow of the same kind on these with their true labels.",
    "'adversarial-training' adds the adversarial point of each of the n, with its source's label; "
    "'small-perturbation' adds the point at half its perturbation (s = 0.5), labelled by the victim. "
    "s = 0.1 and s = 1 stand beside it for the paper's own models; it names no s for these tables.",
    "The attacks are made on a shallow network (three layers, sigmoids, softmax) trained on the victim's "
    "train split, each point against the network's own label, and transferred. Points that do not cross the "
    "network's boundary are left out; 'found' is the share that does.",
    "FGSM and PGD (40 steps) have an L-infinity radius of 0.5 on Halfmoon, 0.3 on MNIST 1v7 and 0.1 on "
    "Abalone, whose features span [0, 1]; the paper names none. DeepFool and C&W are L2.",
    "'clean' is one column. The paper prints one for each attack, up to 0.15 apart though no attack takes "
    "part in it: chance, so none of the four stands beside ours.",
    "The arm 'clean-more', which the paper lacks, adds n further held-out points labelled by the victim: as "
    "many points and victim labels as 'small-perturbation', without an attack.",
    "Smaller budgets are prefixes of larger ones; no test point is attacked, trained on or tuned on.",
)


@dataclass(frozen=True)
class Transferred:
    """Shadows by budget: clean, adversarially trained, and with small perturbations.

    Parameters
    ----------
    name, title
        Those of the table.
    models
        Which shadows, names of `SHADOWS`.
    own_readings
        How the paper was read for this table alone.
    eps
        Size of FGSM and PGD in place of `EPS`.
    attacks
        Which attacks.
    """

    name: str
    title: str
    models: tuple[str, ...]
    own_readings: tuple[str, ...] = ()
    data: tuple[str, ...] = DATA
    eps: float | None = None
    attacks: tuple[str, ...] = ATTACKS

    @property
    def readings(self) -> tuple[str, ...]:
        """How the paper was read."""
        return (*READINGS, *self.own_readings)

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return one cell a data set and seed."""
        budgets = [budget // 5 for budget in BUDGETS] if quick else list(BUDGETS)
        return [
            Cell(
                self.name,
                {
                    "data": dataset,
                    "budgets": budgets,
                    "eps": self.eps or EPS.get(dataset, 0.1),
                    "epochs": EPOCHS,
                },
                seed,
            )
            for seed in range(seeds)
            for dataset in data
        ]

    @property
    def work(self) -> Callable[[Cell], Values]:
        """`compute` for these models."""
        return partial(compute, models=self.models, attacks=self.attacks)

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare the arms that a claim is about with clean points, the paper's own with more clean ones too.

        Other scales are shown without a test: every test more makes all of them weaker, and with 20 seeds the
        signed-rank test bears about 500.
        """
        if metric != "accuracy" or key.arm not in (MORE, SMALL, "adversarial-training"):
            return ()
        arms = ("clean", MORE) if key.arm == SMALL and key.model in PRINTED else ("clean",)
        return tuple(Key(key.data, key.model, "", arm, key.budget) for arm in arms)

    def family(self, key: Key) -> str:
        """Correct every comparison of the table together."""
        return ""

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the claims about the table, model by model."""
        return [claim for kind in self.models for claim in _claims(kind, f"Table {self.name[-1]}", results)]


def _claims(kind: str, table: str, results: Sequence[Result]) -> list[Claim]:
    small, trained = (select(results, arm=arm, model=kind) for arm in (SMALL, "adversarial-training"))
    claims = [
        always_better(
            f"{table}: trained with small-perturbation adversarial examples, {kind} always "
            "beats clean training.",
            small,
            "clean",
            ours_alone=kind not in PRINTED,
        )
    ]
    if kind in PRINTED:
        claims.append(
            always_better(
                f"{table}: and it beats as many more clean points labelled by the same "
                "victim (not tested in the paper).",
                small,
                MORE,
                ours_alone=True,
            )
        )
    return [
        *claims,
        sometimes_worse(
            f"{table}: adversarial training sometimes decreases the accuracy of {kind} (section 5.2).",
            trained,
            "clean",
            ours_alone=kind not in PRINTED,
        ),
    ]


def compute(cell: Cell, models: Sequence[str], attacks: Sequence[str] = ATTACKS) -> Values:
    """Compute every arm of these models and attacks at every budget for one data set and seed."""
    budgets = cell.settings["budgets"]
    most = max(budgets)
    data = load(cell.settings["data"], rng=child_seed(cell.seed, "table4"), held_out=2 * most)
    network = (
        MODELS["network"]
        .make(
            epochs=cell.settings["epochs"],
            device="cpu",
            random_state=child_seed(cell.seed, "network") % 2**31,
        )
        .fit(*data.train)
    )
    own, more = (
        Split(data.held_out.X[rows], data.held_out.y[rows])
        for rows in (slice(0, most), slice(most, 2 * most))
    )
    made = {name: _crossings(name, network, own, data, cell) for name in attacks}
    rows = [row(model="network", arm="victim", accuracy=accuracy(network, *data.test))]
    for name in models:
        victim = SHADOWS[name](data).fit(*data.train)
        rows.append(row(model=name, arm="victim", accuracy=measured(victim, data.test)))
        for budget in budgets:
            rows += _arms(name, budget, victim, data, own, more, made)
    return {"rows": rows}


def _nearest_neighbour(_data: Dataset) -> Model:
    return KNeighborsClassifier(1)


def _kernel_ridge(kernel: str) -> Callable[[Dataset], Model]:
    """Return a maker of kernel ridge classifiers, as wide as the median distance of the train split."""

    def make(data: Dataset) -> Model:
        # 300 rows tell the median to a few percent; the split is in random order.
        return KernelRidgeClassifier(kernel, scale=float(np.median(pdist(data.train.X[:300]))))

    return make


SHADOWS: Mapping[str, Callable[[Dataset], Model]] = {
    "1-nn": _nearest_neighbour,
    **{f"kernel-ridge-{kernel}": _kernel_ridge(kernel) for kernel in ("linear", "rbf", "matern-5/2")},
    "kernel-ridge-linear-r2": lambda _data: LabelRegression(shift=0.5, r2=True),
    "kernel-ridge-linear-raw-labels": lambda _data: LabelRegression(),
}
"""What is trained, made for a data set."""


def _crossings(name: str, network: Model, own: Split, data: Dataset, cell: Cell) -> Adversarial:
    settings = {"eps": cell.settings["eps"]} if name in ("fgsm", "pgd") else {}
    return attack(
        network, own.X, names.ATTACKS[name].make(**settings), box=data.box, rng=child_seed(cell.seed, name)
    )


def _arms(
    model: str,
    budget: int,
    victim: Model,
    data: Dataset,
    own: Split,
    more: Split,
    made: Values,
) -> list[Values]:
    def arm(name: str, X: Floats | None, y: Labels | None, method: str = "", **values: float) -> Values:
        parts = ([own.X[:budget]], [own.y[:budget]])
        if X is not None and y is not None:
            parts[0].append(X)
            parts[1].append(y)
        train = Split(np.concatenate(parts[0]), np.concatenate(parts[1]))
        score = measured(shadow.fit(*train), data.test)
        return row(model=model, attack=method, arm=name, budget=budget, accuracy=score, **values)

    shadow = SHADOWS[model](data)
    rows = [arm("clean", None, None), arm(MORE, more.X[:budget], victim.predict(more.X[:budget]))]
    for method, adv in made.items():
        at = np.flatnonzero(adv.found[:budget])
        if not len(at):
            continue
        moved = adv.points[at].astype(float) - own.X[at]
        rows.append(
            arm(
                "adversarial-training",
                adv.points[at],
                own.y[at],
                method,
                found=len(at) / budget,
                perturbation_l2=length(moved, 2).mean(),
                perturbation_linf=length(moved, np.inf).mean(),
            )
        )
        there = victim.predict(own.X[at])
        for name, scale in SCALES.items() if model in PRINTED else [(SMALL, SCALES[SMALL])]:
            placed = adv.at(scale, data.box)[at]
            labels = victim.predict(placed)
            rows.append(arm(name, placed, labels, method, flipped=np.not_equal(labels, there).mean()))
    return rows
