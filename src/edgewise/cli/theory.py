"""``edgewise theory``: run the study of section 3, or ask it for advice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Address, Backend, DataHome, Jobs, Store, conclude, quiet, show


theory = typer.Typer(
    help="Does concentrating labels at the boundary help, and when?",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@theory.callback()
def study(
    context: typer.Context,
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
    import sys

    from edgewise.paper.runs.results import provenance, record
    from edgewise.paper.runs.results import publish as write_facts
    from edgewise.paper.theory.study.result_tables import summaries, write
    from edgewise.paper.theory.study.run import run_study
    from edgewise.parallel import engine
    from edgewise.store import Store as Facts

    with engine(backend, address=address, workers=jobs), Facts(store) as facts:
        report = run_study(facts, quick=quick, seeds=seeds, jobs=jobs, progress=not quiet())
        tables = summaries(facts)
        held = [fact for fact in facts.facts() if fact.cell.what.startswith("theory-")]
        about = provenance(" ".join(["edgewise", *sys.argv[1:]]))
        if report.summary.computed:
            record(facts, (fact.cell.what for fact in held), about)
    for table in tables:
        if table.brief:
            show(table.title, table.header, table.rows)
    if publish is not None:
        write(tables, publish, about)
        write_facts(held, publish / "facts.jsonl.gz", about)
        typer.echo(f"wrote {len(tables)} tables and the facts they rest on to {publish}")
    conclude(report.summary, store, more=f", {len(report.violations)} of them violations of a guarantee")


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
    from edgewise.advice.advise import advise as say
    from edgewise.advice.advise import advise_data, count_name
    from edgewise.arrays import InputError

    if data is not None:
        if dim is not None or noise is not None:
            raise InputError(
                "--data estimates dimension and noise; give --data (and --n), or --n, --dim and --noise."
            )
        from edgewise.data import load

        train = load(data, rng=0, data_home=data_home).train
        advice = advise_data(train.X.reshape(len(train.X), -1), train.y, n=n, learner=learner)
    elif n is None or dim is None:
        raise InputError("give --data NAME, or --n LABELS and --dim D (and --noise RATE).")
    else:
        advice = say(n, dim, noise=noise or 0.0, learner=learner)
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
