"""What a reading of the paper changes: figures for the errata page that no table of it gives.

    EDGEWISE_DATA=... python benchmarks/readings.py [--seeds 20]

Each figure is a mean over seeds with its 95 % interval; everything together takes minutes.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.geometry import length
from edgewise.learning.metrics import accuracy
from edgewise.models.training import NetClassifier
from edgewise.results import provenance
from edgewise.stats import estimate


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "readings.json"


def nearest_neighbour(name, seed, **settings):
    data = ew.load(name, rng=seed, **settings)
    return data, KNeighborsClassifier(1).fit(*data.train)


def abalone(seed):
    """1-NN accuracy under both readings of the label."""
    return {f"reading={reading}": accuracy(knn, *data.test) for reading in ("paper", "source")
            for data, knn in [nearest_neighbour("abalone", seed, reading=reading)]}


def halfmoon(seed):
    """1-NN accuracy, and the exact smallest perturbation of held-out points it gets right, by noise."""
    found = {}
    for noise in (0.1, 0.15, 0.2, 0.25, 0.3):
        data, knn = nearest_neighbour("halfmoon", seed, noise=noise, test=2000)
        X = data.held_out.X[knn.predict(data.held_out.X) == data.held_out.y]
        adv = ew.attack("region-exact", knn, X)
        moved = adv.points - X
        found |= {f"noise={noise}, accuracy": accuracy(knn, *data.test),
                  f"noise={noise}, L2": length(moved, 2).mean(),
                  f"noise={noise}, L-infinity": length(moved, np.inf).mean()}
    return found


def equation_9(seed):
    """Share of points that cross: from x away from the other class, as printed, and towards it, as meant."""
    data, knn = nearest_neighbour("halfmoon", seed)
    X, labels = data.held_out.X, knn.predict(data.held_out.X)
    others = [data.train.X[data.train.y != label] for label in labels]
    ends = np.array([other[np.argmin(length(other - x, 2))] for x, other in zip(X, others, strict=True)])
    return {name: np.mean(knn.predict(points) != labels) for name, points in
            (("printed, from x", X + (X - ends)), ("printed, from the origin", X - ends), ("meant", ends))}


def equation_14(seed):
    """Share of samples PGD moves across when its step is eps, as printed, and when it is a part of it."""
    data = ew.load("digits", rng=seed, train=800, held_out=200, test=300)
    net = NetClassifier(epochs=40, device="cpu", random_state=seed).fit(*data.train)
    return {f"eps={eps}, step={name}":
            ew.attack("pgd", net, data.held_out.X, y=net.predict(data.held_out.X), box=data.box, rng=seed,
                      eps=eps, step=step, stop_when_crossed=False).found.mean()
            for eps in (0.05, 0.1, 0.15) for name, step in (("eps", eps), ("2.5 eps / 40", None))}


def ridge(seed):
    """Accuracy of kernel ridge on Halfmoon when y in {0, 1} is regressed, and when y - 1/2 is."""
    data = ew.load("halfmoon", rng=seed, train=200, test=2000)
    found = {}
    for alpha in (1, 10, 100):
        for name, shift in (("y", 0.0), ("y - 1/2", 0.5)):
            fit = KernelRidge(alpha=alpha, kernel="rbf", gamma=2.0).fit(data.train.X, data.train.y - shift)
            found[f"alpha={alpha}, {name}"] = np.mean((fit.predict(data.test.X) + shift > 0.5)
                                                      == (data.test.y == 1))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    figures = {}
    for measure in (abalone, halfmoon, equation_9, equation_14, ridge):
        rows = [measure(seed) for seed in range(options.seeds)]
        figures[measure.__name__] = {
            "what": measure.__doc__,
            "figures": {name: vars(estimate([row[name] for row in rows])) for name in rows[0]}}
        print(measure.__name__, {name: round(f["mean"], 4) for name, f in
                                 figures[measure.__name__]["figures"].items()}, flush=True)
    command = f"python benchmarks/readings.py --seeds {options.seeds}"
    options.out.write_text(json.dumps({"about": provenance(command), "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
