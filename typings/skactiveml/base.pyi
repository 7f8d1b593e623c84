from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

class SingleAnnotatorPoolQueryStrategy:
    missing_label_: object
    random_state_: np.random.RandomState
    def __init__(self, *, missing_label: object = ..., random_state: object = ...) -> None: ...
    def _validate_data(
        self,
        X: ArrayLike,
        y: ArrayLike,
        candidates: ArrayLike | None,
        batch_size: int,
        return_utilities: bool,
        reset: bool,
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None, int, bool]: ...
    def _transform_candidates(
        self, candidates: NDArray[Any] | None, X: NDArray[Any], y: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[np.intp] | None]: ...
