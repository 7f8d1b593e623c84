"""The parts of skrub that edgewise uses; it ships no types."""

from typing import Any

class StringEncoder:
    def __init__(self, *, random_state: int) -> None: ...

class TableVectorizer:
    column_to_kind_: dict[str, str]
    output_to_input_: dict[str, str]
    all_outputs_: list[str]
    def __init__(self, *, high_cardinality: object) -> None: ...
    def fit_transform(self, X: object) -> Any: ...
    def transform(self, X: object) -> Any: ...
