from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import Classifier, Regressor

class _Machine(Classifier):
    coef_: Any
    intercept_: ArrayLike
    def __init__(self, **settings: object) -> None: ...

class SVC(_Machine):
    kernel: object

class LinearSVC(_Machine):
    n_iter_: int

class SVR(Regressor):
    def __init__(self, **settings: object) -> None: ...
