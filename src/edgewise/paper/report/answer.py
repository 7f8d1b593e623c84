"""The first screen: does training at the boundary help? At most seven sentences and three pictures, from facts alone.

A sentence whose experiment the store lacks is left out; every number in them is computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from edgewise.paper.comparison.page import ours_in
from edgewise.paper.comparison.statistics import Curves, Task, standings
from edgewise.paper.report import figures, theory_pictures
from edgewise.paper.report.blocks import Block, Figure, Prose, Section, SideBySide
from edgewise.paper.report.evidence import Evidence, Judged
from edgewise.paper.report.figures import Dot
from edgewise.paper.report.strategies import TARGETS, chart, ratio
from edgewise.paper.tables.frame import Result, select
from edgewise.paper.tables.table2 import scaled
from edgewise.paper.tables.table3 import EXACT
from edgewise.paper.tables.verdict_rule import points, said_seeds, tally
from edgewise.paper.theory.study.analysis import rates, trials
from edgewise.paper.theory.study.theorem_verdicts import shown
from edgewise.stats import Paired


COMPARISONS = (
    ("table2", "adversarial", "clean"),
    ("table4", "small-perturbation", "clean-more"),
    ("table5", "small-perturbation", "clean-more"),
)
"""Where as many further clean points are the fair rival: table, arm, rival."""

HOW = (
    "Better and worse mean a paired Wilcoxon test over the seeds at 5 %, corrected for the number of tests by Holm's "
    "method; intervals in brackets are 95 %, and are about these data sets, not about all there could be."
)

NARROW = 3.8
"""Inches of a picture that stands beside two others."""


def sections(evidence: Evidence) -> list[Section]:
    """Return the first screen, or nothing where the store has no full run of a table."""
    found = evidence.judged
    if not found:
        return []
    runs = evidence.curves
    said = [
        sentence
        for sentence in (
            _verdicts(found),
            _more_data(found),
            _boundary(found),
            _labels(found, runs),
            _theory(evidence),
            HOW,
        )
        if sentence
    ]
    drawn = [picture for picture in (_gains(found), _learning(runs), _exponents(evidence)) if picture]
    blocks: list[Block] = [Prose(items=tuple(said))]
    if drawn:
        blocks.append(SideBySide(tuple(drawn)))
    return [Section("answer", "Does training at the boundary help?", _lead(found), tuple(blocks))]


def _lead(found: Mapping[str, Judged]) -> str:
    counts = tally(c for c, _ in _fair(found))
    total = sum(counts.values())
    if not total:
        return "Not enough was run to say."
    if 2 * counts["better"] > total:
        return "Yes: points made at the boundary mostly teach more than as many real ones."
    return (
        "As extra training data hardly, for as many real points teach as much; as a guide to which real points "
        "to label, it can."
    )


def _verdicts(found: Mapping[str, Judged]) -> str:
    claims = [claim for table in found.values() for claim in table.claims if not claim.ours_alone]
    counts = {
        verdict: sum(claim.verdict == verdict for claim in claims)
        for verdict in ("holds", "contradicted", "not shown")
    }
    numbers = list(dict.fromkeys(name.removeprefix("table").split("-")[0] for name in found))
    which = f"Table {numbers[0]}" if len(numbers) == 1 else f"Tables {', '.join(numbers)}"
    return (
        f"Of the paper's {len(claims)} claims about {which}, run again with "
        f"{said_seeds(count for table in found.values() for count in table.seeds)}, {counts['holds']} "
        f"came out as holding, {counts['contradicted']} as contradicted and {counts['not shown']} as not shown: these "
        "seeds neither prove nor refute them."
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
        f"As extra training data, adversarial points beat as many further real points in {counts['better']} of "
        f"{len(gains)} cells (a data set, attack and size) and are worse in {counts['worse']}, the median difference "
        f"being {100 * middle:+.1f} points of accuracy."
    )


def _boundary(found: Mapping[str, Judged]) -> str:
    """Say what boundary points alone teach, at the crossing and at the paper's scale."""
    if "table3" not in found:
        return ""
    results = found["table3"].results
    crossing = [r for r in select(results, arm="boundary", attack="opt") if "clean" in r.against]
    short = [
        r for r in select(results, attack=EXACT) if scaled(r.key.arm, ("boundary",)) and "clean" in r.against
    ]
    if not crossing:
        return ""
    counts = tally(r.against["clean"] for r in crossing)
    least = min(crossing, key=lambda r: r.estimate.mean)
    clean = select(results, arm="clean", data=least.key.data, budget=least.key.budget)
    text = (
        f"A nearest-neighbour copy taught only points exactly on the boundary is worse than one taught as many "
        f"real points in {counts['worse']} of {len(crossing)} cells (worst on {least.key.data}: {_percent(least)} "
        f"against {_percent(clean[0])})"
    )
    if not short:
        return f"{text}."
    near = tally(r.against["clean"] for r in short)
    best = max(short, key=lambda r: r.against["clean"].difference.mean)
    gain = best.against["clean"].difference
    return (
        f"{text}; put just short of it, by the scale that is the paper's own cure, the exact points are better in "
        f"{near['better']}, worse in {near['worse']} and neither in {near['undecided']} of {len(short)} cells (most "
        f"on {best.key.data}: {points(gain)})."
    )


