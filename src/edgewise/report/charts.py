"""Charts of a table's figures: dots with intervals, lines where there are several budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from edgewise.attacks import ATTACKS
from edgewise.paper.base import Key, Result
from edgewise.paper.published import published
from edgewise.report import figures
from edgewise.report.blocks import Figure
from edgewise.report.figures import Curve, Dot


SHARES = ("accuracy", "agreement", "found")
"""Metrics between 0 and 1, shown in percent."""
LINES = 6
"""More than these in one chart of lines are hard to tell apart."""
PRINTED_AS = {"perturbation_linf": "perturbation"}
"""Our metric beside which a metric of the paper stands; its perturbation is most likely in L-infinity."""
NAMES = {"accuracy": "accuracy, %", "agreement": "agreement with the victim, %", "found": "points found, %",
         "perturbation_l2": "perturbation, L2", "perturbation_linf": "perturbation, L∞",
         "queries": "victim queries", "size": "training points"}


def charts(table: str, data: str, results: Sequence[Result], *, quick: bool = False) -> list[Figure]:
    """Return the charts of one data set, one a metric; lines where there are several budgets."""
    found: list[Figure] = []
    for metric in ("accuracy", "agreement", "perturbation_linf", "queries"):
        chosen = [result for result in in_reading_order(results)
                  if result.metric == metric and np.isfinite(result.estimate.mean)]
        budgets = {result.key.budget for result in chosen}
        if len(budgets) > 1 and all(_is_number(budget) for budget in budgets):
            found += [_curves(table, data, part, metric, quick=quick) for part in _apart(chosen)]
        elif chosen:
            found.append(_dots(table, data, chosen, metric, quick=quick))
    return found


def _apart(results: Sequence[Result]) -> list[list[Result]]:
    """Return results that share a chart of lines: all, or where that is crowded one attack's or model's."""
    groups: dict[tuple[str, ...], list[Result]] = {}
    for parts in ((), ("attack",), ("model", "attack")):
        groups = defaultdict(list)
        for result in results:
            groups[tuple(getattr(result.key, part) for part in parts)].append(result)
        if max(len({_line(result.key) for result in group}) for group in groups.values()) <= LINES:
            break
    return list(groups.values())


def _line(key: Key) -> tuple[str, str, str]:
    return key.model, key.attack, key.arm


def _dots(table: str, data: str, results: Sequence[Result], metric: str, *, quick: bool) -> Figure:
    factor = 100 if metric in SHARES else 1
    entries: list[Dot] = []
    one_arm = len({result.key.arm for result in results}) == 1
    for result in results:
        ours = result.estimate
        paper = None if quick else paper_figure(table, result.key, metric)
        label = name(replace(result.key, arm="") if one_arm and result.key.attack else result.key)
        entries.append(Dot(label, factor * ours.mean, factor * ours.low, factor * ours.high,
                           result.key.arm, None if paper is None else factor * paper))
    label = NAMES.get(metric, metric)
    log = _logarithmic(metric, results)
    said = figures.summary({entry.label: entry.mean for entry in entries}, "{:.4g}")
    shown = [entry for entry in entries if entry.reference is not None]
    beside = f" The paper's: {figures.summary({e.label: e.reference or 0.0 for e in shown}, '{:.4g}')}." \
        if shown else ""
    caption = f"{data}: {label}, mean over seeds with its 95 % interval" + (
        "; open diamonds are the paper's." if shown else ".") + (" Logarithmic scale." if log else "")
    return Figure(figures.dots(entries, label, log=log), f"{data}, {label}: {said}.{beside}", caption)


def _logarithmic(metric: str, results: Sequence[Result]) -> bool:
    return metric == "queries" and min(result.estimate.mean for result in results) > 0


def _curves(table: str, data: str, results: Sequence[Result], metric: str, *, quick: bool) -> Figure:
    factor = 100 if metric in SHARES else 1
    lines: list[Curve] = []
    grouped: dict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for result in results:
        grouped[_line(result.key)].append(result)
    shared = [parts[0] for parts in zip(*grouped, strict=True) if len(set(parts)) == 1 and len(grouped) > 1]
    for line, members in grouped.items():
        ordered = sorted(members, key=lambda result: _amount(result.key.budget))
        paper = [None if quick else paper_figure(table, result.key, metric) for result in ordered]
        lines.append(Curve(" ".join(part for part in line if part and part not in shared),
                           [_amount(result.key.budget) for result in ordered],
                           [factor * result.estimate.mean for result in ordered],
                           [factor * result.estimate.low for result in ordered],
                           [factor * result.estimate.high for result in ordered],
                           [np.nan if value is None else factor * value for value in paper]))
    about = ", ".join([data, *(part for part in shared if part)])
    said = "; ".join(f"{line.name} {', '.join(f'{value:.4g}' for value in line.mean)}" for line in lines)
    steps = ", ".join(f"{x:g}" for x in lines[0].x)
    log, label = _logarithmic(metric, results), NAMES.get(metric, metric)
    beside = any(np.isfinite(line.reference).any() for line in lines)
    return Figure(figures.curves(lines, "budget", label, log=log),
                  f"{about}: {label} at budgets {steps}: {said}.",
                  f"{about}: {label} by budget, with 95 % intervals over seeds"
                  + ("; dashed lines are the paper's." if beside else ".")
                  + (" Logarithmic scale." if log else ""))


def name(key: Key) -> str:
    """Return what a row is called: attack, arm and budget, as far as it has them."""
    parts = [part for part in (key.attack, key.arm) if part]
    return ", ".join([*parts, f"budget {key.budget}"] if key.budget else parts)


def paper_figure(table: str, key: Key, metric: str) -> float | None:
    """Return what the paper prints for a figure of ours, or None."""
    return published(table, metric=PRINTED_AS.get(metric, metric), **asdict(key))


def in_reading_order(results: Sequence[Result]) -> list[Result]:
    """Put budget by budget, in each arms without an attack first, then attack by attack."""
    attacks, arms = ["", *ATTACKS], ["baseline", "random", "clean"]

    def place(result: Result) -> tuple[Any, ...]:
        key = result.key
        return (key.model, _amount(key.budget), _position(key.attack, attacks), key.attack,
                _position(key.arm, arms), key.arm)

    return sorted(results, key=place)


def _position(item: str, order: Sequence[str]) -> int:
    return order.index(item) if item in order else len(order)


def _is_number(budget: str) -> bool:
    return budget.replace(".", "", 1).isdecimal()


def _amount(budget: str) -> float:
    return float(budget) if _is_number(budget) else 0.0
