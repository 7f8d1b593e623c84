from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import Classifier

class ParameterGrid:
    def __init__(self, param_grid: Mapping[str, Sequence[object]]) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, ind: int) -> dict[str, Any]: ...

class GridSearchCV(Classifier):
    best_estimator_: Any
    best_params_: dict[str, Any]
    def __init__(
        self,
        estimator: object,
        param_grid: Mapping[str, Sequence[object]],
        *,
        scoring: Callable[..., float] | str | None = ...,
        refit: bool = ...,
        cv: Iterable[tuple[NDArray[np.intp], NDArray[np.intp]]] | int | None = ...,
        error_score: float | str = ...,
    ) -> None: ...

def cross_val_score(estimator: object, X: object, y: ArrayLike, *, cv: int) -> NDArray[np.float64]: ...
