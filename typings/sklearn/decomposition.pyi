from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

class _Projection(BaseEstimator):
    def __init__(self, n_components: int = ..., **settings: object) -> None: ...
    def fit(self, X: object, y: object = ...) -> Self: ...
    def fit_transform(self, X: object, y: object = ...) -> NDArray[np.float64]: ...
    def transform(self, X: object) -> NDArray[np.float64]: ...

class PCA(_Projection):
    whiten: bool
    components_: NDArray[np.float64]
    explained_variance_: NDArray[np.float64]
    mean_: NDArray[np.float64]

class IncrementalPCA(PCA): ...

class TruncatedSVD(_Projection):
    components_: NDArray[np.float64]
