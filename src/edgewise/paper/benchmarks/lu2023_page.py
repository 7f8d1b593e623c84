"""Lu et al.'s benchmark as tables, a page and a file of areas: their published numbers beside ours."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
from scipy import stats as scipy_stats

from edgewise.arrays import Floats, Values
from edgewise.paper.benchmarks.lu2023 import LARGE, LARGEST, SETS
from edgewise.paper.markdown import table as markdown_table
from edgewise.stats import Estimate, estimate, paired
from edgewise.store import Fact


Areas = Mapping[str, Mapping[str, Mapping[int, float]]]
"""The area of each split, by set and strategy."""

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, header and rows."""

BASE, RIVAL = "random", "margin"
"""What gains are measured against, and whose gain a share is taken of (their Uniform and US-C)."""


def areas(facts: Iterable[Fact]) -> Areas:
    """Return the areas in the facts of `edgewise.paper.benchmarks.lu2023.work`; splits left out have none."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for fact in facts:
        s = fact.cell.settings
        if fact.figures["aubc"] is not None:
            found.setdefault(s["data"], {}).setdefault(s["strategy"], {})[fact.cell.seed] = fact.figures[
                "aubc"
            ]
    return {name: found[name] for name in SETS["all"] if name in found}


def common(by_strategy: Mapping[str, Mapping[int, float]], *names: str) -> list[Floats]:
    """Return the areas of these strategies on the splits that all of them have."""
    splits = sorted(set[int].intersection(*(set(by_strategy.get(name, ())) for name in names)))
    return [np.array([by_strategy[name][split] for split in splits]) for name in names]


@cache
def published() -> Mapping[str, Mapping[str, float]]:
    """Return their mean areas by set and strategy, as their repository lists them."""
    found: dict[str, dict[str, float]] = {}
    for row in _rows("lu2023-published.csv"):
        found.setdefault(row["data"], {})[row["strategy"]] = float(row["mean"])
    return found


@cache
def margin_splits() -> Mapping[str, Floats]:
    """Return the areas of their own splits for US-C, by set."""
    found: dict[str, list[float]] = {}
    for row in _rows("lu2023-margin-splits.csv"):
        found.setdefault(row["data"], []).append(float(row["aubc"]))
    return {name: np.array(values) for name, values in found.items()}


def gain(by_strategy: Mapping[str, Mapping[int, float]], strategy: str) -> Estimate | None:
    """Return the paired difference to `BASE` over the splits that both have, or None without any."""
    mine, base = common(by_strategy, strategy, BASE)
    return estimate(mine - base) if len(mine) else None


def mean_gain(found: Areas, strategy: str, names: Sequence[str]) -> float | None:
    """Return the mean over the sets ``names`` of a strategy's gain, or None where it was run on none of them."""
    gains = [one.mean for name in names if name in found and (one := gain(found[name], strategy)) is not None]
    return float(np.mean(gains)) if gains else None


def share_of_margin(found: Areas, strategy: str, names: Sequence[str]) -> tuple[float, int] | None:
    """Return the mean gain of ``strategy`` over that of margin, and over how many of the sets ``names``.

    None where margin's own mean gain is not above twice its standard error: a share of nothing says nothing.
    """
    columns = [common(found[name], strategy, RIVAL, BASE) for name in names if name in found]
    columns = [each for each in columns if len(each[0])]
    if not columns:
        return None
    mine = np.mean([np.mean(own - base) for own, _, base in columns])
    rival = np.mean([np.mean(other - base) for _, other, base in columns])
    errors = np.nan_to_num([_standard_error(other - base) for _, other, base in columns])
    if rival <= 2 * np.linalg.norm(errors) / len(columns):
        return None
    return float(mine / rival), len(columns)


