"""One progress bar for everything that may take over two seconds; on standard error, gone when done."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager


Advance = Callable[[int], None]
"""Reports that so many more items are done."""


@contextmanager
def track(total: int, what: str, *, show: bool) -> Generator[Advance]:
    """Yield a function that counts items done, drawn as a bar when ``show``.

    Examples
    --------
    >>> with track(2, "counting", show=False) as advance:
    ...     advance(2)
    """
    if not show:
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
               TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
