"""Table 6: VGG-16 on CIFAR-10, trained with adversarial examples of four attacks and three sizes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from sklearn.dummy import DummyClassifier

from edgewise.arrays import Floats, Labels, Values
from edgewise.attacks import attack, names
from edgewise.attacks.adversarial import Adversarial
from edgewise.data import load
from edgewise.data.dataset import Dataset, Split
from edgewise.geometry import length
from edgewise.learning.metrics import accuracy
from edgewise.models import MODELS
from edgewise.models.unwrap import Model
from edgewise.paper.tables.frame import Claim, Key, Result, row, select
from edgewise.paper.tables.table6_sizes import SIZES
from edgewise.paper.tables.verdict_rule import always_better, sometimes_worse
from edgewise.randomness import child_seed
from edgewise.registry import lookup
from edgewise.store import Cell


NAME = "table6"
MODEL = "vgg16"
EPS = (0.001, 0.01, 0.1)
CLEAN, SMALL, BOTH, TRAINED = "clean", "small-perturbation", "augmentation", "adversarial-training"
TWICE = "clean-twice"


@dataclass(frozen=True)
class Table6:
    """The same VGG-16 from scratch on clean images, on adversarial ones, on small perturbations, on both.

    Parameters
    ----------
    size
        One of `SIZES`; the experiment of another size than ``"full"`` has a name of its own, so that the two
        never stand beside each other.
    checkpoints
        A folder where each training is kept after every epoch, so that a killed run loses one epoch; or None. Not
        used on a GPU, where an epoch takes less than keeping it.
    """

    size: str = "full"
    checkpoints: Path | None = None
    title: str = "VGG-16 on CIFAR-10 trained with adversarial examples"
    data: tuple[str, ...] = ("cifar10",)

    @property
    def name(self) -> str:
        """``"table6"`` in full, else with its size."""
        return NAME if self.size == "full" else f"{NAME}-{self.size}"

    @property
    def readings(self) -> tuple[str, ...]:
        """How the paper was read."""
        return (
            lookup(SIZES, self.size, "size").note,
            "The victim is a VGG-16 with batch normalisation trained on the clean train images, once a seed; "
            "every arm trains another from scratch with the same recipe (crops and flips, Nesterov momentum, "
            "one cycle).",
            "'adversarial-training' adds each image's adversarial example with the image's own label: eps 8/255 "
            "in L-infinity for FGSM and PGD, the crossing itself for DeepFool and C&W.",
            "The size 0.001, 0.01 or 0.1 is the largest change of a pixel value: each attack's perturbation is "
            "scaled to it. 'small-perturbation' trains on these images alone, labelled by the victim; "
            "'augmentation' on the clean images and these.",
            "Images no attack moved across the boundary stay as they are in every arm. 'clean' is one figure.",
            "'augmentation' and 'adversarial-training' have twice as many images, and so twice as many steps. "
            "'clean-twice', which the paper does not have, takes those steps on every clean image twice: what is "
            "gained beyond it is the attack's.",
        )

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return one cell a training, seed by seed and attack by attack, so that a part of a run is paired."""
        size = lookup(SIZES, "quick" if quick else self.size, "size")
        arms = [(TRAINED, None), *((arm, eps) for arm in (BOTH, SMALL) for eps in EPS)]
        made: list[Cell] = []
        for seed in range(min(seeds, size.most_seeds)):
            for name in data:
                training = {"data": name, **size.training}
                made += [Cell(self.name, training | {"arm": arm}, seed) for arm in (CLEAN, TWICE)]
                made += [
                    Cell(
                        self.name,
                        training | {"attack": method, "with": dict(how), "arm": arm, "eps": eps},
                        seed,
                    )
                    for method, how in size.attacks.items()
                    for arm, eps in arms
                ]
        return made

    @property
    def work(self) -> Callable[[Cell], Values]:
        """`work`, with the folder of checkpoints."""
        from edgewise.models.torch_typed import gpu

        return partial(work, checkpoints=None if gpu() else self.checkpoints)

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare every arm with clean training, and those with twice as many images with as many clean ones."""
        if metric != "accuracy" or key.arm == CLEAN:
            return ()
        against = (CLEAN, TWICE) if key.arm in (BOTH, TRAINED) else (CLEAN,)
        return tuple(Key(key.data, key.model, "", arm, "") for arm in against)

    def family(self, key: Key) -> str:
        """Correct every comparison of the table together."""
        return ""

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the claims about Table 6."""
        return [
            always_better(
                "Clean images plus small perturbations always beat clean images alone on CIFAR10 (Table 6).",
                select(results, arm=BOTH),
                CLEAN,
                cells=12,
            ),
            sometimes_worse(
                "Adversarial training sometimes decreases the accuracy on CIFAR10 (section 5.2, Table 6).",
                select(results, arm=TRAINED),
                CLEAN,
            ),
            always_better(
                "Clean images plus small perturbations beat as many clean images, each taken twice (the paper does "
                "not compare these).",
                select(results, arm=BOTH),
                TWICE,
                cells=12,
                ours_alone=True,
            ),
            always_better(
                "Small perturbations alone beat clean images (the paper does not claim it, and its grid "
                "says the opposite).",
                select(results, arm=SMALL),
                CLEAN,
                cells=12,
                ours_alone=True,
            ),
        ]


