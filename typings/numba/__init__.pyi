"""The one decorator of numba that edgewise uses; a compiled function is called as it was written."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

class _Compiled(Generic[_P, _R]):
    py_func: Callable[_P, _R]
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...

def njit(
    *, cache: bool = ..., error_model: str = ..., **options: object
) -> Callable[[Callable[_P, _R]], _Compiled[_P, _R]]: ...
