from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import Classifier

class LinearDiscriminantAnalysis(Classifier):
    coef_: Any
    intercept_: ArrayLike
    def __init__(self, **settings: object) -> None: ...
