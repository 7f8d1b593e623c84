"""What is asked about each row of a shard, and the pure functions that workers run."""

from __future__ import annotations

import functools
import importlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from threadpoolctl import threadpool_limits

from edgewise.arrays import Array, Floats, Index, InputError
from edgewise.digests import NoValueError, digest, of_bytes
from edgewise.models.unwrap import Model, module_of
from edgewise.pools.pool import Pool
from edgewise.pools.shards import (
    State,
    digest_of,
    open_shard,
    read_scores,
    read_state,
    write_scores,
)
from edgewise.strategies.diversity import gap_to, gradient_length
from edgewise.strategies.doubt import doubts
from edgewise.strategies.frame import Rating
from edgewise.strategies.model_scores import Space, best_two, embedder


CloudPickler = cast("type[pickle.Pickler]", importlib.import_module("cloudpickle").CloudPickler)


Columns = Mapping[str, Array]


class Ask(Protocol):
    """A frozen dataclass of settings; calling it gives columns, one entry per row."""

    def __call__(self, model: Model, X: Floats) -> Columns:
        """Return at least ``score`` ``(m,)`` for rows ``X`` (m, ...)."""
        ...


@dataclass(frozen=True)
class Rated:
    """The score of a strategy that looks at each row on its own."""

    strategy: Rating

    def __call__(self, model: Model, X: Floats) -> Columns:
        """Return the strategy's score."""
        return {"score": np.asarray(self.strategy.rate(model, X), float)}


@dataclass(frozen=True)
class Margins:
    """Minus the margin, and the pair of nearest classes in either order, for quotas."""

    def __call__(self, model: Model, X: Floats) -> Columns:
        """Return both."""
        first, second, high, low = best_two(model, X)
        small, large = np.sort(np.stack([first, second]), axis=0).astype(np.int64)
        return {"score": -(np.asarray(high, float) - low), "pair": small * 2**24 + large}


@dataclass(frozen=True)
class Doubts:
    """How much the model doubts a row: what herding weighs it by."""

    def __call__(self, model: Model, X: Floats) -> Columns:
        """Return the doubt."""
        return {"score": doubts(model, X)}


@dataclass(frozen=True)
class Gradients:
    """The squared length of the last-layer gradient: the weight of the first draw of BADGE."""

    space: Space

    def __call__(self, model: Model, X: Floats) -> Columns:
        """Return the squared length."""
        return {"score": gradient_length(model, X, self.space)}


@dataclass(frozen=True)
class Gaps:
    """The distance to the nearest labelled point: what core-set wants first."""

    known: Floats
    space: Space

    def __call__(self, model: Model, X: Floats) -> Columns:
        """Return the distance."""
        look = embedder(model, self.space)
        return {"score": gap_to(look(X), look(self.known))}


@dataclass(frozen=True)
class Scoring:
    """What makes the scores of a shard: what is asked, of which model, about rows of which scale.

    Parameters
    ----------
    ask
        The question.
    model
        A fitted model, or None.
    scale
        What rows are centred by and divided by, each ``(d,)``, or None.
    device
        Where a torch model is moved before it is asked, such as ``"cuda"``; None leaves it.
    """

    ask: Ask
    model: Model
    scale: tuple[Floats, Floats] | None = None
    device: str | None = None

    @functools.cached_property
    def digest(self) -> str:
        """Equal for equal questions, models and scales, also in another process.

        Of what has no stable value the pickle counts, which may differ from one process to the next: then shards
        are scored again, never passed over.
        """
        try:
            return digest((self.ask, self.model, self.scale, self.device))
        except NoValueError:
            return of_bytes(self.pickled())

    def columns(self, pool: Pool) -> Columns:
        """Return the columns of every row of ``pool``."""
        parts = [self.ask(self.model, scaled(rows, self.scale)) for _, rows in pool.batches()]
        for part in parts:
            if len({len(column) for column in part.values()}) > 1 or part["score"].ndim != 1:
                raise InputError(
                    f"the strategy must give one score a row; it gave arrays of shape {part['score'].shape}."
                )
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        if np.isnan(found["score"]).any():
            raise InputError("the strategy scored rows NaN; scores are numbers, -inf for never.")
        return found

    def pickled(self) -> bytes:
        """Return it as a worker reads it."""
        total = io.BytesIO()
        CloudPickler(total).dump(self)
        return total.getvalue()


def scaled(rows: Floats, scale: tuple[Floats, Floats] | None) -> Floats:
    """Return ``rows`` (m, ...) as the model sees them."""
    if scale is None:
        return rows
    return (rows.reshape(len(rows), -1) - scale[0]) / scale[1]


@dataclass(frozen=True)
class Job:
    """A shard to be scored: its file, its shape, the file for its scores, and the scoring to read."""

    path: Path
    shape: tuple[int, ...]
    target: Path
    state: State
    scoring: Path
    pickle: str


def score_shard(job: Job) -> bool:
    """Write the scores of a shard; return whether they had to be computed.

    A pure function of the bytes of the shard and the scoring, on one thread, so that it does not matter
    who calls it, how often, or after what. Scores of the same bytes are kept where only the file is younger.
    """
    content = digest_of(job.path)
    held, state = read_state(job.target), replace(job.state, digest=content)
    if held is not None and (held.scoring, held.digest) == (state.scoring, content):
        parts = list(read_scores(job.target))
        write_scores(
            job.target, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, state
        )
        return False
    try:
        with threadpool_limits(1):
            columns = _loaded(job.scoring, job.pickle).columns(
                open_shard(job.path, job.state.rows, job.shape)
            )
    except InputError as error:
        raise InputError(f"{job.path}: {error}") from None
    if not State.now(state.scoring, job.path, state.rows).same_place(state):
        raise InputError(f"{job.path} changed while it was scored; run again when it is finished.")
    write_scores(job.target, columns, state)
    return True


def _loaded(path: Path, expected: str) -> Scoring:
    """Read the scoring if it is what was written."""
    data = path.read_bytes()
    if of_bytes(data) != expected:
        raise InputError(f"{path} is damaged or was replaced meanwhile (its digest differs); run again.")
    scoring: Scoring = pickle.loads(data)
    network = module_of(scoring.model)
    if scoring.device is not None and network is not None:
        network.to(scoring.device)
        if network is not scoring.model:
            scoring.model.device = scoring.device
    return scoring


@dataclass(frozen=True)
class Taking:
    """Rows to be read from a shard."""

    path: Path
    size: int
    shape: tuple[int, ...]
    rows: Index


def take_rows(part: Taking) -> Floats:
    """Return given rows of a shard ``(m, ...)``."""
    return open_shard(part.path, part.size, part.shape).rows(part.rows)
