from typing import Any

class Dataset:
    X: Any
    y: Any
    def __init__(self, X: object, y: object = ...) -> None: ...
    def __len__(self) -> int: ...
