import numpy as np
from numpy.typing import NDArray

class SelectorMixin:
    def get_support(self) -> NDArray[np.bool_]: ...
