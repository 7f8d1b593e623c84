"""Many neighbours behind a scaler: how near `region-exact` comes where its search stops early, beside `race`.

    python benchmarks/many_neighbours.py [--rows 10] [--neighbours 5 9 15 25]

Tables that scikit-learn carries; rows of the table left out of the training points are attacked, norm 2. `ends` is
where the search ended within 20,000 cells; `proved` the median of the proved bound over the distance; `over_race` the
median of the distance over that of `race` with 2,000 questions, `most` the largest. Processor seconds a row, one
thread. Written to results/benchmarks/many_neighbours.json.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import edgewise as ew
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "many_neighbours.json"
TABLES = {"wine": load_wine, "cancer": load_breast_cancer, "digits": load_digits}


def clock(work):
    begun = time.process_time()
    return work(), time.process_time() - begun


def measured(X, y, k, rows):
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], y[order]
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(k)).fit(X[rows:], y[rows:])
    ew.attack(model, X[:1], "region-exact", rng=0)
    exact, seconds = clock(lambda: ew.attack(model, X[:rows], "region-exact", rng=0))
    asked, race_seconds = clock(lambda: ew.attack(model, X[:rows], "race", rng=0))
    over = exact.distance / asked.distance
    return {
        "k": k,
        "rows": rows,
        "ends": int(exact.counts["exact"].sum()),
        "proved": float(np.median(exact.lower / exact.distance)),
        "over_race": float(np.median(over)),
        "most": float(over.max()),
        "seconds": seconds / rows,
        "race_seconds": race_seconds / rows,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--neighbours", type=int, nargs="*", default=[5, 9, 15, 25])
    given, found = parser.parse_args(), []
    with threadpool_limits(1):
        for name, load in TABLES.items():
            for k in given.neighbours:
                found.append({"table": name, **measured(*load(return_X_y=True), k, given.rows)})
                print(found[-1], flush=True)
    result = provenance("python benchmarks/many_neighbours.py") | {"found": found}
    OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
