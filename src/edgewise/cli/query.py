"""``edgewise query``: from a pool and the labels so far, the rows to label next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Address, Backend, Jobs, Seed


def query(
    pool: Annotated[Path | None, typer.Argument(help="CSV, Parquet, NPZ, or a folder of images.")] = None,
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
    out: Annotated[Path, typer.Option("--out", help="The CSV to fill in.")] = Path("next.csv"),
    strategy: Annotated[str, typer.Option("--strategy", help="How to choose.")] = "edge-mix",
    learner: Annotated[str, typer.Option("--learner", help="logistic, 1-nn or rbf-ridge.")] = "logistic",
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
    import numpy as np

    from edgewise.arrays import InputError

    if (pool is None) == (shards is None):
        raise InputError("give one pool: a file or a folder, or --pool 'shards/*.parquet' for many files.")
    if shards is not None:
        from edgewise.cli.shards import query_shards

        query_shards(
            shards,
            labels or [],
            n,
            out,
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
    from edgewise.labelling.next_batch import next_batch
    from edgewise.labelling.table import read_labels, read_pool, write_query

    sheet = read_pool(pool)
    index, known, uniform = read_labels(labels or [], sheet)
    answer = next_batch(sheet.pool, index, known, uniform, n, strategy=strategy, learner=learner, seed=seed)
    write_query(out, answer, sheet)
    classes, counts = np.unique(known, return_counts=True)
    balance = ", ".join(f"{name} {count}" for name, count in zip(classes, counts, strict=True))
    typer.echo(f"{len(index)} of {len(sheet.pool)} rows are labelled{': ' + balance if balance else ''}.")
    for note in answer.notes:
        typer.echo(f"{strategy}: {note}.")
    typer.echo(
        f"Wrote {len(answer.index)} rows to {out}. Fill in the column 'label', leave blank what you "
        f"cannot tell, then run again with --labels {out} and another --out."
    )
