"""Mean ranks and gains of strategies over tasks, development data and report data apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from edgewise.arrays import Floats
from edgewise.paper.comparison.runs import kind_of
from edgewise.paper.comparison.statistics import Curves, Task, aulc
from edgewise.stats import paired


@dataclass(frozen=True)
class Ranking:
    """One strategy over the tasks of one kind of data.

    Parameters
    ----------
    kind
        ``"development"`` or ``"report"``: whether strategies were chosen by looking at the data.
    among
        How many strategies are ranked.
    strategy
        Which.
    tasks, data
        Tasks that all of them ran on, and how many data sets they are of.
    rank
        Its mean rank in area under the learning curve, over tasks; 1 is best.
    gain
        Its mean gain in area over the baseline, paired by seed.
    above
        Tasks with a gain above 0.
    worst
        The smallest gain of a task.
    p
        Wilcoxon's p of its gains against the baseline, with data sets as units.
    p_leader
        The same against the strategy with the best mean rank.
    """

    kind: str
    among: int
    strategy: str
    tasks: int
    data: int
    rank: float
    gain: float
    above: int
    worst: float
    p: float
    p_leader: float


def rankings(found: Mapping[Task, Mapping[str, Curves]], *, baseline: str = "random") -> list[Ranking]:
    """Rank strategies over the tasks and seeds that all of them have, best mean rank first.

    Where some strategies have no run on some tasks, those that have one on every task are ranked over all as well. Runs
    on the side are left out: strategies that fewer than half of the tasks have, and tasks with fewer than two thirds of
    the others.

    Examples
    --------
    >>> flat, high = (Curves((0, 1), np.array([10.0, 20.0]), np.full((2, 2), value)) for value in (0.5, 0.75))
    >>> [(row.strategy, row.rank, row.gain) for row in rankings({Task("german", "m"): {"random": flat, "far": high}})]
    [('far', 1.0, 0.25), ('random', 2.0, 0.0)]
    """
    rows: list[Ranking] = []
    for kind in ("development", "report"):
        of_kind = {task: by for task, by in found.items() if kind_of(task.data) == kind}
        held = Counter(name for by in of_kind.values() for name in by)
        names = [name for name, count in held.items() if 2 * count >= len(of_kind)]
        of_kind = {task: by for task, by in of_kind.items() if 3 * len(by.keys() & names) >= 2 * len(names)}
        everywhere = [name for name in names if all(name in by for by in of_kind.values())]
        for group in (names, everywhere) if len(everywhere) not in (1, len(names)) else (names,):
            tasks = [task for task, by in of_kind.items() if set(group) <= set(by)]
            if tasks and baseline in group:
                rows += _ranked(kind, group, tasks, [_areas(found[task], group) for task in tasks], baseline)
    return rows


RANKED = ("data", "strategy", "tasks", "mean rank", "gain", "above", "worst", "p, random", "p, first")
"""The header of `rank_tables`."""

RANKS_SAY = (
    "Development data are those that strategies were chosen on, report data those that they were not.",
    "Tasks that not every strategy can do, because the learner gives no probabilities, are left out of the ranks of "
    "all, and ranked again with the strategies that can.",
    "p is Wilcoxon's with data sets as units, not corrected.",
)
"""How to read them."""


RankTables = Sequence[tuple[str, Sequence[tuple[str, ...]]]]
"""Titles and rows."""


def rank_tables(
    accuracy: Mapping[Task, Mapping[str, Curves]], balanced: Mapping[Task, Mapping[str, Curves]]
) -> RankTables:
    """Return tables of mean ranks and gains over random, in accuracy and in balanced accuracy.

    Tasks that were run in another way (no labels at the start, larger batches) are ranked apart; where nothing can be
    ranked, such as in runs of before balanced accuracy was kept, there is no table.
    """
    return [
        (
            f"mean ranks and gains over random in points, {said}{setup and f'; {setup}'}",
            [_row(row) for row in rows],
        )
        for setup in sorted({task.setup for task in accuracy})
        for said, found in (("accuracy", accuracy), ("balanced accuracy", balanced))
        if (rows := rankings({task: by for task, by in found.items() if task.setup == setup}))
    ]


def _row(row: Ranking) -> tuple[str, ...]:
    return (
        row.kind,
        row.strategy,
        f"{row.tasks} of {row.data} sets",
        f"{row.rank:.2f} of {row.among}",
        f"{100 * row.gain:+.2f}",
        f"{row.above}",
        f"{100 * row.worst:+.2f}",
        f"{row.p:.2g}",
        f"{row.p_leader:.2g}",
    )


def _areas(by_name: Mapping[str, Curves], names: Sequence[str]) -> Floats:
    """Return the mean area of each strategy over the seeds that all have ``(s,)``."""
    seeds = sorted(set[int].intersection(*(set(by_name[name].seeds) for name in names)))
    runs = [by_name[name].only(seeds) for name in names]
    return np.array([aulc(run.labels, run.accuracy).mean() for run in runs])


def _ranked(
    kind: str, names: Sequence[str], tasks: Sequence[Task], areas: Sequence[Floats], baseline: str
) -> list[Ranking]:
    area = np.array(areas)
    rank = np.mean([rankdata(-row) for row in area], axis=0)
    gain = area - area[:, [names.index(baseline)]]
    data = np.array([task.data for task in tasks])
    unit = np.array([gain[data == name].mean(axis=0) for name in np.unique(data)])
    leader = int(np.argmin(rank))
    return [
        Ranking(
            kind,
            len(names),
            str(names[i]),
            len(tasks),
            len(unit),
            float(rank[i]),
            float(gain[:, i].mean()),
            int((gain[:, i] > 0).sum()),
            float(gain[:, i].min()),
            paired(unit[:, i], 0 * unit[:, i]).p,
            paired(unit[:, i], unit[:, leader]).p,
        )
        for i in map(int, np.argsort(rank))
    ]
