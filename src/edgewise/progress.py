"""One progress bar for everything that may take over two seconds; on standard error, gone when done.

Where standard error is no terminal, such as in a log, it is a line every few seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager


Advance = Callable[[int], None]
"""Reports that so many more items are done."""

Finish = Callable[[str, float], None]
"""Reports that one more item is done: what it was, and its weight."""


LINE_SECONDS = 5.0
"""Seconds between two lines where there is no terminal; what is done sooner says nothing."""


@contextmanager
def track(total: int, what: str, *, show: bool) -> Generator[Advance]:
    """Yield a function that counts items done, shown on standard error when ``show``.

    Examples
    --------
    >>> with track(2, "counting", show=False) as advance:
    ...     advance(2)
    """
    if not show:
        yield lambda _done: None
        return
    if not sys.stderr.isatty():
        lines = _Lines(total)
        yield lambda done: lines.advance(what, done)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def weigh(total: float, items: int, *, show: bool) -> Generator[Finish]:
    """Yield a function that reports items of unequal weight, shown with the name of the latest.

    The time left follows the weights, of which ``total`` is the sum.

    Examples
    --------
    >>> with weigh(3.5, 2, show=False) as finish:
    ...     finish("the first", 3.0)
    """
    if not show:
        yield lambda _what, _weight: None
        return
    if not sys.stderr.isatty():
        lines = _Lines(items)
        yield lambda what, _weight: lines.advance(what, 1)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[done]:,} of {task.fields[items]:,}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=600) as bar:
        task = bar.add_task("starting", total=total, done=0, items=items)
        done = 0

        def finish(what: str, weight: float) -> None:
            nonlocal done
            done += 1
            bar.update(task, advance=weight, description=what, done=done)

        yield finish


class _Lines:
    """Counts items, and says so on standard error every `LINE_SECONDS`."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._said = total, 0, time.monotonic()

    def advance(self, what: str, done: int) -> None:
        self._done += done
        if time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            print(f"{what}: {self._done:,} of {self._total:,}", file=sys.stderr, flush=True)  # noqa: T201
