"""Every table, the theory study, strategies, pictures and audits as one run: its parts, plan and work."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from edgewise.arrays import Values
from edgewise.models import MODELS
from edgewise.paper import audits
from edgewise.paper.comparison import runs as trials
from edgewise.paper.pictures import attack_images as images
from edgewise.paper.pictures import halfmoon as picture
from edgewise.paper.runs.experiment import Experiment
from edgewise.paper.tables import TABLES
from edgewise.paper.tables.readings import others
from edgewise.paper.theory.study import compute as theory
from edgewise.paper.theory.study.settings import study
from edgewise.store import Cell, Store


QUICK_SEEDS, FULL_SEEDS = 3, 20
READING_SEEDS = 5
"""Seeds of a reading that is only set beside the printed grid: nothing is tested with it."""
COMPARED = ("random", "margin", "edge-mix")
LEARNED = ("1-nn", "rbf-ridge", "logistic", "network")
ON_A_GPU = ("table6",)
"""Parts whose full run takes weeks without one."""


@dataclass(frozen=True)
class Part:
    """One experiment of the whole.

    Parameters
    ----------
    name
        Such as ``"table2"``.
    cells
        What it runs; empty if it is left out.
    left_out
        Why it is, or an empty string.
    """

    name: str
    cells: tuple[Cell, ...]
    left_out: str = ""


@dataclass(frozen=True)
class Planned:
    """A line of the plan: a part, how many of its cells are missing, and the seconds they may take.

    ``seconds`` is one worker's, on a machine like that of ``costs.csv``.
    """

    part: Part
    missing: int
    seconds: float


def parts(*, quick: bool, seeds: int | None = None, gpu: bool | None = None) -> list[Part]:
    """Return every experiment, cheap ones first; parts this machine cannot run say why.

    Parameters
    ----------
    quick
        The small version of each: minutes, and never set beside the paper.
    seeds
        Seeds of each table, 20 in full and 3 in quick form; the theory study and the audits have their own.
    gpu
        Whether there is one; None looks.

    Examples
    --------
    >>> [part.name for part in parts(quick=True)][:3]
    ['pictures', 'audits', 'theory']
    """
    count = seeds or (QUICK_SEEDS if quick else FULL_SEEDS)
    torch = MODELS["network"].installed
    pictures = (picture.cell(), images.cell()) if torch and not quick else (picture.cell(),)
    made = [
        Part("pictures", pictures),
        Part("audits", tuple(audits.cells(_data(torch), torch=torch))),
        Part("theory", tuple(study(quick=quick, seeds=None if seeds is None else max(2, seeds)))),
        Part("compare", tuple(_trials(count, quick=quick))),
    ]
    for name, row in TABLES.items():
        if quick and name.endswith("-small"):
            continue
        if not row.installed:
            made.append(Part(name, (), f"needs {row.extra}: pip install 'edgewise[{row.extra}]'"))
        elif name in ON_A_GPU and not quick and not (_has_gpu() if gpu is None else gpu):
            made.append(Part(name, (), "its full run needs a GPU: there is none here"))
        else:
            table = row.make()
            made.append(Part(name, tuple(table.cells(table.data, count, quick=quick))))
    if torch and not quick:
        count = min(count, READING_SEEDS)
        cells = tuple(cell for table in others() for cell in table.cells(table.data, count))
        made.append(Part("readings", cells))
    return made


def plan(chosen: Sequence[Part], store: Store) -> list[Planned]:
    """Return what is missing of each part and how long it may take one worker."""
    lines: list[Planned] = []
    for part in chosen:
        missing = [cell for cell in part.cells if store.get(cell) is None]
        lines.append(Planned(part, len(missing), sum(seconds(cell) for cell in missing)))
    return lines


def experiment(chosen: Sequence[Part]) -> Experiment:
    """Return these parts as one experiment; a cell that fails does not stop the rest."""
    return Experiment("all", [cell for part in chosen for cell in part.cells], work)


def work(cell: Cell) -> Values:
    """Compute any cell of any part."""
    return _worker(cell.what)(cell)


def _worker(what: str) -> Callable[[Cell], Values]:
    if what in TABLES:
        return TABLES[what].make().work
    if what.startswith("table"):
        return next(table.work for table in others() if table.name == what)
    if what.startswith("theory-"):
        return theory.work
    if what.startswith("audit-"):
        return audits.work
    return {"compare": trials.work, picture.NAME: picture.work, images.NAME: images.work}[what]


def seconds(cell: Cell) -> float:
    """Return how long a cell like this took where ``costs.csv`` was made, else the mean of its experiment or of all.

    Examples
    --------
    >>> seconds(Cell("no such", {}, 0)) > 0
    True
    """
    known = costs()
    return known.get(kind(cell), known.get((cell.what, ""), known[("", "")]))


def kind(cell: Cell) -> tuple[str, str]:
    """Return what decides a cell's cost in `costs`: the experiment, and its size.

    Examples
    --------
    >>> kind(Cell("table2", {"data": "halfmoon", "attack": "opt", "extra": 25}, 0))
    ('table2', 'halfmoon opt 25')
    """
    s = cell.settings
    parts = [s.get(name) for name in ("data", "attack", "arm", "reading", "learner", "strategy", "problem")]
    sizes = [s.get(name) for name in ("extra", "budget", "n", "d", "train")]
    sizes += [max(s[name]) for name in ("budgets", "labels") if isinstance(s.get(name), list)]
    return cell.what, " ".join(str(part) for part in [*parts, *sizes] if part not in (None, ""))


@cache
def costs() -> dict[tuple[str, str], float]:
    """Return the seconds of each kind of cell, by `kind`, with the mean of an experiment and of all under ``""``."""
    text = resources.files("edgewise.paper").joinpath("costs.csv").read_text(encoding="utf-8")
    known = {(row["what"], row["kind"]): float(row["seconds"]) for row in csv.DictReader(text.splitlines())}
    means = {("", ""): float(np.mean([*known.values()]))}
    for what in {what for what, _ in known}:
        means[what, ""] = float(np.mean([value for (name, _), value in known.items() if name == what]))
    return means | known


def _data(torch: bool) -> list[str]:
    """Return the data sets of the tables; MNIST's pools are MNIST."""
    names = (name for row in TABLES.values() if torch or not row.extra for name in row.make().data)
    return list(dict.fromkeys("mnist" if name.startswith("mnist-pool") else name for name in names))


def _trials(seeds: int, *, quick: bool) -> list[Cell]:
    if quick:
        return trials.cells(["halfmoon", "digits"], ["1-nn", "logistic"], COMPARED, range(seeds), budget=60)
    learners = [name for name in LEARNED if MODELS["network"].installed or name != "network"]
    return trials.cells(list(trials.TRIALS), learners, COMPARED, range(seeds))


def _has_gpu() -> bool:
    from edgewise.models.torch_typed import gpu

    return bool(gpu())
