"""A query over a pool in pieces while it is under way: what it may look at, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from edgewise.arrays import Array, Floats, Index, InputError
from edgewise.atomic import replacing
from edgewise.digests import of_bytes
from edgewise.parallel import Lost, spread
from edgewise.pools.pool import Pool
from edgewise.pools.shards import Shards, State, read_scores, read_state
from edgewise.pools.top_rows import Columns, draw_rows
from edgewise.progress import track
from edgewise.strategies.frame import Request
from edgewise.strategies.sharded.scoring import (
    Ask,
    Job,
    Scoring,
    Taking,
    scaled,
    score_shard,
    take_rows,
)


@dataclass
class Task:
    """A query under way: what it may look at, and what it did."""

    request: Request
    shards: Shards
    taken: Index
    folder: Path
    scale: tuple[Floats, Floats] | None
    device: str | None
    shortlist: int | None
    jobs: int
    progress: bool
    scored: int = 0
    kept: int = 0
    losses: list[str] = field(default_factory=list[str])

    @property
    def free(self) -> int:
        """How many rows may be picked."""
        return len(self.shards) - len(self.taken)

    def draw(self, n: int, name: str) -> Index:
        """Return at most ``n`` rows that may be picked, uniformly at random, ascending."""
        return np.sort(draw_rows(min(n, self.free), len(self.shards), self.taken, self.request.seed, name))

    def points(self, index: Index) -> Floats:
        """Return rows as the model sees them."""
        return scaled(read_rows(self.shards, index, jobs=self.jobs, lost=self.losses.append), self.scale)

    def on(self, index: Index, n: int | None = None) -> Request:
        """Return the request for the rows ``index`` alone, as a pool of their own."""
        return replace(
            self.request,
            pool=Pool.of(self.points(index)),
            candidates=np.arange(len(index)),
            n=self.request.n if n is None else n,
        )

    def scores(self, ask: Ask) -> Callable[[], Iterator[Columns]]:
        """Score every shard that needs it; return what streams the columns of rows that may be picked."""
        targets = self._score(Scoring(ask, self.request.model, self.scale, self.device))

        def stream() -> Iterator[Columns]:
            first = 0
            for columns in (part for target in targets for part in read_scores(target)):
                size = len(columns["score"])
                start, stop = np.searchsorted(self.taken, [first, first + size])
                known = np.arange(int(start), int(stop))
                block = {**columns, "row": np.arange(first, first + size)}
                yield {
                    name: np.delete(column, self.taken[known] - first) if len(known) else column
                    for name, column in block.items()
                }
                first += size

        return stream

    def _score(self, scoring: Scoring) -> list[Path]:
        folder = self.folder / scoring.digest[:16]
        pickled, data = folder / "scoring.pickle", scoring.pickled()
        jobs = [
            Job(
                path,
                self.shards.shape,
                folder / f"{number:06d}-{path.name}.parquet",
                State.now(scoring.digest, path, size),
                pickled.absolute(),
                of_bytes(data),
            )
            for number, (path, size) in enumerate(zip(self.shards.paths, self.shards.sizes, strict=True))
        ]
        due = [job for job in jobs if not _up_to_date(job)]
        self.kept += len(jobs) - len(due)
        with replacing(pickled) as file:
            file.write(data)
        deadly: dict[int, Lost] = {}
        with track(len(jobs), "scoring shards", show=self.progress) as advance:
            advance(len(jobs) - len(due))
            for number, answer in spread(score_shard, due, jobs=self.jobs, lost=self.losses.append):
                advance(1)
                if isinstance(answer, Lost):
                    deadly[number] = answer
                else:
                    self.scored += answer
                    self.kept += not answer
        for number, answer in deadly.items():
            raise InputError(
                f"{due[number].path} killed every worker that scored it "
                f"({answer.reason.splitlines()[0]}). Give workers more memory or make shards "
                "smaller, then run again: what is scored is kept."
            )
        return [job.target for job in jobs]


def _up_to_date(job: Job) -> bool:
    held = read_state(job.target)
    return held is not None and held.same_place(job.state)


def read_rows(
    shards: Shards, index: Index, *, jobs: int = 1, lost: Callable[[str], object] = lambda _reason: None
) -> Floats:
    """Return the rows ``index`` (m,) of a pool in pieces, in that order, read where the engine runs."""
    shard, row = shards.locate(np.asarray(index, np.intp))
    wanted: list[int] = np.unique(shard).tolist()
    parts = [
        Taking(shards.paths[number], shards.sizes[number], shards.shape, row[shard == number])
        for number in wanted
    ]
    found: Array | None = None
    for number, rows in spread(take_rows, parts, jobs=jobs, lost=lost):
        if isinstance(rows, Lost):
            raise InputError(
                f"{parts[number].path} killed every worker that read it ({rows.reason.splitlines()[0]})."
            )
        if found is None:
            found = np.empty((len(shard), *shards.shape), rows.dtype)
        found[shard == wanted[number]] = rows
    return np.empty((0, *shards.shape)) if found is None else found
