"""How the kernels of this folder are compiled, and when their cache is out of date."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias


Reals: TypeAlias = Any
"""A float64 array in a kernel: numba takes what it holds for numbers, NumPy's types for arrays again."""

Wholes: TypeAlias = Any
"""The same of int32."""

_PLAIN: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_rewrites": True}
"""Python keeps the arrays alive. No sum may be reordered: ties have to fall as the model lets them."""

INNER: dict[str, Any] = {**_PLAIN, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For a kernel that only kernels call."""

BLOCK: dict[str, Any] = {**_PLAIN, "cache": True}
"""For one that Python calls."""

LISTING: dict[str, Any] = {**BLOCK, "_nrt": True}
"""The same for one that keeps lists."""


def dated(kernel: Any) -> Any:
    """Return a cached kernel that is compiled again when any file of this folder has changed.

    numba looks at the file of the kernel alone, and would go on with old code of what it calls.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    stamp = tuple((source.name, source.stat().st_mtime_ns, source.stat().st_size) for source in sources)
    with suppress(AttributeError):
        kernel._cache._cache_file._source_stamp = stamp
    return kernel
