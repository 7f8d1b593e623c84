"""The exact attacks on trees and linear models against their bars: proof, time, Veritas, selection.

    EDGEWISE_DATA=... python benchmarks/trees.py [--rows 30] [--parts models selection closed threads]

Processor time, one thread. Features are scaled to [0, 1] on all rows; a model is fitted on the first rows and
asked about the next. Veritas (dtai-veritas, L-infinity only) runs in the same process on the same points with
30 steps, at most 12 s a model; its own fixed-box search, not its bisection, judges disagreements. Written to
results/benchmarks/trees.json; `trees_page.py` shows it in docs/trees.md.
"""

import argparse
import json
import os
import time
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression

import edgewise as ew
from edgewise.arrays import check_box
from edgewise.attacks import LinearExact, Moves, TreesExact
from edgewise.attacks.trees.compiled import Compiled, each_nearest
from edgewise.attacks.trees.nearest import Limits, Seat, ask, nearest
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "trees.json"
NORMS = {"Linf": np.inf, "L2": 2, "L1": 1}
SIZES = {"australian": 500, "covtype": 2000}
MODELS = {
    "GB 50x3": lambda: GradientBoostingClassifier(n_estimators=50, max_depth=3, random_state=0),
    "GB 200x4": lambda: GradientBoostingClassifier(n_estimators=200, max_depth=4, random_state=0),
    "HistGB 100": lambda: HistGradientBoostingClassifier(random_state=0),
    "RF 50x6": lambda: RandomForestClassifier(50, max_depth=6, random_state=0),
    "RF 100x10": lambda: RandomForestClassifier(100, max_depth=10, random_state=0),
    "RF default": lambda: RandomForestClassifier(random_state=0),
    "ExtraTrees default": lambda: ExtraTreesClassifier(random_state=0),
}


def table(name, more=False):
    """Training rows, their classes and 60 other rows, scaled; with ``more`` 120, the later ones clipped."""
    data = ew.load(name, rng=0, train=SIZES[name], held_out=60, test=60)
    X, y, Q = data.train.X, data.train.y, data.held_out.X
    both = np.concatenate([X, Q])
    low, span = both.min(axis=0), np.maximum(np.ptp(both, axis=0), 1e-12)
    Q = np.concatenate([Q, data.test.X]) if more else Q
    return (X - low) / span, y, np.clip((Q - low) / span, 0, 1)


def clock(function):
    begun = time.process_time()
    answer = function()
    return time.process_time() - begun, answer


def ours(known, model, Q, own, box, norm):
    """Every row on its own: seconds, distances, whether proved, whether the model confirms."""
    batch, seat = known.batch(Q, own, box, norm), Seat.at(known.cells)
    seconds, answers = [], []
    for row in range(len(Q)):
        took, answer = clock(lambda row=row: nearest(ask(batch, seat, row), Limits(10**9, 1.0)))
        seconds.append(took)
        answers.append(answer)
    points = np.array([x if a.point is None else a.point for a, x in zip(answers, Q, strict=True)])
    crossed = (model.predict(points) != known.classes[own]) & box.contains(points)
    lower, cost = (np.array([getattr(a, name) for a in answers]) for name in ("lower", "cost"))
    exact = lower >= cost * (1 - 1e-12)
    return {
        "seconds": np.array(seconds),
        "distance": cost,
        "row": {
            "mean_ms": np.mean(seconds) * 1e3,
            "median_ms": np.median(seconds) * 1e3,
            "max_ms": np.max(seconds) * 1e3,
            "exact": int(exact.sum()),
            "rows": len(Q),
            "confirmed": int(crossed.sum()),
            "gaps": [float(1 - a / b) for a, b in zip(lower[~exact], cost[~exact], strict=True)],
            "nodes": float(np.mean([a.nodes for a in answers])),
        },
    }


