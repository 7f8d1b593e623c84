"""What the picture of Halfmoon needs, as a fact: regions of the 1-NN, and boundary points of each attack."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Floats, Values
from edgewise.attacks import attack
from edgewise.data import load
from edgewise.paper.tables.table2 import ATTACKS, attack_on
from edgewise.randomness import child_seed
from edgewise.store import Cell


NAME = "halfmoon-picture"
GRID = 160
SHOWN = 12


def cell(seed: int = 0, train: int = 300) -> Cell:
    """Return the cell of the picture: a 1-NN on ``train`` points."""
    return Cell(NAME, {"train": train, "attacks": list(ATTACKS), "shown": SHOWN}, seed)


def work(cell: Cell) -> Values:
    """Compute the picture: training points, labels on a grid, sources and boundary points."""
    data = load("halfmoon", rng=child_seed(cell.seed, NAME), train=cell.settings["train"])
    knn = KNeighborsClassifier(1).fit(*data.train)
    right = np.flatnonzero(knn.predict(data.held_out.X) == data.held_out.y)[: cell.settings["shown"]]
    sources = data.held_out.X[right]
    low, high = data.train.X.min(axis=0) - 0.3, data.train.X.max(axis=0) + 0.3
    axes: list[Floats] = [np.linspace(low[i], high[i], GRID) for i in (0, 1)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    found: dict[str, Values] = {}
    for name in cell.settings["attacks"]:
        adv = attack(knn, sources, attack_on(data, name), rng=child_seed(cell.seed, name))
        found[name] = {
            "points": adv.points.round(6).tolist(),
            "found": adv.found.tolist(),
            "distance": [float(value) for value in adv.distance.round(6)],
            "queries": adv.queries.tolist(),
        }
    return {
        "X": data.train.X.round(6).tolist(),
        "y": data.train.y.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "grid": "".join(map(str, knn.predict(grid))),
        "side": GRID,
        "sources": sources.round(6).tolist(),
        "source_label": data.held_out.y[right].tolist(),
        "attacks": found,
    }
