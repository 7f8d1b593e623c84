from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import Transformer

class _Scaler(Transformer):
    def __init__(self, **settings: object) -> None: ...

class FunctionTransformer(Transformer):
    func: Callable[..., Any] | None
    def __init__(self, func: Callable[..., Any] | None = ..., **settings: object) -> None: ...

class MaxAbsScaler(_Scaler):
    scale_: NDArray[np.float64]

class MinMaxScaler(_Scaler):
    clip: bool
    scale_: NDArray[np.float64]
    min_: NDArray[np.float64]

class RobustScaler(_Scaler):
    with_scaling: bool
    with_centering: bool
    scale_: NDArray[np.float64]
    center_: NDArray[np.float64]

class StandardScaler(_Scaler):
    with_mean: bool
    with_std: bool
    scale_: NDArray[np.float64] | None
    mean_: NDArray[np.float64] | None

class PowerTransformer(_Scaler):
    method: str

class QuantileTransformer(_Scaler): ...
