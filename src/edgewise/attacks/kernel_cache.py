"""When compiled kernels are out of date."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar


Kernel = TypeVar("Kernel")


def dated_in(folder: Path) -> Callable[[Kernel], Kernel]:
    """Return what makes a cached kernel be compiled again when any file of ``folder`` has changed.

    numba looks at the file of the kernel alone, and would go on with old code of what it calls.
    """
    sources = sorted(folder.glob("*.py"))
    stamp = tuple((source.name, source.stat().st_mtime_ns, source.stat().st_size) for source in sources)

    def dated(kernel: Kernel) -> Kernel:
        with suppress(AttributeError):
            getattr(kernel, "_cache")._cache_file._source_stamp = stamp  # noqa: B009
        return kernel

    return dated
