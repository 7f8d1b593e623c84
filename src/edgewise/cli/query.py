"""``edgewise query``: from a pool and the labels so far, the rows to label next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Address, Backend, Jobs, Seed, say_batch


def query(
    pool: Annotated[
        Path | None,
        typer.Argument(help="CSV, Parquet, JSON Lines, NPZ, or a folder of pictures."),
    ] = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            "--labels",
            help="CSV with the columns row, label (shards: "
            "shard, row, label): a filled-in batch. May be "
            "repeated.",
        ),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 20,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The CSV to fill in; without it next.csv, next-2.csv and so on."),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace --out also if labels are filled in, or if it is no batch."),
    ] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", help="A column to show and not to learn from. May be repeated."),
    ] = None,
    strategy: Annotated[str, typer.Option("--strategy", help="How to choose.")] = "herding",
    learner: Annotated[
        str, typer.Option("--learner", help="logistic, 1-nn, rbf-ridge, svc, forest or boosting.")
    ] = "logistic",
    seed: Seed = 0,
    shards: Annotated[
        str | None,
        typer.Option("--pool", help="A pool in many files, such as 'shards/*.parquet', in place of POOL."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="Shards: a fitted model written by joblib, in place "
            "of --learner. Reading it runs its code: only "
            "your own.",
        ),
    ] = None,
    scores: Annotated[Path, typer.Option("--scores", help="Shards: the folder for their scores.")] = Path(
        "scores"
    ),
    device: Annotated[
        str | None, typer.Option("--device", help="Shards: cuda asks torch models on GPUs.")
    ] = None,
    jobs: Jobs = 1,
    backend: Backend = "local",
    address: Address = None,
) -> None:
    """Choose the rows of a pool that are worth a label most, and write them ready to be labelled.

    A pool of many files (--pool) is scored file by file, on this machine or on a cluster. Run the same
    command again after a kill: what is scored is kept, and the rows are the same.
    """
    from edgewise.arrays import InputError
    from edgewise.labelling.output import check_out, next_name

    if (pool is None) == (shards is None):
        raise InputError("give one pool: a file or a folder, or --pool 'shards/*.parquet' for many files.")
    target = next_name() if out is None else out
    given = [path for path in (pool, model, *(labels or [])) if path is not None]
    check_out(target, given, force=force)
    if shards is not None:
        if ignore:
            raise InputError("--ignore goes with a pool that is one table.")
        from edgewise.cli.shards import query_shards

        query_shards(
            shards,
            labels or [],
            n,
            target,
            strategy=strategy,
            learner=learner,
            seed=seed,
            model=model,
            backend=backend,
            address=address,
            scores=scores,
            device=device,
            jobs=jobs,
        )
        return
    others = (model, device, backend, address, jobs)
    if pool is None or others != (None, None, "local", None, 1):
        raise InputError(
            "--model, --device, --jobs, --backend and --address go with a pool in many files: "
            "--pool 'shards/*.parquet'."
        )
    from edgewise.labelling.batches import read_labels, write_query
    from edgewise.labelling.next_batch import next_batch
    from edgewise.labelling.sheet import read_pool

    sheet = read_pool(pool, ignore=ignore or [])
    index, known, uniform = read_labels(labels or [], sheet)
    answer = next_batch(sheet.pool, index, known, uniform, n, strategy=strategy, learner=learner, seed=seed)
    check_out(target, given, force=force)
    write_query(target, answer, sheet)
    typer.echo(sheet.said)
    say_batch(f"{len(index)} of {len(sheet.pool)} rows are labelled", known, strategy, answer, target)
