"""Where cells and shards are computed: this process, its cores, or a Ray or Dask engine; none by default."""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from edgewise.arrays import InputError, check_count
from edgewise.parallel.executors import Engine, Lost, on_cores
from edgewise.registry import Row, lookup


T = TypeVar("T")
R = TypeVar("R")

BACKENDS = {
    "local": None,
    "ray": Row("edgewise.parallel.ray:started", "Moritz et al. 2018", extra="ray"),
    "dask": Row("edgewise.parallel.dask:started", "Rocklin 2015", extra="dask"),
}
"""The engines by name; ``local`` is this machine's cores."""

LOG = logging.getLogger("edgewise")

_IN_FORCE: ContextVar[Engine | None] = ContextVar("engine", default=None)

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
def in_force(backend: Engine | None) -> Generator[None]:
    """Send what `spread` is given to ``backend`` while the block lasts; None is this machine."""
    before = _IN_FORCE.set(backend)
    try:
        yield
    finally:
        _IN_FORCE.reset(before)


def spread(
    function: Callable[[T], R],
    items: Sequence[T],
    *,
    jobs: int = 1,
    lost: Callable[[str], object] = lambda _reason: None,
) -> Iterator[tuple[int, R | Lost]]:
    """Yield ``(position, function(item))`` as they come, from the engine in force (see `engine`).

    An item whose worker dies is run again, twice among the others and then alone; if its worker dies even
    then, its answer is a `Lost`. Other items are not held up, and only a few per worker are under way.

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
    call = functools.partial(_answer, function, (os.getpid(), _folder()) if remote is None else None)
    # Every item handed to a remote engine is computed, so this caps its workers; our own never wait for the next.
    ahead = 2 * jobs if remote is None else jobs
    waiting, alone = list(range(len(items))), list[int]()
    deaths: Counter[int] = Counter()
    with on_cores(jobs) if remote is None else nullcontext(remote) as found:
        while waiting or alone:
            batch, waiting = (waiting, list[int]()) if waiting else ([alone.pop()], waiting)
            victims: dict[int, Lost] = {}
            for number, answer in _computed(found, call, items, batch, ahead):
                if isinstance(answer, Lost):
                    victims[number] = answer
                else:
                    yield number, answer
            _tell(victims, lost)
            for number, victim in victims.items():
                deaths[number] += 1
                if deaths[number] <= TOGETHER:
                    waiting.append(number)
                elif deaths[number] == TOGETHER + 1:
                    alone.append(number)
                else:
                    yield number, victim


def _computed(
    found: Engine, call: Callable[[T], R | _Raised], items: Sequence[T], batch: Sequence[int], ahead: int
) -> Iterator[tuple[int, R | Lost]]:
    """Yield the answers of a batch, a `Lost` where a worker died; give up what is under way on an early end."""
    queue = iter(batch)
    under_way: dict[Future[R | _Raised], int] = {}
    try:
        while True:
            for number in islice(queue, ahead - len(under_way)):
                under_way[found.executor.submit(functools.partial(call, items[number]))] = number
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield under_way.pop(future), _read(future, found)
    finally:
        for future in under_way if found.cancels else ():
            future.cancel()


def _read(future: Future[R | _Raised], found: Engine) -> R | Lost:
    try:
        answer = future.result()
    except BaseException as error:
        if found.is_loss(error):
            return Lost(f"{type(error).__name__}: {error}")
        raise
    if isinstance(answer, _Raised):
        raise answer.error
    return answer


def _tell(victims: Mapping[int, Lost], lost: Callable[[str], object]) -> None:
    for victim in list(victims.values())[-1:]:
        first = victim.reason.split(". ")[0].splitlines()[0]
        message = f"a worker died and left {len(victims)} unfinished ({first})"
        LOG.warning("%s; run again.", message)
        lost(message)


@dataclass(frozen=True)
class _Raised:
    error: Exception


def _answer(function: Callable[[T], R], driver: tuple[int, Path | None] | None, item: T) -> R | _Raised:
    """Compute an item for a driver on this machine, given as its process and working folder, or for a remote one."""
    if driver is not None and driver[0] != os.getpid():
        _end_with(driver[0])
        if driver[1] is not None:
            # Loky's workers live on from call to call; relative paths mean what they mean to the caller now.
            os.chdir(driver[1])
    try:
        return function(item)
    except Exception as error:  # noqa: BLE001 - raised again where the answer is read
        error.add_note(f"In a worker:\n{traceback.format_exc()}")
        return _Raised(error)


def _folder() -> Path | None:
    """Return the working folder, or None where it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


@functools.cache
def _end_with(driver: int) -> None:
    """End this worker soon after the process it works for, however that ended; loky's live on."""

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, name="edgewise-driver", daemon=True).start()
