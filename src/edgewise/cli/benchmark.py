"""``edgewise benchmark``: published benchmarks of others, with their numbers beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
)
from edgewise.cli.written import check_written


benchmark = typer.Typer(
    no_args_is_help=True, help="Run a published benchmark; its numbers stand beside ours."
)


@benchmark.callback()
def _group() -> None:
    """Keep a command of its own for every benchmark, also while there is one."""


@benchmark.command("lu2023")
def lu2023(
    *,
    splits: Annotated[
        int, typer.Option("--splits", min=1, help="Splits of each set, numbered from 0.")
    ] = 100,
    sets: Annotated[
        list[str] | None,
        typer.Option("--sets", help="small (minutes), large (hours), all, or a name. May be repeated."),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy",
            help="A strategy; by default random, margin, typical, edge-mix, herding and herding-share-0. "
            "May be repeated.",
        ),
    ] = None,
    jobs: Jobs = 1,
    backend: Backend = "local",
    address: Address = None,
    store: Store = Path("runs.db"),
    publish: Annotated[
        Path | None,
        typer.Option("--publish", help="Write a page to this .md, and the area of every split to a .csv."),
    ] = None,
    data_home: DataHome = None,
) -> None:
    """Lu et al. (2023): one label a round with an RBF support vector machine, from 20 labels to the whole pool.

    Twelve of their 26 sets; the four large ones end at 1,000 labels here. Stop it at any time: the same command
    goes on from there.
    """
    from edgewise.atomic import replacing
    from edgewise.paper.benchmarks import lu2023_page as page
    from edgewise.paper.benchmarks.lu2023 import COMPARED, cells, work
    from edgewise.paper.runs.experiment import Experiment

    if publish is not None:
        check_written(
            {
                "the store": store,
                "the page (.md)": publish,
                "the areas beside it (.csv)": publish.with_suffix(".csv"),
            }
        )
    wanted = cells(sets or ["small"], strategy or COMPARED, range(splits))
    with computing(store, jobs=jobs, backend=backend, address=address, data_home=data_home) as facts:
        run = Experiment("splits of Lu et al.", wanted, work).run(
            facts, typed(), jobs=jobs, progress=not quiet()
        )
    areas = page.areas(run.facts)
    for title, header, rows in page.tables(areas):
        show(title, header, rows)
    if publish is not None:
        for path, text in (
            (publish, page.markdown(areas, run.about)),
            (publish.with_suffix(".csv"), page.per_split(areas)),
        ):
            with replacing(path) as file:
                file.write(text.encode())
    conclude(run.summary, store, cells="runs")
