"""How much of Table 6 is run: the paper's size, one for a CPU, and a smoke run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgewise.arrays import Values


@dataclass(frozen=True)
class Size:
    """How much of Table 6 is run.

    Parameters
    ----------
    note
        What it is, in a sentence.
    training
        Images, epochs and what else decides a training, as it stands in a cell.
    attacks
        The settings of each attack.
    most_seeds
        More are not run.
    """

    note: str
    training: Values
    attacks: Mapping[str, Values]
    most_seeds: int = 1000


_EIGHT = {"eps": 8 / 255}
_ATTACKS = {
    "fgsm": _EIGHT,
    "pgd": {**_EIGHT, "steps": 10},
    "deepfool": {},
    "cw": {"searches": 2, "steps": 40},
}
SIZES: Mapping[str, Size] = {
    "full": Size(
        "The paper's size, a whole VGG-16 and 45,000 images: for a GPU. The paper does not say how long it trains; "
        "here for 10 epochs of batches of 512.",
        {"net": "vgg16", "train": 45_000, "test": 10_000, "epochs": 10, "batch_size": 512, "lr": 0.2},
        _ATTACKS,
    ),
    "small": Size(
        "The same experiment on a CPU: a VGG-16 of a quarter of the width, 5,000 images, 12 epochs. Its claims "
        "are judged at its own size; none of its figures stands beside a printed one.",
        {"net": "vgg16-quarter", "train": 5_000, "test": 10_000, "epochs": 12, "batch_size": 64, "lr": 0.1},
        _ATTACKS,
        most_seeds=5,
    ),
    "quick": Size(
        "50 images, 2 epochs, 1 seed and weak attacks: it shows that the code runs, and its accuracies mean "
        "nothing.",
        {"net": "vgg16-quarter", "train": 50, "test": 100, "epochs": 2, "batch_size": 10, "lr": 0.02},
        {
            "fgsm": _EIGHT,
            "pgd": {**_EIGHT, "steps": 3},
            "deepfool": {"steps": 5},
            "cw": {"searches": 1, "steps": 10},
        },
        most_seeds=1,
    ),
}
