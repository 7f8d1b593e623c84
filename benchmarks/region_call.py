"""What a person calls: `ew.attack(knn, X, "region-exact")` and `ew.radius` over the floor, whole calls.

    EDGEWISE_DATA=... python benchmarks/region_call.py [--repeats 7] [--queries 200] [--sizes 1000 5000 55000]
                                                       [--moons 1800 5000 50000]

The floor is a float64 distance matrix by one matrix product, and its smallest entry per row: finding the
nearest neighbour and nothing else. scikit-learn's own `predict` stands beside it. One thread, processor time, all
sides in turn in one process; medians (smallest, largest). Written to results/benchmarks/region_call.json.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from region import clock, floor, mnist, subset
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

import edgewise as ew
from edgewise.attacks import RegionExact
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "region_call.json"


def compared(X, y, Q, repeats, box):
    """Microseconds per query of every side, and what each takes over the floor of its own turn."""
    square, knn = (X * X).sum(1), KNeighborsClassifier(1).fit(X, y)
    sides = {
        "floor": lambda: floor(X, square, Q),
        "predict": lambda: knn.predict(Q),
        "attack": lambda: ew.attack(knn, Q, "region-exact", rng=0),
        "attack in the box": lambda: ew.attack(knn, Q, "region-exact", box=box, rng=0),
        "radius": lambda: ew.radius(knn, Q),
    }
    for side in sides.values():
        side()
    turns = np.array([[clock(side) for side in sides.values()] for _ in range(repeats)]) / len(Q) * 1e6
    for k, name in enumerate(sides):
        over = turns[:, k] / turns[:, 0]
        yield {
            "n": len(X),
            "d": X.shape[1],
            "call": name,
            "us": float(np.median(turns[:, k])),
            "over_floor": float(np.median(over)),
            "least": float(over.min()),
            "most": float(over.max()),
        }


def moons(n, queries):
    """Training points and queries of Halfmoon, and the box that holds them."""
    data = ew.load("halfmoon", rng=0, train=n, held_out=1, test=queries)
    X, Q = data.train.X, data.test.X
    return (X, data.train.y, Q), (np.minimum(X.min(0), Q.min(0)), np.maximum(X.max(0), Q.max(0)))


def two_threads(X, y, Q, repeats):
    """Wall-clock seconds of one thread over those of two, for the search and the model's own libraries alike."""
    knn, walls = KNeighborsClassifier(1).fit(X, y), []
    for _ in range(repeats):
        turn = []
        for threads in (1, 2):
            with threadpool_limits(threads):
                begun = time.perf_counter()
                ew.attack(knn, Q, RegionExact(threads=threads), rng=0)
                turn.append(time.perf_counter() - begun)
        walls.append(turn[0] / turn[1])
    return {
        "n": len(X),
        "d": X.shape[1],
        "gain": float(np.median(walls)),
        "least": min(walls),
        "most": max(walls),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 5000, 55_000])
    parser.add_argument("--moons", type=int, nargs="*", default=[1800, 5000, 50_000])
    given = parser.parse_args()
    data, rows, threads = mnist(), [], []
    pictures = [subset(data, n, given.queries, (1, 7) if n <= 1000 else range(10)) for n in given.sizes]
    tasks = [(sample, (0, 1)) for sample in pictures] + [moons(n, given.queries) for n in given.moons]
    with threadpool_limits(1):
        for sample, box in tasks:
            for row in compared(*sample, given.repeats, box):
                rows.append(row)
                print(row, flush=True)
            threads.append(two_threads(*sample, given.repeats))
            print(threads[-1], flush=True)
    result = provenance("python benchmarks/region_call.py") | {"calls": rows, "two_threads": threads}
    OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
