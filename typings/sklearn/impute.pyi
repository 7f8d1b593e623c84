from typing import Any

from numpy.typing import NDArray
from sklearn.base import Transformer

class SimpleImputer(Transformer):
    add_indicator: bool
    missing_values: Any
    keep_empty_features: bool
    statistics_: NDArray[Any]
    def __init__(self, *args: object, **settings: object) -> None: ...
