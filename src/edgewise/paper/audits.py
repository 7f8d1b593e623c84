"""What the reproduction suspects itself of, as facts: leaks, chance, blind gradients, beaten exactness."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from edgewise.attacks import attack, names
from edgewise.data import load
from edgewise.data.files import digest
from edgewise.models import MODELS
from edgewise.models.access import predict
from edgewise.paper.tables.table2 import ATTACKS, HELD_OUT, SIZES
from edgewise.randomness import child_seed
from edgewise.store import Cell


LEAK, CHANCE, EXACT, GRADIENT = "audit-leak", "audit-chance", "audit-exact", "audit-gradient"
GRADIENT_ATTACKS = ("fgsm", "pgd", "deepfool", "cw", "ddn")
EXACTLY: Mapping[str, tuple[Callable[[], Any], str, Sequence[str]]] = {
    "1-nn": (lambda: KNeighborsClassifier(1), "region-exact", ATTACKS[1:]),
    "forest": (lambda: RandomForestClassifier(50, max_depth=6, random_state=0), "trees", ("opt",)),
    "boosting": (lambda: GradientBoostingClassifier(random_state=0), "trees", ("opt",)),
}
"""Models with an exact attack: how each is made, that attack, and the heuristics that must not beat it."""
POINTS = 40
SLACK = 1e-6
"""A distance shorter than the exact one by more than this share is no rounding."""


def cells(data: Sequence[str], *, torch: bool = True) -> list[Cell]:
    """Return the audits: a leak check a data set, and the others on generated and bundled data.

    ``torch`` says whether those that need networks are among them.

    Examples
    --------
    >>> sorted({cell.what for cell in cells(["halfmoon"], torch=False)})
    ['audit-chance', 'audit-exact', 'audit-leak']
    """
    made = [Cell(LEAK, {"data": name}, 0) for name in data]
    made += [Cell(EXACT, {"data": name}, 0) for name in ("halfmoon", "digits-1v7")]
    made += [Cell(EXACT, {"data": "cancer", "model": name}, 0) for name in ("forest", "boosting")]
    made += [Cell(CHANCE, {"model": name}, 0) for name in MODELS if torch or not MODELS[name].extra]
    return [*made, Cell(GRADIENT, {"data": "digits-1v7"}, 0)] if torch else made


def work(cell: Cell) -> Mapping[str, Any]:
    """Compute one audit."""
    return {LEAK: _leak, CHANCE: _chance, EXACT: _exact, GRADIENT: _gradient}[cell.what](cell)


def _leak(cell: Cell) -> dict[str, Any]:
    """Count test and held-out rows that are, bit for bit, rows of another split; and hash the data."""
    name = cell.settings["data"]
    data = load(
        name,
        rng=child_seed(cell.seed, "table2"),
        **({} if name in ("mnist", "cifar10") else SIZES.get(name, HELD_OUT)),
    )
    train, held_out, test = (
        [hash(row.tobytes()) for row in split.X] for split in (data.train, data.held_out, data.test)
    )
    return {
        "rows": {"train": len(train), "held_out": len(held_out), "test": len(test)},
        "test_in_train": _shared(test, train),
        "test_in_held_out": _shared(test, held_out),
        "held_out_in_train": _shared(held_out, train),
        "sha256": digest(np.concatenate([data.train.X, data.held_out.X, data.test.X])),
    }


def _shared(rows: Sequence[int], others: Sequence[int]) -> int:
    there = set(others)
    return sum(row in there for row in rows)


def _chance(cell: Cell) -> dict[str, Any]:
    """Fit the same model twice from one seed, and ask one of the two twice."""
    data = load("digits-1v7", rng=0)
    row = MODELS[cell.settings["model"]]
    model = row.make(**row.small)
    if "random_state" in model.get_params():
        model.set_params(random_state=0)
    one, two = (cast("Any", clone(model)).fit(*data.train) for _ in range(2))
    first, again, other = predict(one, data.test.X), predict(one, data.test.X), predict(two, data.test.X)
    return {
        "n": len(first),
        "asked_twice": int(np.sum(first != again)),
        "fitted_twice": int(np.sum(first != other)),
    }


def _exact(cell: Cell) -> dict[str, Any]:
    """Count, attack by attack, points found nearer than the exact attack proves possible."""
    data = load(cell.settings["data"], rng=0)
    make, exact, heuristics = EXACTLY[cell.settings.get("model", "1-nn")]
    model = make().fit(*data.train)
    X = data.held_out.X[:POINTS]
    least = attack(model, X, names.ATTACKS[exact].make(), box=data.box, rng=0).distance
    beaten: dict[str, int] = {}
    ratio: dict[str, float] = {}
    for name in heuristics:
        settings: dict[str, Any] = {"starts": (data.train.X, data.train.y)} if name == "opt" else {}
        adv = attack(
            model, X, names.ATTACKS[name].make(**settings), box=data.box, rng=child_seed(cell.seed, name)
        )
        share = adv.distance[adv.found] / least[adv.found]
        beaten[name] = int(np.sum(share < 1 - SLACK))
        ratio[name] = round(float(np.median(share)), 6) if len(share) else float("inf")
    return {"n": len(X), "beaten": beaten, "median_ratio": ratio}


def _gradient(cell: Cell) -> dict[str, Any]:
    """Attack a network with every gradient attack, and keep what the attacks warn of."""
    data = load(cell.settings["data"], rng=0)
    net = MODELS["network"].make(epochs=20, device="cpu", random_state=0).fit(*data.train)
    X = data.held_out.X[:POINTS]
    found: dict[str, float] = {}
    said: dict[str, list[str]] = {}
    for name in GRADIENT_ATTACKS:
        settings: dict[str, Any] = {"eps": 0.3} if name in ("fgsm", "pgd") else {}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            adv = attack(
                net, X, names.ATTACKS[name].make(**settings), box=data.box, rng=child_seed(cell.seed, name)
            )
        found[name] = float(adv.found.mean())
        said[name] = sorted({f"{warning.category.__name__}: {warning.message}" for warning in caught})
    return {"n": len(X), "found": found, "warnings": said}
