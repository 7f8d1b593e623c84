"""The exact search on close points in a wide box, against two independent solvers.

    python benchmarks/exactness.py [--queries 24000] [--seed 0]

Points 1e-3 to 1e-7 of the box apart, in 1, 2, 5 and 20 features: plain, on a lattice (ties), in a box with
features that cannot move, 1e6 from the origin, in several places, partly outside the box, nearly on a line,
in pairs a thousand times closer; with and without the box. Every cell that its nearest bisector leaves open
is solved with every constraint by SciPy's non-negative least squares and by quadprog's dual active set. The
error is that against the nearer of the two answers, and how far these are apart is shown beside it. An
*interval* is an answer whose ``lower`` is less than its distance by more than 1e-9 of it.
"""

import argparse
import importlib.util
import json
from pathlib import Path

import numpy as np

from edgewise.attacks.region import RegionIndex, find
from edgewise.paper.runs.results import provenance


ROOT = Path(__file__).parents[1]
OUT = ROOT / "results" / "benchmarks" / "exactness.json"
KINDS = ("plain", "ties", "flat", "offset", "clusters", "outside", "slivers", "pairs")
SPREADS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)

_spec = importlib.util.spec_from_file_location(
    "region_oracles", ROOT / "tests" / "attacks" / "region" / "oracles.py"
)
oracles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracles)


def compare(seed, d, spread, kind):
    """Yield one row a query: distance, lower, both oracles, in the box and without it."""
    X, y, Q, own, box = oracles.close_points(np.random.default_rng(seed), d, spread, kind)
    index = RegionIndex.of(X, y, int(y.max()) + 1)
    for bounds in (box, None):
        at = find(index, Q, own, bounds)
        for b, x in enumerate(Q):
            answers = [
                oracles.nearest_cell(X, y, x, own[b], bounds, solve)
                for solve in (oracles.by_nnls, oracles.by_quadratic_program)
            ]
            yield np.sqrt(at.squares[b]), np.sqrt(at.lower[b]), *answers, at.counts[b, -1]


def summary(rows):
    distance, lower, nnls, program, careful = np.array(rows).T
    truth = np.fmin(nnls, program)
    none, gone = np.isinf(distance), np.isinf(truth)
    both = ~none & ~gone
    size = np.maximum(truth, 1e-300)
    with np.errstate(invalid="ignore"):
        error = np.fmin(np.abs(distance - nnls) / size, np.abs(distance - program) / size)
        apart = np.abs(nnls - program) / size
        interval = both & (lower < distance * (1 - 1e-9))
        too_high = np.isfinite(truth) & (lower > np.fmax(nnls, program) * (1 + 1e-9))
    sure = both & ~interval & (truth > 0)
    return {
        "queries": len(rows),
        "worst_relative_error": float(error[sure].max(initial=0)),
        "above_1e-9": int((error[sure] > 1e-9).sum()),
        "solvers_apart_above_1e-9": int((apart[both & (truth > 0)] > 1e-9).sum()),
        "worst_between_solvers": float(apart[both & (truth > 0)].max(initial=0)),
        "intervals": float(interval.mean()),
        "false_none": int((none & np.isfinite(np.fmax(nnls, program))).sum()),
        "one_solver_finds": int((none & (np.isfinite(nnls) != np.isfinite(program))).sum()),
        "missed_none": int((~none & gone).sum()),
        "lower_too_high": int(too_high.sum()),
        "searched_again": float(careful.mean()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=24_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cells = [(d, spread, kind) for d in (1, 2, 5, 20) for spread in SPREADS for kind in KINDS]
    rounds, groups = -(-options.queries // (16 * len(cells))), {}
    for e, (d, spread, kind) in enumerate(cells):
        for repeat in range(rounds):
            rows = list(compare([options.seed, e, repeat], d, spread, kind))
            for name in ("all", kind, f"d={d}", f"spread={spread:g}"):
                groups.setdefault(name, []).extend(rows)
    report = {name: summary(rows) for name, rows in groups.items()}
    keys = list(report["all"])
    print("  ".join(f"{key[:14]:>14}" for key in ["", *keys]))
    for name, row in report.items():
        print("  ".join(f"{value:>14.4g}" for value in row.values()), f" {name}")
    report["about"] = provenance(
        f"python benchmarks/exactness.py --queries {options.queries} --seed {options.seed}"
    )
    if options.queries >= 20_000:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
