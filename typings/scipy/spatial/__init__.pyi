from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

class QhullError(RuntimeError): ...

class Delaunay:
    simplices: NDArray[np.integer[Any]]
    neighbors: NDArray[np.integer[Any]]
    coplanar: NDArray[np.integer[Any]]
    def __init__(self, points: ArrayLike) -> None: ...

class KDTree:
    def __init__(self, data: ArrayLike) -> None: ...
    def query(self, x: ArrayLike, k: int = ..., **settings: object) -> tuple[Any, Any]: ...
    def query_ball_point(self, x: ArrayLike, r: ArrayLike, **settings: object) -> Any: ...
