"""Table 6: VGG-16 on CIFAR-10, trained with adversarial examples of four attacks and three sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier

from edgewise.arrays import Floats, Labels
from edgewise.attacks import attack
from edgewise.attacks import names as registered
from edgewise.attacks.frame import Adversarial
from edgewise.data import load
from edgewise.data.dataset import Dataset, Split
from edgewise.geometry import length
from edgewise.learning.metrics import accuracy
from edgewise.models import MODELS
from edgewise.paper.tables.frame import Claim, Key, Result, row, select
from edgewise.paper.tables.verdict_rule import always_better
from edgewise.randomness import child_seed
from edgewise.store import Cell


NAME = "table6"
MODEL = "vgg16"
ATTACKS: Mapping[str, Mapping[str, Any]] = {
    "fgsm": {"eps": 8 / 255},
    "pgd": {"eps": 8 / 255, "steps": 10},
    "deepfool": {},
    "cw": {},
}
QUICK_ATTACKS: Mapping[str, Mapping[str, Any]] = {
    "fgsm": {"eps": 8 / 255},
    "pgd": {"eps": 8 / 255, "steps": 3},
    "deepfool": {"steps": 5},
    "cw": {"searches": 1, "steps": 10},
}
EPS = (0.001, 0.01, 0.1)
FULL: Mapping[str, Any] = {"train": 45_000, "test": 10_000, "epochs": 60, "batch_size": 128, "lr": 0.1}
QUICK: Mapping[str, Any] = {"train": 50, "test": 100, "epochs": 2, "batch_size": 10, "lr": 0.02}
SMALL, BOTH, TRAINED = "small-perturbation", "augmentation", "adversarial-training"


@dataclass(frozen=True)
class Table6:
    """The same VGG-16 from scratch on clean images, on adversarial ones, on small perturbations, on both."""

    name: str = NAME
    title: str = "VGG-16 on CIFAR-10 trained with adversarial examples"
    data: tuple[str, ...] = ("cifar10",)
    readings: tuple[str, ...] = (
        "The victim is a VGG-16 with batch normalisation trained on the clean train images; every arm trains "
        "another from scratch with the same recipe (crops and flips, Nesterov momentum, one cycle).",
        "'adversarial-training' adds each image's adversarial example with the image's own label: eps 8/255 "
        "in L-infinity for FGSM and PGD, the crossing itself for DeepFool and C&W.",
        "The size 0.001, 0.01 or 0.1 is the largest change of a pixel value: each attack's perturbation is "
        "scaled to it. 'small-perturbation' trains on these images alone, labelled by the victim; "
        "'augmentation' on the clean images and these.",
        "Images no attack moved across the boundary stay as they are in every arm. 'clean' is one figure.",
        "--quick is 50 images, 2 epochs, 1 seed and weak attacks: it shows that the code runs, and its "
        "accuracies mean nothing. It is never set beside the paper.",
    )

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return one cell a seed and attack, and one a seed for clean training; quick has one seed."""
        size, attacks = (QUICK, QUICK_ATTACKS) if quick else (FULL, ATTACKS)
        return [
            Cell(NAME, {"data": name, "attack": method, "with": dict(attacks.get(method, {})), **size}, seed)
            for seed in range(min(seeds, 1) if quick else seeds)
            for name in data
            for method in ("", *attacks)
        ]

    @property
    def work(self) -> Callable[[Cell], Mapping[str, Any]]:
        """`work`."""
        return work

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare every arm with clean training."""
        if metric != "accuracy" or key.arm == "clean":
            return ()
        return (Key(key.data, key.model, "", "clean", ""),)

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the claims about Table 6."""
        return [
            always_better(
                "Clean images plus small perturbations always beat clean images alone on CIFAR10 (Table 6).",
                select(results, arm=BOTH),
                "clean",
            ),
            always_better(
                "Small perturbations alone beat clean images (Table 6, implied).",
                select(results, arm=SMALL),
                "clean",
            ),
        ]


def work(cell: Cell) -> dict[str, Any]:
    """Compute one cell: clean training, or the seven arms of one attack."""
    method = cell.settings["attack"]
    data = load(
        cell.settings["data"],
        rng=child_seed(cell.seed, NAME),
        train=cell.settings["train"],
        held_out=1,
        test=cell.settings["test"],
    )
    X, y = _images(data.train.X, data), data.train.y
    victim = _trained(cell, X, y)
    if not method:
        return {"rows": [_row("clean", "", victim, data)]}
    adv = attack(
        victim,
        X,
        registered.ATTACKS[method].make(**cell.settings["with"]),
        box=data.box,
        rng=child_seed(cell.seed, method),
    )
    moved = (adv.points.astype(float) - X)[adv.found & (adv.distance > 0)]
    found = {"found": adv.found.mean()}
    if len(moved):
        found |= {
            "perturbation_l2": length(moved, 2).mean(),
            "perturbation_linf": length(moved, np.inf).mean(),
        }
    rows = [
        _row(TRAINED, method, _trained(cell, np.concatenate([X, adv.points]), np.tile(y, 2)), data, **found)
    ]
    for eps in EPS:
        placed = of_size(adv, eps, data)
        labels = victim.predict(placed)
        alone = _trained(cell, placed, labels)
        both = _trained(cell, np.concatenate([X, placed]), np.concatenate([y, labels]))
        rows += [_row(SMALL, method, alone, data, eps), _row(BOTH, method, both, data, eps)]
    return {"rows": rows}


def of_size(adv: Adversarial, eps: float, data: Dataset) -> Floats:
    """Return the sources moved along their perturbations by ``eps`` in L-infinity, inside the box."""
    delta = adv.points - adv.source
    size = length(delta, np.inf).reshape(-1, 1, 1, 1)
    moved = adv.source + (eps * delta / np.where(size > 0, size, 1)).astype(adv.source.dtype)
    return moved if data.box is None else data.box.clip(moved.reshape(len(moved), -1)).reshape(moved.shape)


def _trained(cell: Cell, X: Floats, y: Labels) -> Any:
    from edgewise.models.training import CIFAR_RECIPE

    if len(np.unique(y)) == 1:
        # A victim that learnt nothing answers one class; what learns from it can only do the same.
        return DummyClassifier(strategy="most_frequent").fit(X, y)
    settings = {**CIFAR_RECIPE, **{name: cell.settings[name] for name in ("epochs", "batch_size", "lr")}}
    seed = child_seed(cell.seed, "weights") % 2**31
    return MODELS["network"].make(**settings, random_state=seed).fit(X, y)


def _images(X: Floats, data: Dataset) -> Floats:
    if data.image_shape is None:
        return X
    return np.asarray(X, np.float32).reshape(-1, *data.image_shape)


def _row(
    arm: str, method: str, model: Any, data: Dataset, eps: float | None = None, **values: Any
) -> dict[str, Any]:
    test = Split(_images(data.test.X, data), data.test.y)
    return row(
        model=MODEL,
        attack=method,
        arm=arm,
        budget="" if eps is None else str(eps),
        accuracy=accuracy(model, *test),
        **values,
    )
