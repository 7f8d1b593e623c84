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
    ] = 8,
    jobs: Jobs = 2,
) -> None:
    """Attack a 1-NN in five ways and retrain it, label by a strategy and at random, and write a page about both."""
    from edgewise.paper.comparison.runs import cells as trials
    from edgewise.paper.comparison.runs import work as trial
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
        labelled = trials(["digits"], ["logistic"], ["random", "edge-mix"], range(seeds), budget=120)
        Experiment("labelling", labelled, trial).run(facts, typed(), jobs=jobs, progress=not quiet())
        build(facts, out / "report.html")
    shown = [r for r in summarise(table, run.facts) if r.key.arm in ("baseline", "clean", "adversarial")]
    typer.echo(f"Table 2, {seeds} seeds: {table.title}")
    for part in compact(shown, width=width()):
        show(*part)
    typer.echo(LEGEND)
    typer.echo(_exact())
    typer.echo(f"\nwrote {out / 'report.html'}: open it in a browser")
    conclude(run.summary, out / "runs.db")


def _exact() -> str:
    """Attack one point exactly and say what is proved."""
    from sklearn.neighbors import KNeighborsClassifier

    import edgewise as ew

    data = ew.load("halfmoon", rng=0)
    knn = KNeighborsClassifier(1).fit(*data.train)
    found = ew.attack(knn, data.test.X[:1], rng=0)
    least = ew.radius(knn, data.test.X[:1])
    point = [round(float(x), 2) for x in data.test.X[0]]
    return (
        f"\nOne exact attack: the point {point} of class {found.source_label[0]} "
        f"becomes class {found.label[0]} at distance {found.distance[0]:.4f}; no point nearer than "
        f"{least.lower[0]:.4f} does, which is proved."
    )
