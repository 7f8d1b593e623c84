"""The exact region attack against its bars: accuracy, time against plain distances, growth.

    EDGEWISE_DATA=... python benchmarks/region.py [--repeats 9] [--queries 200] [--quick]

Process CPU time, one thread. The floor is what a brute-force prediction computes: float64 distances of the
queries to all training points by one matrix product, and the nearest. Both sides run in one process, turn by
turn; a ratio is taken within a turn, and the median over turns is shown. The radii are checked against
quadprog, every cell with every constraint. `region_pictures.py` and `region_page.py` show the results.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, make_moons
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

import edgewise as ew
from edgewise.arrays import Box
from edgewise.attacks.region import RegionIndex, find
from edgewise.attacks.region.batch import COUNTS
from edgewise.attacks.region.k_neighbours import vote
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "region.json"


def mnist():
    home = Path(os.environ["EDGEWISE_DATA"]) / "mnist"

    def read(name, skip):
        return np.frombuffer(gzip.open(home / name).read(), np.uint8, offset=skip)

    return (
        read("train-images-idx3-ubyte.gz", 16).reshape(-1, 784) / 255,
        read("train-labels-idx1-ubyte.gz", 8).astype(int),
        read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784) / 255,
        read("t10k-labels-idx1-ubyte.gz", 8).astype(int),
    )


def subset(data, n, queries, digits=range(10)):
    X, y, T, t = data
    digits = list(digits)
    rows = np.random.default_rng(0).permutation(np.flatnonzero(np.isin(y, digits)))[:n]
    return X[rows], np.searchsorted(digits, y[rows]), T[np.isin(t, digits)][:queries]


def clock(function):
    started = time.process_time()
    function()
    return time.process_time() - started


def floor(X, square, Q):
    return (square - 2 * Q @ X.T + (Q * Q).sum(1)[:, None]).argmin(1)


def timed(X, y, Q, repeats, box=None):
    """Return the median microseconds a query of floor, search, search in the box, and median ratios."""
    box = box or Box(np.zeros(X.shape[1]), np.ones(X.shape[1]))
    square = (X * X).sum(1)
    fit = time.process_time()
    index = RegionIndex.of(X, y, int(y.max()) + 1)
    fit = time.process_time() - fit
    own = y[floor(X, square, Q)]
    sides = (lambda: floor(X, square, Q), lambda: find(index, Q, own, None), lambda: find(index, Q, own, box))
    for side in sides:
        side()
    turns = np.array([[clock(side) for side in sides] for _ in range(repeats)]) / len(Q) * 1e6
    free, boxed = find(index, Q, own, None), find(index, Q, own, box)
    return {
        "n": len(X),
        "d": X.shape[1],
        "fit_s": fit,
        "floor_us": np.median(turns[:, 0]),
        "free_us": np.median(turns[:, 1]),
        "box_us": np.median(turns[:, 2]),
        "free_over_floor": np.median(turns[:, 1] / turns[:, 0]),
        "box_over_floor": np.median(turns[:, 2] / turns[:, 0]),
        "box_over_free": np.median(turns[:, 2] / turns[:, 1]),
        "counts_free": dict(zip(COUNTS, free.counts.mean(0), strict=True)),
        "counts_box": dict(zip(COUNTS, boxed.counts.mean(0), strict=True)),
    }


def quadratic(X, y, x, own, box):
    """Return the radius by quadprog, all cells and constraints, cells that cannot win skipped by bisector."""
    import quadprog

    d, rivals, best = X.shape[1], X[y == own], np.inf
    away, back = ((X - x) ** 2).sum(1), ((rivals - x) ** 2).sum(1)
    for j in sorted(np.flatnonzero(y != own), key=lambda j: away[j]):
        normals, offsets = X[j] - rivals, (away[j] - back) / 2
        size = np.linalg.norm(normals, axis=1)
        if (size == 0).any() or (np.maximum(offsets, 0) / size).max() >= best:
            continue
        rows, right = normals, offsets
        if box is not None:
            rows = np.vstack([normals, np.eye(d), -np.eye(d)])
            right = np.r_[offsets, box.low - x, x - box.high]
        value = quadprog.solve_qp(np.eye(d), np.zeros(d), rows.T.copy(), right)[1]
        best = min(best, np.sqrt(2 * max(value, 0)))
    return best


def small_sets(data):
    rng = np.random.default_rng(0)
    X, y = make_moons(900, noise=0.2, random_state=0)
    X = (X - X.min(0)) / np.ptp(X, axis=0)
    yield "halfmoon", X[:800], y[:800], X[800:], 60
    digits = load_digits()
    X, y = digits.data / 16, digits.target
    order = rng.permutation(len(X))
    yield "digits", X[order[:600]], y[order[:600]], X[order[600:]], 60
    lines = (Path(os.environ["EDGEWISE_DATA"]) / "abalone" / "abalone.data").read_text().split()
    rows = np.array([line.split(",")[1:] for line in lines], float)
    X, y = rows[:, :-1], (rows[:, -1] >= 11).astype(int)
    X = (X - X.min(0)) / np.ptp(X, axis=0)
    order = rng.permutation(len(X))
    yield "abalone", X[order[:500]], y[order[:500]], X[order[500:]], 80
    X, y, Q = subset(data, 300, 4, (1, 7))
    yield "mnist-1v7", X, y, Q, 4


def accuracy(data):
    """Compare radii with quadprog, and returned points with scikit-learn's own labels."""
    for name, X, y, points, count in small_sets(data):
        Q = points[:count]
        knn = KNeighborsClassifier(1).fit(X, y)
        for box in (None, Box(np.zeros(X.shape[1]), np.ones(X.shape[1]))):
            radius = ew.radius(knn, Q, box=box).distance
            reference = np.array([quadratic(X, y, x, c, box) for x, c in zip(Q, knn.predict(Q), strict=True)])
            error = np.abs(radius - reference) / np.maximum(reference, 1e-6)
            crossed = [
                ew.attack(knn, Q.astype(dtype), "region-exact", box=box).found.mean()
                for dtype in (np.float64, np.float32)
            ]
            yield {
                "data": name,
                "queries": len(Q),
                "box": box is not None,
                "largest_error": error.max(),
                "crossed_float64": crossed[0],
                "crossed_float32": crossed[1],
            }


