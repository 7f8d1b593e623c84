from collections.abc import Iterable
from typing import Self

from numpy.typing import ArrayLike

class SklearnClassifier:
    def __init__(self, estimator: object, classes: Iterable[object]) -> None: ...
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self: ...
