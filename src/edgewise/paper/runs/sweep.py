"""Run the cells that a store does not hold yet, on any number of workers, with the same figures for all."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from edgewise.arrays import Values, check_count
from edgewise.data.files import data_folder, data_from
from edgewise.parallel import Lost, spread
from edgewise.progress import track
from edgewise.store import Cell, Fact, Store


Work = Callable[[Cell], Values]
"""Computes the figures of a cell from the cell alone."""


@dataclass(frozen=True)
class Failure:
    """A cell that raised: the exception's class, the last line of its traceback and the whole of it."""

    cell: Cell
    kind: str
    message: str
    trace: str


@dataclass(frozen=True)
class Summary:
    """What a sweep did: cells computed now, cells there already, cells that failed, workers that died."""

    computed: int
    present: int
    failures: tuple[Failure, ...]
    losses: tuple[str, ...] = ()


Watch = Callable[[Fact | Failure], None]


def sweep(
    cells: Sequence[Cell],
    work: Work,
    store: Store,
    *,
    jobs: int = 1,
    progress: bool = False,
    what: str = "running",
    watch: Watch | None = None,
) -> Summary:
    """Compute every missing cell and write it as soon as it is there.

    Only this process writes; a worker gets a cell and returns figures, with one BLAS thread each so that
    figures do not depend on ``jobs`` or on the engine in force (`edgewise.parallel.engine`). A cell that
    raises is reported and the rest goes on; the cells of a worker that dies are computed again.

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
    losses: list[str] = []
    with track(len(unique), what, show=progress) as advance:
        advance(len(unique) - len(missing))
        for outcome in _outcomes(missing, work, jobs, losses):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                store.put(outcome)
            advance(1)
            if watch is not None:
                watch(outcome)
    return Summary(len(missing) - len(failures), len(unique) - len(missing), tuple(failures), tuple(losses))


def _outcomes(cells: Sequence[Cell], work: Work, jobs: int, losses: list[str]) -> Iterator[Fact | Failure]:
    for number, outcome in spread(partial(_one, work, data_folder()), cells, jobs=jobs, lost=losses.append):
        if isinstance(outcome, Lost):
            message = f"its worker died each time it was computed: {outcome.reason}"
            yield Failure(cells[number], "Lost", message, message)
        else:
            yield outcome


def _one(work: Work, folder: Path | None, cell: Cell) -> Fact | Failure:
    started = time.perf_counter()
    try:
        with threadpool_limits(1), data_from(folder):
            figures = work(cell)
    except Exception as error:  # noqa: BLE001 - one cell's error must not cost the others; it is reported
        kind = type(error).__name__
        return Failure(cell, kind, f"{kind}: {error}", traceback.format_exc())
    return Fact(cell, figures, time.perf_counter() - started)
