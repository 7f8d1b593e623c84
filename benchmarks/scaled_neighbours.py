"""Nearest neighbours behind a scaler: the exact attack beside the best that asks for labels only.

    EDGEWISE_DATA=... python benchmarks/scaled_neighbours.py [--rows 100]

`make_pipeline(StandardScaler(), KNeighborsClassifier(k))` on digits and six KEEL tables, as they are; the attacks
move rows in the table's own units. One thread, processor time of a whole call over its rows.
"""

import argparse
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import edgewise as ew
from edgewise.data.keel import keel
from edgewise.models.neighbours import neighbours_of
from edgewise.paper.runs.results import provenance


KEPT = Path(__file__).parents[1] / "results" / "benchmarks" / "scaled_neighbours.json"
TABLES = ("phoneme", "pima", "german", "twonorm", "wdbc", "ionosphere")


def timed(call):
    start = time.process_time()
    answer = call()
    return answer, time.process_time() - start


def measured(name, X, y, k, rows):
    order = np.random.default_rng(0).permutation(len(X))
    Q, known = X[order[:rows]], order[rows:]
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(k)).fit(X[known], y[known])
    attack = partial(ew.attack, model, rng=0)
    attack(Q[:2])  # compiled, and the index made
    exact, seconds = timed(lambda: attack(Q))
    asked, longer = timed(lambda: attack(Q, "race"))
    sizes = neighbours_of(model).seen.sizes
    away = exact.distance > 0
    return {
        "table": name,
        "n": len(known),
        "d": X.shape[1],
        "k": k,
        "uneven": float(sizes[0] / sizes[-1]),
        "exact_ms": 1000 * seconds / rows,
        "race_ms": 1000 * longer / rows,
        "race_over_exact": float(np.median(asked.distance[away] / exact.distance[away])),
        "race_nearer": int((asked.distance < exact.distance * (1 - 1e-6)).sum()),
        "proved": float((exact.lower >= exact.distance * (1 - 1e-3)).mean()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100)
    rows = parser.parse_args().rows
    X, y = load_digits(return_X_y=True)
    data = {"digits": (X / 16, y), **{name: keel(name) for name in TABLES}}
    found = []
    with threadpool_limits(1):
        for name, (X, y) in data.items():
            for k in (1, 3):
                found.append(measured(name, X, y, k, rows))
                print(
                    "  ".join(
                        f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                        for key, value in found[-1].items()
                    )
                )
    about = provenance(f"python benchmarks/scaled_neighbours.py --rows {rows}")
    KEPT.write_text(json.dumps({"about": about, "rows": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
