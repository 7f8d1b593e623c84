"""How the kernels of this folder are compiled, and when their cache is out of date."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any


INNER: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
"""For a kernel that only kernels call. No sum may be reordered: ties have to fall as the model lets them."""

BLOCK: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}
"""For one that Python calls."""


def dated(kernel: Any) -> Any:
    """Return a cached kernel that is compiled again when any file of this folder has changed.

    numba looks at the file of the kernel alone, and would go on with old code of what it calls.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    stamp = tuple((source.name, source.stat().st_mtime_ns, source.stat().st_size) for source in sources)
    with suppress(AttributeError):
        kernel._cache._cache_file._source_stamp = stamp
    return kernel
