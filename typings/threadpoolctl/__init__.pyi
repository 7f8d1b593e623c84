"""The parts of threadpoolctl that edgewise uses; it ships no types."""

from contextlib import AbstractContextManager

def threadpool_limits(limits: int) -> AbstractContextManager[object]: ...

class ThreadpoolController:
    def limit(self, *, limits: int, user_api: str = ...) -> AbstractContextManager[object]: ...
