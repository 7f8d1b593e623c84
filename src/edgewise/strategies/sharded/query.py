"""The query over a pool in pieces: score the shards on any engine, merge what they say, pick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Index, InputError, check_box, check_count
from edgewise.data.dataset import Split
from edgewise.models.access import check_fitted
from edgewise.pools.pool import Pool
from edgewise.pools.shards import Shards
from edgewise.randomness import Rng, seed_of
from edgewise.strategies.edge_mix import EdgeMix
from edgewise.strategies.frame import Query, Rating, Request, Strategy
from edgewise.strategies.given import read_labelled, read_uniform
from edgewise.strategies.herding import Herding
from edgewise.strategies.names import StrategyName
from edgewise.strategies.selecting import resolved
from edgewise.strategies.sharded.from_scores import edge_mix, herding, random, rated, shortlisted
from edgewise.strategies.sharded.scoring import (
    Rated,
    scaled,
)
from edgewise.strategies.sharded.task import Task
from edgewise.strategies.uncertainty import Random


@dataclass(frozen=True)
class ShardQuery:
    """Rows to label next, out of a pool in pieces.

    Parameters
    ----------
    query
        As `edgewise.query` answers; ``index`` numbers the rows of all shards, one shard after another.
    shard, row
        The file of each row ``(n,)``, and its number in that file.
    scored, kept
        Shards whose scores were computed now, and those whose scores were there already.
    losses
        What was said of workers that died; their shards were scored again.
    """

    query: Query
    shard: tuple[Path, ...]
    row: Index
    scored: int
    kept: int
    losses: tuple[str, ...]


def query_shards(
    model: Any,
    pool: Shards | str | Path | Sequence[str | Path],
    n: int,
    strategy: StrategyName | Strategy | Callable[..., Any] = "herding",
    *,
    scores: str | Path = "scores",
    labelled: tuple[ArrayLike, ArrayLike] | None = None,
    taken: ArrayLike | None = None,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    rng: Rng = None,
    repeatable: bool | None = None,
    uniform: ArrayLike | None = None,
    scale: tuple[ArrayLike, ArrayLike] | None = None,
    device: str | None = None,
    shortlist: int | None = None,
    jobs: int = 1,
    progress: bool = False,
) -> ShardQuery:
    """Pick the ``n`` rows worth a label most from a pool of many files, on one machine or many.

    Each shard is scored by a pure function on the engine in force (`edgewise.parallel.engine`), which writes
    one file of scores. Run again after a kill: files that match their shard are not computed again. The
    answer does not depend on engine, workers, or kills, and the driver's memory not on the size of the pool.

    ``herding``, ``margin``, ``entropy``, ``least-confidence``, ``random`` and functions give the rows
    `edgewise.query` would; ``stratified``, ``typical`` and ``edge-mix`` are what they are on one machine,
    which samples as well; ``core-set``, ``badge``, ``dfal`` and all others choose from a shortlist (see
    ``docs/scale.md`` for what that costs).

    Parameters
    ----------
    model
        As in `edgewise.query`; picklable.
    pool
        A pattern such as ``"shards/*.parquet"``, or files: ``.parquet``, ``.npz`` or ``.npy``.
    n, strategy
        As in `edgewise.query`; functions must be picklable.
    scores
        The folder for files of scores; seen by driver and workers at the same path.
    labelled
        As in `edgewise.query`.
    taken
        Row numbers that may not be picked, such as those labelled already.
    box, rng, repeatable, uniform
        As in `edgewise.query`.
    scale
        ``(centre, spread)`` that rows and labelled points are scaled by before the model sees them.
    device
        Where a torch model is moved before it is asked, such as ``"cuda"``.
    shortlist
        Rows of a shortlist; by default 5,000 or 20 ``n``, and 60,000 for ``typical``.
    jobs
        Shards scored at once.
    progress
        Draw a progress bar.

    Returns
    -------
    ShardQuery
        The rows picked, where they lie, and what was scored for it.

    Raises
    ------
    InputError
        As in `edgewise.query`; shards that cannot be read, differ in shape or change meanwhile.
    MissingExtraError
        There is no pyarrow.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for part in range(3):
    ...     np.save(folder / f"{part}.npy", np.linspace(part, part + 0.9, 4)[:, None])
    >>> from sklearn.linear_model import LogisticRegression
    >>> line = LogisticRegression().fit([[0.0], [3.0]], [0, 1])
    >>> pick = query_shards(line, folder / "*.npy", 2, "margin", scores=folder / "scores")
    >>> [path.name for path in pick.shard], pick.row.tolist(), pick.scored
    (['1.npy', '1.npy'], [2, 1], 3)
    """
    method = resolved(strategy)
    if model is not None:
        check_fitted(model)
    shards = Shards.of(pool)
    none = _taken(taken, len(shards))
    check_count(n, "n")
    if n > len(shards) - len(none):
        raise InputError(
            f"n is {n}, but {len(shards) - len(none)} rows of the pool may be picked; ask for "
            "fewer, or add shards."
        )
    known = read_labelled(labelled, model, Pool(lambda: iter(()), 0, shards.shape))
    factors = None if scale is None else _scale(scale, shards)
    if known is not None and factors is not None:
        known = Split(scaled(known.X, factors), known.y)
    box = check_box(box, int(np.prod(shards.shape)))
    request = Request(
        model,
        Pool(lambda: iter(()), 0, shards.shape),
        n,
        np.empty(0, np.intp),
        known,
        box,
        seed_of(rng),
        repeatable,
        uniform=read_uniform(uniform, known),
    )
    most = None if shortlist is None else check_count(shortlist, "shortlist", low=n)
    jobs = check_count(jobs, "jobs")
    task = Task(request, shards, none, Path(scores), factors, device, most, jobs, progress)
    answer = _answer(task, method)
    shard, row = shards.locate(answer.index)
    return ShardQuery(
        answer,
        tuple(shards.paths[number] for number in shard),
        row,
        task.scored,
        task.kept,
        tuple(task.losses),
    )


def _answer(task: Task, method: Strategy) -> Query:
    """Return what the strategy picks, each in the way that its scores allow."""
    if isinstance(method, Random):
        return random(task)
    if isinstance(method, Rating):
        return rated(task, Rated(method))
    if isinstance(method, EdgeMix) and method.margin == "scores":
        return edge_mix(task, method)
    if isinstance(method, Herding):
        return herding(task, method)
    return shortlisted(task, method)


def _taken(taken: ArrayLike | None, size: int) -> Index:
    rows = np.empty(0, np.intp) if taken is None else np.unique(np.asarray(taken, dtype=np.intp))
    if len(rows) and not 0 <= rows[0] <= rows[-1] < size:
        raise InputError(f"taken must hold row numbers from 0 to {size - 1}; got {rows[0]} to {rows[-1]}.")
    return rows


def _scale(scale: tuple[ArrayLike, ArrayLike], shards: Shards) -> tuple[Floats, Floats]:
    width = int(np.prod(shards.shape))
    centre, spread_ = (np.broadcast_to(np.asarray(part, float).reshape(-1), (width,)) for part in scale)
    if not (np.isfinite(centre).all() and np.isfinite(spread_).all() and (spread_ > 0).all()):
        raise InputError("scale must be (centre, spread), finite, with spread above 0.")
    return np.array(centre), np.array(spread_)
