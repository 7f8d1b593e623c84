"""The parts of joblib that edgewise uses; it ships no types."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

def load(filename: object) -> Any: ...
def dump(value: object, filename: object) -> list[str]: ...
def delayed(
    function: Callable[_P, _R],
) -> Callable[_P, tuple[Callable[..., _R], tuple[object, ...], dict[str, object]]]: ...

class Parallel:
    def __init__(
        self, *, n_jobs: int, return_as: str, pre_dispatch: int = ..., backend: object = ...
    ) -> None: ...
    def __call__(
        self, iterable: Iterable[tuple[Callable[..., _R], tuple[object, ...], dict[str, object]]]
    ) -> Iterator[_R]: ...
