"""Write the tables of docs/trees.md; every figure comes from results/benchmarks/trees.json.

python benchmarks/trees_page.py
"""

import json
from pathlib import Path

from edgewise.paper import markdown


ROOT = Path(__file__).parents[1]
MARK = "<!-- measured: benchmarks/trees_page.py writes what follows -->\n"


def table(head, rows):
    return "\n".join(markdown.table(head, rows)) + "\n"


def norm(row):
    return (
        f"{row['mean_ms']:.1f} ({row['median_ms']:.1f}, {row['max_ms']:.0f})",
        f"{row['exact']}/{row['rows']}",
    )


def model(item):
    rival = item.get("veritas", {})
    timed = "over_ours_mean" in rival
    confirmed = [f"{item[name]['confirmed']}" for name in ("Linf", "L2", "L1")]
    yield from (item["data"], item["model"], f"{item['leaves']:,} / {item['walls']:,}")
    for name in ("Linf", "L2", "L1"):
        yield from norm(item[name])
    yield f"{'/'.join(confirmed)} of {item['Linf']['rows']}"
    yield f"{rival['mean_ms']:.1f} ({rival['rows']})" if timed else "–"
    yield f"{rival['confirmed']}/{rival['rows']}" if timed else "–"
    yield f"{rival['over_ours_mean']:.1f}, {rival['over_ours_median']:.1f}" if timed else "–"


def page(report):
    versions = ", ".join(f"{n} {report['versions'][n]}" for n in ("numpy", "scikit-learn", "numba"))
    apart = sum(item.get("veritas", {}).get("outside_its_interval", 0) for item in report["models"])
    sides = sum(item.get("veritas", {}).get("fixed_box_sides_with_us", 0) for item in report["models"])
    rivals = [i["veritas"] for i in report["models"] if "over_ours_mean" in i.get("veritas", {})]
    yield (
        f"    EDGEWISE_DATA=... {report['command']}\n    python benchmarks/trees_page.py\n\n"
        f"One thread, processor time on a loaded machine, {report['device']}; Python {report['python']}, {versions}, "
        "dtai-veritas 0.3.1. Features scaled to [0, 1], box [0, 1], 30 rows that were not trained on, 1 s a row, no "
        "training rows given. Veritas (L-infinity only) runs in the same process on the same rows with 30 steps, for "
        "at most 12 s a model. Milliseconds: mean (median, largest). Written from `results/benchmarks/trees.json`.\n"
    )
    head = ("data", "model", "leaves / walls", "L∞ ms", "exact", "L2 ms", "exact", "L1 ms", "exact")
    last = ("confirmed", "Veritas ms (rows)", "its confirmed", "Veritas / ours: mean, median")
    yield table((*head, *last), (tuple(model(item)) for item in report["models"]))
    yield (
        f"Over {sum(r['rows'] for r in rivals)} rows {apart} of our distances lay outside Veritas's interval; "
        f"its own fixed-box search sides with ours in {sides} of these. The "
        "other is a tie, which Veritas takes for a change and the model does not: a mixed-integer "
        "program (HiGHS) finds no lead of the other class nearer than ours (`benchmarks/trees_tie.py`).\n"
    )
    if "selection" in report:
        yield "**The ten nearest of 200 rows** (Australian), seconds, reading the model included:\n"
        head = ("model", "norm", "all 200", "ten nearest", "ratio", "same distances", "rows searched")
        yield table(head, (tuple(selected(row)) for row in report["selection"]))
        yield "With boosting a row costs so little that reading the model is a third of the ten nearest's time.\n"
    if "closed" in report:
        done = ", ".join(f"{row['norm']} {row['exact']} of {row['rows']}" for row in report["closed"])
        yield f"RF 100x10 on Covertype, more rows, proved within 1 s: {done}.\n"
    if "large_pool" in report:
        large = report["large_pool"]
        yield f"Ten nearest of {large['rows']:,} rows, RF 100x10 on Covertype, L∞: {large['seconds']:.1f} s.\n"
    if "linear" in report:
        line = report["linear"]
        size = f"{line['rows']:,} rows of {line['features']} features, {line['classes']} classes"
        yield f"Linear, {size}, L2: {line['seconds']:.2f} s.\n"
    if "threads" in report:
        two = report["threads"]
        yield f"Two threads, {two['rows']} rows, {two['model']}: {two['wall_ratio']:.2f} times as fast on the clock.\n"


def selected(row):
    yield from (row["model"], row["norm"], f"{row['all_s']:.2f}", f"{row['ten_s']:.2f}")
    yield from (f"{row['all_s'] / row['ten_s']:.0f}", "yes" if row["same"] else "**no**", row["searched"])


def main():
    report = json.loads((ROOT / "results" / "benchmarks" / "trees.json").read_text())
    file = ROOT / "docs" / "trees.md"
    head = file.read_text().split(MARK)[0]
    file.write_text(head + MARK + "\n" + "\n".join(page(report)))


if __name__ == "__main__":
    main()
