"""Pools in shards: rows a second on one machine and on Ray, kills, the driver's memory, what shortlists lose.

Run: python benchmarks/scale.py [--part speed|overhead|kills|memory|loss ...] [--folder FOLDER]

Shards are generated, used and removed. Each run of the driver is a process of its own, so that its peak
memory and its start are its own. Figures go to results/benchmarks/scale.json; a part that is run again takes
the place of its earlier figures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import edgewise as ew
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "scale.json"

PARTS = ("speed", "overhead", "kills", "memory", "loss")

FEATURES = 10
SHARD = 250_000

DRIVER = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.ensemble import RandomForestClassifier
from edgewise.parallel import engine, spread
from edgewise.strategies.sharded import query_shards
from edgewise.pools.shards import digest_of

def model_of(name, width):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, width))
    y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int) + (X[:, 2] > 1)
    if name == "forest":
        return RandomForestClassifier(20, max_depth=8, random_state=0).fit(X, y), (X, y)
    return LogisticRegression(max_iter=500).fit(X, y), (X, y)

if __name__ == "__main__":
    pattern, scores, backend, jobs, strategy, name, n, width = sys.argv[1:]
    model, labelled = model_of(name, int(width))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    with engine(backend, workers=int(jobs)):
        list(spread(digest_of, [Path(__file__)] * 2 * int(jobs), jobs=int(jobs)))  # workers up, imports done
        up = time.perf_counter() - start
        print("ready", flush=True)
        start = time.perf_counter()
        found = query_shards(strategy, model, pattern, int(n), scores=scores, jobs=int(jobs),
                             labelled=labelled)
        seconds = time.perf_counter() - start
    again = time.perf_counter()
    same = query_shards(strategy, model, pattern, int(n), scores=scores, labelled=labelled)
    print(json.dumps({"start_s": up, "seconds": seconds, "merge_s": time.perf_counter() - again,
                      "index": found.query.index.tolist(), "again": same.query.index.tolist(),
                      "scored": found.scored, "kept": found.kept, "losses": list(found.losses),
                      "before_mib": before,
                      "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def generate(folder, rows, shard=SHARD, width=FEATURES):
    """Write ``rows`` rows as Parquet shards of float32; return the pattern and the bytes."""
    import pyarrow as pa
    from pyarrow import parquet

    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, rows, shard)):
        rng = np.random.default_rng([7, number])
        X = rng.normal(size=(min(shard, rows - start), width)).astype(np.float32)
        parquet.write_table(
            pa.table({f"x{i}": X[:, i] for i in range(width)}),
            folder / f"part-{number:05d}.parquet",
            compression="none",
            use_dictionary=False,
        )
    return str(folder / "*.parquet"), sum(path.stat().st_size for path in folder.iterdir())


def started(folder, pattern, scores, backend, jobs, strategy, model, n=100, width=FEATURES):
    script = folder / "driver.py"
    script.write_text(DRIVER)
    return subprocess.Popen(
        [
            sys.executable,
            str(script),
            pattern,
            str(scores),
            backend,
            str(jobs),
            strategy,
            model,
            str(n),
            str(width),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )


def ran(*arguments, **more):
    job = started(*arguments, **more)
    said, _ = job.communicate()
    if job.returncode:
        raise SystemExit(f"the driver failed with {job.returncode}")
    return json.loads(said.splitlines()[-1])


def speed(folder, rows):
    """Rows a second: one process, its cores, Ray with one and two workers; cheap and dearer model."""
    found = []
    pattern, size = generate(folder / "pool", rows)
    for model in ("logistic", "forest"):
        picks = None
        for backend, jobs in (("local", 1), ("local", 2), ("ray", 1), ("ray", 2), ("dask", 2)):
            runs = []
            for turn in range(2):
                scores = folder / f"scores-{model}-{backend}-{jobs}-{turn}"
                runs.append(ran(folder, pattern, scores, backend, jobs, "margin", model))
                shutil.rmtree(scores)
            best = min(runs, key=lambda run: run["seconds"])
            picks = picks or best["index"]
            assert all(run["index"] == run["again"] == picks for run in runs)
            found.append(
                {
                    "model": model,
                    "backend": backend,
                    "workers": jobs,
                    "rows": rows,
                    "shards": -(-rows // SHARD),
                    "pool_bytes": size,
                    "seconds": best["seconds"],
                    "rows_per_s": rows / best["seconds"],
                    "start_s": best["start_s"],
                    "merge_s": best["merge_s"],
                    "same_picks": True,
                }
            )
            print(found[-1])
    shutil.rmtree(folder / "pool")
    return found


def overhead(folder):
    """What a shard costs whatever is in it: many shards of one row."""
    found = []
    count = 400
    pattern, _ = generate(folder / "tiny", count, shard=1)
    for backend, jobs in (("local", 1), ("local", 2), ("ray", 1), ("ray", 2), ("dask", 2)):
        scores = folder / f"tiny-{backend}-{jobs}"
        run = ran(folder, pattern, scores, backend, jobs, "margin", "logistic", n=10)
        found.append(
            {
                "backend": backend,
                "workers": jobs,
                "shards": count,
                "ms_per_shard": 1000 * (run["seconds"] - run["merge_s"]) / count,
                "ms_per_shard_kept": 1000 * run["merge_s"] / count,
            }
        )
        print(found[-1])
    shutil.rmtree(folder / "tiny")
    return found


def kills(folder, rows):
    """Kill a worker, then the driver, in the middle; the picks must be those of a run left alone."""
    import psutil

    found = []
    pattern, _ = generate(folder / "pool", rows)
    shards = -(-rows // SHARD)
    whole = ran(folder, pattern, folder / "whole", "local", 2, "margin", "forest")
    for backend in ("local", "ray"):
        for victim in ("worker", "driver"):
            scores = folder / f"killed-{backend}-{victim}"
            job = started(folder, pattern, scores, backend, 2, "margin", "forest")
            while len(list(scores.rglob("part-*.parquet"))) + len(list(scores.rglob("*-part-*.parquet"))) < 4:
                time.sleep(0.02)
            left = len(list(scores.rglob("*-part-*.parquet")))
            if victim == "driver":
                job.kill()
                job.communicate()
                run = ran(folder, pattern, scores, "local", 2, "margin", "forest")
            else:
                workers = [
                    child
                    for child in psutil.Process(job.pid).children(recursive=True)
                    if is_worker(child, backend)
                ]
                workers[0].send_signal(signal.SIGKILL)
                said, _ = job.communicate()
                run = json.loads(said.splitlines()[-1])
            files = list(scores.rglob("*-part-*.parquet"))
            found.append(
                {
                    "backend": backend,
                    "killed": victim,
                    "shards": shards,
                    "scored_before": left,
                    "scored_after": run["scored"],
                    "kept": run["kept"],
                    "losses": run["losses"],
                    "seconds": run["seconds"],
                    "undisturbed_s": whole["seconds"],
                    "files": len(files),
                    "same_picks": run["index"] == run["again"] == whole["index"],
                }
            )
            print(found[-1])
            assert found[-1]["same_picks"]
            assert len(files) == shards
    shutil.rmtree(folder / "pool")
    return found


def is_worker(process, backend):
    """Say whether a child scores shards: for Ray by its title, for loky by what it runs."""
    line = " ".join(process.cmdline())
    return "ray::_call" in line if backend == "ray" else "loky" in line and "resource_tracker" not in line


def memory(folder, sizes):
    """Peak memory of the driver, over what it has before the query, as the pool grows."""
    found = []
    for rows in sizes:
        pattern, size = generate(folder / "pool", rows)
        for strategy in ("margin", "edge-mix"):
            scores = folder / f"memory-{strategy}"
            run = ran(folder, pattern, scores, "local", 2, strategy, "logistic")
            found.append(
                {
                    "rows": rows,
                    "strategy": strategy,
                    "pool_bytes": size,
                    "shards": -(-rows // SHARD),
                    "score_bytes": sum(p.stat().st_size for p in scores.rglob("*-part-*.parquet")),
                    "before_mib": run["before_mib"],
                    "peak_mib": run["peak_mib"],
                    "seconds": run["seconds"],
                    "merge_s": run["merge_s"],
                }
            )
            print(found[-1])
            shutil.rmtree(scores)
        shutil.rmtree(folder / "pool")
    return found


def loss(folder, rows, seeds):
    """What choosing from a shortlist loses against the strategy on the whole pool, seed by seed."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    from edgewise.strategies.diversity import gap_to
    from edgewise.strategies.sharded import query_shards

    n, found = 50, []
    for name in ("digits", "blobs"):
        figures = {}
        for seed in range(seeds):
            X, y, test_X, test_y = problem(name, rows, seed)
            first = np.random.default_rng(seed).permutation(len(X))[:60]
            linear = LogisticRegression(max_iter=500).fit(X[first], y[first])
            nearest = KNeighborsClassifier(1).fit(X[first], y[first])
            pool = folder / f"{name}-{seed}"
            pool.mkdir()
            for number, part in enumerate(np.array_split(X, 8)):
                np.save(pool / f"{number}.npy", part)
            rest = np.setdiff1d(np.arange(len(X)), first)
            known = {"labelled": (X[first], y[first]), "rng": seed}
            for strategy in ("edge-mix", "badge", "core-set", "typical", "dfal", "random"):
                model = nearest if strategy == "dfal" else linear
                full = ew.query(model, X, n, strategy, candidates=rest, **known).index
                for size in (250, 1000):
                    part = query_shards(
                        model,
                        str(pool / "*.npy"),
                        n,
                        strategy,
                        scores=pool / "scores",
                        taken=first,
                        shortlist=size,
                        **known,
                    ).query.index
                    for how, index in (("full", full), (str(size), part)):
                        held = figures.setdefault((strategy, size, how), [])
                        held.append(
                            (
                                *quality(X, y, test_X, test_y, linear, first, index, gap_to),
                                len(np.intersect1d(index, full)) / n,
                            )
                        )
            shutil.rmtree(pool)
        for (strategy, size, how), values in sorted(figures.items()):
            if how == "full":
                continue
            full, part = np.array(figures[strategy, size, "full"]), np.array(values)
            gap = part[:, 0] - full[:, 0]
            found.append(
                {
                    "data": name,
                    "pool": len(X),
                    "n": n,
                    "strategy": strategy,
                    "shortlist": size,
                    "seeds": seeds,
                    "accuracy_full": full[:, 0].mean(),
                    "accuracy": part[:, 0].mean(),
                    "difference": gap.mean(),
                    "standard_error": gap.std(ddof=1) / np.sqrt(len(gap)),
                    "radius_ratio": float(np.mean(part[:, 1] / full[:, 1])),
                    "same_picks": part[:, 3].mean(),
                    "margin_full": full[:, 2].mean(),
                    "margin": part[:, 2].mean(),
                }
            )
            print(found[-1])
    return found


