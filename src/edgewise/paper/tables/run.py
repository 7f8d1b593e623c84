"""A table as an experiment, and the page about a run of it."""

from __future__ import annotations

from collections.abc import Sequence

from edgewise.arrays import check_count
from edgewise.data import DATASETS
from edgewise.paper.runs.experiment import Experiment, Run
from edgewise.paper.tables.frame import Table, summarise
from edgewise.paper.tables.text import markdown
from edgewise.registry import lookup


def chosen_data(table: Table, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the data sets to run: those named, or the table's own.

    Raises
    ------
    InputError
        An unknown name.
    """
    for name in names or ():
        lookup(dict.fromkeys([*table.data, *DATASETS]), name, "data set")
    return tuple(names) if names else table.data


def experiment(table: Table, data: Sequence[str], seeds: int, *, quick: bool = False) -> Experiment:
    """Return the cells of ``table`` for these data sets and seeds, ready to run."""
    cells = table.cells(data, check_count(seeds, "seeds"), quick=quick)
    return Experiment(table.name, cells, table.work, {"readings": list(table.readings)})


def page(table: Table, run: Run) -> str:
    """Return the page of Markdown that goes beside published facts: figures and verdicts."""
    return markdown(table, summarise(table, run.facts), dict(run.about))
