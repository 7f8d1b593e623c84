from typing import TypeAlias

import numpy as np
from numpy.linalg import LinAlgError as LinAlgError
from numpy.typing import ArrayLike, NDArray

_Factor: TypeAlias = tuple[NDArray[np.float64], bool]

def cho_factor(
    a: ArrayLike, lower: bool = ..., overwrite_a: bool = ..., check_finite: bool = ...
) -> _Factor: ...
def cho_solve(c_and_lower: _Factor, b: ArrayLike, check_finite: bool = ...) -> NDArray[np.float64]: ...
