"""Ray as the engine: a private one on the loopback address, or a cluster by its address.

No private name of Ray is used: its functions, the environment variables in `PRIVATE` and `QUIET` (the latter is
described in its code alone), and ``ray.init(_temp_dir=...)``, which it calls unstable. Ray reads the variables when it
is imported, so a private one has to be that import.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import logging
import os
import secrets
import socket
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from edgewise.arrays import InputError
from edgewise.importing import needing
from edgewise.parallel.executors import Engine


P = ParamSpec("P")
R = TypeVar("R")

OLDEST = (2, 54)
"""The first release whose token authentication covers every service that is started here."""

OBJECT_STORE = 100 * 2**20
"""Bytes of shared memory of an engine that is started here: cells and score reports are small."""

QUIET: Mapping[str, str] = {
    # Deaths of workers are told in one line by `edgewise.parallel`, not on standard output.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^A worker died or was killed|killed due to memory pressure",
}

PRIVATE: Mapping[str, str] = {
    **QUIET,
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # The switch by which Ray binds loopback on desktops; without it 127.0.0.1 becomes the outward address.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}


@contextmanager
def started(address: str | None = None, workers: int = 1, gpus: float = 0.0) -> Generator[Engine]:
    """Yield an executor of Ray; see `edgewise.parallel.engine`."""
    _check_version()
    ray = _imported_private() if address is None else _imported(QUIET)
    from ray.exceptions import RayError, RayTaskError

    if ray.is_initialized():
        raise InputError("this process is connected to Ray already; call ray.shutdown() first.")
    with tempfile.TemporaryDirectory(prefix="edgewise-", ignore_cleanup_errors=True) as folder:
        if address is None:
            _start(ray, workers, Path(folder))
        else:
            _join(ray, address)
        try:
            yield Engine(
                RayExecutor(ray, gpus),
                lambda error: isinstance(error, RayError) and not isinstance(error, RayTaskError),
            )
        finally:
            ray.shutdown()


class RayExecutor(Executor):
    """Calls as tasks of the Ray that this process is connected to; each takes a CPU, and is tried once.

    Parameters
    ----------
    ray
        The module.
    gpus
        GPUs a call asks for, where the cluster has any.
    """

    def __init__(self, ray: ModuleType, gpus: float = 0.0) -> None:
        share = gpus if ray.cluster_resources().get("GPU", 0) else 0
        self._run = ray.remote(num_cpus=1, num_gpus=share, max_retries=0)(_call)
        self._cancel = functools.partial(ray.cancel, force=True)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call; cancelling its future ends the worker."""
        reference = self._run.remote(functools.partial(fn, *args, **kwargs))
        future: Future[R] = reference.future()
        future.add_done_callback(lambda done: self._cancel(reference) if done.cancelled() else None)
        return future


def _call(function: Callable[[], R]) -> R:
    return function()


def _start(ray: ModuleType, workers: int, folder: Path) -> None:
    with _environment({**PRIVATE, "RAY_AUTH_TOKEN": _token()}), _private_files(), _starting(ray):
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            # Ray opens its folder to everybody, so it gets one inside ours, which stays private.
            _temp_dir=str(folder / "r"),
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & stat.S_IRWXU)
    bound = {node["NodeManagerAddress"] for node in ray.nodes()}
    if bound != {"127.0.0.1"}:
        ray.shutdown()
        raise InputError(
            f"Ray bound {', '.join(sorted(bound))} and not the loopback address alone; it was "
            "stopped. Start Ray yourself and give its address."
        )


@contextmanager
def _starting(ray: ModuleType) -> Generator[None]:
    """Say in one sentence that Ray did not start; a start-up that takes too long is a bare ``Exception`` of Ray's."""
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            ray.shutdown()
        raise InputError(
            f"Ray could not be started on this machine ({_first_line(error)}). Try again when the machine is less "
            "busy, use another backend, or start Ray yourself and give its address."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _join(ray: ModuleType, address: str) -> None:
    from ray.exceptions import RayError

    place = urlsplit(address if "://" in address else f"ray-gcs://{address}")
    try:
        # Ray itself tries a dead address for minutes.
        socket.create_connection((place.hostname or "", place.port or 0), timeout=10).close()
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (RayError, ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise InputError(
            f"no Ray cluster could be joined at {address!r} ({_first_line(error)}). Give the HOST:PORT that "
            "`ray start --head` printed, and its token in RAY_AUTH_TOKEN with "
            "RAY_AUTH_MODE=token if it asks for one."
        ) from None


def _check_version() -> None:
    with needing("the ray backend"):
        version = importlib.metadata.version("ray")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise InputError(
            f"Ray {version} is too old to be started safely; edgewise takes "
            f"{'.'.join(map(str, OLDEST))} or newer: pip install -U 'edgewise[ray]'."
        )


def _imported(settings: Mapping[str, str]) -> ModuleType:
    with warnings.catch_warnings(), _environment(settings):
        warnings.simplefilter("ignore")
        return importlib.import_module("ray")


@functools.cache
def _imported_private() -> ModuleType:
    if "ray" in sys.modules:
        raise InputError(
            "Ray was imported before this, with settings of its own: it could start without authentication, and for "
            "the network to see. Start the engine before `import ray`, or give the address of a Ray of your own."
        )
    return _imported(PRIVATE)


@functools.cache
def _token() -> str:
    """One a process: Ray reads it once."""
    return secrets.token_hex(32)


@contextmanager
def _environment(settings: Mapping[str, str]) -> Generator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _private_files() -> Generator[None]:
    """Make what is started here write files that only this user can read."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
