"""What is imported late: names of public modules when first asked for, and packages that are extras."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager


EXTRAS: Mapping[str, str] = {
    "torch": "torch",
    "skorch": "torch",
    "pyarrow": "tables",
    "skrub": "tables",
    "matplotlib": "paper",
    "jinja2": "paper",
    "fastapi": "label",
    "uvicorn": "label",
    "PIL": "label",
    "pillow": "label",
    "httpx": "audit",
    "stamina": "audit",
    "onnxruntime": "audit",
    "skops": "audit",
    "ray": "ray",
    "dask": "dask",
    "distributed": "dask",
}
"""The extra of edgewise that brings each optional package."""


class MissingExtraError(ImportError):
    """An optional dependency is not installed; the message says what to install."""


@contextmanager
def needing(what: str, extra: str | None = None) -> Generator[None]:
    """Import inside; a package of an extra that is not there is said to be needed by ``what``.

    ``extra`` is the extra that brings packages which `EXTRAS` does not know.

    Raises
    ------
    MissingExtraError
        The package is not installed; the message says what to install.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        extra = EXTRAS.get(package, extra)
        if extra is None or package == "edgewise":
            raise
        raise MissingExtraError(
            f"{what} needs {package}; install it with: pip install 'edgewise[{extra}]'"
        ) from None


def lazily(module: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a module whose names are imported when first asked for.

    ``homes`` maps each name to the module that defines it, or to itself for a sub-module.
    """

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        with needing(f"{module}.{name}"):
            home = importlib.import_module(homes[name])
            return home if homes[name] == f"{module}.{name}" else getattr(home, name)

    return get, lambda: sorted(homes)
