"""How the kernels of this folder are compiled, and when their cache is out of date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numba import njit

from edgewise.attacks.kernel_cache import dated_in


Kernel = TypeVar("Kernel", bound=Callable[..., object])
Given = TypeVar("Given")
Compiler: TypeAlias = Callable[..., object]
Flags: TypeAlias = Mapping[str, object]

ZERO = cast("int", np.intp(0))
"""A count to start from; for the literal 0 numba would compile what takes it once more."""

FAST = {"reassoc", "contract", "nsz", "arcp"}
"""Sums may be reordered and fused; infinities and NaN keep their meaning."""

_CHOOSING: Flags = {"nogil": True, "fastmath": FAST, "error_model": "numpy", "_nrt": False}
_PLAIN: Flags = {**_CHOOSING, "no_rewrites": True}
_WITHIN_KERNELS: Flags = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

INNER: Flags = {**_PLAIN, **_WITHIN_KERNELS}
"""For a kernel that only kernels call; without wrappers it compiles in a third of the time."""

CHOOSING: Flags = {**_CHOOSING, **_WITHIN_KERNELS}
"""The same for one that asks whether an argument is None: what follows from the other answer is not compiled."""

PRECISE: Flags = {**INNER, "fastmath": FAST - {"reassoc"}}
"""For sums of small differences of large numbers, which must be taken in the order written."""

NO_NAN: Flags = {**INNER, "fastmath": FAST | {"nnan"}}
"""For the smallest of many numbers."""

WITHIN: Flags = {**INNER, "inline": "always"}
"""For a long one, compiled as a part of its caller: callees are optimised once for every level."""

BLOCK: Flags = {**_CHOOSING, "cache": True}
"""For one that Python calls. Python keeps the arrays alive: views of their rows need no counting."""

LISTS: Flags = {**INNER, "_nrt": True}
"""For a kernel that only kernels call, and that keeps lists."""

LISTING: Flags = {**_PLAIN, "cache": True, "_nrt": True}
"""For one that Python calls, and that keeps lists."""


def compiled(flags: Flags) -> Callable[[Callable[..., Given]], Callable[..., Given]]:
    """Return what compiles a kernel with these flags. It takes NumPy's numbers wherever it says int or float."""
    return cast("Callable[[Callable[..., Given]], Callable[..., Given]]", cast("Compiler", njit)(**flags))


dated = dated_in(Path(__file__).parent)
"""For a kernel with a cache."""
