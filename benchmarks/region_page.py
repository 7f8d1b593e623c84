"""Write docs/benchmarks-region.md; every figure and verdict comes from results/benchmarks/region.json.

python benchmarks/region_page.py
"""

import json
from pathlib import Path

from edgewise.paper import markdown


ROOT = Path(__file__).parents[1]

HEAD = """# The region attack, measured

    EDGEWISE_DATA=... {command}
    python benchmarks/region_pictures.py
    python benchmarks/region_page.py

Real MNIST in [0, 1], 200 test images, one thread, process CPU time. The floor is the float64 distance of the
queries to all training points by one matrix product over all 784 features, and the nearest; both sides take
turns in one process, a ratio is taken within a turn, and the table shows the median over turns. {device};
Python {python}, {versions}; load average {load:.1f} at the end.
Several neighbours, other norms and compiling are from `{others}`.
This page is written from `results/benchmarks/region.json` and, for whole calls, `region_call.json`.

**What a person calls**, 200 queries at a time, over the floor (`python benchmarks/region_call.py`): scikit-learn's
`predict`, `ew.attack(knn, X, "region-exact")` without and with a box, `ew.radius(knn, X)`. An attack asks the model
once about each point that it returns, so that it takes at least a `predict`.

{calls}
Two threads against one, for the search and the libraries under the model alike, wall clock of whole attacks: {threads}.

**The search alone** is timed from here on, on all training points. Seconds and milliseconds are those of the
machine as it was (a floor of 55,000 points took {floor:.1f} ms a query); ratios do not depend on it.
"""

TAIL = """
![Time a query against n and d](img/region-growth.svg)

**Where it loses to the floor**: {losses}.
With a thousand points the floor is short, and what does not shrink with n weighs more: projecting the query,
solving the cells. In two dimensions the radius of these data is many times the spacing of the points:
thousands of cells and own points lie within reach, each is looked at, and a floor over two features is cheap.
There the attack itself searches few points only ([which](region.md#few-features)).

Where p directions do not hold the distances (uniform points in 512 dimensions), the index takes all features.

Not repeated here: the published solvers. The prototype behind this code measured them at 567 to 7,400 times
its own time (Wang et al. 2019) and beyond 500,000 (the published RBA-Exact).
"""

SIZES = ("1v7, n = 1,000", "10 classes, n = 5,000", "10 classes, n = 55,000")
FREE = ((2, 1.3), (0.7, 0.4), (0.5, 0.2))
BOXED = {
    "box_over_free": ("box off", ((1.6, 1.2), (1.3, 1.1), (1.2, 1.05))),
    "box_over_floor": ("floor", ((3.5, 1.8), (0.75, 0.45), (0.5, 0.22))),
}
WORK = ("cells", "oracle_calls", "exact_distances", "newton_steps")


def pick(rows, **where):
    return next(row for row in rows if all(row[key] == value for key, value in where.items()))


def bars(report):
    """Return rows ``what, ask, stretch, measured, how to show it``; all are upper limits."""
    checks = report["accuracy"]
    missed = 1 - min(min(row["crossed_float64"], row["crossed_float32"]) for row in checks)
    queries = sum(row["queries"] for row in checks)
    yield (
        f"radius against quadprog, all cells, {queries} queries, 4 data sets, box on and off; relative error",
        1e-9,
        1e-11,
        max(row["largest_error"] for row in checks),
        ".0e",
    )
    yield "returned points scikit-learn labels as before, float64 and float32", 0, 0, missed, ".0%"
    for name, row, limits in zip(SIZES, report["bars"], FREE, strict=True):
        yield f"MNIST {name} / floor", *limits, row["free_over_floor"], ".2f"
    for key, (what, asks) in BOXED.items():
        for name, row, limits in zip(SIZES, report["bars"], asks, strict=True):
            yield f"MNIST {name}, box on / {what}", *limits, row[key], ".2f"
    for what, limits in (("k = 3", (5, 1)), ("L-inf", (50, 3))):
        boxed = pick(report["others"], what=what, box=True)["median_ms"]
        yield (
            f"{what} exact, MNIST 1v7, n = 1,000, median ms (in the box {boxed:.2f})",
            *limits,
            pick(report["others"], what=what, box=False)["median_ms"],
            ".2f",
        )
    small, large = (pick(report["growth_n"], n=n)["free_us"] for n in (5500, 55_000))
    yield "growth: n = 55,000 over n = 5,500", 10, 6, large / small, ".2f"
    seconds = max(row["first_s"] for row in report["compile"])
    yield "compiling from an empty cache, CPU seconds, the slowest search", 10, 10, seconds, ".1f"