def _standard_error(values: Floats) -> float:
    """Return that of their mean; NaN of a single one."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def tables(found: Areas) -> list[Table]:
    """Return what the command prints: areas, gains, and the test against their own splits."""
    names = list(dict.fromkeys(strategy for by in found.values() for strategy in by))
    made = [_area_table(found, names), _gain_table(found, names), _reproduction(found)]
    return [table for table in made if table[2]]


def _area_table(found: Areas, names: Sequence[str]) -> Table:
    rows = [
        (
            _shown(data),
            *(
                f"{np.mean(list(by[name].values())):.4f} ({len(by[name])})" if name in by else ""
                for name in names
            ),
            *(
                f"{published()[data][other]:.4f}"
                for other in ("Uniform", "US-C", "BSO")
                if other in published()[data]
            ),
        )
        for data, by in found.items()
    ]
    header = ("set", *names, "their Uniform", "their US-C", "their BSO")
    return (
        "area under the budget curve (splits)",
        header,
        [row + ("",) * (len(header) - len(row)) for row in rows],
    )


def _gain_table(found: Areas, names: Sequence[str]) -> Table:
    others = [name for name in names if name != BASE]
    rows: list[tuple[str, ...]] = []
    for data, by in found.items():
        cells = [_gain_cell(by, name) for name in others]
        theirs = published()[data]
        best = max((s for s in theirs if s not in ("Uniform", "BSO")), key=theirs.__getitem__)
        rows.append(
            (
                _shown(data),
                *cells,
                f"{theirs['US-C'] - theirs['Uniform']:+.4f}",
                f"{theirs[best] - theirs['Uniform']:+.4f} {best}",
            )
        )
    for group, members in (("small", SETS["small"]), ("large", SETS["large"])):
        if any(name in found for name in members):
            gains = [mean_gain(found, name, members) for name in others]
            shares = [share_of_margin(found, name, members) for name in others]
            shown = (f"{each:+.4f}" if each is not None else "" for each in gains)
            rows.append((f"mean gain, {group}", *shown, "", ""))
            if any(shares):
                said = (f"{share[0]:.0%} of {share[1]}" if share else "" for share in shares)
                rows.append((f"share of margin's mean gain, {group}", *said, "", ""))
    return f"gain over {BASE}, paired", ("set", *others, "their US-C", "their best"), rows


def _gain_cell(by: Mapping[str, Mapping[int, float]], name: str) -> str:
    mine, base = common(by, name, BASE)
    if not len(mine):
        return ""
    result = paired(mine, base)
    return f"{result.difference.mean:+.4f} ±{_standard_error(mine - base):.4f} (p {result.p:.2g})"


def _reproduction(found: Areas) -> Table:
    rows: list[tuple[str, ...]] = []
    for data, by in found.items():
        if RIVAL not in by or data in LARGE:
            continue
        ours, theirs = np.array(list(by[RIVAL].values())), margin_splits()[data]
        rows.append((_shown(data), *_welch(ours, theirs)))
    return (
        f"our {RIVAL} against the areas of their own splits of US-C (Welch's t)",
        ("set", "ours", "theirs", "difference", "p"),
        rows,
    )


def _welch(ours: Floats, theirs: Floats) -> tuple[str, ...]:
    p = float(scipy_stats.ttest_ind(ours, theirs, equal_var=False).pvalue) if len(ours) > 1 else np.nan
    return (
        f"{ours.mean():.4f} ({len(ours)})",
        f"{theirs.mean():.4f} ({len(theirs)})",
        f"{ours.mean() - theirs.mean():+.4f}",
        f"{p:.2g}",
    )


def markdown(found: Areas, about: Values) -> str:
    """Return the page: what was run, the tables, and how to read them."""
    lines = [
        "# Lu et al.'s benchmark",
        "",
        "Lu et al. (2023, arXiv 2306.08954): 60 / 40 splits, 20 initial labels, an RBF support vector machine that "
        "both queries and is judged, one label a round until the pool is empty, area under the budget curve. Their "
        "numbers (MIT, ariapoy/active-learning-benchmark) stand beside ours. "
        f"On {', '.join(LARGE)} our runs end at {LARGEST:,} labels, so that levels there cannot be compared with "
        "theirs, only gains. Splits are ours: their rows lie in "
        "another order.",
        "",
    ]
    for title, header, rows in tables(found):
        lines += [f"## {title[0].upper()}{title[1:]}", "", *markdown_table(header, rows), ""]
    lines += [
        "± is a standard error; p is Wilcoxon's, of the paired differences of one set, not corrected for the number "
        "of sets.",
        "",
        f"Made by `{about['command']}` at commit {about['commit']}; versions {json.dumps(about['versions'])}.",
        "",
    ]
    return "\n".join(lines)


def per_split(found: Areas) -> str:
    """Return the area of every split as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("data", "strategy", "split", "aubc"))
    for data, by in found.items():
        for strategy, values in by.items():
            writer.writerows((data, strategy, split, f"{values[split]:.6f}") for split in sorted(values))
    return text.getvalue()


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("edgewise.paper.benchmarks").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _shown(data: str) -> str:
    return {"pima": "pima (diabetes)", "ring": "ring (ringnorm)"}.get(data, data)
