"""Charts of a table's figures: dots with intervals, lines where there are several budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgewise.attacks import ATTACKS
from edgewise.paper.report import figures
from edgewise.paper.report.blocks import Figure
from edgewise.paper.report.figures import Curve, Dot
from edgewise.paper.tables.frame import Key, Result
from edgewise.paper.tables.table2 import SCALED, scaled


SHARES = ("accuracy", "agreement", "found")
"""Metrics between 0 and 1, shown in percent."""
PERCENT = (0.0, 100.0)
LINES = 8
"""More than these in one chart of lines are hard to tell apart."""
NAMES = {
    "accuracy": "accuracy, %",
    "agreement": "agreement with the victim, %",
    "found": "points found, %",
    "perturbation_l2": "perturbation, L2",
    "perturbation_linf": "perturbation, L∞",
    "queries": "victim queries",
    "size": "training points",
}


def charts(data: str, results: Sequence[Result], *, quick: bool = False) -> list[Figure]:
    """Return the charts of one data set's accuracies: dots (but not at every scale), or lines over budgets.

    Everything else is in the table below them: a picture of each metric would make the page five times as long. So is
    what one seed gave, without an interval, but for a quick run.
    """
    chosen = [
        result
        for result in in_reading_order(results)
        if result.metric == "accuracy" and np.isfinite(result.estimate.mean)
    ]
    if not quick and all(result.estimate.n < 2 for result in chosen):
        return []
    budgets = {result.key.budget for result in chosen} - {""}
    if len(budgets) > 1 and all(_is_number(budget) for budget in budgets):
        return [_curves(data, part, quick=quick) for part in _apart(chosen)]
    # A line a scale as well would be four times as many; they are in the table.
    shown = [result for result in chosen if not scaled(result.key.arm, SCALED)]
    rest = " Other scales are in the table." if len(shown) < len(chosen) else ""
    return [_dots(data, shown, rest, quick=quick)] if shown else []


def _apart(results: Sequence[Result]) -> list[list[Result]]:
    """Return results that share a chart of lines: all, or where that is crowded those of one attack.

    Arms without an attack, such as a baseline, are in every chart.
    """
    attacks = list(dict.fromkeys(result.key.attack for result in results if result.key.attack))
    if len({_line(result.key) for result in results}) <= LINES or len(attacks) < 2:
        return [list(results)]
    return [[result for result in results if result.key.attack in ("", attack)] for attack in attacks]


def _line(key: Key) -> tuple[str, str, str]:
    return key.model, key.attack, key.arm


def _dots(data: str, results: Sequence[Result], rest: str, *, quick: bool) -> Figure:
    entries: list[Dot] = []
    one_arm = len({result.key.arm for result in results}) == 1
    several = len({result.key.model for result in results}) > 1
    for result in results:
        ours = result.estimate
        paper = None if quick else result.published
        key = replace(result.key, arm="") if one_arm and result.key.attack else result.key
        label = name(key, model=several)
        entries.append(
            Dot(
                label,
                100 * ours.mean,
                100 * ours.low,
                100 * ours.high,
                result.key.arm,
                None if paper is None else 100 * paper,
            )
        )
    label = NAMES["accuracy"]
    said = figures.summary({entry.label: entry.mean for entry in entries}, "{:.4g}")
    shown = [entry for entry in entries if entry.reference is not None]
    beside = (
        f" The paper's: {figures.summary({e.label: e.reference or 0.0 for e in shown}, '{:.4g}')}."
        if shown
        else ""
    )
    caption = f"{data}: {label}, mean over seeds with its 95 % interval" + (
        "; open diamonds are the paper's." if shown else "."
    )
    caption += rest
    return Figure(
        figures.dots(entries, label, within=PERCENT),
        f"{data}, {label}: {said}.{beside}",
        caption,
    )


def _curves(data: str, results: Sequence[Result], *, quick: bool) -> Figure:
    grouped: dict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for result in results:
        grouped[_line(result.key)].append(result)
    models = {result.key.model for result in results}
    attacks = {result.key.attack for result in results if result.key.attack}
    budgets = sorted({float(result.key.budget) for result in results if result.key.budget})
    lines: list[Curve] = []
    for (model, attack, arm), members in grouped.items():
        label = " ".join(
            part
            for part in (model if len(models) > 1 else "", attack if len(attacks) > 1 else "", arm)
            if part
        )
        lines.append(_curve(label, members, budgets, quick=quick))
    about = ", ".join([data, *(models if len(models) == 1 else ()), *(attacks if len(attacks) == 1 else ())])
    said = "; ".join(f"{line.name} {', '.join(f'{value:.4g}' for value in line.mean)}" for line in lines)
    steps = ", ".join(f"{x:g}" for x in budgets)
    label, unit = NAMES["accuracy"], next(result.key.unit for result in results if result.key.budget)
    beside = any(np.isfinite(line.reference).any() for line in lines)
    return Figure(
        figures.curves(lines, unit, label, within=PERCENT),
        f"{about}: {label} at {unit} {steps}: {said}.",
        f"{about}: {label} by {unit}, with 95 % intervals over seeds"
        + ("; dashed lines are the paper's." if beside else "."),
    )


def _curve(label: str, members: Sequence[Result], budgets: Sequence[float], *, quick: bool) -> Curve:
    """Return the line of one arm; an arm without a budget, such as the victim, is level."""
    ordered = sorted(members, key=lambda result: _amount(result.key.budget))
    places = [_amount(result.key.budget) for result in ordered]
    if not ordered[0].key.budget:
        ordered, places = [ordered[0]] * len(budgets), list(budgets)
    paper = [None if quick else result.published for result in ordered]
    return Curve(
        label,
        places,
        [100 * result.estimate.mean for result in ordered],
        [100 * result.estimate.low for result in ordered],
        [100 * result.estimate.high for result in ordered],
        [np.nan if value is None else 100 * value for value in paper],
    )


def name(key: Key, *, model: bool = False) -> str:
    """Return what a row is called: its model if asked for, attack, arm and budget, as far as it has them."""
    parts = [part for part in (key.model if model else "", key.attack, key.arm) if part]
    return ", ".join([*parts, f"{key.unit} {key.budget}"] if key.budget else parts)


def in_reading_order(results: Sequence[Result]) -> list[Result]:
    """Put budget by budget, in each arms without an attack first, then attack by attack."""
    attacks, arms = ["", *ATTACKS], ["baseline", "random", "clean"]

    def place(result: Result) -> tuple[str | float, ...]:
        key = result.key
        return (
            key.model,
            _amount(key.budget),
            _position(key.attack, attacks),
            key.attack,
            _position(key.arm, arms),
            key.arm,
        )

    return sorted(results, key=place)


def _position(item: str, order: Sequence[str]) -> int:
    return order.index(item) if item in order else len(order)


def _is_number(budget: str) -> bool:
    return budget.replace(".", "", 1).isdecimal()


def _amount(budget: str) -> float:
    return float(budget) if _is_number(budget) else 0.0
