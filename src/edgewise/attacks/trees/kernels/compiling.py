"""How the kernels of this folder are compiled, and when their cache is out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from edgewise.attacks.kernel_cache import dated_in


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


dated = dated_in(Path(__file__).parent)
"""For a kernel with a cache."""