def veritas(model, Q, labels, truth, seconds=12.0):
    """Veritas's bisection on the same rows, and its fixed-box search about every disagreement."""
    import veritas as v

    try:
        trees = v.get_addtree(model, silent=True)
    except Exception as error:  # noqa: BLE001 - whatever it raises means that it has no converter
        return {"refused": str(error).splitlines()[0][:100]}
    spent, radii, points, begun = [], [], [], time.process_time()
    for x, c in zip(Q, labels, strict=True):
        took, (rob, low, high) = clock(lambda x=x, c=c: bisect(v, trees, x, c))
        spent.append(took)
        radii.append((low, high))
        points.append(np.asarray(rob.generated_examples[-1], float) if rob.generated_examples else x)
        if time.process_time() - begun > seconds:
            break
    n = len(spent)
    outside = [
        i
        for i in range(n)
        if not radii[i][0] * (1 - 1e-4) - 1e-5 <= truth[i] <= radii[i][1] * (1 + 1e-4) + 1e-5
    ]
    return {
        "rows": n,
        "mean_ms": np.mean(spent) * 1e3,
        "median_ms": np.median(spent) * 1e3,
        "confirmed": int((model.predict(np.array(points)) != labels[:n]).sum()),
        "outside_its_interval": len(outside),
        "fixed_box_sides_with_us": sum(fixed_box(v, trees, Q[i], labels[i], truth[i]) for i in outside),
        "seconds": spent,
    }


def away_from(v, trees, x, label):
    """Veritas's search away from a label: the other class's score has to be on its side."""
    source, target = (trees, None) if label == 1 else (None, trees)
    return v.VeritasRobustnessSearch(x, 1.0, source, target, num_steps=30, max_time=120.0, silent=True)


def bisect(v, trees, x, label):
    rob = away_from(v, trees, x, label)
    _, low, high = rob.search()
    return rob, low, high


def fixed_box(v, trees, x, label, radius):
    """Whether the fixed-box search finds nothing just inside a radius and something just outside."""
    rob = away_from(v, trees, x, label)
    answers = []
    for scale in (1 - 1e-5, 1 + 1e-5):
        made = rob.get_search(radius * scale)
        made.step_for(60.0, 100)
        answers.append(made.num_solutions() > 0)
    return answers == [False, True]


def compare(rows):
    for data in SIZES:
        X, y, Q = table(data)
        Q, box = Q[:rows], check_box((0, 1), X.shape[1])
        y = np.searchsorted(np.unique(y), y)
        for name, make in MODELS.items():
            model = make().fit(X, y)
            fit, known = clock(partial(Compiled.of, model, Q.dtype, Q.shape[1], Moves()))
            labels = model.predict(Q)
            own = known.numbers(labels)
            ours(known, model, Q[:1], own[:1], box, np.inf)
            item = {
                "data": data,
                "model": name,
                "compile_ms": fit * 1e3,
                "leaves": len(known.cells.forest.value),
                "walls": len(known.cells.wall),
            }
            for norm, order in NORMS.items():
                done = ours(known, model, Q, own, box, order)
                item[norm] = done["row"]
                if norm == "Linf" and not name.endswith("default"):
                    rival = veritas(model, Q, labels, done["distance"])
                    if "seconds" in rival:
                        took = rival.pop("seconds")
                        rival["over_ours_mean"] = np.mean(took) / np.mean(done["seconds"][: len(took)])
                        rival["over_ours_median"] = np.median(took) / np.median(done["seconds"][: len(took)])
                    item["veritas"] = rival
                print(
                    data,
                    name,
                    norm,
                    done["row"],
                    item.get("veritas", "") if norm == "Linf" else "",
                    flush=True,
                )
            yield item


def selection(repeats=5):
    """Yield what the ten nearest of 200 rows cost and what all of them do; L1 where it is quick."""
    for data in ("australian",):
        X, y, _ = table(data)
        rest = X[-200:]
        for name in ("RF 50x6", "RF 100x10", "GB 200x4"):
            model = MODELS[name]().fit(X[:-200], y[:-200])
            for norm, order in list(NORMS.items())[: 3 if name.startswith("GB") else 2]:
                all_of, ten_of = (
                    partial(ew.radius, model, rest, box=(0, 1), norm=order),
                    partial(TreesExact(order).smallest, model, rest, 10, box=(0, 1)),
                )
                distances, found = all_of(), ten_of()
                turns = [(clock(all_of)[0], clock(ten_of)[0]) for _ in range(repeats)]
                every, few = np.median(turns, axis=0).tolist()
                same = bool(np.allclose(np.sort(distances.distance)[:10], found.distance, rtol=1e-9))
                item = {
                    "data": data,
                    "model": name,
                    "norm": norm,
                    "all_s": every,
                    "ten_s": few,
                    "same": same,
                    "searched": found.searched,
                }
                print(item, flush=True)
                yield item


