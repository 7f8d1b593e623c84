import numpy as np
from numpy.typing import ArrayLike, NDArray

def isotonic_regression(y: ArrayLike) -> NDArray[np.float64]: ...
