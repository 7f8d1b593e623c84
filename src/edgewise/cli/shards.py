"""``edgewise query --pool``: the rows to label next out of a pool in many files."""

from __future__ import annotations

from pathlib import Path

import typer

from edgewise.cli.options import quiet


def query_shards(
    pattern: str,
    labels: list[Path],
    n: int,
    out: Path,
    *,
    strategy: str,
    learner: str,
    seed: int,
    model: Path | None,
    scores: Path,
    device: str | None,
    jobs: int,
    backend: str,
    address: str | None,
) -> None:
    """Choose rows of the files that match ``pattern``, and write them ready to be labelled."""
    from edgewise.labelling.shards import (
        load_model,
        next_shard_batch,
        read_shard_labels,
        write_shard_query,
    )
    from edgewise.parallel import engine
    from edgewise.strategies.sharded import Shards

    shards = Shards.of(pattern)
    asked = None if model is None else load_model(model)
    with engine(backend, address=address, workers=jobs, gpus=1.0 if device else 0.0):
        known = read_shard_labels(labels, shards, jobs=jobs)
        answer = next_shard_batch(
            shards,
            known,
            n,
            strategy=strategy,
            learner=learner,
            model=asked,
            seed=seed,
            scores=scores,
            device=device,
            jobs=jobs,
            progress=not quiet(),
        )
    write_shard_query(out, answer, shards)
    typer.echo(f"{len(known.index)} of {len(shards)} rows in {len(shards.paths)} shards are labelled.")
    typer.echo(f"{answer.scored} shards scored, {answer.kept} were there; scores: {scores}")
    for note in answer.query.notes:
        typer.echo(f"{strategy}: {note}.")
    typer.echo(
        f"Wrote {len(answer.row)} rows to {out}. Fill in the column 'label', leave blank what you "
        f"cannot tell, then run again with --labels {out} and another --out."
    )
