"""``edgewise query --pool``: the rows to label next out of a pool in many files."""

from __future__ import annotations

from pathlib import Path

import typer

from edgewise.cli.options import quiet, say_batch


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
    from edgewise.labelling.batches import read_shard_labels, write_shard_query
    from edgewise.labelling.next_batch import load_model, next_shard_batch
    from edgewise.labelling.output import check_out
    from edgewise.parallel import engine
    from edgewise.strategies.sharded import Shards

    shards = Shards.of(pattern)
    check_out(out, shards.paths, force=True)
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
    typer.echo(f"{answer.scored} shards scored, {answer.kept} were there; scores: {scores}")
    labelled = f"{len(known.index)} of {len(shards)} rows in {len(shards.paths)} shards are labelled"
    say_batch(labelled, known.labels, strategy, answer.query, out)
