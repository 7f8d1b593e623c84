from collections.abc import Sequence
from typing import Any

from sklearn.base import Classifier

class Pipeline(Classifier):
    steps: list[tuple[str, Any]]
    named_steps: dict[str, Any]
    def __init__(self, steps: Sequence[tuple[str, object]]) -> None: ...
    def transform(self, X: object) -> Any: ...

def make_pipeline(*steps: object) -> Pipeline: ...
