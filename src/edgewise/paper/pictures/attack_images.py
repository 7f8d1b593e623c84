"""One image under each gradient attack, as a fact: what the report's picture of boundary points shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgewise.arrays import Values
from edgewise.attacks import attack, names
from edgewise.data import load
from edgewise.models import MODELS
from edgewise.randomness import child_seed
from edgewise.store import Cell


NAME = "attack-images"
ATTACKS: Mapping[str, Mapping[str, float]] = {
    "fgsm": {"eps": 0.3},
    "pgd": {"eps": 0.3},
    "deepfool": {},
    "cw": {},
    "ddn": {},
}


def cell(seed: int = 0, train: int = 6000, data: str = "mnist", net: str = "lenet5") -> Cell:
    """Return the cell of the picture: LeNet-5 on ``train`` MNIST images."""
    return Cell(NAME, {"data": data, "train": train, "net": net, "epochs": 4, "attacks": ATTACKS}, seed)


def work(cell: Cell) -> Values:
    """Train the network, take the first held-out image it gets right, and attack it."""
    settings = cell.settings
    data = load(settings["data"], rng=child_seed(cell.seed, NAME), train=settings["train"], held_out=20)
    model = (
        MODELS["network"]
        .make(net=settings["net"], epochs=settings["epochs"], lr=2e-3, random_state=cell.seed)
        .fit(*data.train)
    )
    first = int(np.argmax(model.predict(data.held_out.X) == data.held_out.y))
    X = data.held_out.X[first : first + 1]
    made: dict[str, Values] = {}
    for name, chosen in settings["attacks"].items():
        adv = attack(
            model, X, names.ATTACKS[name].make(**chosen), box=data.box, rng=child_seed(cell.seed, name)
        )
        made[name] = {
            "point": adv.points[0].astype(float).round(5).tolist(),
            "found": bool(adv.found[0]),
            "label": str(adv.label[0]),
            "distance": float(np.linalg.norm(adv.points[0] - X[0])),
            "largest": float(np.abs(adv.points[0] - X[0]).max()),
        }
    return {
        "shape": list(data.image_shape or (1, *X.shape)),
        "original": X[0].astype(float).round(5).tolist(),
        "label": str(model.predict(X)[0]),
        "made": made,
    }
