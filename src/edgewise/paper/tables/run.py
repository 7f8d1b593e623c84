"""Run a table into a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgewise.arrays import check_count
from edgewise.atomic import replacing
from edgewise.data import DATASETS
from edgewise.paper.runs.results import provenance
from edgewise.paper.runs.results import publish as write
from edgewise.paper.runs.sweep import Summary, sweep
from edgewise.paper.tables.frame import Table, summarise
from edgewise.paper.tables.text import markdown
from edgewise.registry import lookup
from edgewise.store import Cell, Fact, Store


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


def run(
    table: Table,
    data: Sequence[str],
    seeds: int,
    store: Store,
    *,
    quick: bool = False,
    jobs: int = 1,
    progress: bool = False,
) -> tuple[list[Cell], Summary]:
    """Compute the cells of ``table`` that ``store`` lacks; return all its cells and what was done."""
    cells = table.cells(data, check_count(seeds, "seeds"), quick=quick)
    return cells, sweep(cells, table.work, store, jobs=jobs, progress=progress, what=table.name)


def publish(table: Table, facts: Sequence[Fact], path: Path, command: str) -> None:
    """Write the facts of a run to ``path`` and, beside it, a page of Markdown with figures and verdicts."""
    about = provenance(command) | {"readings": list(table.readings)}
    write(facts, path, about)
    with replacing(path.with_suffix(".md")) as file:
        file.write(markdown(table, summarise(table, facts), about).encode())