def _percent(result: Result) -> str:
    return f"{100 * result.estimate.mean:.0f} %"


def _labels(found: Mapping[str, Judged], runs: Mapping[Task, Mapping[str, Curves]]) -> str:
    parts: list[str] = []
    rows = standings({task: by_name for task, by_name in runs.items() if not task.setup})
    compared = [row for row in rows if "random" in row.against]
    ours = ours_in({row.strategy for row in compared})
    if ours:
        gained = tally(row.against["random"] for row in compared if row.strategy == ours)
        parts.append(
            f"{ours}, this package's strategy, beats random labelling in {gained['better']} of "
            f"{sum(gained.values())} tasks and loses in {gained['worse']}"
        )
    if "table7" in found:
        results = found["table7"].results
        dfal = _against_random(select(results, arm="dfal"))
        ours = ours_in({result.key.arm for result in results}) or "edge-mix"
        mine = _against_random(r for r in results if r.key.arm.endswith(ours))
        parts.append(
            f"in Table 7 {ours} wins {mine['better']} of {sum(mine.values())} cells and loses "
            f"{mine['worse']}, where plain DFAL loses {dfal['worse']} of {sum(dfal.values())}"
        )
    parts += _speed(runs)
    return f"Choosing which real points to label is another matter: {'; '.join(parts)}." if parts else ""


def _against_random(results: Iterable[Result]) -> dict[str, int]:
    return tally(
        c for r in results if r.metric == "accuracy" for arm, c in r.against.items() if arm.endswith("random")
    )


def _to_accuracy(runs: Mapping[Task, Mapping[str, Curves]]) -> tuple[Task, str] | None:
    """Return the run of its own that speaks for this package, and its strategy: the first of the foremost strategy."""
    own = {
        task: name
        for task, by_name in runs.items()
        if task.setup and "random" in by_name and (name := ours_in(by_name))
    }
    foremost = ours_in(own.values())
    return next(((task, name) for task, name in own.items() if name == foremost), None)


def _speed(runs: Mapping[Task, Mapping[str, Curves]]) -> list[str]:
    chosen = _to_accuracy(runs)
    if chosen is None:
        return []
    task, name = chosen
    mine, base, target = runs[task][name], runs[task]["random"], TARGETS[2]
    ours, theirs = mine.needed(target), base.needed(target)
    if np.isinf(ours):
        return []
    many = (
        f"{theirs:,.0f}, {ratio(mine, base, target)} times as many"
        if np.isfinite(theirs)
        else f"more than {base.labels[-1]:,.0f}"
    )
    return [
        f"for {target:.0%} on {task.data.upper()} ({task.learner}) {name} needs {ours:,.0f} labels and random {many} "
        f"({said_seeds([len(mine.seeds)])})"
    ]


def _theory(evidence: Evidence) -> str:
    fitted = rates(evidence.facts("theory-exponent"))
    tests = trials(evidence.facts("theory-risk"), evidence.facts("theory-cure"))
    if not fitted or not tests:
        return ""
    gap = max(abs(rate.slope - rate.theory) for rate in fitted if np.isfinite(rate.theory))
    counted = [f"{claim} ({hits} of {n} problems)" for claim, (hits, n) in shown(tests).items()]
    return (
        "The paper's theorems need repair: no point that the repaired ones guarantee was ever wrong, but they are "
        f"one-sided, and the exponents they suggest, met within {gap:.2f}, are measured and not proved; "
        f"{', '.join(counted)}."
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
    chosen = _to_accuracy(runs)
    task = next(iter(runs), None) if chosen is None else chosen[0]
    return None if task is None else chart(task, runs[task], width=NARROW)


def _exponents(evidence: Evidence) -> Figure | None:
    fitted = [rate for rate in rates(evidence.facts("theory-exponent")) if rate.labels == "clean"]
    if not fitted:
        return None
    told = "; ".join(
        f"{r.labels} d={r.dim} β={r.beta:g} {r.slope:.2f} (repaired {r.theory:.2f})" for r in fitted
    )
    return Figure(
        theory_pictures.exponents(fitted),
        f"Exponents of the wrong area against β: {told}.",
        "How fast the wrong area shrinks with the labels: the more they crowd at the boundary (β), "
        "the faster, for clean labels. The printed exponents are about noisy ones: see the theory.",
    )
