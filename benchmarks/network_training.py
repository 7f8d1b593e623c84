"""Training a VGG-16 through `NetClassifier` and attacking it: images a second, on one thread and on a GPU.

    python benchmarks/network_training.py                 # what this machine has
    python benchmarks/network_training.py --part recipe   # all of `CIFAR_RECIPE` on CIFAR-10, for a GPU

An epoch of made-up images is timed by the call a user makes, `fit`, after one that is not; medians with least and most.
Each part goes to results/benchmarks/network_training.json with its device, in the place of what was there.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import torch

import edgewise as ew
from edgewise.data import load
from edgewise.models.net_classifier import NetClassifier
from edgewise.models.training import CIFAR_RECIPE
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "network_training.json"
ATTACKS = {
    "fgsm": ew.attacks.FGSM(eps=8 / 255),
    "pgd, 10 steps": ew.attacks.PGD(eps=8 / 255, steps=10),
    "deepfool": ew.attacks.DeepFool(),
    "ddn": ew.attacks.DDN(),
}


def images(n):
    """Return noise with a bright square, whose place is the label."""
    rng = np.random.default_rng(0)
    X, y = rng.uniform(0.2, 0.6, (n, 3, 32, 32)).astype(np.float32), rng.integers(0, 4, n)
    for row, label in zip(X, y, strict=True):
        row[:, 16 * (label // 2) :, 16 * (label % 2) :][:, :16, :16] += 0.12
    return X, y


def rates(work, n, times):
    """Return images a second: median, least, most."""
    taken = []
    for turn in range(times + 1):
        began = time.perf_counter()
        work()
        if turn:
            taken.append(n / (time.perf_counter() - began))
    return [round(float(f(taken)), 1) for f in (np.median, min, max)]


def training(n, times, **settings):
    X, y = images(n)
    model = NetClassifier(**{**CIFAR_RECIPE, "epochs": 1, **settings})
    return rates(lambda: model.fit(X, y), n, times)


def processor(times):
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the processor has no bfloat16 of its own
        return {
            f"one thread, {name}": training(1024, times, device="cpu", mixed_precision=mixed)
            for name, mixed in (("float32", False), ("bfloat16", True))
        }


def on_a_gpu(times):
    return {f"batches of {size}": training(20_480, times, batch_size=size) for size in (128, 512, 2048)}


def attacks(times):
    X, y = images(2048)
    model = NetClassifier(**{**CIFAR_RECIPE, "epochs": 6, "augment": False}).fit(X, y)
    return {
        name: rates(lambda method=method: ew.attack(model, X, method, box=(0, 1), rng=0), len(X), times)
        for name, method in ATTACKS.items()
    }


def recipe(_times, seed=0):
    data = load("cifar10", rng=seed, train=50_000, held_out=0, test=10_000)
    X, new = (part.X.reshape(-1, 3, 32, 32).astype(np.float32) for part in (data.train, data.test))
    began = time.perf_counter()
    model = NetClassifier(**CIFAR_RECIPE, random_state=seed).fit(X, data.train.y)
    return {
        "seed": seed,
        "accuracy": float((model.predict(new) == data.test.y).mean()),
        "seconds": round(time.perf_counter() - began, 1),
    }


PARTS = {"processor": processor, "training": on_a_gpu, "attacks": attacks, "recipe": recipe}
RATES = "images a second: median, least, most"
UNITS = {"processor": RATES, "training": RATES, "attacks": RATES, "recipe": "one seed"}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; may be repeated")
    given = parser.parse_args()
    parts = given.part or ["processor", *(["training", "attacks"] if torch.cuda.is_available() else [])]
    for part in parts:
        about = provenance(f"python benchmarks/network_training.py --part {part}")
        made = about | {UNITS[part]: PARTS[part](given.times)}
        kept = json.loads(OUT.read_text()) if OUT.exists() else {}
        kept[part] = made
        print(json.dumps({part: kept[part]}, indent=1), flush=True)
        OUT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
