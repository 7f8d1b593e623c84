"""Ray as the engine: a private one on the loopback address, or a cluster by its address."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import secrets
import socket
import stat
import tempfile
import warnings
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edgewise.arrays import InputError
from edgewise.importing import needing
from edgewise.parallel.remote import Remote


OLDEST = (2, 54)
"""The first release whose token authentication covers every service that is started here."""

OBJECT_STORE = 100 * 2**20
"""Bytes of shared memory of an engine that is started here: cells and score reports are small."""


@contextmanager
def started(address: str | None = None, workers: int = 1, gpus: float = 0.0) -> Generator[Remote]:
    """Yield a joblib backend of Ray; see `edgewise.parallel.engine`."""
    ray = _imported(_PRIVATE if address is None else {})
    if ray.is_initialized():
        raise InputError("this process is connected to Ray already; call ray.shutdown() first.")
    with tempfile.TemporaryDirectory(prefix="edgewise-", ignore_cleanup_errors=True) as folder:
        if address is None:
            _start(ray, workers, Path(folder))
        else:
            _join(ray, address)
        with _quiet():
            try:
                yield _backend(ray, gpus)
            finally:
                ray.shutdown()


def _start(ray: Any, workers: int, folder: Path) -> None:
    from ray._private.authentication.authentication_utils import is_token_auth_enabled

    if not is_token_auth_enabled():
        raise InputError(
            "Ray was imported before this without RAY_AUTH_MODE=token in the environment, and "
            "would start without authentication. Start the engine before `import ray`, or set "
            "that variable first."
        )
    with _environment({**_PRIVATE, "RAY_AUTH_TOKEN": _token()}), _loopback(), _private_files():
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            # Ray opens its folder to everybody, so it gets one inside ours, which stays private.
            _temp_dir=str(folder / "r"),
            logging_level="error",
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


def _join(ray: Any, address: str) -> None:
    from ray.exceptions import RayError

    place = urlsplit(address if "://" in address else f"ray-gcs://{address}")
    try:
        # Ray itself tries a dead address for minutes.
        socket.create_connection((place.hostname or "", place.port or 0), timeout=10).close()
        ray.init(address=address, logging_level="error", log_to_driver=False)
    except (RayError, ConnectionError, ValueError, RuntimeError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(
            f"no Ray cluster could be joined at {address!r} ({first}). Give the HOST:PORT that "
            "`ray start --head` printed, and its token in RAY_AUTH_TOKEN with "
            "RAY_AUTH_MODE=token if it asks for one."
        ) from None


def _backend(ray: Any, gpus: float) -> Remote:
    from ray.exceptions import RayError, RayTaskError

    share = gpus if ray.cluster_resources().get("GPU", 0) else 0
    run = ray.remote(num_cpus=1, num_gpus=share, max_retries=0)(_call)
    running: dict[Future[Any], Any] = {}

    def send(function: Callable[[], Any]) -> Future[Any]:
        reference = run.remote(function)
        future: Future[Any] = reference.future()
        running[future] = reference
        future.add_done_callback(lambda done: running.pop(done, None))
        return future

    def stop() -> None:
        for reference in list(running.values()):
            ray.cancel(reference, force=True)

    return Remote(
        send, lambda error: isinstance(error, RayError) and not isinstance(error, RayTaskError), stop
    )


def _call(function: Callable[[], Any]) -> Any:
    return function()


def _imported(settings: Mapping[str, str]) -> Any:
    with needing("the ray backend"):
        version = importlib.metadata.version("ray")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise InputError(
            f"Ray {version} is too old to be started safely; edgewise takes "
            f"{'.'.join(map(str, OLDEST))} or newer: pip install -U 'edgewise[ray]'."
        )
    with warnings.catch_warnings(), _environment(settings):
        warnings.simplefilter("ignore")
        import ray
    return ray


_PRIVATE: Mapping[str, str] = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # The switch by which Ray binds loopback on desktops; without it 127.0.0.1 becomes the outward address.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}


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


@contextmanager
def _loopback() -> Generator[None]:
    """Make Ray take the loopback address for this machine's, also where it was imported before."""
    from ray._private import ray_constants

    with _changed(ray_constants, "ENABLE_RAY_CLUSTER", False):
        yield


@contextmanager
def _quiet() -> Generator[None]:
    """Keep Ray from printing about a worker that died, which is told in one line by `edgewise.parallel`."""
    from ray._private import worker

    with _changed(worker, "_worker_logs_enabled", False):
        yield


@contextmanager
def _changed(module: object, name: str, value: object) -> Generator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
