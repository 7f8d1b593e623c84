"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    r"""Return the lines of a table; a bar inside a cell stays one.

    Examples
    --------
    >>> print("\n".join(table(("size", "seconds"), [("|S| = 3", 0.5)])))
    | size | seconds |
    |---|---|
    | \|S\| = 3 | 0.5 |
    """
    return [_line(header), "|---" * len(header) + "|", *map(_line, rows)]


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"
