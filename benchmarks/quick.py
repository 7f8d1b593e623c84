"""A guard against becoming slower, in three minutes: what calls cost over a yardstick, beside what was committed.

    python benchmarks/quick.py [--write] [--repeats 5]        (make bench-quick)

Each row is a call that users make over plain work on the same data, in turn in one process, one thread, processor
time; the median over turns, so that the machine cancels out. What is more than 1.3 times the committed ratio is
marked, and the exit status is 1. ``--write`` commits the ratios, where there were some the smaller ones, to
results/benchmarks/quick.json. Generated and bundled data only.
"""

import argparse
import json
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.csv
from region import clock, floor
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import edgewise as ew
from edgewise.attacks import LinearExact, TreesExact
from edgewise.labelling.sheet import read_pool
from edgewise.paper.runs.results import provenance


KEPT = Path(__file__).parents[1] / "results" / "benchmarks" / "quick.json"
WORSE = 1.3


def neighbours():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    Q, X, y = X[:200], X[200:], y[200:]
    knn, square = KNeighborsClassifier(1).fit(X, y), (X * X).sum(1)
    least = partial(floor, X, square, Q)
    yield "attack(1-NN) / nearest by matrix product", lambda: ew.attack(knn, Q, rng=0), least
    yield "the same in the box", lambda: ew.attack(knn, Q, box=(0, 1), rng=0), least
    yield "radius(1-NN) / nearest by matrix product", lambda: ew.radius(knn, Q), least
    scaled = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(X, y)
    yield "attack(scaled 1-NN) / nearest by matrix product", lambda: ew.attack(scaled, Q, rng=0), least
    three = KNeighborsClassifier(3).fit(X, y)
    yield "attack(3-NN) / nearest by matrix product", lambda: ew.attack(three, Q[:20], rng=0), least


def trees():
    X, y = make_classification(900, 12, n_informative=6, random_state=0)
    model = GradientBoostingClassifier(n_estimators=100, max_depth=4, random_state=0).fit(X[:600], y[:600])
    rows = X[600:700]

    def ask():
        for _ in range(100):
            model.predict(rows)

    yield "attack(boosting), L2 / 100 x predict", lambda: ew.attack(model, rows, rng=0), ask
    yield (
        "attack(boosting), Linf / 100 x predict",
        lambda: ew.attack(model, rows, TreesExact(np.inf), rng=0),
        ask,
    )
    ten = TreesExact(2)
    yield (
        "ten nearest rows / all of them",
        lambda: ten.smallest(model, rows, 10),
        lambda: ew.radius(model, rows),
    )


def pools():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100_000, 20))
    y = (X[:, 0] + X[:, 1] ** 2 > 1).astype(int) + (X[:, 2] > 1)
    model = LogisticRegression(max_iter=200).fit(X[:500], y[:500])
    known = (X[:500], y[:500])

    def asked():
        return model.predict_proba(X)

    def looked():
        return pairwise_distances_argmin_min(X, known[0])

    yield (
        "exact distances, linear, 10^5 rows / predict_proba",
        lambda: LinearExact().distances(model, X),
        asked,
    )
    for name in ("margin", "herding", "edge-mix", "badge", "dfal"):
        yield (
            f"query({name}), 10^5 rows / predict_proba",
            lambda name=name: ew.query(model, X, 20, name, rng=0),
            asked,
        )
    yield (
        "query(core-set), 10^5 rows / nearest labelled row",
        lambda: ew.query(model, X, 20, "core-set", labelled=known, rng=0),
        looked,
    )


def tables(folder):
    rng = np.random.default_rng(0)
    path = folder / "pool.csv"
    lines = [
        ",".join(f"x{i}" for i in range(20)),
        *(",".join(map(repr, row)) for row in rng.random((50_000, 20)).tolist()),
    ]
    path.write_text("\n".join(lines) + "\n")
    yield (
        "a CSV of 5 x 10^4 rows as a pool / pyarrow reads it",
        lambda: read_pool(path),
        lambda: pyarrow.csv.read_csv(path),
    )


def networks():
    try:
        import torch

        from edgewise.models.net_classifier import NetClassifier
    except ImportError:
        return
    torch.set_num_threads(1)
    X, y = load_digits(return_X_y=True)
    X = (np.kron(X.reshape(-1, 8, 8) / 16, np.ones((3, 3)))[:, None] + 0.0).astype(np.float32)
    X = np.pad(X, ((0, 0), (0, 0), (2, 2), (2, 2)))[:1200]
    net = NetClassifier("lenet5", epochs=2, device="cpu", random_state=0).fit(X, y[:1200])
    module, images = net.module_.eval(), torch.from_numpy(X[:40])

    def steps():
        for _ in range(20):
            at = images.clone().requires_grad_(True)
            module(at).sum().backward()

    for name in ("ddn", "deepfool", "cw"):
        yield (
            f"attack(network, {name}) / 20 gradients",
            lambda name=name: ew.attack(net, X[:40], name, rng=0),
            steps,
        )


def measured(repeats):
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        for name, ours, yardstick in (*neighbours(), *trees(), *pools(), *tables(Path(folder)), *networks()):
            ours(), yardstick()
            turns = [clock(ours) / clock(yardstick) for _ in range(repeats)]
            yield name, float(np.median(turns)), min(turns), max(turns)


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    kept = json.loads(KEPT.read_text())["ratios"] if KEPT.exists() else {}
    table, found, worse = Table("call / yardstick", "now", "least", "most", "committed", ""), {}, False
    for name, ratio, least, most in measured(given.repeats):
        found[name] = round(ratio, 3)
        slower = name in kept and least > WORSE * kept[name]
        worse |= slower
        before = f"{kept[name]:.2f}" if name in kept else "new"
        table.add_row(name, f"{ratio:.2f}", f"{least:.2f}", f"{most:.2f}", before, "slower" if slower else "")
    Console().print(table)
    if given.write:
        ratios = {name: min(ratio, kept.get(name, ratio)) for name, ratio in found.items()}
        about = {"about": provenance("python benchmarks/quick.py --write"), "ratios": ratios}
        KEPT.write_text(json.dumps(about, indent=1) + "\n")
    sys.exit(1 if worse and not given.write else 0)


if __name__ == "__main__":
    main()