def one_by_one(function, Q):
    function(0)
    times = [clock(lambda b=b: function(b)) * 1e3 for b in range(len(Q))]
    return {"median_ms": np.median(times), "largest_ms": max(times)}


def others(data, queries):
    """Time k = 3 and 5, and the other norms, one query at a time."""
    X, y, Q = subset(data, 1000, queries, (1, 7))
    index = RegionIndex.of(X, y, 2)
    for k in (3, 5):
        own = KNeighborsClassifier(k).fit(X, y).predict(Q).astype(np.intp)
        for box in (None, Box(np.zeros(784), np.ones(784))):
            at = vote(index, k, Q, own, box, nodes=20_000)
            yield {
                "what": f"k = {k}",
                "box": box is not None,
                "exact": at.found.mean(),
                "nodes": np.median(at.nodes),
            } | one_by_one(
                lambda b, k=k, own=own, box=box: vote(
                    index, k, Q[b : b + 1], own[b : b + 1], box, nodes=20_000
                ),
                Q,
            )
    own = y[floor(X, (X * X).sum(1), Q)]
    for norm in (np.inf, 1.0):
        for box in (None, Box(np.zeros(784), np.ones(784))):
            at = find(index, Q, own, box, norm=norm)
            yield {
                "what": "L-inf" if norm == np.inf else "L1",
                "box": box is not None,
                "exact": np.mean(at.lower >= at.squares * (1 - 1e-9)),
            } | one_by_one(
                lambda b, norm=norm, box=box: find(index, Q[b : b + 1], own[b : b + 1], box, norm=norm), Q
            )


