"""Run the cells that a store does not hold yet, on any number of workers, with the same figures for all."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
from threadpoolctl import threadpool_limits

from edgewise.arrays import check_count
from edgewise.progress import track
from edgewise.store import Cell, Fact, Store


Work = Callable[[Cell], Mapping[str, Any]]
"""Computes the figures of a cell from the cell alone."""


@dataclass(frozen=True)
class Failure:
    """A cell that raised, with the last line of its traceback and the whole of it."""

    cell: Cell
    message: str
    trace: str


@dataclass(frozen=True)
class Summary:
    """What a sweep did: cells computed now, cells that were there already, cells that failed."""

    computed: int
    present: int
    failures: tuple[Failure, ...]


Watch = Callable[[Fact | Failure], None]


def sweep(cells: Sequence[Cell], work: Work, store: Store, *, jobs: int = 1, progress: bool = False,
          what: str = "running", watch: Watch | None = None) -> Summary:
    """Compute every missing cell and write it as soon as it is there.

    Only this process writes; a worker gets a cell and returns figures, with one BLAS thread each so that
    figures do not depend on ``jobs``. A cell that raises is reported and the rest goes on.

    Parameters
    ----------
    cells
        The whole experiment; cells with equal keys are computed once.
    work
        Importable function of a cell (workers are processes).
    jobs
        Workers.
    watch
        Called with the outcome of each cell as soon as it is written.

    Examples
    --------
    >>> with Store(":memory:") as store:
    ...     sweep([Cell("square", {"x": 3}, 0)], lambda cell: {"y": cell.settings["x"] ** 2}, store).computed
    1
    """
    check_count(jobs, "jobs")
    unique = {cell.key: cell for cell in cells}
    missing = [cell for cell in unique.values() if store.get(cell) is None]
    failures: list[Failure] = []
    with track(len(unique), what, show=progress) as advance:
        advance(len(unique) - len(missing))
        for outcome in _outcomes(missing, work, jobs):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                store.put(outcome)
            advance(1)
            if watch is not None:
                watch(outcome)
    return Summary(len(missing) - len(failures), len(unique) - len(missing), tuple(failures))


def _outcomes(cells: Sequence[Cell], work: Work, jobs: int) -> Any:
    if jobs == 1 or len(cells) <= 1:
        return (_one(work, cell) for cell in cells)
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    return parallel(joblib.delayed(_one)(work, cell) for cell in cells)


def _one(work: Work, cell: Cell) -> Fact | Failure:
    started = time.perf_counter()
    try:
        with threadpool_limits(1):
            figures = work(cell)
    except Exception as error:  # noqa: BLE001 - one cell's error must not cost the others; it is reported
        return Failure(cell, f"{type(error).__name__}: {error}", traceback.format_exc())
    return Fact(cell, figures, time.perf_counter() - started)
