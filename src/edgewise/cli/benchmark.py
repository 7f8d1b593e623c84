"""``edgewise benchmark``: published benchmarks of others, with their numbers beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Address, Backend, DataHome, Jobs, Store, conclude, quiet, show


benchmark = typer.Typer(
    no_args_is_help=True, help="Run a published benchmark; its numbers stand beside ours."
)


@benchmark.callback()
def _group() -> None:
    """Keep a command of its own for every benchmark, also while there is one."""


@benchmark.command("lu2023")
def lu2023(
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
            help="A strategy; random, margin, typical, edge-mix and herding by default. May be repeated.",
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
    import os
    import sys

    from edgewise.atomic import replacing
    from edgewise.paper.benchmarks import lu2023_page as page
    from edgewise.paper.benchmarks.lu2023 import COMPARED, cells, run
    from edgewise.paper.runs.results import provenance
    from edgewise.paper.runs.sweep import sweep
    from edgewise.parallel import engine
    from edgewise.store import Store as Facts

    if data_home is not None:
        os.environ["EDGEWISE_DATA"] = str(data_home)
    wanted = cells(sets or ["small"], strategy or COMPARED, range(splits))
    with engine(backend, address=address, workers=jobs), Facts(store) as facts:
        summary = sweep(wanted, run, facts, jobs=jobs, progress=not quiet(), what="splits of Lu et al.")
        held = [fact for cell in wanted if (fact := facts.get(cell)) is not None]
    areas = page.areas(held)
    for title, header, rows in page.tables(areas):
        show(title, header, rows)
    if publish is not None:
        about = provenance(" ".join(["edgewise", *sys.argv[1:]]))
        for path, text in (
            (publish, page.markdown(areas, about)),
            (publish.with_suffix(".csv"), page.per_split(areas)),
        ):
            with replacing(path) as file:
                file.write(text.encode())
    conclude(summary, store, cells="runs")
