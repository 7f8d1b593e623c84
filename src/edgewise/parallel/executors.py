"""What computes: an executor, and which of its errors mean that a worker died; this machine's cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from loky import ProcessPoolExecutor, cpu_count, get_reusable_executor


P = ParamSpec("P")
R = TypeVar("R")

IDLE = 300
"""Seconds after which an idle worker on this machine ends."""

THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMEXPR", "NUMBA")
"""Libraries whose threads the workers on this machine share out among them."""


@dataclass(frozen=True)
class Lost:
    """The answer of an item whose worker died, with what the engine says about it."""

    reason: str


@dataclass(frozen=True)
class Engine:
    """An executor, and how to read its errors.

    Parameters
    ----------
    executor
        What computes.
    is_loss
        Says whether an error of a future means that its worker died.
    cancels
        Whether cancelling one of its futures gives that task up; otherwise its end gives all of them up.
    """

    executor: Executor
    is_loss: Callable[[BaseException], bool] = lambda error: isinstance(error, BrokenExecutor)
    cancels: bool = True


class Cores(Executor):
    """Worker processes on this machine, kept for the next time; those that died are started again."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        share = str(max(1, cpu_count() // jobs))
        names = [f"{library}_NUM_THREADS" for library in THREADS]
        self._environment = {name: os.environ.get(name, share) for name in names}

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call in a worker."""
        try:
            return self._pool().submit(fn, *args, **kwargs)
        except BrokenExecutor:  # a worker died just now
            return self._pool().submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; with ``cancel_futures`` at once, whatever they are doing."""
        self._pool().shutdown(wait=wait, kill_workers=cancel_futures)

    def _pool(self) -> ProcessPoolExecutor:
        return get_reusable_executor(self.jobs, timeout=IDLE, env=self._environment)


@contextmanager
def on_cores(jobs: int) -> Generator[Engine]:
    """Compute on this machine; whoever leaves early ends the workers, who cannot be told to stop."""
    cores = Cores(jobs)
    try:
        # loky ends its workers only after it has given each future an error, which a cancelled one refuses.
        yield Engine(cores, cancels=False)
    except BaseException:
        cores.shutdown(cancel_futures=True)
        raise
