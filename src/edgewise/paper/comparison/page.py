"""The comparison of strategies as a page of Markdown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from edgewise.arrays import Values
from edgewise.learning.learners import is_network
from edgewise.paper.comparison.ranks import RANKED, RANKS_SAY, RankTables
from edgewise.paper.comparison.statistics import (
    Curves,
    Standing,
    Task,
    labels_to,
    penalties,
    standings,
)
from edgewise.paper.markdown import table as markdown_table
from edgewise.stats import Paired


OURS = ("herding", "edge-mix")
NETWORK_TARGETS = (0.9, 0.95, 0.97, 0.98)
"""Accuracies of pictures of digits."""

LEVEL = 0.05
SPEED_UP = "labels of random / own at 80 %, 90 %, 95 %, 97 %"


def markdown(runs: Mapping[Task, Mapping[str, Curves]], ranks: RankTables, about: Values) -> str:
    """Return the comparison as a page of Markdown: losses beside wins, and how it was made."""
    rows = standings(runs)
    names = sorted({name for by_name in runs.values() for name in by_name})
    against = ("less random", "less margin", "deficiency", SPEED_UP, "seeds needed")
    header = ("task", "strategy", "seeds", "area, %", *against)
    lines = [
        "# Strategies compared",
        "",
        lead(rows),
        "",
        f"`{about['command']}`, commit {about['commit']}, Python {about['python']}, {about['device']}.",
        "Differences are points of accuracy (area under the learning curve), paired by seed, with the "
        "uncorrected and the Holm-corrected p-value of Wilcoxon's test; bold where the corrected one is "
        "below 0.05, and a mark (*) where only the uncorrected one is.",
        "",
        " ".join(RANKS_SAY),
        "",
        *(
            line
            for title, ranked in ranks
            for line in (f"## {title.capitalize()}", "", *markdown_table(RANKED, ranked), "")
        ),
        *markdown_table(header, map(_compared, rows)),
        *_labels_needed(runs),
        "",
        "Penalty matrix: how often the row beats the column at five points of a curve.",
        "",
        *markdown_table(("beats", *names), penalty_rows(runs, names)),
    ]
    return "\n".join(lines) + "\n"


def ours_in(names: Collection[str]) -> str | None:
    """Return the strategy of this package's that speaks for it among ``names``, or None.

    Examples
    --------
    >>> ours_in({"random", "edge-mix", "herding"}), ours_in(["edge-mix"]), ours_in([])
    ('herding', 'edge-mix', None)
    """
    return next((name for name in OURS if name in names), None)


def penalty_rows(runs: Mapping[Task, Mapping[str, Curves]], names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the penalty matrix as rows of text, each with its strategy in front."""
    matrix = penalties(runs, names)
    return [(name, *(f"{value:.1f}" for value in matrix[i])) for i, name in enumerate(names)]


def _labels_needed(runs: Mapping[Task, Mapping[str, Curves]]) -> list[str]:
    """Return a table of the labels that each strategy takes to an accuracy, for the networks."""
    rows = [
        (task, name, *(reached(run, target) for target in NETWORK_TARGETS))
        for task, by_name in runs.items()
        if is_network(task.learner)
        for name, run in by_name.items()
    ]
    if not rows:
        return []
    header = ("task", "strategy", *(f"{target:.0%}" for target in NETWORK_TARGETS))
    return [
        "",
        "Labels after which a curve never falls below an accuracy again, between two rounds by a straight line: of the "
        "mean curve, and in brackets how many seeds get there and where the last of them does.",
        "",
        *markdown_table(header, rows),
    ]


def reached(run: Curves, target: float) -> str:
    """Return the labels that the mean curve takes to ``target``, and in brackets how many seeds and the last of them.

    Examples
    --------
    >>> reached(Curves((0, 1), np.array([10.0, 20.0]), np.array([[0.5, 0.9], [0.9, 1.0]])), 0.9)
    '18 (2 of 2, 20)'
    """
    mean = run.needed(target)
    each = [n for n in (labels_to(run.labels, one, target) for one in run.accuracy) if np.isfinite(n)]
    last = f", {max(each):,.0f}" if each else ""
    said = f"{mean:,.0f}" if np.isfinite(mean) else "never"
    return f"{said} ({len(each)} of {len(run.seeds)}{last})"


def _compared(row: Standing) -> tuple[object, ...]:
    return (
        row.task,
        row.strategy,
        row.aulc.n,
        f"{100 * row.aulc.mean:.2f}",
        _tested(row.against.get("random")),
        _tested(row.against.get("margin")),
        number(row.deficiency),
        ", ".join(number(value) or "-" for value in row.speed_up.values()),
        row.seeds_needed.get("random", ""),
    )


def _tested(comparison: Paired | None) -> str:
    if comparison is None:
        return ""
    text = f"{100 * comparison.difference.mean:+.2f} ({comparison.p:.2g}, {comparison.p_holm:.2g})"
    return f"**{text}**" if comparison.p_holm < LEVEL else f"{text}*" if comparison.p < LEVEL else text


def lead(rows: Sequence[Standing]) -> str:
    """Return how this package's strategies did against random, a sentence each."""
    return " ".join(_against_random(name, rows) for name in OURS if any(row.strategy == name for row in rows))


def _against_random(name: str, rows: Sequence[Standing]) -> str:
    tests = [row.against["random"] for row in rows if row.strategy == name and "random" in row.against]
    seeds = [test.difference.n for test in tests] or [0]
    paired = f"{min(seeds)}" if min(seeds) == max(seeds) else f"{min(seeds)} to {max(seeds)}"
    judged = [test.verdict() for test in tests]
    said = (
        f"{name} against random, area under the learning curve, {len(tests)} {'task' if len(tests) == 1 else 'tasks'}, "
        f"{paired} paired seeds: better in "
        f"{judged.count('better')}, worse in {judged.count('worse')}, undecided in {judged.count('undecided')} "
        "(Wilcoxon, Holm over tasks)"
    )
    # The smallest p-value that so many pairs can have.
    if tests and 2.0 ** (1 - max(seeds)) * len(tests) > LEVEL:
        said += f", as {max(seeds)} seeds can show nothing among {len(tests)} tests"
    ahead = [test.difference.mean > 0 for test in tests]
    alone = [test.difference.mean > 0 for test in tests if test.p < LEVEL]
    return f"{said}; without correction better in {sum(alone)}, worse in {alone.count(False)}; ahead in {sum(ahead)}."


def number(value: float) -> str:
    """Return a figure with two digits, or nothing if there is none."""
    return f"{value:.2f}" if np.isfinite(value) else ""
