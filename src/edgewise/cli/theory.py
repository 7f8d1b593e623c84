"""``edgewise theory``: run the study of section 3, or ask it for advice."""

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


theory = typer.Typer(
    help="Does concentrating labels at the boundary help, and when?",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@theory.callback()
def study(
    context: typer.Context,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Small: minutes, wide error bars.")] = False,
    store: Store = Path("runs.db"),
    jobs: Jobs = 2,
    backend: Backend = "local",
    address: Address = None,
    seeds: Annotated[int | None, typer.Option("--seeds", min=2, help="20; 4 with --quick.")] = None,
    publish: Annotated[Path | None, typer.Option("--publish", help="Write tables to this folder.")] = None,
) -> None:
    """Run the whole study into the store, going on where it stopped, and print what it found."""
    if context.invoked_subcommand is not None:
        return
    from edgewise.paper.theory.study.result_tables import summaries, write
    from edgewise.paper.theory.study.run import experiment, violations

    wanted = experiment(quick=quick, seeds=seeds)
    with computing(store, jobs=jobs, backend=backend, address=address) as facts:
        run = wanted.run(facts, typed(), jobs=jobs, progress=not quiet())
        tables = summaries(facts.facts)
    for table in tables:
        if table.brief:
            show(table.title, table.header, table.rows)
    if publish is not None:
        write(tables, publish, dict(run.about))
        run.publish(publish / "facts.jsonl.gz")
        typer.echo(f"wrote {len(tables)} tables and the facts they rest on to {publish}")
    conclude(run.summary, store, more=f", {len(violations(run.summary))} of them violations of a guarantee")


@theory.command("advise")
def advise(
    data: Annotated[str | None, typer.Option("--data", help="A data set to estimate from.")] = None,
    n: Annotated[int | None, typer.Option("-n", "--n", min=1, help="Labels in the budget.")] = None,
    dim: Annotated[float | None, typer.Option("--dim", min=0, help="Effective dimension.")] = None,
    noise: Annotated[float | None, typer.Option("--noise", help="Share of wrong labels, 0 to 1/2.")] = None,
    learner: Annotated[str, typer.Option("--learner", help="knn, weighted, pooling or linear.")] = "knn",
    data_home: DataHome = None,
) -> None:
    """Say whether boundary sampling is expected to help, with the evidence and its limits."""
    from edgewise.advice.advise import advice_for, count_name
    from edgewise.advice.advise import advise as from_data
    from edgewise.arrays import InputError

    if data is not None:
        if dim is not None or noise is not None:
            raise InputError(
                "--data estimates dimension and noise; give --data (and --n), or --n, --dim and --noise."
            )
        from edgewise.data import load

        train = load(data, rng=0, data_home=data_home).train
        advice = from_data(train.X.reshape(len(train.X), -1), train.y, budget=n, learner=learner)
    elif n is None or dim is None:
        raise InputError("give --data NAME, or --n LABELS and --dim D (and --noise RATE).")
    else:
        advice = advice_for(n, dim, noise=noise or 0.0, learner=learner)
    typer.echo(f"{advice.verdict.upper()}: {advice.summary}")
    typer.echo(
        f"best density exponent β ≈ {advice.beta:.2f}; cap τ at least {advice.floor:.3f}; a local "
        "average "
        f"needs about {count_name(advice.needed)} labels"
    )
    for title, lines in (("Evidence", advice.evidence), ("Limits", advice.limits)):
        typer.echo(f"{title}:")
        for line in lines:
            typer.echo(f"  - {line}")
