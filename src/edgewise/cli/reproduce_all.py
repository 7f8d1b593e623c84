"""``edgewise reproduce all``: the plan, one overall progress display, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgewise.cli.options import conclude, quiet, show, typed


if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgewise.paper.all_experiments import Part, Planned
    from edgewise.paper.runs.sweep import Failure
    from edgewise.store import Fact, Store


def chosen_parts(*, quick: bool, seeds: int | None, only: Sequence[str] | None) -> list[Part]:
    """Return the parts to run, all of them by default."""
    from edgewise.paper.all_experiments import parts
    from edgewise.registry import lookup

    every = {part.name: part for part in parts(quick=quick, seeds=seeds)}
    return [lookup(every, name, "part") for name in only or every]


def plan_only(chosen: Sequence[Part], jobs: int) -> None:
    """Show the plan and run nothing."""
    from edgewise.paper.all_experiments import plan
    from edgewise.store import Store as Facts

    with Facts(":memory:") as empty:
        _show_plan(plan(chosen, empty), jobs)
    typer.echo("Nothing was run. Give --full for this, hours, or --quick for a small version, minutes.")


def reproduce_all(
    chosen: Sequence[Part], facts: Store, store: Path, *, jobs: int, publish: Path | None
) -> None:
    """Show the plan, then compute what the store lacks as one run."""
    from edgewise.paper.all_experiments import experiment, plan, seconds
    from edgewise.progress import weigh

    planned = plan(chosen, facts)
    _show_plan(planned, jobs)
    missing = sum(line.missing for line in planned)
    with weigh(sum(line.seconds for line in planned), missing, show=not quiet()) as finish:

        def watch(outcome: Fact | Failure) -> None:
            settings = outcome.cell.settings
            said = (outcome.cell.what, settings.get("data", ""), f"seed {outcome.cell.seed}")
            finish(" ".join(str(part) for part in said if part), seconds(outcome.cell))

        run = experiment(chosen).run(facts, typed(), jobs=jobs, watch=watch)
    if publish is not None:
        publish.mkdir(parents=True, exist_ok=True)
        for part in chosen:
            keys = {cell.key for cell in part.cells}
            mine = [fact for fact in run.facts if fact.cell.key in keys]
            if mine:
                replace(run, facts=mine).publish(publish / f"{part.name}.jsonl.gz")
        typer.echo(f"wrote the runs to {publish}")
    typer.echo(f"For the page: edgewise report --store {store}")
    conclude(run.summary, store)


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
