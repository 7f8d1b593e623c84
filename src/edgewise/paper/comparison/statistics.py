"""Compare strategies over paired runs: areas under curves, label speed-up, penalties, seeds needed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Floats, InputError, Values
from edgewise.paper.comparison.runs import TRIALS, Trial, table_trial
from edgewise.paper.comparison.tasks import is_table
from edgewise.stats import Estimate, Paired, estimate, holm, paired
from edgewise.store import Fact


@dataclass(frozen=True, order=True)
class Task:
    """What strategies are compared on: a data set, a learner, and a setup other than that of `TRIALS`."""

    data: str
    learner: str
    setup: str = ""

    def __str__(self) -> str:
        """Return its parts with commas between them."""
        return ", ".join(part for part in (self.data, self.learner, self.setup) if part)


@dataclass(frozen=True)
class Curves:
    """The learning curves of one strategy on one task, a row a seed.

    Parameters
    ----------
    seeds
        The seeds ``(s,)``, ascending.
    labels
        Numbers of labels ``(r,)``, the same for every seed.
    accuracy
        Test accuracy ``(s, r)``.
    """

    seeds: tuple[int, ...]
    labels: Floats
    accuracy: Floats

    def only(self, seeds: Sequence[int]) -> Curves:
        """Return the rows of these seeds, in this order."""
        rows = [self.seeds.index(seed) for seed in seeds]
        return Curves(tuple(seeds), self.labels, self.accuracy[rows])

    def needed(self, target: float) -> float:
        """Return the labels after which the mean over seeds stays at ``target`` or above; see `labels_to`."""
        return float(labels_to(self.labels, self.accuracy.mean(axis=0), target))


@dataclass(frozen=True)
class Standing:
    """One strategy on one task.

    Parameters
    ----------
    task, strategy
        Which.
    aulc
        Area under the learning curve divided by its length, over seeds.
    against
        The paired difference in AULC to each baseline; Holm's correction runs over the tasks, for each pair
        of strategies apart.
    deficiency
        Accuracy it lacks on its way to the best final accuracy, relative to the first baseline; below 1 is
        better.
    speed_up
        Labels the first baseline needs / labels it needs, for each accuracy asked for; NaN where either
        never gets there.
    seeds_needed
        Seeds that would show its difference to each baseline with power 0.8.
    """

    task: Task
    strategy: str
    aulc: Estimate
    against: Mapping[str, Paired]
    deficiency: float
    speed_up: Mapping[float, float]
    seeds_needed: Mapping[str, int]


def curves(facts: Iterable[Fact], figure: str = "accuracy") -> dict[Task, dict[str, Curves]]:
    """Return the learning curves in the facts of `edgewise.paper.comparison.runs`, by task and strategy.

    ``figure`` is ``"accuracy"`` or ``"balanced"`` (the mean recall of the classes); facts without it are
    left out.
    """
    found: dict[Task, dict[str, dict[int, tuple[list[float], list[float]]]]] = {}
    for fact in facts:
        s, f = fact.cell.settings, fact.figures
        if figure not in f:
            continue
        task = Task(s["data"], s["learner"], _setup(s))
        runs = found.setdefault(task, {}).setdefault(s["strategy"], {})
        runs[fact.cell.seed] = (f["labels"], f[figure])
    return {
        task: {name: _stacked(task, name, runs) for name, runs in by_strategy.items()}
        for task, by_strategy in sorted(found.items())
    }


def _setup(settings: Values) -> str:
    """Say what differs from how `TRIALS` runs the data set; empty where nothing does."""
    usual = TRIALS.get(settings["data"], Trial())
    if is_table(settings["data"]):
        usual = table_trial(settings["pool"], settings["test"])
    parts = ("pool", "test", "start", "batch", "budget")
    return ", ".join(
        f"{part} {settings[part]:,}"
        for part in parts
        if part in settings and settings[part] != getattr(usual, part)
    )


def _stacked(task: Task, name: str, runs: Mapping[int, tuple[list[float], list[float]]]) -> Curves:
    seeds = sorted(runs)
    labels = runs[seeds[0]][0]
    if any(runs[seed][0] != labels for seed in seeds):
        raise InputError(
            f"runs of {name} on {task} have different numbers of labels; compare runs with the "
            "same batch and budget."
        )
    return Curves(tuple(seeds), np.array(labels, float), np.array([runs[seed][1] for seed in seeds]))


def standings(
    found: Mapping[Task, Mapping[str, Curves]],
    *,
    baselines: Sequence[str] = ("random", "margin"),
    targets: Sequence[float] = (0.8, 0.9, 0.95, 0.97),
) -> list[Standing]:
    """Compare every strategy with the baselines, seed by seed, on the seeds both have.

    Examples
    --------
    >>> flat, steep = np.full((8, 3), 0.5), np.linspace(0.5, 0.9, 3) + np.zeros((8, 1))
    >>> made = {name: Curves(tuple(range(8)), np.array([10.0, 20, 30]), values)
    ...         for name, values in (("random", flat), ("margin", steep))}
    >>> [s.against["random"].verdict() for s in standings({Task("d", "m"): made}) if s.strategy == "margin"]
    ['better']
    """
    rows = [
        _standing(task, name, by_name, baselines, targets)
        for task, by_name in found.items()
        for name in by_name
    ]
    pairs = sorted({(row.strategy, base) for row in rows for base in row.against})
    for name, base in pairs:
        places = [i for i, row in enumerate(rows) if row.strategy == name and base in row.against]
        for i, corrected in zip(places, holm([rows[i].against[base] for i in places]), strict=True):
            rows[i] = replace(rows[i], against={**rows[i].against, base: corrected})
    return rows


def _standing(
    task: Task, name: str, by_name: Mapping[str, Curves], baselines: Sequence[str], targets: Sequence[float]
) -> Standing:
    mine = by_name[name]
    against: dict[str, Paired] = {}
    needed: dict[str, int] = {}
    lack, speed = math.nan, dict.fromkeys(targets, math.nan)
    for base in baselines:
        seeds = sorted(set(mine.seeds) & set(by_name[base].seeds)) if base in by_name and base != name else []
        if not seeds:
            continue
        a, b = mine.only(seeds), by_name[base].only(seeds)
        area, base_area = aulc(a.labels, a.accuracy), aulc(b.labels, b.accuracy)
        against[base], needed[base] = paired(area, base_area), seeds_needed(area - base_area)
        if base == baselines[0]:
            lack = deficiency(a.accuracy, b.accuracy)
            speed = {target: speed_up(a, b, target) for target in targets}
    return Standing(task, name, estimate(aulc(mine.labels, mine.accuracy)), against, lack, speed, needed)


def aulc(labels: ArrayLike, accuracy: ArrayLike) -> Floats:
    """Return the area under each curve ``(s, r)`` by trapezoids, divided by the range of labels ``(s,)``.

    Examples
    --------
    >>> aulc([0, 10, 20], [[0.0, 1.0, 1.0]])
    array([0.75])
    """
    x, y = np.asarray(labels, float), np.atleast_2d(np.asarray(accuracy, float))
    if y.shape[1] != len(x) or len(x) < 2 or (np.diff(x) <= 0).any():
        raise InputError(
            f"a learning curve needs increasing numbers of labels, one an accuracy; got "
            f"{x.shape} labels and accuracies of shape {y.shape}."
        )
    return np.trapezoid(y, x, axis=1) / (x[-1] - x[0])


def deficiency(accuracy: Floats, baseline: Floats) -> float:
    """Return sum(best - accuracy) / sum(best - baseline) of mean curves; below 1 is better.

    ``best`` is the larger final mean accuracy of the two (Baram, El-Yaniv & Luz 2004).
    """
    mine, base = accuracy.mean(axis=0), baseline.mean(axis=0)
    best = max(mine[-1], base[-1])
    lacking = float(np.sum(best - base))
    return float(np.sum(best - mine)) / lacking if lacking > 0 else math.nan


def labels_to(labels: ArrayLike, accuracy: ArrayLike, target: float) -> Floats:
    """Return how many labels each curve ``(..., r)`` takes to reach ``target`` for good, by linear interpolation.

    The point after which it never falls below again; infinity if there is none.

    Examples
    --------
    >>> labels_to([10, 20, 30, 40], [[0.5, 0.9, 0.7, 0.9], [0.5, 0.6, 0.7, 0.7]], 0.8)
    array([35., inf])
    """
    x, y = np.asarray(labels, float), np.asarray(accuracy, float)
    below = y < target
    # Where the last point below the target is; -1 where there is none.
    last = np.where(below.any(axis=-1), y.shape[-1] - 1 - np.argmax(below[..., ::-1], axis=-1), -1)
    start = np.clip(last, 0, len(x) - 2)
    low, high = (np.take_along_axis(y, at[..., None], -1)[..., 0] for at in (start, start + 1))
    rise = np.where(high > low, high - low, 1.0)
    found = x[start] + (target - low) / rise * (x[start + 1] - x[start])
    return np.where(last < 0, x[0], np.where(last == len(x) - 1, np.inf, found))


def speed_up(mine: Curves, base: Curves, target: float) -> float:
    """Return labels ``base`` needs / labels ``mine`` needs, on mean curves; NaN if one never gets there."""
    ours, theirs = mine.needed(target), base.needed(target)
    return theirs / ours if math.isfinite(ours) and math.isfinite(theirs) else math.nan


def speed_up_interval(
    mine: Curves, base: Curves, target: float, *, level: float = 0.95, draws: int = 2000
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of `speed_up`, over the seeds both have.

    Draws in which ``mine`` never gets there count as 0, those in which only ``base`` does not as infinity.
    """
    seeds = sorted(set(mine.seeds) & set(base.seeds))
    a, b = mine.only(seeds), base.only(seeds)
    rows = np.random.default_rng(0).integers(len(seeds), size=(draws, len(seeds)))
    ours, theirs = (labels_to(c.labels, c.accuracy[rows].mean(axis=1), target) for c in (a, b))
    ratios = np.where(np.isinf(ours), 0.0, theirs / np.where(np.isinf(ours), 1.0, ours))
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    return float(low), float(high)