def small(checkpoints: Path | None = None) -> Table6:
    """Return Table 6 at the size of a CPU."""
    return Table6("small", checkpoints)


def work(cell: Cell, checkpoints: Path | None = None) -> Values:
    """Compute one cell: one network trained and tested."""
    s, arm = cell.settings, cell.settings["arm"]
    shared = {name: s[name] for name in s if name not in ("arm", "attack", "with", "eps")}
    start = (cell.what, json.dumps(shared, sort_keys=True), cell.seed, checkpoints)
    data, X, victim = _start(*start)
    if arm == CLEAN:
        return {"rows": [_row(CLEAN, "", victim, data)]}
    y, method = data.train.y, s.get("attack", "")
    values: Values = {}
    if arm == TWICE:
        added, labels = X, y
    else:
        adv = _attacked(start, method, json.dumps(s["with"], sort_keys=True))
        if arm == TRAINED:
            added, labels, values = adv.points, y, _moved(adv)
        else:
            added = of_size(adv, s["eps"], data)
            labels = victim.predict(added)
    train = (added, labels) if arm == SMALL else (np.concatenate([X, added]), np.concatenate([y, labels]))
    made = {"rows": [_row(arm, method, _trained(cell, *train, checkpoints), data, s.get("eps"), **values)]}
    if checkpoints is not None:
        _kept_in(checkpoints, cell).unlink(missing_ok=True)
    return made


@lru_cache(maxsize=1)
def _start(what: str, settings: str, seed: int, checkpoints: Path | None) -> tuple[Dataset, Floats, Model]:
    """Return the data, the train images and the victim of a seed; its cells follow one another and share them."""
    cell = Cell(what, json.loads(settings), seed)
    data = load(
        cell.settings["data"],
        rng=child_seed(seed, NAME),
        train=cell.settings["train"],
        held_out=1,
        test=cell.settings["test"],
    )
    X = _images(data.train.X, data)
    return data, X, _trained(cell, X, data.train.y, checkpoints)


@lru_cache(maxsize=1)
def _attacked(start: tuple[str, str, int, Path | None], method: str, settings: str) -> Adversarial:
    """Attack every train image; the arms of an attack follow one another and share it."""
    data, X, victim = _start(*start)
    return attack(
        victim,
        X,
        names.ATTACKS[method].make(**json.loads(settings)),
        box=data.box,
        rng=child_seed(start[2], method),
    )


def _moved(adv: Adversarial) -> Values:
    moved = (adv.points.astype(float) - adv.source)[adv.found & (adv.distance > 0)]
    found = {"found": adv.found.mean()}
    if len(moved):
        found |= {
            "perturbation_l2": length(moved, 2).mean(),
            "perturbation_linf": length(moved, np.inf).mean(),
        }
    return found


def of_size(adv: Adversarial, eps: float, data: Dataset) -> Floats:
    """Return the sources moved along their perturbations by ``eps`` in L-infinity, inside the box."""
    delta = adv.points - adv.source
    size = length(delta, np.inf).reshape(-1, 1, 1, 1)
    moved = adv.source + (eps * delta / np.where(size > 0, size, 1)).astype(adv.source.dtype)
    return moved if data.box is None else data.box.clip(moved.reshape(len(moved), -1)).reshape(moved.shape)


def _trained(cell: Cell, X: Floats, y: Labels, checkpoints: Path | None) -> Model:
    """Train a network on these images, from where a killed run left off."""
    from edgewise.models.training import CIFAR_RECIPE

    if len(np.unique(y)) == 1:
        # A victim that learnt nothing answers one class; what learns from it can only do the same.
        return DummyClassifier(strategy="most_frequent").fit(X, y)
    own = {"net", "epochs", "batch_size", "lr"} & set(cell.settings)
    settings = {**CIFAR_RECIPE, **{name: cell.settings[name] for name in own}}
    if checkpoints is not None:
        checkpoints.mkdir(parents=True, exist_ok=True)
        settings["checkpoint"] = _kept_in(checkpoints, cell)
    settings["random_state"] = child_seed(cell.seed, "weights") % 2**31
    return MODELS["network"].make(**settings).fit(X, y)


def _kept_in(checkpoints: Path, cell: Cell) -> Path:
    return checkpoints / f"{cell.key}.pt"


def _images(X: Floats, data: Dataset) -> Floats:
    return X if data.image_shape is None else np.asarray(X, np.float32).reshape(-1, *data.image_shape)


def _row(
    arm: str, method: str, model: Model, data: Dataset, eps: float | None = None, **values: float
) -> Values:
    test = Split(_images(data.test.X, data), data.test.y)
    return row(
        model=MODEL,
        attack=method,
        arm=arm,
        budget="" if eps is None else str(eps),
        accuracy=accuracy(model, *test),
        **values,
    )
