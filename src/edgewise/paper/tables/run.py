"""A table as an experiment, and the page about a run of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgewise.arrays import InputError, check_count
from edgewise.data import DATASETS
from edgewise.paper.runs.experiment import Experiment, Run
from edgewise.paper.runs.results import published_run, record
from edgewise.paper.tables.frame import Table, summarise
from edgewise.paper.tables.text import markdown
from edgewise.registry import lookup
from edgewise.store import Store


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
    return _changed(table, arms=tuple(names))


def with_checkpoints(table: Table, store: Path) -> Table:
    """Return ``table`` keeping its trainings beside ``store``, where it has trainings worth keeping."""
    if not hasattr(table, "checkpoints"):
        return table
    return _changed(table, checkpoints=store.with_suffix(".checkpoints"))


def _changed(table: Any, **settings: object) -> Table:
    return replace(table, **settings)


def reuse(store: Store, path: Path) -> int:
    """Copy the facts of a published run into ``store``, with how they were made; return how many were new."""
    about, facts = published_run(path)
    record(store, (fact.cell.what for fact in facts), about)
    return store.put_all(facts)


def experiment(
    table: Table,
    data: Sequence[str],
    seeds: int,
    *,
    attacks: Sequence[str] | None = None,
    quick: bool = False,
) -> Experiment:
    """Return the cells of ``table`` for these data sets and seeds, ready to run.

    With ``attacks``, the cells of these attacks and those without one, which they are compared with.

    Raises
    ------
    InputError
        An attack that the table does not have.
    """
    cells = table.cells(data, check_count(seeds, "seeds"), quick=quick)
    if attacks:
        of = [cell.settings.get("attack", "") for cell in cells]
        for name in attacks:
            lookup(dict.fromkeys(filter(None, of)), name, f"attack of {table.name}")
        cells = [cell for cell, name in zip(cells, of, strict=True) if name in ("", *attacks)]
    return Experiment(table.name, cells, table.work, {"readings": list(table.readings)})


def page(table: Table, run: Run) -> str:
    """Return the page of Markdown that goes beside published facts: figures and verdicts."""
    return markdown(table, summarise(table, run.facts), dict(run.about))