def table(head, rows):
    return "\n".join(markdown.table(head, rows)) + "\n"


def verdict(value, limit):
    return "yes" if value <= limit else "**no**"


def work(row):
    both = (f"{row['counts_free'][name]:.1f} / {row['counts_box'][name]:.1f}" for name in WORK)
    return f"{row['data']}, n = {row['n']:,}", *both, f"{row['fit_s']:.2f}"


def grown(data, row):
    times = (f"{row[key]:.0f}" for key in ("floor_us", "free_us", "box_us"))
    return (
        data,
        f"{row['n']:,}",
        row["d"],
        *times,
        f"{row['free_over_floor']:.2f}",
        f"{row['box_over_floor']:.2f}",
    )


def losses(rows):
    return (
        "; ".join(
            f"{data}, n = {row['n']:,}, d = {row['d']}: {row['free_over_floor']:.1f} times"
            for data, row in rows
            if row["free_over_floor"] > 1
        )
        or "nowhere in these tables"
    )


def calls(report):
    """Return a table of whole calls."""
    names = ("predict", "attack", "attack in the box", "radius")
    rows = report["calls"]
    sizes = dict.fromkeys((row["n"], row["d"]) for row in rows)
    return table(
        ("data", "n", "d", *names),
        (
            (
                "Halfmoon" if d == 2 else "MNIST",
                f"{n:,}",
                d,
                *(f"{pick(rows, n=n, d=d, call=name)['over_floor']:.2f}" for name in names),
            )
            for n, d in sizes
        ),
    )


def page(report, whole):
    """Return the page as Markdown."""
    about, rows = report["about"], list(bars(report))
    versions = (f"{name} {about['versions'][name]}" for name in ("numpy", "scipy", "scikit-learn", "numba"))
    growth = [("MNIST", row) for row in report["growth_n"]] + [("uniform", row) for row in report["growth_d"]]
    missed = [what for what, ask, _, value, _ in rows if value > ask]
    kinds = (
        (
            row["what"],
            "on" if row["box"] else "off",
            f"{row['median_ms']:.2f}",
            f"{row['largest_ms']:.1f}",
            f"{row['exact']:.0%}",
        )
        for row in report["others"]
    )
    first = ((row["what"], f"{row['first_s']:.1f}", f"{row['later_s']:.2f}") for row in report["compile"])
    return "\n".join(
        [
            HEAD.format(
                command=about["command"],
                device=about["device"],
                python=about["python"],
                versions=", ".join(versions),
                load=report["load"][0],
                floor=report["bars"][-1]["floor_us"] / 1000,
                calls=calls(whole),
                others=report["about_others"]["command"],
                threads=", ".join(f"{row['gain']:.2f}" for row in whole["two_threads"]),
            ),
            table(
                ("bar", "ask", "stretch", "measured", "ask met", "stretch met"),
                (
                    (
                        what,
                        f"{ask:g}",
                        f"{stretch:g}",
                        format(value, form),
                        verdict(value, ask),
                        verdict(value, stretch),
                    )
                    for what, ask, stretch, value, form in rows
                ),
            ),
            f"Not met in this run: {'; '.join(missed)}." if missed else "Every ask is met in this run.",
            "\n**Work a query** (mean, box off / on) and the seconds to build the index:\n",
            table(
                ("data", "cells solved", "oracle calls", "exact distances", "Newton steps", "index s"),
                map(work, report["bars"]),
            ),
            "**Several neighbours and other norms**, MNIST 1v7, n = 1,000, 40 queries, one at a time:\n",
            table(("what", "box", "median ms", "largest ms", "proved optimal"), kinds),
            "**Compiling**, CPU seconds of the first call; each kind of search compiles when first used, once\n"
            "per installation:\n",
            table(("search", "empty cache", "from the cache"), first),
            "**Growth**, microseconds a query:\n",
            table(
                ("data", "n", "d", "floor", "box off", "box on", "off / floor", "on / floor"),
                (grown(*each) for each in growth),
            ),
        ]
    ) + TAIL.format(losses=losses([("MNIST 1v7", report["bars"][0]), *growth]))


def main():
    results = ROOT / "results" / "benchmarks"
    search, whole = (json.loads((results / name).read_text()) for name in ("region.json", "region_call.json"))
    (ROOT / "docs" / "benchmarks-region.md").write_text(page(search, whole))


if __name__ == "__main__":
    main()
