"""Run a table into a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from edgewise.arrays import InputError, check_count
from edgewise.atomic import replacing
from edgewise.data import DATASETS
from edgewise.paper.runs.results import provenance, published_run, record
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


def chosen_arms(table: Table, names: Sequence[str] | None) -> Table:
    """Return ``table`` with these arms alone, or as it is.

    Raises
    ------
    InputError
        An unknown arm, or a table whose arms share their cells.
    """
    if not names:
        return table
    known = getattr(table, "arms", None)
    if known is None:
        raise InputError(f"the arms of {table.name} are computed together; leave --arm out.")
    for name in names:
        lookup(dict.fromkeys(known), name, "arm")
    return cast("Table", replace(cast("Any", table), arms=tuple(names)))


def with_checkpoints(table: Table, store: Path) -> Table:
    """Return ``table`` keeping its trainings beside ``store``, where it has trainings worth keeping."""
    if not hasattr(table, "checkpoints"):
        return table
    return cast("Table", replace(cast("Any", table), checkpoints=store.with_suffix(".checkpoints")))


def reuse(store: Store, path: Path) -> int:
    """Copy the facts of a published run into ``store``, with how they were made; return how many were new."""
    about, facts = published_run(path)
    record(store, (fact.cell.what for fact in facts), about)
    return store.put_all(facts)


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
