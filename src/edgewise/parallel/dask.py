"""Dask as the engine: private workers on the loopback address, or a cluster by its address."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from edgewise.arrays import InputError
from edgewise.importing import needing
from edgewise.parallel.main_guard import GUARD, check_guard
from edgewise.parallel.remote import Remote


@contextmanager
def started(address: str | None = None, workers: int = 1, gpus: float = 0.0) -> Generator[Remote]:
    """Yield a joblib backend of Dask; see `edgewise.parallel.engine`. GPUs are the cluster's own affair."""
    with needing("the dask backend"):
        import distributed
        from dask import config
    # Lost tasks are run again, and counted, by us; a cluster that is joined has its own rule.
    rules = {"distributed.scheduler.allowed-failures": 0}
    with (
        tempfile.TemporaryDirectory(prefix="edgewise-", ignore_cleanup_errors=True) as folder,
        config.set(rules),
    ):
        if address is not None:
            with _joined(distributed, address) as client:
                yield _backend(distributed, client)
            return
        check_guard()
        with (
            _local(distributed, workers, folder) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield _backend(distributed, client)


def _local(distributed: Any, workers: int, folder: str) -> Any:
    try:
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        )
    except RuntimeError as error:
        raise InputError(f"Dask could not start its workers ({error}). {GUARD}") from None


def _joined(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"no Dask scheduler could be joined at {address!r} ({error}). Give the address that "
            "`dask scheduler` printed, such as tcp://head:8786."
        ) from None


def _backend(distributed: Any, client: Any) -> Remote:
    under_way: set[Any] = set()

    def send(function: Callable[[], Any]) -> Future[Any]:
        task, future = client.submit(_call, function, pure=False), Future[Any]()
        under_way.add(task)

        def settle(done: Any) -> None:
            under_way.discard(done)
            error = done.exception() if done.status != "cancelled" else None
            if done.status == "cancelled":
                future.cancel()
            elif error is not None:
                future.set_exception(error)
            else:
                future.set_result(done.result())

        task.add_done_callback(settle)
        return future

    def stop() -> None:
        client.cancel(list(under_way))

    return Remote(send, lambda error: isinstance(error, distributed.KilledWorker), stop)


def _call(function: Callable[[], Any]) -> Any:
    return function()
