"""``edgewise demo``: the main job on data that ship or are generated, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Jobs, computing, conclude, quiet, show, typed, width


DATA = ("halfmoon", "digits-1v7")


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for store and report.")] = Path("demo"),
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="Number of seeds; more seeds give narrower intervals.")
    ] = 5,
    jobs: Jobs = 2,
) -> None:
    """Train a 1-NN, attack it in five ways, retrain, and write a page with tables and pictures."""
    from edgewise.paper.pictures import halfmoon as picture
    from edgewise.paper.report import build
    from edgewise.paper.runs.experiment import Experiment
    from edgewise.paper.tables.frame import summarise
    from edgewise.paper.tables.run import experiment
    from edgewise.paper.tables.table2 import Table2
    from edgewise.paper.tables.text import LEGEND, compact

    table = Table2()
    out.mkdir(parents=True, exist_ok=True)
    with computing(out / "runs.db", jobs=jobs) as facts:
        Experiment("picture", [picture.cell()], picture.work).run(facts, typed(), progress=not quiet())
        run = experiment(table, DATA, seeds).run(facts, typed(), jobs=jobs, progress=not quiet())
        build(facts, out / "report.html")
    shown = [r for r in summarise(table, run.facts) if r.key.arm in ("baseline", "clean", "adversarial")]
    typer.echo(f"Table 2, {seeds} seeds: {table.title}")
    for part in compact(shown, width=width()):
        show(*part)
    typer.echo(LEGEND)
    typer.echo(f"\nwrote {out / 'report.html'}: open it in a browser")
    conclude(run.summary, out / "runs.db")
