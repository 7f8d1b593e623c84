from sklearn.base import Regressor

class KernelRidge(Regressor):
    def __init__(self, alpha: float = ..., *, kernel: str = ...) -> None: ...
