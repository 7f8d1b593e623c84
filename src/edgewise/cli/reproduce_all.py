"""``edgewise reproduce all``: the plan, one overall progress display, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgewise.cli.options import conclude, quiet, show


if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgewise.paper.all_experiments import Part, Planned
    from edgewise.paper.runs.sweep import Failure, Summary
    from edgewise.store import Fact, Store


def reproduce_all(
    *,
    quick: bool,
    full: bool,
    resume: bool,
    only: Sequence[str] | None,
    seeds: int | None,
    jobs: int,
    store: Path,
    publish: Path | None,
    command: str,
) -> None:
    """Show the plan; with ``quick`` or ``full``, compute what the store lacks."""
    from edgewise.arrays import InputError
    from edgewise.paper.all_experiments import parts, plan
    from edgewise.paper.runs.results import provenance, record
    from edgewise.registry import lookup
    from edgewise.store import Store as Facts

    if quick and full:
        raise InputError("--quick and --full are two runs; give one of them.")
    if resume and not store.exists():
        raise InputError(
            f"--resume goes on with a run, and there is no store at {store}; leave --resume out "
            "to begin one there."
        )
    every = {part.name: part for part in parts(quick=quick, seeds=seeds)}
    chosen = [lookup(every, name, "part") for name in only or every]
    if not quick and not full:
        with Facts(":memory:") as empty:
            _show_plan(plan(chosen, empty), jobs)
        typer.echo("Nothing was run. Give --full for this, hours, or --quick for a small version, minutes.")
        return
    with Facts(store) as facts:
        planned = plan(chosen, facts)
        _show_plan(planned, jobs)
        summary = _run(chosen, planned, facts, jobs)
        about = provenance(command)
        held = [fact for part in chosen for cell in part.cells if (fact := facts.get(cell)) is not None]
        if summary.computed:
            record(facts, (fact.cell.what for fact in held), about)
    if publish is not None:
        _publish(chosen, held, publish, about)
        typer.echo(f"wrote the runs to {publish}")
    typer.echo(f"For the page: edgewise report --store {store}")
    conclude(summary, store)


def _run(chosen: Sequence[Part], planned: Sequence[Planned], facts: Store, jobs: int) -> Summary:
    from edgewise.paper.all_experiments import run, seconds
    from edgewise.progress import weigh

    missing = sum(line.missing for line in planned)
    with weigh(sum(line.seconds for line in planned), missing, show=not quiet()) as finish:

        def watch(outcome: Fact | Failure) -> None:
            settings = outcome.cell.settings
            what = " ".join(
                str(part)
                for part in (outcome.cell.what, settings.get("data", ""), f"seed {outcome.cell.seed}")
                if part
            )
            finish(what, seconds(outcome.cell))

        return run(chosen, facts, jobs=jobs, watch=watch)


def _show_plan(planned: Sequence[Planned], jobs: int) -> None:
    rows = [
        (
            line.part.name,
            f"{len(line.part.cells):,}",
            f"{line.missing:,}",
            line.part.left_out or _duration(line.seconds / jobs),
        )
        for line in planned
    ]
    total = sum(line.seconds for line in planned) / jobs
    show(
        f"The plan, {jobs} {'worker' if jobs == 1 else 'workers'}",
        ("part", "cells", "missing", "time"),
        [
            *rows,
            (
                "all",
                f"{sum(len(line.part.cells) for line in planned):,}",
                f"{sum(line.missing for line in planned):,}",
                _duration(total),
            ),
        ],
    )
    typer.echo("Times are those of one 2-core machine; yours may be twice as fast or slow.\n")


def _duration(seconds: float) -> str:
    """Say how long, as coarsely as an estimate deserves."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _publish(chosen: Sequence[Part], held: Sequence[Fact], folder: Path, about: dict[str, object]) -> None:
    from edgewise.paper.runs.results import publish

    folder.mkdir(parents=True, exist_ok=True)
    for part in chosen:
        keys = {cell.key for cell in part.cells}
        mine = [fact for fact in held if fact.cell.key in keys]
        if mine:
            publish(mine, folder / f"{part.name}.jsonl.gz", about)
