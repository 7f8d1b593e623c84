"""A joblib backend whose tasks run elsewhere and may be lost one by one.

joblib's own backends for these engines are not used: Ray's gives all results at the end, so that a killed
driver loses them, and keeps one worker inside the driver; Dask's waits for ever on a task whose worker died.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

from joblib.parallel import ParallelBackendBase


_Base = cast("type[Any]", ParallelBackendBase)  # joblib's own signatures say that nothing is returned


@dataclass(frozen=True)
class Lost:
    """The answer of a task whose worker died, with what the engine says about it."""

    reason: str


class Remote(_Base):
    """Tasks as futures of an engine.

    Parameters
    ----------
    send
        Starts a function without arguments and returns its future.
    is_loss
        Says whether an exception of a future means that its worker died.
    stop
        Gives up the tasks that are under way.
    """

    supports_retrieve_callback = True

    def __init__(
        self,
        send: Callable[[Callable[[], Any]], Future[Any]],
        is_loss: Callable[[BaseException], bool],
        stop: Callable[[], None],
    ) -> None:
        super().__init__(nesting_level=0)
        self._send, self._is_loss, self._stop = send, is_loss, stop
        # An engine calls back in its own thread, which joblib would keep busy sending the next task.
        self._answers = ThreadPoolExecutor(1, thread_name_prefix="edgewise-answers")

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return at least 2: with 1 joblib computes in the driver."""
        return max(2, n_jobs or 1)

    def submit(self, func: Callable[[], Any], callback: Callable[[Future[Any]], None]) -> Future[Any]:
        """Start a batch; joblib's callback gets its future."""
        future = self._send(func)
        future.add_done_callback(lambda done: self._answers.submit(callback, done))
        return future

    def retrieve_result_callback(self, out: Future[Any]) -> list[Any]:
        """Return the results of a batch, or `Lost` in the place of one whose worker died."""
        try:
            return cast("list[Any]", out.result())
        except BaseException as error:
            if self._is_loss(error):
                return [Lost(f"{type(error).__name__}: {error}")]
            raise

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Give up what is under way."""
        self._stop()
