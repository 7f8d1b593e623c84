"""Where cells and shards are computed: this process, its cores, or a Ray or Dask engine; none by default."""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import joblib

from edgewise.arrays import InputError, check_count
from edgewise.parallel.remote import Lost, Remote
from edgewise.registry import Row, lookup


T = TypeVar("T")

BACKENDS = {
    "local": None,
    "ray": Row("edgewise.parallel.ray:started", "Moritz et al. 2018", extra="ray"),
    "dask": Row("edgewise.parallel.dask:started", "Rocklin 2015", extra="dask"),
}
"""The engines by name; ``local`` is this machine's cores."""

LOG = logging.getLogger("edgewise")

_IN_FORCE: ContextVar[Remote | None] = ContextVar("engine", default=None)

TOGETHER = 2
"""How often a lost item goes back among the others before it is run alone."""


@contextmanager
def engine(
    name: str = "local", *, address: str | None = None, workers: int = 1, gpus: float = 0.0
) -> Generator[None]:
    """Compute what `spread` and `edgewise.paper.runs.sweep.sweep` are given on this engine while the block lasts.

    Figures do not depend on the engine. Nothing is started unless asked for by name, and a cluster is joined
    only by its address. An engine that is started here listens on the loopback address alone and stops
    with the block; Ray also asks for a random token, has no dashboard and reports no usage.

    Parameters
    ----------
    name
        ``"local"``, ``"ray"`` or ``"dask"``.
    address
        Of a cluster that runs already, such as ``"ray://head:10001"`` or ``"tcp://head:8786"``.
    workers
        Worker processes of an engine that is started here.
    gpus
        GPUs a worker asks Ray for, where the engine has any.

    Raises
    ------
    InputError
        An unknown name, an address of ``local``, a Ray that is too old, or no cluster at that address.
    MissingExtraError
        The engine is not installed; the message says what to install.

    Examples
    --------
    >>> with engine("local"):
    ...     sorted(spread(abs, [-3, 2]))
    [(0, 3), (1, 2)]
    """
    check_count(workers, "workers")
    row = lookup(BACKENDS, name, "backend")
    if row is None:
        if address is not None:
            raise InputError(f"the local backend has no address; got {address!r}. Say --backend ray or dask.")
        yield
        return
    with (
        _environment_kept(),
        row.make(address=address, workers=workers, gpus=gpus) as backend,
        in_force(backend),
    ):
        yield


@contextmanager
def _environment_kept() -> Generator[None]:
    """Undo what engines leave in the environment of this process."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def in_force(backend: Remote | None) -> Generator[None]:
    """Send what `spread` is given to ``backend`` while the block lasts; None is this machine.

    This is not joblib's own context, by which scikit-learn would send its work there as well.
    """
    before = _IN_FORCE.set(backend)
    try:
        yield
    finally:
        _IN_FORCE.reset(before)


def spread(
    function: Callable[[T], Any],
    items: Sequence[T],
    *,
    jobs: int = 1,
    lost: Callable[[str], object] = lambda _reason: None,
) -> Iterator[tuple[int, Any]]:
    """Yield ``(position, function(item))`` as they come, from the engine in force (see `engine`).

    An item whose worker dies is run again, twice among the others and then alone; if its worker dies even
    then, its answer is a `Lost`. Other items are not held up.

    Parameters
    ----------
    function
        Importable; its exceptions are raised here.
    jobs
        Items computed at once.
    lost
        Told about each death of a worker, which is logged as well.
    """
    remote = _IN_FORCE.get()
    if remote is None and (jobs == 1 or len(items) <= 1):
        yield from ((number, function(item)) for number, item in enumerate(items))
        return
    waiting, alone = list(range(len(items))), list[int]()
    deaths: Counter[int] = Counter()
    while waiting or alone:
        batch, waiting = (waiting, []) if waiting else ([alone.pop()], [])
        begun, done = list[int](), set[int]()
        reason = ""
        try:
            with _closed(_parallel(function, items, batch, begun, jobs, remote)) as answers:
                for answer in answers:
                    if isinstance(answer, Lost):
                        reason = answer.reason
                        continue
                    done.add(answer.number)
                    yield answer.number, answer.value()
        except BrokenProcessPool as error:
            reason = f"{type(error).__name__}: {error}"
        waiting = batch[len(begun) :]
        victims = [number for number in begun if number not in done]
        if victims:
            first = reason.split(". ")[0].splitlines()[0]
            message = f"a worker died and left {len(victims)} unfinished ({first})"
            LOG.warning("%s; run again.", message)
            lost(message)
        for number in victims:
            deaths[number] += 1
            if deaths[number] <= TOGETHER:
                waiting.append(number)
            elif deaths[number] == TOGETHER + 1:
                alone.append(number)
            else:
                yield number, Lost(reason)


@contextmanager
def _closed(answers: Any) -> Generator[Any]:
    """Give up what is under way if the block ends early; joblib's warning about that is no news here."""
    try:
        yield answers
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "[0-9]+ tasks ", UserWarning)
            answers.close()


@dataclass(frozen=True)
class _Answer:
    number: int
    result: Any
    error: Exception | None = None

    def value(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


def _parallel(
    function: Callable[[T], Any],
    items: Sequence[T],
    batch: Sequence[int],
    begun: list[int],
    jobs: int,
    remote: Remote | None,
) -> Any:
    def handed_out() -> Iterator[Any]:
        for number in batch:
            begun.append(number)
            yield joblib.delayed(_answer)(function, number, items[number], driver)

    driver = os.getpid() if remote is None else None
    # Every item handed to a remote backend is under way, so this is what caps its workers.
    ahead: dict[str, Any] = {} if remote is None else {"pre_dispatch": jobs, "backend": remote}
    return joblib.Parallel(n_jobs=max(2, jobs), return_as="generator_unordered", **ahead)(handed_out())


def _answer(function: Callable[[T], Any], number: int, item: T, driver: int | None) -> _Answer:
    if driver not in (None, os.getpid()):
        _end_with(driver)
    try:
        return _Answer(number, function(item))
    except Exception as error:  # noqa: BLE001 - raised again where the answer is read
        error.add_note(f"In a worker:\n{traceback.format_exc()}")
        return _Answer(number, None, error)


@functools.cache
def _end_with(driver: int) -> None:
    """End this worker soon after the process it works for, however that ended; loky's live on."""

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, name="edgewise-driver", daemon=True).start()
