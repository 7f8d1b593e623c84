from io import BytesIO
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

class _Bunch:
    data: NDArray[Any]
    target: NDArray[Any]
    images: NDArray[np.float64]
    categories: dict[str, list[str]]
    feature_names: list[str]

@overload
def load_digits(
    *, n_class: int = ..., return_X_y: Literal[True]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]: ...
@overload
def load_digits(*, n_class: int = ...) -> _Bunch: ...
def load_svmlight_file(f: BytesIO) -> tuple[csr_matrix, NDArray[np.float64]]: ...
def fetch_openml(
    *, data_id: int, as_frame: bool, parser: str, cache: bool, n_retries: int, delay: float
) -> _Bunch: ...
def fetch_covtype(*, n_retries: int, delay: float) -> _Bunch: ...
def make_moons(
    n_samples: int, *, noise: float | None, random_state: np.random.RandomState | int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]: ...
