from typing import Any

from numpy.typing import NDArray

class SelectorMixin:
    def get_support(self, indices: bool = ...) -> NDArray[Any]: ...
