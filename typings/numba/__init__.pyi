"""The one decorator of numba that edgewise uses; a compiled function is called as it was written."""

from collections.abc import Callable
from typing import TypeVar

_F = TypeVar("_F", bound=Callable[..., object])

def njit(*, cache: bool = ..., error_model: str = ..., **options: object) -> Callable[[_F], _F]: ...
