"""``edgewise query``: from a pool and the labels so far, the rows to label next."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from edgewise.cli.campaigns import say_gone
from edgewise.cli.options import Address, Backend, Jobs, Seed, Trust, listed, quiet, say_batch
from edgewise.cli.query_options import (
    Campaign,
    Classes,
    Columns,
    Device,
    Files,
    Folders,
    Force,
    Id,
    Ignore,
    Labels,
    Learner,
    Model,
    Out,
    Rows,
    Scores,
    Strategy,
    Table,
    settings_asked,
)


if TYPE_CHECKING:
    from edgewise.labelling.next_batch import NextBatch


def query(
    context: typer.Context,
    pool: Table = None,
    *,
    labels: Labels = None,
    n: Rows = 20,
    out: Out = None,
    force: Force = False,
    id: Id = None,
    ignore: Ignore = None,
    features: Columns = None,
    classes: Classes = None,
    folders: Folders = False,
    campaign: Campaign = None,
    strategy: Strategy = "herding",
    learner: Learner = "logistic",
    model: Model = None,
    trust: Trust = None,
    seed: Seed = 0,
    shards: Files = None,
    scores: Scores = Path("scores"),
    device: Device = None,
    jobs: Jobs = 1,
    backend: Backend = "local",
    address: Address = None,
) -> None:
    """Choose the rows of a pool that are worth a label most, and write them ready to be labelled.

    All columns of a table are learned from, but constants, what names each row, and a column called label. A pool of
    many files (--pool) is scored file by file, on this machine or on a cluster. Run the same command again after a
    kill: what is scored is kept, and the rows are the same.
    """
    from edgewise.arrays import InputError
    from edgewise.labelling.next_batch import NextBatch
    from edgewise.models.saved import load_model

    if (pool is None) == (shards is None):
        raise InputError("give one pool: a file or a folder, or --pool 'shards/*.parquet' for many files.")
    if pool is not None and (device, backend, address, jobs) != (None, "local", None, 1):
        raise InputError(
            "--device, --jobs, --backend and --address go with a pool in many files: --pool 'shards/*.parquet'."
        )
    files = _Files(
        labels or [], n, out, force, [path for path in (pool, model, campaign) if path is not None]
    )
    target = files.target()
    asked = None if model is None else load_model(model, trust or [])
    choose = NextBatch(strategy, learner, asked, seed)
    if campaign is not None:
        if pool is None or model is not None or folders:
            raise InputError("--campaign goes with a pool that is one table or folder, and without --model.")
        _of_campaign(campaign, pool, files, target, settings_asked(context))
        return
    if pool is not None:
        columns = {"ignore": ignore or [], "features": features or [], "id": id, "folders": folders}
        _of_one(pool, files, target, choose, columns, listed(classes))
        return
    if ignore or features or id or folders or classes:
        raise InputError(
            "--id, --ignore, --features, --classes and --folders-are-labels go with a pool that is one table."
        )
    from edgewise.parallel import engine

    running = engine(backend, address=address, workers=jobs, gpus=1.0 if device else 0.0)
    settings = {"scores": scores, "device": device, "jobs": jobs, "progress": not quiet()}
    _of_shards(str(shards), files, target, choose, running, settings)


@dataclass(frozen=True)
class _Files:
    """What is read and written: labels, how many rows, ``--out`` and ``--force``, and what must stay as it is."""

    labels: Sequence[Path]
    n: int
    out: Path | None
    force: bool
    sources: Sequence[Path]

    def target(self, more: Sequence[Path] = ()) -> Path:
        """Return where the batch goes, if it may be written there."""
        from edgewise.labelling.output import check_out, next_name

        target = next_name() if self.out is None else self.out
        check_out(target, [*self.sources, *self.labels, *more], force=self.force)
        return target


def _of_one(
    pool: Path, files: _Files, target: Path, choose: NextBatch, columns: dict[str, Any], classes: list[str]
) -> None:
    from edgewise.labelling.batches import read_labels, write_query
    from edgewise.labelling.output import check_out
    from edgewise.labelling.sheet import read_pool

    sheet = read_pool(pool, **columns)
    known = read_labels(files.labels, sheet, classes=classes)
    prepared = choose.prepare(sheet)
    answer, _ = prepared(known, files.n)
    check_out(target, [*files.sources, *files.labels], force=files.force)
    write_query(target, answer, sheet)
    typer.echo(sheet.said)
    if prepared.notes:
        typer.echo(f"Taken as: {'; '.join(prepared.notes)}.")
    labelled = f"{len(known.rows)} of {len(sheet.pool)} rows are labelled"
    say_batch(labelled, known.labels, choose.strategy, answer, target)


def _of_campaign(path: Path, pool: Path, files: _Files, target: Path, asked: dict[str, Any]) -> None:
    from edgewise.labelling.batches import write_query
    from edgewise.labelling.campaign.batch import batch
    from edgewise.labelling.campaign.importing import import_labels
    from edgewise.labelling.campaign.opening import open_or_begin

    held = open_or_begin(path, pool, asked)
    with held.log:
        for file in files.labels:
            import_labels(held, file)
        index, known = held.known()
        answer = batch(held, files.n, f"csv:{target.resolve()}")
        write_query(target, answer, held.items.sheet)
        typer.echo(held.items.sheet.said)
        say_gone(held.items, held.state)
        labelled = f"{len(index)} of {len(held.items)} rows are labelled"
        say_batch(labelled, known, held.settings.strategy, answer, target)


def _of_shards(
    pattern: str,
    files: _Files,
    target: Path,
    choose: NextBatch,
    running: AbstractContextManager[object],
    settings: dict[str, Any],
) -> None:
    from edgewise.labelling.batches import read_shard_labels, write_shard_query
    from edgewise.labelling.output import check_out
    from edgewise.strategies.sharded import Shards

    shards = Shards.of(pattern)
    check_out(target, shards.paths, force=True)
    with running:
        known = read_shard_labels(files.labels, shards, jobs=settings["jobs"])
        answer = choose.of_shards(shards, known, files.n, **settings)
    write_shard_query(target, answer, shards)
    typer.echo(f"{answer.scored} shards scored, {answer.kept} were there; scores: {settings['scores']}")
    labelled = f"{len(known.index)} of {len(shards)} rows in {len(shards.paths)} shards are labelled"
    say_batch(labelled, known.labels, choose.strategy, answer.query, target)