def closed(rows):
    """Yield how many of more rows of the hardest forest of the table are proved within 1 s."""
    X, y, Q = table("covtype", more=True)
    Q, box = Q[:rows], check_box((0, 1), X.shape[1])
    model = MODELS["RF 100x10"]().fit(X, np.searchsorted(np.unique(y), y))
    known = Compiled.of(model, Q.dtype, Q.shape[1], Moves())
    own = known.numbers(model.predict(Q))
    ours(known, model, Q[:1], own[:1], box, np.inf)
    for norm, order in NORMS.items():
        row = ours(known, model, Q, own, box, order)["row"]
        print(norm, row, flush=True)
        yield {"data": "covtype", "model": "RF 100x10", "norm": norm} | row


def large_pool(rows):
    X, y, _ = table("covtype")
    model = MODELS["RF 100x10"]().fit(X, y)
    rng = np.random.default_rng(0)
    pool = np.clip(X[rng.integers(0, len(X), rows)] + rng.normal(0, 0.02, (rows, X.shape[1])), 0, 1)
    seconds, found = clock(lambda: TreesExact(np.inf).smallest(model, pool, 10, box=(0, 1)))
    return {
        "rows": rows,
        "seconds": seconds,
        "searched": found.searched,
        "largest": float(found.distance[-1]),
    }


def threads(rows=300, repeats=5):
    """Attack the same rows with one thread and with two, in turn: wall clock, processor time, and the load."""
    X, y, _ = table("australian")
    model = MODELS["RF 50x6"]().fit(X, y)
    Q = np.clip(X[:rows] + np.random.default_rng(0).normal(0, 0.02, (min(rows, len(X)), X.shape[1])), 0, 1)
    known, box = Compiled.of(model, Q.dtype, Q.shape[1], Moves()), check_box((0, 1), Q.shape[1])
    own = known.numbers(model.predict(Q))

    def took(count):
        begun, spent = time.perf_counter(), time.process_time()
        answers = each_nearest(known, Q, own, box, np.inf, Limits(50_000), threads=count)
        return time.perf_counter() - begun, time.process_time() - spent, [answer.cost for answer in answers]

    took(2)
    load, turns = [os.getloadavg()[0]], []
    for _ in range(repeats):
        turns.append((took(1), took(2)))
        load.append(os.getloadavg()[0])
    one, two = (np.median([turn[k][:2] for turn in turns], axis=0).tolist() for k in (0, 1))
    return {
        "rows": len(Q),
        "model": "australian, RF 50x6, Linf",
        "same": all(a[2] == b[2] for a, b in turns),
        "wall_s": {"1": one[0], "2": two[0]},
        "cpu_s": {"1": one[1], "2": two[1]},
        "wall_ratio": one[0] / two[0],
        "cpu_ratio": two[1] / one[1],
        "cores": len(os.sched_getaffinity(0)),
        "load": {"least": min(load), "most": max(load)},
        "idle": max(load) < 0.5,
    }


def linear():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000_000, 50))
    small = X[:5000]
    model = LogisticRegression(max_iter=50, tol=1e-2).fit(small, (small[:, :10]).argmax(axis=1))
    seconds = [clock(lambda: LinearExact().distances(model, X))[0] for _ in range(3)]
    return {"rows": len(X), "features": 50, "classes": 10, "seconds": float(np.median(seconds))}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument(
        "--parts", nargs="+", default=["models", "selection", "large_pool", "linear", "closed", "threads"]
    )
    given = parser.parse_args()
    parts = {
        "models": lambda: list(compare(given.rows)),
        "selection": lambda: list(selection()),
        "large_pool": lambda: large_pool(10_000),
        "linear": linear,
        "closed": lambda: list(closed(100)),
        "threads": threads,
    }
    result = json.loads(OUT.read_text()) if OUT.exists() else {}
    result |= provenance("python benchmarks/trees.py")
    for name in given.parts:
        result[name] = parts[name]()
        OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
