import numpy as np
from numpy.typing import ArrayLike, NDArray

def is_labeled(y: ArrayLike, missing_label: object) -> NDArray[np.bool_]: ...
