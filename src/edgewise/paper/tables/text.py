"""Results as text: every figure in rows, and a compact table a data set for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from edgewise.arrays import Values
from edgewise.paper.markdown import table as markdown_table
from edgewise.paper.tables.frame import RESAMPLED, Result, Table, corrected
from edgewise.stats import Estimate, Paired


HEADER = ("data", "model", "attack", "arm", "budget", "metric", "ours [95 %]", "paper", "against baselines")


def printed(results: Sequence[Result], *, quick: bool = False) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return a header and text rows; a quick run is never set beside the paper's figures.

    Columns that say the same in every row are left out.

    Examples
    --------
    >>> printed([])[1]
    []
    """
    rows = [
        [
            *(getattr(r.key, part) for part in ("data", "model", "attack", "arm", "budget")),
            r.metric,
            number(r.estimate),
            "" if quick or r.published is None else f"{r.published:.4g}",
            "; ".join(
                f"{arm} {comparison(paired)}{_resampled(r, paired)}" for arm, paired in r.against.items()
            ),
        ]
        for r in results
    ]
    kept = [
        i
        for i, name in enumerate(HEADER)
        if name in ("data", "metric") or len({line[i] for line in rows}) > 1
    ]
    unit = next((r.key.unit for r in results if r.key.budget), "budget")
    header = [unit if name == "budget" else name for name in HEADER]
    return tuple(header[i] for i in kept), [[line[i] for i in kept] for line in rows]


def number(estimate: Estimate) -> str:
    """Return a mean with its interval.

    Examples
    --------
    >>> number(Estimate(0.91, 0.9, 0.92, 20))
    '0.9100 [0.9000, 0.9200]'
    """
    if estimate.n == 1:
        return f"{estimate.mean:.4f} [one seed]"
    return f"{estimate.mean:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"


def comparison(paired: Paired) -> str:
    """Return a paired difference with its corrected p-value and what it says.

    Examples
    --------
    >>> comparison(Paired(Estimate(0.01, 0.005, 0.015, 20), 0.001, 0.004))
    '+0.0100 (p 0.004, better)'
    """
    return f"{paired.difference.mean:+.4f} (p {paired.p_holm:.2g}, {paired.verdict()})"


def _resampled(result: Result, paired: Paired) -> str:
    """Return the interval that allows for seeds which share a small table's rows, as text."""
    if result.key.data not in RESAMPLED or paired.difference.n < 2:
        return ""
    wide = corrected(paired.difference, *RESAMPLED[result.key.data])
    return f", over data sets [{wide.low:+.4f}, {wide.high:+.4f}]"


MARKS = {"better": "▲", "worse": "▼", "undecided": "·"}
LEGEND = "± half a 95 % interval over seeds; ▲ better, ▼ worse, · undecided (Wilcoxon, Holm over the table)"
EXTRAS = {"agreement": "agreement", "perturbation_linf": "L∞", "queries": "queries"}
"""Metrics shown beside accuracy where the terminal is wide enough, by their heading."""


def compact(
    results: Sequence[Result], *, width: int = 80, quick: bool = False
) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return a title, a header and rows for each data set and model: accuracy, the paper's, and gains.

    Examples
    --------
    >>> compact([])
    []
    """
    parts = dict.fromkeys((r.key.data, r.key.model) for r in results)
    return [
        _part(data, model, [r for r in results if (r.key.data, r.key.model) == (data, model)], width, quick)
        for data, model in parts
    ]


def _part(
    data: str, model: str, results: Sequence[Result], width: int, quick: bool
) -> tuple[str, list[str], list[list[str]]]:
    by_place = {(r.key, r.metric): r for r in results}
    main = sorted((r for r in results if r.metric == "accuracy"), key=_reading_order)
    arms = list(dict.fromkeys(arm for r in main for arm in r.against))
    extras = {name: title for name, title in EXTRAS.items() if any(r.metric == name for r in results)}
    beside = not quick and any(r.published is not None for r in main)
    wide = width >= WIDE + 10 * len(arms)
    header = [
        "what",
        "accuracy",
        *(["paper"] if beside else []),
        *(f"vs {arm}" for arm in arms),
        *(extras.values() if wide else ()),
    ]
    rows: list[list[str]] = []
    for r in main:
        paper = ["" if r.published is None else f"{r.published:.4g}"] if beside else []
        gains = [_gain(r.against.get(arm)) for arm in arms]
        more = [_short(by_place.get((r.key, name))) for name in extras] if wide else []
        what = " ".join(part for part in (r.key.attack, r.key.arm, r.key.budget) if part)
        rows.append([what, _short(r), *paper, *gains, *more])
    return f"{data}, {model}", header, rows


WIDE = 70


def _reading_order(result: Result) -> tuple[str, str, float, str]:
    """Sort arms by attack and name, and budgets as the numbers they are."""
    key = result.key
    number = float(key.budget) if key.budget.replace(".", "", 1).isdigit() else 0.0
    return key.attack, key.arm, number, key.budget


def _short(result: Result | None) -> str:
    if result is None:
        return ""
    e = result.estimate
    return f"{e.mean:.4g}" if e.n == 1 else f"{e.mean:.4g} ±{(e.high - e.low) / 2:.2g}"


def _gain(paired: Paired | None) -> str:
    return "" if paired is None else f"{paired.difference.mean:+.4f} {MARKS[paired.verdict()]}"


def markdown(table: Table, results: Sequence[Result], about: Values) -> str:
    """Return a page of Markdown: verdicts, every figure beside the paper's, readings, provenance."""
    header, rows = printed(sorted(results, key=lambda r: (r.key.data, r.key.model, *_reading_order(r))))
    claims = [
        (claim.text, f"**{claim.verdict}**", claim.reason, claim.paper, claim.ours)
        for claim in table.claims(results)
    ]
    lines = [
        f"# {table.name.capitalize()}: {table.title}",
        "",
        *markdown_table(("claim", "verdict", "because", "the paper", "ours [95 %]"), claims),
        "",
        *markdown_table(header, rows),
    ]
    if any(r.key.data in RESAMPLED for r in results):
        lines += [
            "",
            "Intervals are conditional on the data set. Cancer and Australian have a few hundred rows that every seed "
            "shares, so theirs are given twice: 'over data sets' is corrected for that (Nadeau and Bengio 2003).",
        ]
    lines += ["", "How the paper was read:", "", *(f"- {reading}" for reading in table.readings)]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines += [
        "",
        f"Made by `{about['command']}` at commit {about['commit']}, Python {about['python']}, "
        f"{versions}, {about['device']}.",
        "",
    ]
    return "\n".join(lines)