def penalties(
    found: Mapping[Task, Mapping[str, Curves]], names: Sequence[str], *, points: int = 5, level: float = 0.05
) -> Floats:
    """Return the pairwise penalty matrix (Ash et al. 2020): entry (i, j) counts how often i beats j.

    At ``points`` numbers of labels evenly spaced on each task, a significant paired difference (Wilcoxon,
    uncorrected, as in the source) adds ``1 / points``: the most an entry can be is the number of tasks.
    """
    table = np.zeros((len(names), len(names)))
    for by_name in found.values():
        for (i, first), (j, second) in combinations(enumerate(names), 2):
            if first not in by_name or second not in by_name:
                continue
            seeds = sorted(set(by_name[first].seeds) & set(by_name[second].seeds))
            a, b = by_name[first].only(seeds).accuracy, by_name[second].only(seeds).accuracy
            last = int(a.shape[1]) - 1
            for r in np.unique(np.linspace(0, last, points + 1).astype(int)[1:]) if seeds else ():
                verdict = paired(a[:, r], b[:, r]).verdict(level)
                table[i, j] += (verdict == "better") / points
                table[j, i] += (verdict == "worse") / points
    return table


def seeds_needed(differences: ArrayLike, *, level: float = 0.05, power: float = 0.8) -> int:
    """Return how many seeds a Wilcoxon test would need to show a difference like this one.

    The normal approximation for a paired t-test divided by the asymptotic efficiency 3 / pi, at least the 6
    without which no p-value is below 0.05; 10,000 or more comes back as 10,000.

    Examples
    --------
    >>> seeds_needed([0.1, 0.11, 0.09, 0.1]), seeds_needed([0.1, -0.1, 0.2, -0.1])
    (6, 296)
    """
    d = np.asarray(differences, float)
    if len(d) < 2 or d.mean() == 0:
        return 10_000
    normal = NormalDist()
    quantiles = normal.inv_cdf(1 - level / 2) + normal.inv_cdf(power)
    ratio = d.std(ddof=1) / abs(d.mean())
    return int(min(10_000, max(6, math.ceil(quantiles**2 * ratio**2 * math.pi / 3))))
