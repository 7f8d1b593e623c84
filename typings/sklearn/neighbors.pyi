from typing import Any, Literal, Self, overload

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, Classifier

class KNeighborsClassifier(Classifier):
    n_neighbors: int
    weights: object
    effective_metric_: str
    effective_metric_params_: dict[str, Any] | None
    _fit_X: NDArray[np.float64] | csr_matrix
    _y: NDArray[np.intp]
    def __init__(self, n_neighbors: int = ..., *, weights: object = ..., **settings: object) -> None: ...
    def kneighbors(
        self, X: object = ..., n_neighbors: int | None = ..., *, return_distance: Literal[False]
    ) -> NDArray[np.intp]: ...

class RadiusNeighborsClassifier(Classifier):
    def __init__(self, radius: float = ..., **settings: object) -> None: ...

class NearestNeighbors(BaseEstimator):
    def __init__(self, *, n_neighbors: int = ..., **settings: object) -> None: ...
    def fit(self, X: object, y: object = ...) -> Self: ...
    @overload
    def kneighbors(
        self, X: object = ..., n_neighbors: int | None = ..., return_distance: Literal[True] = ...
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]: ...
    @overload
    def kneighbors(
        self, X: object = ..., n_neighbors: int | None = ..., *, return_distance: Literal[False]
    ) -> NDArray[np.intp]: ...
