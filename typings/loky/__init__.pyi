"""The parts of loky that edgewise uses; it ships no types."""

from collections.abc import Mapping
from concurrent.futures import Executor

class ProcessPoolExecutor(Executor):
    def shutdown(self, wait: bool = ..., kill_workers: bool = ...) -> None: ...  # type: ignore[override]

def cpu_count() -> int: ...
def get_reusable_executor(
    max_workers: int, *, timeout: float = ..., env: Mapping[str, str] | None = ...
) -> ProcessPoolExecutor: ...
