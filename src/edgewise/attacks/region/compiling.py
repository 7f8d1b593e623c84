"""How the kernels of this folder are compiled, and when their cache is out of date."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np


ZERO: Any = np.intp(0)
"""A count to start from; for the literal 0 numba would compile what takes it once more."""

FLAGS = {"reassoc", "contract", "nsz", "arcp"}
"""Sums may be reordered and fused; infinities and NaN keep their meaning."""

_PLAIN: dict[str, Any] = {
    "nogil": True,
    "fastmath": FLAGS,
    "error_model": "numpy",
    "_nrt": False,
    "no_rewrites": True,
}

INNER: dict[str, Any] = {**_PLAIN, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For a kernel that only kernels call; without wrappers it compiles in a third of the time."""

PRECISE: dict[str, Any] = {**INNER, "fastmath": FLAGS - {"reassoc"}}
"""For sums of small differences of large numbers, which must be taken in the order written."""

WITHIN: dict[str, Any] = {**INNER, "inline": "always"}
"""The same for a long one, compiled as a part of its caller: callees are optimised once for every level."""

BLOCK: dict[str, Any] = {**_PLAIN, "cache": True}
"""For one that Python calls. Python keeps the arrays alive: views of their rows need no counting."""

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
