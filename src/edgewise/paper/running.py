"""Run a table into a store."""

from __future__ import annotations

from collections.abc import Sequence

from edgewise.arrays import check_count
from edgewise.data import DATASETS
from edgewise.paper.base import Table
from edgewise.registry import lookup
from edgewise.store import Cell, Store
from edgewise.sweep import Summary, sweep


def chosen_data(table: Table, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the data sets to run: those named, or the table's own.

    Raises
    ------
    InputError
        An unknown name.
    """
    for name in names or ():
        lookup(DATASETS, name, "data set")
    return tuple(names) if names else table.data


def run(table: Table, data: Sequence[str], seeds: int, store: Store, *, quick: bool = False, jobs: int = 1,
        progress: bool = False) -> tuple[list[Cell], Summary]:
    """Compute the cells of ``table`` that ``store`` lacks; return all its cells and what was done."""
    cells = table.cells(data, check_count(seeds, "seeds"), quick=quick)
    return cells, sweep(cells, table.work, store, jobs=jobs, progress=progress, what=table.name)
