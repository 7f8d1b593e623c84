"""The paper's tables beside our runs: claims with reasons, figures, and one table a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgewise.paper.report.blocks import Block, Mark, Prose, Section
from edgewise.paper.report.blocks import Table as Grid
from edgewise.paper.report.charts import NAMES, SHARES, charts, in_reading_order, name
from edgewise.paper.report.evidence import Evidence, Judged
from edgewise.paper.report.verdicts import VERDICTS, claims
from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import RESAMPLED, Result, corrected
from edgewise.paper.tables.verdict_rule import said_seeds
from edgewise.stats import Estimate, Paired


def sections(evidence: Evidence) -> list[Section]:
    """Return a section for each table with figures in the store, full runs and quick ones apart."""
    return [
        section(runs[name], quick=runs is evidence.quick)
        for name in TABLES
        for runs in (evidence.judged, evidence.quick)
        if name in runs
    ]


def section(found: Judged, *, quick: bool = False) -> Section:
    """Return the section of one table: claims, then for each data set its figures, then the readings.

    A quick run has neither claims nor the paper's figures beside it: it is another experiment.
    """
    table, results = found.table, found.results
    if quick:
        results = tuple(replace(result, published=None) for result in results)
    blocks: list[Block] = [] if quick else [claims(found.claims, "Verdicts on the claims")]
    for data in _ordered({result.key.data for result in results}, table.data):
        mine = [result for result in results if result.key.data == data]
        blocks.append(Prose(heading=data))
        mine = _printed(mine)
        blocks += [*charts(data, mine, quick=quick), grid(data, mine, quick=quick)]
    blocks.append(Prose(heading="How the paper was read", items=table.readings))
    lead = (
        f"Small settings, {found.said_seeds}: a check that everything runs, never to be compared with "
        "the paper."
        if quick
        else _said(found)
    )
    number = table.name.removeprefix("table").replace("-", ", ")
    return Section(
        f"{table.name}-quick" if quick else table.name,
        f"Table {number}{', quick' if quick else ''}: {table.title}",
        lead,
        tuple(blocks),
    )


def _printed(results: Sequence[Result]) -> list[Result]:
    """Return the models that the paper has, or all where it has none; ``--tables`` writes every figure."""
    printed = {result.key.model for result in results if result.published is not None}
    return [result for result in results if not printed or result.key.model in printed]


def _said(found: Judged) -> str:
    hold, fail, open_ = (sum(claim.verdict == verdict for claim in found.claims) for verdict in VERDICTS)
    verdicts = f"{hold} hold, {fail} are contradicted, {open_} are not shown"
    return f"{found.said_seeds}. Of {len(found.claims)} claims, {verdicts}."


def grid(data: str, results: Sequence[Result], *, quick: bool = False) -> Grid:
    """Return one table a data set: a row for each arm, the paper's figure beside ours, paired differences."""
    keys = list(dict.fromkeys(result.key for result in in_reading_order(results)))
    by_place = {(result.key, result.metric): result for result in results}
    several = len({key.model for key in keys}) > 1
    metrics = [metric for metric in NAMES if any(result.metric == metric for result in results)]
    metrics += sorted({result.metric for result in results} - set(metrics))
    baselines = list(dict.fromkeys((result.metric, arm) for result in results for arm in result.against))
    header = ["what"]
    columns: list[list[tuple[str, Mark | None]]] = []
    for metric in metrics:
        there = [by_place.get((key, metric)) for key in keys]
        paper = [None if quick or result is None else result.published for result in there]
        if any(value is not None for value in paper):
            header.append(f"paper: {NAMES.get(metric, metric)}")
            columns.append([(_plain(value, metric), None) for value in paper])
        header.append(NAMES.get(metric, metric))
        columns.append([_ours(result, value) for result, value in zip(there, paper, strict=True)])
        for arm in (arm for of, arm in baselines if of == metric):
            header.append(f"{NAMES.get(metric, metric).split(',')[0]} against {arm}")
            columns.append([_difference(result, arm) for result in there])
    rows = tuple(
        (name(key, model=several), *(column[number][0] for column in columns))
        for number, key in enumerate(keys)
    )
    marks: dict[tuple[int, int], Mark] = {
        (number, place + 1): mark
        for place, column in enumerate(columns)
        for number, (_, mark) in enumerate(column)
        if mark is not None
    }
    beside = any(title.startswith("paper") for title in header)
    return Grid(
        tuple(header),
        rows,
        f"{data}: {'the paper beside our run' if beside else 'our run'}",
        _notes(results, beside),
        marks,
    )


def _notes(results: Sequence[Result], beside: bool) -> tuple[str, ...]:
    seeds = said_seeds(result.estimate.n for result in results)
    notes = [
        f"Means over {seeds} with 95 % intervals in brackets; differences are paired by seed, "
        "with Holm-corrected p."
    ]
    if beside:
        notes.append(
            "The paper prints one run without an interval. ≠ marks our figure where the paper's "
            "lies outside our interval for the mean; one run may well do so by its own noise."
        )
    return tuple(notes)


def _ours(result: Result | None, paper: float | None) -> tuple[str, Mark | None]:
    if result is None or not np.isfinite(result.estimate.mean):
        return "–", None
    ours = result.estimate
    outside = paper is not None and ours.n > 1 and not ours.low <= paper <= ours.high
    return _estimate(ours, result.metric), "differs" if outside else None


def _estimate(value: Estimate, metric: str) -> str:
    shown = _plain(value.mean, metric)
    return shown if value.n == 1 else f"{shown} [{_plain(value.low, metric)}, {_plain(value.high, metric)}]"


def _plain(value: float | None, metric: str) -> str:
    if value is None or not np.isfinite(value):
        return "–"
    if metric in SHARES:
        return f"{100 * value:.2f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _difference(result: Result | None, arm: str) -> tuple[str, Mark | None]:
    if result is None or arm not in result.against:
        return "–", None
    paired: Paired = result.against[arm]
    factor = 100 if result.metric in SHARES else 1
    gain = paired.difference
    interval = "" if gain.n == 1 else f" [{factor * gain.low:+.2f}, {factor * gain.high:+.2f}]"
    marks: dict[str, Mark] = {"better": "better", "worse": "worse", "undecided": "undecided"}
    if result.key.data in RESAMPLED and gain.n > 1:
        wide = corrected(gain, *RESAMPLED[result.key.data])
        interval += f", over data sets [{factor * wide.low:+.2f}, {factor * wide.high:+.2f}]"
    return f"{factor * gain.mean:+.2f}{interval}, p {paired.p_holm:.2g}", marks[paired.verdict()]


def _ordered(found: set[str], first: Sequence[str]) -> list[str]:
    return [*(item for item in first if item in found), *sorted(found - set(first))]
