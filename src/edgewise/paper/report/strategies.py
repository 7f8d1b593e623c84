"""Strategies compared: gains in area, learning curves, penalties, and why DFAL loses in Table 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgewise.paper.comparison.page import OURS, lead, number, ours_in, penalty_rows
from edgewise.paper.comparison.ranks import RANKED, RANKS_SAY, rank_tables
from edgewise.paper.comparison.runs import STRONG
from edgewise.paper.comparison.statistics import (
    Curves,
    Standing,
    Task,
    curves,
    speed_up,
    speed_up_interval,
    standings,
)
from edgewise.paper.report import figures
from edgewise.paper.report.blocks import Block, Figure, Mark, Prose, Section, Table
from edgewise.paper.report.class_balance import balance
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.report.figures import Curve, Dot
from edgewise.stats import Estimate, Paired, estimate
from edgewise.store import Fact


MARKS: dict[str, Mark] = {"better": "better", "worse": "worse", "undecided": "undecided"}


def sections(evidence: Evidence) -> list[Section]:
    """Return the comparison of strategies and the class balance of Table 7, where the store has figures."""
    found: list[Section] = []
    runs = evidence.curves
    usual = {task: by_name for task, by_name in runs.items() if not task.setup} or runs
    found += [comparison(usual)] if usual else []
    found += [on_tables(evidence.many_tables)] if evidence.many_tables else []
    to_accuracy = {task: by_name for task, by_name in runs.items() if task not in usual}
    found += [labelling(to_accuracy)] if to_accuracy else []
    facts = evidence.facts("table7")
    if facts:
        found.append(balance(facts))
    return found


def comparison(runs: Mapping[Task, Mapping[str, Curves]]) -> Section:
    """Return the section of `edgewise compare`."""
    rows = standings(runs)
    blocks: list[Block] = [_gains(rows), _table(rows), _matrix(runs)]
    blocks += [chart(task, _drawn(runs[task])) for task in _telling(runs, rows)]
    blocks.append(
        Prose(
            heading="How to read it",
            items=(
                f"Of more than {CHARTS} tasks, those with the largest and the smallest gain are drawn.",
                "Every strategy of a seed has the same split, the same initial labels and the same first model.",
                "The area is divided by the range of labels: the mean accuracy on the way.",
                "Deficiency is the accuracy lacked on the way, relative to random's; below 1 is better.",
                "Seeds needed: to show the difference to random at 5 % with power 0.8; 10000 stands for all above.",
            ),
        )
    )
    return Section("strategies", "Strategies compared", lead(rows), tuple(blocks))


def _telling(runs: Mapping[Task, Mapping[str, Curves]], rows: Sequence[Standing]) -> list[Task]:
    """Return all tasks if they are few, else those in which our strategy gains most and least over random."""
    if len(runs) <= CHARTS:
        return list(runs)
    ours = ours_in({row.strategy for row in rows}) or rows[0].strategy
    gain = {
        row.task: row.against["random"].difference.mean
        for row in rows
        if row.strategy == ours and "random" in row.against
    }
    ordered = sorted(gain, key=lambda task: gain[task])
    return [*reversed(ordered[-CHARTS // 2 :]), *ordered[: CHARTS // 2]]


def _drawn(by_name: Mapping[str, Curves]) -> Mapping[str, Curves]:
    """Return what a chart has room for: of our own strong strategies those of `LINES`, and all that are not ours."""
    return {name: run for name, run in by_name.items() if name in LINES or name not in STRONG}


def on_tables(facts: Sequence[Fact]) -> Section:
    """Return the ranks of strategies over many tables."""
    runs = curves(facts)
    ranks = rank_tables(runs, curves(facts, "balanced"))
    usual = {task: by_name for task, by_name in runs.items() if not task.setup} or runs
    return Section(
        "strategies-tables",
        "Strategies on tables",
        lead(standings(usual)),
        (
            *(Table(RANKED, tuple(rows), f"{title.capitalize()}.") for title, rows in ranks),
            Prose(heading="How to read it", items=(*RANKS_SAY, ON_THE_SIDE)),
        ),
    )


ON_THE_SIDE = "Strategies of few tasks, and tasks of few strategies, are left out: they were run on the side."
CHARTS = 8
"""More tasks than these are not all drawn."""
LINES = ("random", "margin", "typical", "edge-mix", "herding")
"""More lines in a chart hide one another."""

TARGETS = (0.8, 0.9, 0.95, 0.97)
POINTS = 12
"""More on a curve make a page of many curves heavy and no clearer."""


def labelling(runs: Mapping[Task, Mapping[str, Curves]]) -> Section:
    """Return the runs of their own: their curves, and how many labels each strategy takes to an accuracy."""
    seeds = min(len(run.seeds) for by_name in runs.values() for run in by_name.values())
    return Section(
        "labels",
        "Labels to an accuracy",
        f"{len(runs)} runs, each with at least {seeds} paired seeds; the labels after which the mean curve never falls "
        "below again.",
        tuple(
            block
            for task, by_name in runs.items()
            for block in (chart(task, by_name), _needed(task, by_name))
        ),
    )


def _needed(task: Task, by_name: Mapping[str, Curves]) -> Table:
    base = by_name.get("random")
    rows: list[tuple[str, ...]] = []
    for name, run in by_name.items():
        needed = [run.needed(target) for target in TARGETS]
        rows.append((name, *(f"{n:,.0f}" if np.isfinite(n) else "never" for n in needed)))
        if base is not None and name != "random":
            rows.append((f"random's / {name}'s", *(ratio(run, base, target) for target in TARGETS)))
    return Table(
        ("strategy", *(f"{target:.0%}" for target in TARGETS)),
        tuple(rows),
        f"{task}: labels to reach an accuracy for good",
        (
            "Ratios with their 95 % bootstrap interval over seeds; ∞ where random never gets there with these labels, "
            "– where the strategy does not.",
        ),
    )


def ratio(mine: Curves, base: Curves, target: float) -> str:
    """Return random's labels / its own to ``target``, with the interval, as text; a dash where it never gets there."""
    if np.isinf(mine.needed(target)):
        return "–"
    mean = number(speed_up(mine, base, target)) or "∞"
    if len(mine.seeds) == 1:
        return f"{mean} [one seed]"
    low, high = (number(value) or "∞" for value in speed_up_interval(mine, base, target))
    return f"{mean} [{low}, {high}]"


