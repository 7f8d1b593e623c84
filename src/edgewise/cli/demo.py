"""``edgewise demo``: the main job on data that ship or are generated, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Jobs, quiet, show, width


DATA = ("halfmoon", "digits-1v7")


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for store and report.")] = Path("demo"),
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="More narrow the intervals.")] = 5,
    jobs: Jobs = 2,
) -> None:
    """Train a 1-NN, attack it in five ways, retrain, and write a page with tables and pictures."""
    from edgewise.paper.pictures import halfmoon as picture
    from edgewise.paper.report import build
    from edgewise.paper.runs.sweep import sweep
    from edgewise.paper.tables.frame import summarise
    from edgewise.paper.tables.run import run
    from edgewise.paper.tables.table2 import Table2
    from edgewise.paper.tables.text import LEGEND, compact
    from edgewise.store import Store

    table = Table2()
    out.mkdir(parents=True, exist_ok=True)
    with Store(out / "runs.db") as store:
        sweep([picture.cell()], picture.work, store, progress=not quiet(), what="picture")
        cells, summary = run(table, DATA, seeds, store, jobs=jobs, progress=not quiet())
        held = [fact for cell in cells if (fact := store.get(cell)) is not None]
        build(store, out / "report.html")
    shown = [r for r in summarise(table, held) if r.key.arm in ("baseline", "clean", "adversarial")]
    typer.echo(f"Table 2, {seeds} seeds: {table.title}")
    for part in compact(shown, width=width()):
        show(*part)
    typer.echo(LEGEND)
    for failure in summary.failures:
        typer.echo(f"failed: {failure.message}", err=True)
    typer.echo(f"\nwrote {out / 'report.html'}: open it in a browser")
    if summary.failures:
        raise typer.Exit(1)
