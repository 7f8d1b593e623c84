from typing import Any

from sklearn.base import Transformer

class ColumnTransformer(Transformer):
    n_features_in_: int
    remainder: Any
    transformers: list[tuple[str, Any, Any]]
    transformer_weights: dict[str, float] | None
    transformers_: list[tuple[str, Any, Any]]
    output_indices_: dict[str, slice[int, int, int | None]]
    def __init__(self, *args: object, **settings: object) -> None: ...
