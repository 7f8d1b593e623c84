import numpy as np
from numpy.typing import NDArray
from sklearn.base import Classifier

class _Tree:
    node_count: int
    children_left: NDArray[np.intp]
    children_right: NDArray[np.intp]
    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    missing_go_to_left: NDArray[np.uint8]
    value: NDArray[np.float64]

class DecisionTreeClassifier(Classifier):
    tree_: _Tree
    def __init__(self, **settings: object) -> None: ...
    def apply(self, X: object) -> NDArray[np.intp]: ...
    def get_n_leaves(self) -> int: ...
