"""Which reading of the paper gives its printed numbers: the main one of each table, and every plausible other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import Key, Result, Table
from edgewise.paper.tables.other_readings import distinct_rows, eps, regression, sorted_prefixes, test_points
from edgewise.paper.tables.published import published_cells


MAIN = "main"


@dataclass(frozen=True)
class Reading:
    """One reading of a table.

    Parameters
    ----------
    table, name
        Which; the name goes with ``edgewise reproduce TABLE --reading NAME``.
    text
        What is read differently, in a sentence.
    arms, models
        Which of our arms and models stands for a printed one; the same name where nothing is said.
    only
        The printed arms that the reading is about; empty for all.
    leaks
        Whether it looks at the test labels: for the record, and never used for a verdict.
    make
        Its own table, where it has cells that the main run lacks.
    """

    table: str
    name: str
    text: str
    arms: Mapping[str, str] = field(default_factory=dict[str, str])
    models: Mapping[str, str] = field(default_factory=dict[str, str])
    only: tuple[str, ...] = ()
    leaks: bool = False
    make: Callable[[], Table] | None = None

    @property
    def definition(self) -> Table:
        """The table whose cells it reads."""
        return TABLES[self.table].make() if self.make is None else self.make()

    def ours(self, printed: Key) -> Key:
        """Return the figure of ours that stands for a printed one."""
        return replace(
            printed,
            arm=self.arms.get(printed.arm, printed.arm),
            model=self.models.get(printed.model, printed.model),
        )


@dataclass(frozen=True)
class Distance:
    """How far a reading is from the printed grid, in the units of the metric (a share).

    Parameters
    ----------
    mean, largest
        Of the absolute differences to the printed figures.
    cells, printed
        How many figures it gives of how many the paper prints for its arms.
    """

    mean: float
    largest: float
    cells: int
    printed: int


SCALES = ("0.5", "0.8", "0.9", "0.99")

READINGS: tuple[Reading, ...] = (
    *(
        Reading(
            name,
            MAIN,
            "as stated under the table",
            only={"table4": ("adversarial-training", "small-perturbation")}.get(name, ()),
        )
        for name in ("table2", "table3", "table4", "table5", "table6", "table7")
    ),
    Reading(
        "table2",
        "victim-labelled",
        "an added point has the victim's label",
        {"adversarial": "victim-labelled"},
    ),
    *(
        Reading("table2", f"scale-{s}", f"points at scale {s}", {"adversarial": f"adversarial-{s}"})
        for s in SCALES
    ),
    Reading(
        "table2",
        "test-points",
        "the points are made from the test points, with their true labels",
        leaks=True,
        make=test_points,
    ),
    Reading(
        "table2",
        "distinct-rows",
        "Cancer without test rows that repeat a train or held-out row: 72 of 200 do",
        make=distinct_rows,
    ),
    *(
        Reading("table3", f"scale-{s}", f"BBox points at scale {s}", {"boundary": f"boundary-{s}"})
        for s in SCALES
    ),
    Reading("table3", "real-points", "the baseline draws real points", {"random": "clean"}, only=("random",)),
    Reading(
        "table3",
        "sorted-prefixes",
        "the baseline is the first rows of a train set sorted by class",
        only=("random",),
        make=sorted_prefixes,
    ),
    *(
        Reading(
            "table4",
            f"eps-{size}",
            f"FGSM and PGD of size {size}, on Halfmoon",
            only=("adversarial-training", "small-perturbation"),
            make=eps(size),
        )
        for size in (0.05, 0.1, 0.2, 0.5)
    ),
    Reading(
        "table5",
        "r2",
        "the figure is R2, what scikit-learn's KernelRidge.score returns",
        models={"kernel-ridge-linear": "kernel-ridge-linear-r2"},
        make=regression("r2"),
    ),
    Reading(
        "table5",
        "raw-labels",
        "labels 0 and 1 are regressed as they are and cut at one half",
        models={"kernel-ridge-linear": "kernel-ridge-linear-raw-labels"},
        make=regression("raw-labels"),
    ),
    Reading(
        "table7",
        "rounds",
        "labels are picked round by round",
        {
            arm: f"rounds-{arm}"
            for arm in ("random", "dfal", "dfal-e-1", "dfal-e-2", "dfal-e-3", "max-confidence")
        },
    ),
)


def of(table: str) -> dict[str, Reading]:
    """Return the readings of a table by name, the main one first.

    Examples
    --------
    >>> list(of("table5"))
    ['main', 'r2', 'raw-labels']
    """
    return {reading.name: reading for reading in READINGS if reading.table == table}


def distance(reading: Reading, results: Iterable[Result], data: str = "") -> Distance | None:
    """Return how far ``results`` are from the printed accuracies under this reading; None if it gives none.

    ``data`` is the data set that is looked at; all of them by default.

    A printed baseline stands beside ours whatever attack it is printed under.
    """
    ours = {r.key: r.estimate.mean for r in results if r.metric == "accuracy"}
    printed = {
        Key(*place): value
        for (*place, metric), value in published_cells(reading.table).items()
        if metric == "accuracy" and (not reading.only or place[3] in reading.only) and data in ("", place[0])
    }
    gaps: list[float] = []
    for key, value in printed.items():
        place = reading.ours(key)
        mine = ours.get(place, ours.get(replace(place, attack="")))
        if mine is not None:
            gaps.append(abs(mine - value))
    if not gaps:
        return None
    return Distance(float(np.mean(gaps)), max(gaps), len(gaps), len(printed))


def others(reading: Sequence[Reading] = READINGS) -> list[Table]:
    """Return the tables of the readings that have cells of their own."""
    return [one.definition for one in reading if one.make is not None]