def others_shown(data):
    """Time the others on 40 queries and print them."""
    with threadpool_limits(1):
        rows = list(others(data, 40))
    show("several neighbours, other norms: MNIST 1v7, n = 1,000, one at a time", rows)
    return {"others": rows}


FIRST_CALL = """
import sys, time
import numpy as np
from edgewise.attacks.region import RegionIndex, find
from edgewise.attacks.region.k_neighbours import vote

X = np.random.default_rng(0).random((100, 30))
index, own = RegionIndex.of(X, np.arange(100) % 2, 2), np.zeros(2, np.intp)
kinds = {"norm 2": lambda: find(index, X[:2], own, None),
         "L1, L-infinity": lambda: find(index, X[:2], own, None, norm=np.inf),
         "several neighbours": lambda: vote(index, 3, X[:2], own, None, nodes=100)}
started = time.process_time()
kinds[sys.argv[1]]()
print(time.process_time() - started)
"""


def compile_times():
    """Time the first call of each kind of search with an empty cache, and in a later process."""
    for what in ("norm 2", "L1, L-infinity", "several neighbours"):
        with tempfile.TemporaryDirectory() as cache:
            command, where = [sys.executable, "-c", FIRST_CALL, what], os.environ | {"NUMBA_CACHE_DIR": cache}
            seconds = [float(subprocess.check_output(command, text=True, env=where)) for _ in range(2)]
        yield {"what": what, "first_s": seconds[0], "later_s": seconds[1]}


def compiling_shown():
    """Time compiling and print it."""
    rows = list(compile_times())
    show("seconds of the first call, cache empty and filled", rows)
    return {"compile": rows}


def blobs(n, d, queries):
    rng = np.random.default_rng(0)
    X = rng.random((n + queries, d))
    y = (X.sum(1) > d / 2).astype(int)
    return X[:n], y[:n], X[n:]


def show(title, rows):
    print(f"\n{title}")
    keys = [
        key
        for key, value in rows[0].items()
        if not isinstance(value, dict) and all(key in row for row in rows)
    ]
    print("  ".join(f"{key:>15}" for key in keys))
    for row in rows:
        print(
            "  ".join(
                f"{row[key]:>15.4g}" if isinstance(row[key], float) else f"{row[key]!s:>15}" for key in keys
            )
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="no quadprog, no 55,000")
    parser.add_argument("--others", action="store_true", help="only other k, other norms and compiling, anew")
    options = parser.parse_args()
    data, report = mnist(), {}
    if options.others:
        report = json.loads(OUT.read_text()) | others_shown(data) | compiling_shown()
        report["about_others"] = provenance("python benchmarks/region.py --others")
        OUT.write_text(json.dumps(report, indent=1, default=float) + "\n")
        return
    with threadpool_limits(1):
        sizes = [("MNIST 1v7", 1000, (1, 7)), ("MNIST", 5000, range(10)), ("MNIST", 55_000, range(10))]
        report["bars"] = [
            {"data": name} | timed(*subset(data, n, options.queries, digits), options.repeats)
            for name, n, digits in sizes[: 2 if options.quick else 3]
        ]
        show("time a query against the floor", report["bars"])
        report |= others_shown(data)
        steps = (1375, 2750, 5500, 11_000, 27_500, 55_000)[: 3 if options.quick else 6]
        few = min(options.repeats, 3)
        report["growth_n"] = [timed(*subset(data, n, options.queries), few) for n in steps]
        show("growth with n, MNIST", report["growth_n"])
        report["growth_d"] = [timed(*blobs(5000, d, options.queries), few) for d in (2, 8, 32, 128, 512)]
        show("growth with d, uniform points on two sides of a plane, n = 5,000", report["growth_d"])
        report |= compiling_shown()
        if not options.quick:
            report["accuracy"] = list(accuracy(data))
            show("radii against quadprog, all cells", report["accuracy"])
    report["about_others"] = report["about"] = provenance(
        f"python benchmarks/region.py --repeats {options.repeats} --queries {options.queries}"
    )
    report["load"] = os.getloadavg()
    if not options.quick:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps(report, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
