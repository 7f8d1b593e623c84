import numpy as np
from numpy.typing import NDArray
from sklearn.base import Transformer

class Nystroem(Transformer):
    gamma: float
    normalization_: NDArray[np.float64]
    components_: NDArray[np.float64]
    def __init__(
        self, *, gamma: float | None = ..., n_components: int = ..., random_state: int = ...
    ) -> None: ...
