from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

class KMeans(BaseEstimator):
    labels_: NDArray[np.int32]
    def __init__(
        self, n_clusters: int = ..., *, n_init: int = ..., max_iter: int = ..., random_state: int = ...
    ) -> None: ...
    def fit(self, X: object, y: object = ...) -> Self: ...
