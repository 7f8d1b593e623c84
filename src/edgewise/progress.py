"""One progress bar for everything that may take over two seconds; on standard error, gone when done."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager


Advance = Callable[[int], None]
"""Reports that so many more items are done."""

Finish = Callable[[str, float], None]
"""Reports that one more item is done: what it was, and its weight."""


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

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def weigh(total: float, items: int, *, show: bool) -> Generator[Finish]:
    """Yield a function that reports items of unequal weight, drawn as a bar that names the latest.

    The time left follows the weights, of which ``total`` is the sum.

    Examples
    --------
    >>> with weigh(3.5, 2, show=False) as finish:
    ...     finish("the first", 3.0)
    """
    if not show:
        yield lambda _what, _weight: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
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
