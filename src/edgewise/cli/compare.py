"""``edgewise compare``: paired runs of strategies on real data, with tests over seeds."""

from __future__ import annotations

from collections.abc import Mapping
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
)
from edgewise.cli.written import check_published


if TYPE_CHECKING:
    from edgewise.paper.comparison.statistics import Curves, Standing, Task
    from edgewise.stats import Paired


def compare(
    *,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy",
            help="A strategy, or FILE.py:NAME for your own; nine strong ones by default. May be repeated.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            help="Only this data set, KEEL table (keel: all of them), or CSV of yours (class last). May be repeated.",
        ),
    ] = None,
    learner: Annotated[
        list[str] | None,
        typer.Option(
            "--learner",
            help="Only this learner, or one that learns from unlabelled pictures as well: network-vat, "
            "network-noise, network-fixmatch, or network-affine without. May be repeated.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Paired runs.")] = 10,
    start: Annotated[
        int | None, typer.Option("--start", min=0, help="Uniform labels at the start; 0 for none.")
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Labels a round.")] = None,
    budget: Annotated[int | None, typer.Option("--budget", min=1, help="Labels in all.")] = None,
    pool: Annotated[int | None, typer.Option("--pool", min=1, help="Rows of the pool.")] = None,
    jobs: Jobs = 1,
    backend: Backend = "local",
    address: Address = None,
    store: Store = Path("runs.db"),
    publish: Annotated[
        Path | None, typer.Option("--publish", help="Write the runs to this .jsonl and a page beside it.")
    ] = None,
    data_home: DataHome = None,
) -> None:
    """Run strategies from the same initial labels, seed by seed, and compare the areas under their curves.

    Data that strategies were chosen on ("development") and data that they were not ("report") are ranked apart.
    """
    from edgewise.data.keel import class_of_table
    from edgewise.paper.comparison.page import markdown, penalty_rows
    from edgewise.paper.comparison.ranks import RANKED, rank_tables
    from edgewise.paper.comparison.runs import PLAIN, STRONG, TRIALS, cells, work
    from edgewise.paper.comparison.statistics import curves
    from edgewise.paper.comparison.tasks import is_own
    from edgewise.paper.runs.experiment import Experiment

    check_published(publish, store, [Path(name) for name in data or () if is_own(name)])
    for table in filter(is_own, data or ()):
        typer.echo(f"{table}: {class_of_table(table)}")
    names = strategy or list(STRONG)
    wanted = cells(
        data or list(TRIALS),
        learner or list(PLAIN),
        names,
        range(seeds),
        start=start,
        batch=batch,
        budget=budget,
        pool=pool,
    )
    with computing(store, jobs=jobs, backend=backend, address=address, data_home=data_home) as facts:
        run = Experiment("comparing strategies", wanted, work).run(
            facts, typed(), jobs=jobs, progress=not quiet()
        )
    found = curves(run.facts)
    ranks = rank_tables(found, curves(run.facts, "balanced"))
    if publish is not None:
        run.publish(publish, markdown(found, ranks, dict(run.about)))
    _show_areas(found)
    for title, rows in ranks:
        show(title, RANKED, rows)
    show(
        "penalty matrix: how often the row beats the column",
        ("", *names),
        penalty_rows(found, names),
    )
    conclude(run.summary, store, cells="runs")


def _show_areas(found: Mapping[Task, Mapping[str, Curves]]) -> None:
    from math import isnan

    from edgewise.paper.comparison.statistics import standings

    rows = standings(found)
    show(
        "area under the learning curve",
        (
            "data",
            "learner",
            "strategy",
            "AULC",
            "against random",
            "against margin",
            "deficiency",
            "seeds needed",
        ),
        [_row(s) for s in rows],
    )
    show(
        "labels random needs / labels needed",
        ("data", "learner", "strategy", "accuracy", "ratio"),
        [
            (s.task.data, s.task.learner, s.strategy, f"{target:.0%}", f"{ratio:.2f}")
            for s in rows
            for target, ratio in s.speed_up.items()
            if not isnan(ratio)
        ],
    )


def _row(standing: Standing) -> tuple[str, ...]:
    needed = standing.seeds_needed.get("random")
    return (
        standing.task.data,
        standing.task.learner,
        standing.strategy,
        f"{standing.aulc.mean:.4f}",
        _said(standing.against.get("random")),
        _said(standing.against.get("margin")),
        f"{standing.deficiency:.2f}",
        "" if needed is None else f"{needed}",
    )


def _said(comparison: Paired | None) -> str:
    if comparison is None:
        return ""
    return f"{comparison.difference.mean:+.4f} {comparison.verdict()} (p {comparison.p_holm:.2g})"
