"""The first screen: does training at the boundary help? Five sentences and three pictures, from facts alone.

A sentence whose experiment the store lacks is left out; every number in them is computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from edgewise.paper.comparison.statistics import Curves, Task, curves, standings
from edgewise.paper.report import figures, theory_pictures
from edgewise.paper.report.blocks import Block, Figure, Prose, Section, SideBySide
from edgewise.paper.report.figures import Dot
from edgewise.paper.report.judged import Judged, judged
from edgewise.paper.report.strategies import TARGETS, chart, ratio
from edgewise.paper.tables.frame import Result, select
from edgewise.paper.tables.verdict_rule import tally
from edgewise.paper.theory.study.analysis import rates, trials
from edgewise.paper.theory.study.theorem_verdicts import shown
from edgewise.stats import Paired
from edgewise.store import Store


COMPARISONS = (
    ("table2", "adversarial", "clean"),
    ("table4", "small-perturbation", "clean-more"),
    ("table5", "small-perturbation", "clean-more"),
)
"""Where as many further clean points are the fair rival: table, arm, rival."""

NARROW = 3.8
"""Inches of a picture that stands beside two others."""


def sections(store: Store) -> list[Section]:
    """Return the first screen, or nothing where the store has no full run of a table."""
    found = judged(store)
    if not found:
        return []
    runs = curves(store.facts("compare"))
    said = [
        sentence
        for sentence in (
            _verdicts(found),
            _more_data(found),
            _queries(found),
            _labels(found, runs),
            _theory(store),
        )
        if sentence
    ]
    drawn = [picture for picture in (_gains(found), _learning(runs), _exponents(store)) if picture]
    blocks: list[Block] = [Prose(items=tuple(said))]
    if drawn:
        blocks.append(SideBySide(tuple(drawn)))
    return [Section("answer", "Does training at the boundary help?", _lead(found), tuple(blocks))]


def _lead(found: Mapping[str, Judged]) -> str:
    gains = [c for c, _ in _fair(found)]
    counts = tally(gains)
    if not gains:
        return "Not enough was run to say."
    if 2 * counts["better"] > len(gains):
        return "Made points mostly help beyond what as many real points would."
    return (
        "Rarely by making points there: as many real points teach at least as much. Choosing there which "
        "real points to label can."
    )


def _verdicts(found: Mapping[str, Judged]) -> str:
    claims = [claim for table in found.values() for claim in table.claims if not claim.ours_alone]
    counts = {
        verdict: sum(claim.verdict == verdict for claim in claims)
        for verdict in ("holds", "does not hold", "undecided")
    }
    numbers = [name.removeprefix("table") for name in found]
    which = f"Table {numbers[0]}" if len(numbers) == 1 else f"Tables {', '.join(numbers)}"
    return (
        f"Of the paper's {len(claims)} claims about {which}, run again with up to "
        f"{max(table.seeds for table in found.values())} seeds, {counts['holds']} hold and "
        f"{counts['does not hold']} do not (undecided: {counts['undecided']})."
    )


def _fair(found: Mapping[str, Judged]) -> list[tuple[Paired, Result]]:
    """Return the comparisons of made points with as many clean ones."""
    return [
        (result.against[rival], result)
        for name, arm, rival in COMPARISONS
        if name in found
        for result in select(found[name].results, arm=arm)
        if rival in result.against
    ]


def _more_data(found: Mapping[str, Judged]) -> str:
    gains = [c for c, _ in _fair(found)]
    if not gains:
        return ""
    counts, middle = tally(gains), float(np.median([c.difference.mean for c in gains]))
    return (
        f"As training data, adversarial points beat as many further real points in {counts['better']} of "
        f"{len(gains)} cells and are worse in {counts['worse']} (median {100 * middle:+.1f} points of "
        "accuracy): what gain there is over no points at all, more data gives too."
    )


def _queries(found: Mapping[str, Judged]) -> str:
    if "table3" not in found:
        return ""
    boundary = select(found["table3"].results, arm="boundary")
    counts = tally(r.against["clean"] for r in boundary if "clean" in r.against)
    least = min(boundary, key=lambda r: r.estimate.mean)
    clean = select(found["table3"].results, arm="clean", data=least.key.data, budget=least.key.budget)
    return (
        f"A nearest-neighbour copy taught only boundary points is worse than one taught as many real "
        f"points in {counts['worse']} of {sum(counts.values())} cells (worst on {least.key.data}: "
        f"{_percent(least)} against {_percent(clean[0])}), before the queries that finding them cost are "
        "counted."
    )


def _percent(result: Result) -> str:
    return f"{100 * result.estimate.mean:.0f} %"


def _labels(found: Mapping[str, Judged], runs: Mapping[Task, Mapping[str, Curves]]) -> str:
    parts: list[str] = []
    usual = {task: by_name for task, by_name in runs.items() if not task.setup}
    mix = tally(
        s.against["random"] for s in standings(usual) if s.strategy == "edge-mix" and "random" in s.against
    )
    if sum(mix.values()):
        parts.append(
            f"edge-mix, guarded and part random, beats random labelling in {mix['better']} of "
            f"{sum(mix.values())} tasks and loses in {mix['worse']}"
        )
    if "table7" in found:
        dfal = _against_random(select(found["table7"].results, arm="dfal"))
        mine = _against_random(r for r in found["table7"].results if r.key.arm.endswith("edge-mix"))
        parts.append(
            f"in Table 7 it wins {mine['better']} of {sum(mine.values())} cells and loses "
            f"{mine['worse']}, where plain DFAL loses {dfal['worse']} of {sum(dfal.values())}"
        )
    parts += _speed(runs)
    return f"Choosing which points to label is another matter: {'; '.join(parts)}." if parts else ""


def _against_random(results: Iterable[Result]) -> dict[str, int]:
    return tally(
        c for r in results if r.metric == "accuracy" for arm, c in r.against.items() if arm.endswith("random")
    )


def _speed(runs: Mapping[Task, Mapping[str, Curves]]) -> list[str]:
    for task, by_name in runs.items():
        if task.setup and {"random", "edge-mix"} <= set(by_name):
            mine, base = by_name["edge-mix"], by_name["random"]
            target = TARGETS[2]
            return [
                f"for {target:.0%} on {task.data.upper()} random needs {ratio(mine, base, target)} times "
                f"its labels ({len(mine.seeds)} seeds)"
            ]
    return []


def _theory(store: Store) -> str:
    fitted = rates(store.facts("theory-exponent"))
    tests = trials(store.facts("theory-risk"), store.facts("theory-cure"))
    if not fitted or not tests:
        return ""
    gap = max(abs(rate.slope - rate.theory) for rate in fitted)
    counted = [f"{claim} ({hits} of {n} problems)" for claim, (hits, n) in shown(tests).items()]
    return (
        f"Theory, repaired, says why: the error area shrinks at the exponents it proves (measured within "
        f"{gap:.2f}), and {', '.join(counted)}."
    )


def _gains(found: Mapping[str, Judged]) -> Figure | None:
    entries: list[Dot] = []
    for name, arm, rival in COMPARISONS:
        results = select(found[name].results, arm=arm) if name in found else []
        for data in dict.fromkeys(result.key.data for result in results):
            gains = [
                100 * r.against[rival].difference.mean
                for r in results
                if r.key.data == data and rival in r.against
            ]
            if gains:
                entries.append(
                    Dot(
                        f"{data}, T{name[-1]}",
                        float(np.mean(gains)),
                        min(gains),
                        max(gains),
                        f"Table {name[-1]}",
                    )
                )
    if not entries:
        return None
    said = figures.summary({entry.label: entry.mean for entry in entries}, "{:+.1f}")
    return Figure(
        figures.dots(entries, "points of accuracy over real points", width=NARROW),
        f"Gain of made points over as many real ones, mean over attacks and budgets: {said}.",
        "Made points against as many real ones: left of 0, real ones teach more. Mean and range "
        "over attacks and budgets.",
    )


def _learning(runs: Mapping[Task, Mapping[str, Curves]]) -> Figure | None:
    chosen = next((task for task in runs if task.setup), None) or next(iter(runs), None)
    return None if chosen is None else chart(chosen, runs[chosen], width=NARROW)


def _exponents(store: Store) -> Figure | None:
    fitted = [rate for rate in rates(store.facts("theory-exponent")) if rate.labels == "clean"]
    if not fitted:
        return None
    told = "; ".join(
        f"{r.labels} d={r.dim} β={r.beta:g} {r.slope:.2f} (theory {r.theory:.2f}, printed {r.printed:.2f})"
        for r in fitted
    )
    return Figure(
        theory_pictures.exponents(fitted),
        f"Exponents of the wrong area against β: {told}.",
        "How fast the wrong area shrinks with the labels: the more they crowd at the boundary (β), "
        "the faster, for clean labels. Printed exponents (dashed) move the other way.",
    )