def quality(X, y, test_X, test_y, model, first, index, gap_to):
    """Return accuracy after the batch, the covering radius of what is labelled, the mean margin picked."""
    from sklearn.linear_model import LogisticRegression

    from edgewise.strategies.model_scores import margins

    all_ = np.concatenate([first, index])
    after = LogisticRegression(max_iter=500).fit(X[all_], y[all_])
    return (
        float(np.mean(after.predict(test_X) == test_y)),
        float(gap_to(X, X[all_]).max()),
        float(margins(model, X[index]).mean()),
    )


def problem(name, rows, seed):
    """Return a pool and a test set: digits of scikit-learn, or overlapping clusters of four classes."""
    if name == "digits":
        data = ew.load("digits", rng=seed)
        X, y = data.train
        return X[:rows].astype(float), y[:rows], data.test.X.astype(float), data.test.y
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, 10)) * 2
    group = rng.integers(12, size=rows + 4000)
    X = centres[group] + rng.normal(size=(rows + 4000, 10)) * 1.3
    return X[:rows], group[:rows] % 4, X[rows:], group[rows:] % 4


def main():
    """Run the parts asked for and write their figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--part", action="append", choices=PARTS)
    options.add_argument("--folder", help="where shards are generated; a temporary folder by default")
    options.add_argument("--rows", type=int, default=3_000_000)
    options.add_argument("--seeds", type=int, default=20)
    chosen = options.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    for part in chosen.part or PARTS:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
            folder = Path(name)
            made = {
                "speed": lambda folder: speed(folder, chosen.rows),
                "overhead": overhead,
                "kills": lambda folder: kills(folder, chosen.rows),
                "memory": lambda folder: memory(folder, [10**5, 10**6, 10**7]),
                "loss": lambda folder: loss(folder, 4000, chosen.seeds),
            }[part](folder)
        held = json.loads(OUT.read_text()) if OUT.is_file() else {}
        held[part] = made
        about = held.setdefault("about", {})
        about[part] = provenance(f"python benchmarks/scale.py --part {part}") | {
            "load": os.getloadavg()[0],
            "ray": version("ray"),
            "distributed": version("distributed"),
            "pyarrow": version("pyarrow"),
        }
        OUT.write_text(json.dumps(held, indent=1) + "\n")


def version(name):
    import importlib.metadata

    return importlib.metadata.version(name)


if __name__ == "__main__":
    main()
