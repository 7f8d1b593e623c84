"""Lock-step attacks against the same attacks one sample at a time, on a 1-NN (process CPU time, medians).

    python benchmarks/lockstep.py [--samples 64] [--repeats 3]

One batched question costs a small part of as many single ones; this measures how much of that arrives.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "lockstep.json"


def problem(samples):
    try:
        data = ew.load("mnist-1v7", rng=0, train=4000, held_out=samples)
    except InputError:
        data = ew.load("digits-1v7", rng=0, train=200, held_out=min(samples, 60), test=60)
    return data, KNeighborsClassifier(1).fit(*data.train)


def seconds(function):
    started = time.process_time()
    result = function()
    return time.process_time() - started, result


def one_by_one(method, knn, X, box, **settings):
    return [ew.attack(knn, X[i : i + 1], method, box=box, **settings) for i in range(len(X))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    data, knn = problem(options.samples)
    X, rows = data.held_out.X, []
    few = X[:16]
    starts = data.train
    for method, settings in (
        ("direct", {}),
        ("kernel-substitute", {}),
        ("opt", {"budget": 300, "starts": starts}),
    ):
        batch, single = [], []
        with threadpool_limits(1):
            for _ in range(options.repeats):
                batch.append(seconds(lambda m=method, s=settings: ew.attack(knn, X, m, box=data.box, **s)))
                single.append(seconds(lambda m=method, s=settings: one_by_one(m, knn, few, data.box, **s)))
        adv = batch[0][1]
        rows.append(
            {
                "attack": method,
                "batch_ms": 1e3 * np.median([t for t, _ in batch]) / len(X),
                "single_ms": 1e3 * np.median([t for t, _ in single]) / len(few),
                "queries": float(adv.queries.mean()),
                "found": float(adv.found.mean()),
                "median_L2": float(np.median(adv.distance[adv.found])),
            }
        )
        rows[-1]["ratio"] = rows[-1]["single_ms"] / rows[-1]["batch_ms"]
    exact = ew.attack(knn, X, "region-exact", box=data.box)
    print(
        f"{data.name}, {len(data.train.y)} training points, {len(X)} samples, box; exact median L2 "
        f"{np.median(exact.distance):.3f}"
    )
    print("attack              batch ms  single ms  ratio  queries  found     L2")
    for row in rows:
        print(
            f"{row['attack']:18} {row['batch_ms']:9.2f} {row['single_ms']:10.2f} {row['ratio']:6.1f} "
            f"{row['queries']:8.1f} {row['found']:6.2f} {row['median_L2']:6.3f}"
        )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    command = f"python benchmarks/lockstep.py --samples {options.samples} --repeats {options.repeats}"
    figures = {
        "about": provenance(command),
        "data": data.name,
        "exact_L2": float(np.median(exact.distance)),
        "rows": rows,
    }
    OUT.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