def _gains(rows: Sequence[Standing]) -> Figure:
    """Return the differences to random in one chart, a dot a task and strategy: ours, and what is not built in."""
    compared = [row for row in rows if "random" in row.against]
    shown = [row for row in compared if row.strategy in OURS or row.strategy not in STRONG] or compared
    gains = [(row, row.against["random"].difference) for row in shown] or [(row, row.aulc) for row in rows]
    entries = [Dot(str(row.task), 100 * d.mean, 100 * d.low, 100 * d.high, row.strategy) for row, d in gains]
    said = figures.summary({f"{e.label} {e.group}": e.mean for e in entries}, "{:+.2f}")
    return Figure(
        figures.dots(entries, "gain in area over random, points of accuracy"),
        f"Gain over random in points of accuracy: {said}.",
        "Area under the learning curve less random's, paired by seed, with 95 % intervals.",
    )


def _table(rows: Sequence[Standing]) -> Table:
    marks: dict[tuple[int, int], Mark] = {}
    body: list[tuple[str, ...]] = []
    for i, row in enumerate(rows):
        cells = [str(row.task), row.strategy, f"{100 * row.aulc.mean:.2f}"]
        for column, base in ((3, "random"), (4, "margin")):
            other = row.against.get(base)
            cells.append(_difference(other))
            if other is not None:
                marks[i, column] = MARKS[other.verdict()]
        fast = max((value for value in row.speed_up.values() if np.isfinite(value)), default=np.nan)
        cells += [number(row.deficiency), number(fast), str(row.seeds_needed.get("random", ""))]
        body.append(tuple(cells))
    return Table(
        (
            "task",
            "strategy",
            "area, %",
            "less random",
            "less margin",
            "deficiency",
            "best label speed-up",
            "seeds needed",
        ),
        tuple(body),
        "Every strategy on every task.",
        ("Label speed-up: random's labels over its own, at the best of 80, 90, 95 and 97 %.",),
        marks,
    )


def _difference(comparison: Paired | None) -> str:
    if comparison is None:
        return ""
    return f"{100 * comparison.difference.mean:+.2f} (p {comparison.p_holm:.2g})"


def _matrix(runs: Mapping[Task, Mapping[str, Curves]]) -> Table:
    names = sorted({name for by_name in runs.values() for name in by_name})
    return Table(
        ("beats", *names),
        tuple(penalty_rows(runs, names)),
        f"Penalty matrix over {len(runs)} tasks: how often the row beats the column significantly.",
        ("After Ash et al. 2020, five points of each curve, not corrected for their number.",),
    )


def chart(task: Task, by_name: Mapping[str, Curves], *, width: float = figures.WIDTH) -> Figure:
    """Return the learning curves of one task."""
    lines: list[Curve] = []
    for name, run in sorted(by_name.items()):
        last = len(run.labels) - 1
        kept = (
            sorted({round(i * last / min(last, POINTS)) for i in range(min(last, POINTS) + 1)})
            if last
            else [0]
        )
        shown = {int(run.labels[i]): _percent(estimate(run.accuracy[:, i])) for i in kept}
        lines.append(Curve.of(name, shown))
    return Figure(
        figures.curves(lines, "labels", "test accuracy, %", width=width),
        f"{task}: final accuracy "
        + figures.summary({line.name: line.mean[-1] for line in lines}, "{:.3g}")
        + " %.",
        f"{task}: learning curves with 95 % bands over seeds.",
    )


def _percent(value: Estimate) -> Estimate:
    return Estimate(100 * value.mean, 100 * value.low, 100 * value.high, value.n)
