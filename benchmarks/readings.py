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
from edgewise.models.net_classifier import NetClassifier
from edgewise.paper.runs.results import provenance
from edgewise.paper.tables.transfer import EPS
from edgewise.stats import estimate


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "readings.json"


def nearest_neighbour(name, seed, **settings):
    data = ew.load(name, rng=seed, **settings)
    return data, KNeighborsClassifier(1).fit(*data.train)


def abalone(seed):
    """1-NN accuracy under both readings of the label."""
    return {
        f"reading={reading}": accuracy(knn, *data.test)
        for reading in ("paper", "source")
        for data, knn in [nearest_neighbour("abalone", seed, reading=reading)]
    }


def halfmoon(seed):
    """1-NN accuracy, and the exact smallest perturbation of held-out points it gets right, by noise."""
    found = {}
    for noise in (0.1, 0.15, 0.2, 0.25, 0.3):
        data, knn = nearest_neighbour("halfmoon", seed, noise=noise, test=2000)
        X = data.held_out.X[knn.predict(data.held_out.X) == data.held_out.y]
        found |= {
            f"noise={noise}, accuracy": accuracy(knn, *data.test),
            f"noise={noise}, L2": ew.radius(knn, X).distance.mean(),
            f"noise={noise}, L-infinity": ew.radius(knn, X, norm=np.inf).distance.mean(),
        }
    return found


def perturbation(seed):
    """The exact smallest perturbation of held-out points that the 1-NN gets right, in both norms."""
    found = {}
    for name in ("halfmoon", "abalone", "mnist-1v7"):
        data, knn = nearest_neighbour(name, seed, held_out=200)
        X = data.held_out.X[knn.predict(data.held_out.X) == data.held_out.y][:100]
        found |= {
            f"{name}, {label}": ew.radius(knn, X, box=data.box, norm=norm).distance.mean()
            for label, norm in (("L2", 2), ("L-infinity", np.inf))
        }
    return found


def equation_9(seed):
    """Share of points that cross: from x away from the other class, as printed, and towards it, as meant."""
    data, knn = nearest_neighbour("halfmoon", seed)
    X, labels = data.held_out.X, knn.predict(data.held_out.X)
    others = [data.train.X[data.train.y != label] for label in labels]
    ends = np.array([other[np.argmin(length(other - x, 2))] for x, other in zip(X, others, strict=True)])
    return {
        name: np.mean(knn.predict(points) != labels)
        for name, points in (
            ("printed, from x", X + (X - ends)),
            ("printed, from the origin", X - ends),
            ("meant", ends),
        )
    }


def equation_14(seed):
    """Share of samples PGD moves across when its step is eps, as printed, and when it is a part of it."""
    data = ew.load("digits", rng=seed, train=800, held_out=200, test=300)
    net = NetClassifier(epochs=40, device="cpu", random_state=seed).fit(*data.train)
    return {
        f"eps={eps}, step={name}": ew.attack(
            net,
            data.held_out.X,
            ew.attacks.PGD(eps=eps, step=step, stop_when_crossed=False),
            y=net.predict(data.held_out.X),
            box=data.box,
            rng=seed,
        ).found.mean()
        for eps in (0.05, 0.1, 0.15)
        for name, step in (("eps", eps), ("2.5 eps / 40", None))
    }


def ridge(seed):
    """Accuracy of kernel ridge on Halfmoon when y in {0, 1} is regressed, and when y - 1/2 is."""
    data = ew.load("halfmoon", rng=seed, train=200, test=2000)
    found = {}
    for kernel, gamma in (("rbf", 2.0), ("linear", None)):
        for alpha in (1, 10, 100):
            for name, shift in (("y", 0.0), ("y - 1/2", 0.5)):
                fit = KernelRidge(alpha=alpha, kernel=kernel, gamma=gamma)
                said = fit.fit(data.train.X, data.train.y - shift).predict(data.test.X) + shift > 0.5
                found[f"{kernel}, alpha={alpha}, {name}"] = np.mean(said == (data.test.y == 1))
    return found


def transferred(seed):
    """Tables 4 and 5: gain of small-perturbation points over clean ones, by FGSM's eps and by epochs."""
    found = {}
    for name in ("halfmoon", "abalone"):
        data, victim = nearest_neighbour(name, seed)
        own, clean = data.held_out, KNeighborsClassifier(1).fit(*data.held_out)
        for epochs in (10, 40, 160):
            net = NetClassifier(epochs=epochs, device="cpu", random_state=seed).fit(*data.train)
            for share in (0.5, 1, 2) if epochs == 40 else (1,):
                adv = ew.attack(net, own.X, ew.attacks.FGSM(eps=share * EPS[name]), box=data.box)
                placed = adv.at(0.5)[adv.found]
                both = KNeighborsClassifier(1).fit(
                    np.concatenate([own.X, placed]), np.concatenate([own.y, victim.predict(placed)])
                )
                gain = accuracy(both, *data.test) - accuracy(clean, *data.test)
                found |= {
                    f"{name}, {epochs} epochs, {share} eps, gain": gain,
                    f"{name}, {epochs} epochs, {share} eps, found": adv.found.mean(),
                }
    return found


def equation_10(seed):
    """Share of Halfmoon points found, and their distance over the shortest, by the soft k-NN's constant c."""
    data, knn = nearest_neighbour("halfmoon", seed)
    X, y = data.train
    gap = np.mean([length(X[y != label] - x, 2).min() ** 2 for x, label in zip(X, y, strict=True)])
    shortest, found = ew.radius(knn, data.held_out.X).distance, {}
    for share in (0.01, 0.1, 1):
        adv = ew.attack(knn, data.held_out.X, ew.attacks.KernelSubstitute(c=share * gap))
        found |= {
            f"c={share} gap, found": adv.found.mean(),
            f"c={share} gap, distance": np.median((adv.distance / shortest)[adv.found]),
        }
    return found


def section_4(seed):
    """Accuracy on Halfmoon of a 1-NN with 100 boundary points beside its own, by scale and by who is kept."""
    data, knn = nearest_neighbour("halfmoon", seed, held_out=400, test=2000)
    return {
        f"scale={scale}, {name}": ew.retrain(
            knn, knn, data, attack="direct", budget=100, scale=scale, among=among, base=data.train, rng=seed
        ).accuracy
        for scale in (0.5, 0.9, 1.0)
        for name, among in (("all", None), ("nearest of 400", 400))
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    figures = {}
    for measure in (
        abalone,
        halfmoon,
        perturbation,
        equation_9,
        equation_10,
        equation_14,
        ridge,
        transferred,
        section_4,
    ):
        rows = [measure(seed) for seed in range(options.seeds)]
        figures[measure.__name__] = {
            "what": measure.__doc__,
            "figures": {name: vars(estimate([row[name] for row in rows])) for name in rows[0]},
        }
        print(
            measure.__name__,
            {name: round(f["mean"], 4) for name, f in figures[measure.__name__]["figures"].items()},
            flush=True,
        )
    command = f"python benchmarks/readings.py --seeds {options.seeds}"
    options.out.write_text(json.dumps({"about": provenance(command), "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
