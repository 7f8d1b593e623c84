from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

class OptimizeResult:
    x: NDArray[np.float64]
    fun: float
    status: int

def linprog(
    c: ArrayLike,
    A_ub: ArrayLike,
    b_ub: ArrayLike,
    *,
    bounds: Sequence[tuple[float | None, float | None]],
    options: Mapping[str, float],
) -> OptimizeResult: ...
def nnls(A: ArrayLike, b: ArrayLike, *, maxiter: int) -> tuple[NDArray[np.float64], float]: ...
