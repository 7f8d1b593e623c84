"""The label-only attacks, `race` beside `opt` (the paper's BBox), by the questions they may ask.

    EDGEWISE_DATA=... python benchmarks/label_only.py [--quick] [--cases lenet 1-nn ...] [--samples 24] [--seeds 2]

Both sides in turn in one process, on the same samples, starts, box and seeds; every budget is a run of its own, as
a person would make it. Distances are verified by the model; the optimum is the exact attack's, on LeNet DDN's with
300 gradients (a bound from above). One thread, processor time. The samples and seeds are not those that `race` was
made on. Each case is written to results/benchmarks/label-only.json as it ends.
"""

import argparse
import json
import os
import shlex
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.attacks import DDN, Opt, Race
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "label-only.json"
BUDGETS = (100, 300, 1000, 2500, 5000)
PASSED = {"lenet": 1000, "1-nn": 100}


def lenet(samples):
    import torch
    from gradient import lenet as trained

    net, data, _ = trained()

    def labels(Z):
        with torch.no_grad():
            return net(torch.tensor(Z)).argmax(1).numpy()

    def optimum(X, y):
        return ew.attack(net, X, DDN(steps=300), y=y, box=(0, 1), rng=0).distance

    X = data.test.X[PASSED["lenet"] :][:samples]
    return labels, X, (data.train.X[:3000], data.train.y[:3000]), (0, 1), optimum


def neighbours(samples):
    data = ew.load("mnist-1v7", rng=0)
    model = KNeighborsClassifier(1, algorithm="brute").fit(*data.train)
    return *fitted(model, data.test.X[PASSED["1-nn"] :][:samples], data), exact(model, (0, 1))


def table(name, kind):
    def case(samples):
        data = ew.load(name, rng=0, held_out=60, train=400 if name == "australian" else 2000)
        model = kind(random_state=0).fit(*data.train)
        return *fitted(model, data.held_out.X[-min(samples, 24) :], data), exact(model, data.box)

    return case


def fitted(model, X, data):
    return model.predict, X, (data.train.X, data.train.y), data.box


def exact(model, box):
    return lambda X, y: ew.attack(model, X, y=y, box=box, rng=0).distance


CASES = {
    "lenet": lenet,
    "1-nn": neighbours,
    "australian, boosting": table("australian", GradientBoostingClassifier),
    "covertype, boosting": table("covtype", GradientBoostingClassifier),
    "australian, forest": table("australian", RandomForestClassifier),
    "covertype, forest": table("covtype", RandomForestClassifier),
}


def measured(name, samples, seeds, budgets, norm):
    """A row a side and budget: median and mean distance, and processor time per question."""
    labels, X, starts, box, optimum = CASES[name](samples)
    y = labels(X)
    best = optimum(X, y) if norm == 2 else np.full(len(X), np.nan)
    yield {"case": name, "norm": norm, "attack": "optimum", "median": np.median(best), "mean": best.mean()}
    for budget in budgets:
        sides = {
            "opt": Opt(budget=budget, starts=starts),
            "race": Race(budget=budget, norm=norm, starts=starts),
        }
        for attack, method in sides.items():
            begun = time.process_time()
            found = [ew.attack(labels, X, method, box=box, rng=seed) for seed in seeds]
            spent = time.process_time() - begun
            moves = [(adv.points - X).reshape(len(X), -1).astype(float) for adv in found]
            distance = np.concatenate([np.linalg.norm(move, norm, axis=1) for move in moves])
            asked = sum(int(adv.queries.sum()) for adv in found)
            yield {
                "case": name,
                "norm": norm,
                "attack": attack,
                "budget": budget,
                "samples": len(X),
                "median": float(np.median(distance)),
                "mean": float(distance.mean()),
                "over_optimum": float(np.median(distance / np.tile(best, len(seeds)))),
                "found": float(np.mean([adv.found.mean() for adv in found])),
                "most_queries": int(max(adv.queries.max() for adv in found)),
                "us_per_question": spent / asked * 1e6,
            }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="six samples, one seed, up to 300 questions")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--budgets", type=int, nargs="+", default=BUDGETS)
    parser.add_argument("--norm", type=float, default=2)
    options = parser.parse_args()
    if options.quick:
        options.samples, options.seeds, options.budgets = 6, 1, BUDGETS[:2]
    warnings.simplefilter("ignore", UserWarning)
    seeds = range(100, 100 + options.seeds)
    kept = json.loads(OUT.read_text()) if OUT.exists() and not options.quick else {"rows": []}
    for name in options.cases:
        rows = []
        for row in measured(name, options.samples, seeds, options.budgets, options.norm):
            rows.append(row)
            print(
                " ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()),
                flush=True,
            )
        if options.quick:
            continue
        others = [row for row in kept["rows"] if (row["case"], row["norm"]) != (name, options.norm)]
        command = shlex.join(["python", "benchmarks/label_only.py", *sys.argv[1:]])
        commands = kept.get("commands", {}) | {name: command}
        kept = {"about": provenance(command), "commands": commands, "rows": [*others, *rows]}
        OUT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
