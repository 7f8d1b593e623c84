"""What a table of the paper is here: cells to run, rows of figures, and a summary over seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, Protocol

from edgewise.arrays import Values
from edgewise.paper.tables.published import published
from edgewise.stats import Estimate, Paired, estimate, holm, paired
from edgewise.store import Cell, Fact


@dataclass(frozen=True, order=True)
class Key:
    """Which figure: the coordinates that a table's rows have."""

    data: str
    model: str
    attack: str
    arm: str
    budget: str

    @property
    def unit(self) -> str:
        """What ``budget`` is: rows or labels, a whole number; or Table 6's size of a perturbation, which is none."""
        return "eps" if "." in self.budget else "budget"


@dataclass(frozen=True)
class Result:
    """One figure over seeds, beside the paper's.

    Parameters
    ----------
    key, metric
        Which figure.
    estimate
        Its mean and 95 % interval over seeds.
    against
        For each baseline arm it is compared with: the paired difference, Holm-corrected within its family.
    published
        What the paper prints, or None.
    published_gain
        For each baseline arm that the paper prints too: its figure less the baseline's.
    tests
        How many comparisons were corrected together.
    """

    key: Key
    metric: str
    estimate: Estimate
    against: Mapping[str, Paired]
    published: float | None
    published_gain: Mapping[str, float] = field(default_factory=dict[str, float])
    tests: int = 1


Verdict = Literal["holds", "contradicted", "not shown"]


@dataclass(frozen=True)
class Claim:
    """A claim with our verdict and the figures it rests on.

    Parameters
    ----------
    text
        What is claimed, and where.
    verdict, reason
        Whether it holds here, is contradicted, or is not shown either way; and why that is the verdict.
    paper, ours
        The paper's number and ours with its interval, as text; empty where there is none.
    test
        How it was tested.
    ours_alone
        Whether the paper does not make it.
    """

    text: str
    verdict: Verdict
    reason: str
    paper: str = ""
    ours: str = ""
    test: str = ""
    ours_alone: bool = False


class Table(Protocol):
    """One table: a frozen dataclass of settings, its reading of the paper stated."""

    @property
    def name(self) -> str:
        """Such as ``"table2"``; also the store's name for its cells."""
        ...

    @property
    def title(self) -> str:
        """What it shows, in a line."""
        ...

    @property
    def readings(self) -> tuple[str, ...]:
        """How each silent or ambiguous place of the paper is read, one sentence each."""
        ...

    @property
    def data(self) -> tuple[str, ...]:
        """The data sets it can run on, the paper's own first."""
        ...

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return every cell of the experiment; each carries ``"data"`` in its settings."""
        ...

    @property
    def work(self) -> Callable[[Cell], Values]:
        """An importable function of a cell; its figures are ``{"rows": [row(...), ...]}``."""
        ...

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Return the figures that this one is compared with, seed by seed; none for most metrics."""
        ...

    def family(self, key: Key) -> str:
        """Return which comparisons are corrected together: those that answer one question."""
        ...

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the paper's claims about this table, judged."""
        ...


def row(*, model: str, arm: str, attack: str = "", budget: int | str = "", **values: float) -> Values:
    """Return one row of a cell's figures: coordinates, and a number for each metric.

    Examples
    --------
    >>> row(model="1-nn", arm="baseline", accuracy=0.9)["values"]
    {'accuracy': 0.9}
    """
    return {
        "model": model,
        "attack": attack,
        "arm": arm,
        "budget": str(budget),
        "values": {name: float(value) for name, value in values.items()},
    }


def summarise(table: Table, facts: Iterable[Fact]) -> list[Result]:
    """Return every figure of ``table`` over its seeds, paired with its baselines, Holm-corrected by family.

    A figure and its baseline are compared on the seeds both have.
    """
    by_seed: dict[tuple[Key, str], dict[int, float]] = defaultdict(dict)
    for fact in facts:
        for item in fact.figures["rows"]:
            key = Key(fact.cell.settings["data"], item["model"], item["attack"], item["arm"], item["budget"])
            for metric, value in item["values"].items():
                by_seed[key, metric][fact.cell.seed] = value
    results = [
        Result(
            key,
            metric,
            estimate(list(values.values())),
            _against(table, key, metric, by_seed),
            _printed(table.name, key, metric),
            _printed_gains(table, key, metric),
        )
        for (key, metric), values in sorted(by_seed.items())
    ]
    return _corrected(table, results)


def _against(
    table: Table, key: Key, metric: str, by_seed: Mapping[tuple[Key, str], Mapping[int, float]]
) -> dict[str, Paired]:
    found: dict[str, Paired] = {}
    for base in table.baselines(key, metric):
        ours, theirs = by_seed[key, metric], by_seed.get((base, metric), {})
        seeds = sorted(set(ours) & set(theirs))
        if base != key and seeds:
            found[base.arm] = paired([ours[s] for s in seeds], [theirs[s] for s in seeds])
    return found


def _corrected(table: Table, results: list[Result]) -> list[Result]:
    families: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for i, result in enumerate(results):
        families[table.family(result.key)] += [(i, arm) for arm in result.against]
    for places in families.values():
        corrected = holm([results[i].against[arm] for i, arm in places])
        for (i, arm), comparison in zip(places, corrected, strict=True):
            against = {**results[i].against, arm: comparison}
            results[i] = replace(results[i], against=against, tests=len(places))
    return results


RESAMPLED = {"cancer": (250, 200), "australian": (250, 200)}
"""Train and test rows of data sets whose every seed draws nearly all of the same few hundred rows."""


def corrected(difference: Estimate, train: int, test: int) -> Estimate:
    """Return the interval for data sets like this one, where the seeds share their rows (Nadeau and Bengio 2003).

    The usual one is conditional on the data set: its seeds are taken for independent samples. Here the variance of
    the mean is ``(1/J + test/train)`` times that of a seed, J seeds.

    Examples
    --------
    >>> one = corrected(Estimate(0.01, 0.0, 0.02, 20), 250, 200)
    >>> round(one.low, 3), round(one.high, 3)
    (-0.031, 0.051)
    """
    wider = float((1 + difference.n * test / train) ** 0.5)
    low, high = (
        difference.mean + wider * (end - difference.mean) for end in (difference.low, difference.high)
    )
    return Estimate(difference.mean, low, high, difference.n)


PRINTED_AS = {"perturbation_linf": "perturbation"}
"""The paper names no norm for its perturbation; it stands beside ours in L-infinity, the likeliest."""


def _printed(table: str, key: Key, metric: str) -> float | None:
    return published(table, metric=PRINTED_AS.get(metric, metric), **asdict(key))


def _printed_gains(table: Table, key: Key, metric: str) -> dict[str, float]:
    mine = _printed(table.name, key, metric)
    theirs: dict[str, float | None] = {}
    for base in table.baselines(key, metric):
        # Tables 4 and 5 print the baseline once for each attack, though no attack takes part in it.
        beside = _printed(table.name, replace(base, attack=key.attack), metric)
        theirs[base.arm] = _printed(table.name, base, metric) if beside is None else beside
    return {} if mine is None else {arm: mine - value for arm, value in theirs.items() if value is not None}


def select(results: Iterable[Result], *, metric: str = "accuracy", **where: str) -> list[Result]:
    """Return the results with this metric and these coordinates."""
    return [
        r
        for r in results
        if r.metric == metric and all(getattr(r.key, name) == value for name, value in where.items())
    ]
