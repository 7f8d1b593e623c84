"""Dask as the engine: private workers on the loopback address, or a cluster by its address."""

from __future__ import annotations

import importlib
import logging
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from edgewise.arrays import InputError
from edgewise.importing import needing
from edgewise.parallel.executors import Engine
from edgewise.parallel.main_guard import GUARD, check_guard


OUR_OWN = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.no-workers-timeout": "5 minutes",
    "distributed.deploy.lost-worker-timeout": "365 days",
}
"""Rules of the workers started here. Lost tasks are run again, and counted, by us. Each worker has a nanny that starts
it again, whom Dask would send home where the worker is just then starting 15 seconds after a death; were none left,
tasks would wait for ever, but for the other rule. A cluster that is joined has its own."""


@contextmanager
def started(address: str | None = None, workers: int = 1, gpus: float = 0.0) -> Generator[Engine]:
    """Yield Dask's own executor; see `edgewise.parallel.engine`. GPUs are the cluster's own affair."""
    with needing("the dask backend"):
        distributed, config = importlib.import_module("distributed"), importlib.import_module("dask.config")
    if address is None:
        check_guard()
    with ExitStack() as opened:
        folder = opened.enter_context(
            tempfile.TemporaryDirectory(prefix="edgewise-", ignore_cleanup_errors=True)
        )
        opened.enter_context(config.set(OUR_OWN))
        try:
            cluster = address or opened.enter_context(
                distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    memory_limit=0,
                    local_directory=folder,
                    silence_logs=logging.CRITICAL,
                )
            )
            client = opened.enter_context(distributed.Client(cluster, timeout=10))
        except RuntimeError as error:
            raise InputError(f"Dask could not start its workers ({error}). {GUARD}") from None
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"no Dask scheduler could be joined at {address!r} ({error}). Give the address that "
                "`dask scheduler` printed, such as tcp://head:8786."
            ) from None
        yield Engine(
            client.get_executor(pure=False), lambda error: isinstance(error, distributed.KilledWorker)
        )
