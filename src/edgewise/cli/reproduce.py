"""``edgewise reproduce``: run a table of the paper again, with seeds and intervals."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgewise.cli.options import (
    Address,
    Backend,
    DataHome,
    Jobs,
    Store,
    computing,
    conclude,
    quiet,
    show,
    typed,
    width,
)
from edgewise.cli.written import check_published


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgewise.paper.tables.frame import Result, Table
    from edgewise.paper.tables.readings import Reading
    from edgewise.store import Fact


def reproduce(
    table: Annotated[str, typer.Argument(help="table2, table3, ... or all.")],
    *,
    data: Annotated[
        list[str] | None, typer.Option("--data", help="Only this data set; may be repeated.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", min=1, help="20 by default; 3 with --quick.")
    ] = None,
    jobs: Jobs = 2,
    backend: Backend = "local",
    address: Address = None,
    store: Store = Path("runs.db"),
    quick: Annotated[bool, typer.Option("--quick", help="Small; never set beside the paper.")] = False,
    full: Annotated[bool, typer.Option("--full", help="With all: run it, not only plan.")] = False,
    arm: Annotated[
        list[str] | None, typer.Option("--arm", help="Only this arm of table7; may be repeated.")
    ] = None,
    attack: Annotated[
        list[str] | None, typer.Option("--attack", help="Only this attack; may be repeated.")
    ] = None,
    reading: Annotated[
        str, typer.Option("--reading", help="Another reading than the main one; a wrong name lists them.")
    ] = "main",
    size: Annotated[str, typer.Option("--size", help="Of table6: small, or full for a GPU.")] = "full",
    published: Annotated[
        Path | None, typer.Option("--reuse", help="Take cells from this published .jsonl instead of the CPU.")
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Compute nothing: show and publish what the store holds.")
    ] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help="With all: this part.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="With all: begin no new store.")] = False,
    publish: Annotated[
        Path | None, typer.Option("--publish", help="Write .jsonl cells and a .md page; a folder with all.")
    ] = None,
    data_home: DataHome = None,
) -> None:
    """Run the cells of a table that the store does not hold yet, and print them beside the paper's.

    all is every table, the theory study and the comparison of strategies in one store; on its own it prints
    the plan. Every run goes on where an earlier one with the same store stopped.
    """
    from edgewise.cli.reproduce_all import chosen_parts, plan_only, reproduce_all
    from edgewise.paper.tables.run import chosen_arms, chosen_data, experiment, page, reuse, with_checkpoints

    alone = {"--data": data, "--arm": arm, "--attack": attack, "--reuse": published, "--stored": stored}
    alone |= {"--reading": reading != "main", "--size": size != "full"}
    together = {"--full": full, "--only": only, "--resume": resume}
    _check_goes(table, together if table != "all" else alone)
    where = partial(computing, jobs=jobs, backend=backend, address=address, data_home=data_home)
    if table == "all":
        _check_all(quick, full, resume, store)
        chosen = chosen_parts(quick=quick, seeds=seeds, only=only)
        if not quick and not full:
            plan_only(chosen, jobs)
            return
        with where(store) as facts:
            reproduce_all(chosen, facts, store, jobs=jobs, publish=publish)
        return
    check_published(publish, store, [] if published is None else [published])
    definition = with_checkpoints(chosen_arms(_definition(table, size, reading), arm), store)
    names = chosen_data(definition, data)
    wanted = experiment(definition, names, seeds or (3 if quick else 20), attacks=attack, quick=quick)
    with where(store) as facts:
        if published is not None:
            reuse(facts, published)
        if stored:
            wanted = wanted.stored(facts)
        run = wanted.run(facts, typed(), jobs=jobs, progress=not quiet())
    if publish is not None:
        run.publish(publish, page(definition, run))
    _print(table, definition, run.facts, quick, reading if size == "full" else None)
    conclude(run.summary, store)


def _check_goes(table: str, others: Mapping[str, object]) -> None:
    from edgewise.arrays import InputError

    given = [name for name, value in others.items() if value]
    if given:
        goes = "a single table" if table == "all" else "'all'"
        raise InputError(f"{given[0]} goes with {goes}, not with {table!r}; leave it out.")


def _check_all(quick: bool, full: bool, resume: bool, store: Path) -> None:
    from edgewise.arrays import InputError

    if quick and full:
        raise InputError("--quick and --full are two runs; give one of them.")
    if resume and not store.exists():
        raise InputError(f"--resume goes on with a run, and there is no store at {store}; leave it out.")


def _print(name: str, table: Table, facts: Sequence[Fact], quick: bool, reading: str | None) -> None:
    """Print the table beside the paper's, and what it says about the paper's claims."""
    from edgewise.paper.tables.frame import summarise
    from edgewise.paper.tables.readings import of
    from edgewise.paper.tables.text import LEGEND, compact

    results = summarise(table, facts)
    typer.echo(f"{name}: {table.title}{' (quick: not to be set beside the paper)' if quick else ''}")
    for part in compact(results, width=width(), quick=quick):
        show(*part)
    typer.echo(LEGEND)
    if not quick:
        _judge(table, results, None if reading is None else of(name)[reading])


def _definition(table: str, size: str, reading: str) -> Table:
    """Return the table at this size, or as it is read otherwise."""
    from edgewise.paper.tables import TABLES
    from edgewise.paper.tables.readings import MAIN, of
    from edgewise.registry import lookup

    row = lookup(TABLES, table if size == "full" else f"{table}-{size}", "table")
    row.require()
    return row.make() if reading == MAIN else lookup(of(table), reading, f"reading of {table}").definition


def _judge(table: Table, results: Sequence[Result], reading: Reading | None) -> None:
    """Print the verdicts, and how far the reading is from what is printed."""
    from edgewise.paper.tables.readings import distance

    for claim in table.claims(results):
        typer.echo(f"\n{claim.verdict.upper()}: {claim.text}\n  {claim.reason}")
    gap = None if reading is None else distance(reading, results)
    if reading is not None and gap is not None:
        typer.echo(
            f"\nDistance of this reading ({reading.name}) to the printed figures: {gap.mean:.3f} on average, "
            f"{gap.largest:.3f} at most, over {gap.cells} of {gap.printed}."
        )
