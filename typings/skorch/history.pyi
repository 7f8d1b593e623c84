from collections.abc import Iterable, Mapping
from typing import Any

class History(list[dict[str, Any]]):
    def __init__(self, rows: Iterable[Mapping[str, object]] = ...) -> None: ...
