"""The theory section of the report: verdicts, pictures and tables from the study's facts alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewise.paper.report import theory_pictures
from edgewise.paper.report.blocks import Block, Figure, Mark, Section, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.report.theory_pictures import Region
from edgewise.paper.theory.problems.ridge_ball_wave import Wave
from edgewise.paper.theory.study.analysis import curves, grouped, rates
from edgewise.paper.theory.study.compute import unpack
from edgewise.paper.theory.study.result_tables import Summary, law_name, summaries
from edgewise.paper.theory.study.theorem_verdicts import TheoremVerdict, verdicts
from edgewise.store import Fact


_MARKS: dict[str, Mark] = {"better": "better", "worse": "worse", "undecided": "undecided"}


def sections(evidence: Evidence) -> list[Section]:
    """Return the theory section, or nothing without facts of the study."""
    rows = verdicts(evidence.facts)
    if not rows:
        return []
    blocks: list[Block] = [
        _verdicts(rows),
        *_regions(evidence.facts("theory-region")),
        *_bands(evidence.facts("theory-risk")),
        *_exponents(evidence.facts("theory-exponent")),
        *(_table(summary) for summary in summaries(evidence.facts) if summary.brief),
    ]
    lead = (
        "What section 3 of the paper states, what of it holds, and what was measured. The statements A "
        "to G "
        "that take its place are proved in the documentation and checked here: no classifier may be "
        "wrong "
        "where one of them guarantees it right."
    )
    return [Section("theory", "The theory, repaired and measured", lead, tuple(blocks))]


def _verdicts(rows: Sequence[TheoremVerdict]) -> Table:
    marks: dict[tuple[int, int], Mark] = {
        (i, 1): "fails" if row.verdict == "fails" else "holds" for i, row in enumerate(rows)
    }
    return Table(
        ("statement", "verdict", "why", "measured"),
        tuple((row.statement, row.verdict, row.why, row.measured) for row in rows),
        "Verdicts on the paper's theorems",
        marks=marks,
    )


def _regions(facts: Sequence[Fact]) -> list[Figure]:
    rows: list[list[Region]] = []
    shares: list[str] = []
    side = 0
    for (labels,), group in grouped(facts, "labels").items():
        row: list[Region] = []
        for (beta, tau), seeds in grouped(group, "beta", "tau").items():
            side = int(seeds[0].figures["side"])
            held = unpack(seeds[0].figures["guaranteed"], side * side).reshape(side, side)
            right = np.mean([unpack(f.figures["correct"], side * side) for f in seeds], axis=0).reshape(
                side, side
            )
            row.append(
                Region(f"{labels}, k={seeds[0].figures['k']}, β={law_name(beta, tau)}", held, 1 - right)
            )
            shares.append(
                f"{labels} β={law_name(beta, tau)}: {held.mean():.3f} guaranteed, {right.mean():.4f} right"
            )
        rows.append(row)
    if not rows or len({len(row) for row in rows}) != 1:
        return []
    middle = (np.arange(side) + 0.5) / side * 2 - 1
    n = facts[0].cell.settings["n"]
    return [
        Figure(
            theory_pictures.regions(rows, Wave().height(middle)),
            "Guaranteed, right and wrong parts of the wave's domain. " + "; ".join(shares) + ".",
            f"k-NN on the wave, n = {n}; the line is the boundary. Guaranteed at 95 % on all points "
            "of the "
            "picture at once: Theorem C for clean labels, B for noisy ones. From left to right the "
            "labels "
            f"move to the boundary. Shares of the domain: {'; '.join(shares)}.",
        )
    ]


def _bands(facts: Sequence[Fact]) -> list[Figure]:
    panels = {
        (f"{problem} d={d}, n={n}", str(labels)): curves(group)
        for (problem, d, n, labels), group in grouped(facts, "problem", "d", "n", "labels").items()
    }
    if not panels:
        return []
    figures: list[Figure] = []
    for what, words in (("excess", "Excess risk"), ("area", "Area of the wrong set")):
        ends = "; ".join(
            f"{problem} {labels} {curve.learner} {first.mean:.2g} to {last.mean:.2g}"
            for (problem, labels), lines in panels.items()
            for curve in lines
            for first, *_, last in [curve.excess if what == "excess" else curve.area]
        )
        figures.append(
            Figure(
                theory_pictures.bands(panels, what),
                f"{words} against β for each learner. From uniform to the most concentrated law: {ends}.",
                f"{words}, tuned for each law by its mean over seeds; bands are 95 % "
                "intervals, drawn as wide downwards as upwards. Lower is better; values below "
                "1e-6 are drawn there.",
            )
        )
    return figures


def _exponents(facts: Sequence[Fact]) -> list[Figure]:
    fitted = rates(facts)
    if not fitted:
        return []
    told = "; ".join(f"{r.labels} {r.learner} d={r.dim} β={r.beta:g} {r.slope:.2f}" for r in fitted)
    return [
        Figure(
            theory_pictures.exponents(fitted),
            f"Fitted exponents against β: {told}.",
            "The wrong area shrinks like a power of n. Solid: what the repaired guarantees suggest. Dashed: the "
            "printed exponent, beside the learners it speaks of.",
        )
    ]


def _table(summary: Summary) -> Table:
    last = len(summary.header) - 1
    marks: dict[tuple[int, int], Mark] = {
        (i, last): _MARKS[row[last]] for i, row in enumerate(summary.rows) if row[last] in _MARKS
    }
    return Table(summary.header, summary.rows, summary.title, marks=marks)
