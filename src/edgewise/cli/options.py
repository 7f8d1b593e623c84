"""Options and tables that several commands share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer


Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed; the same seed gives the same answer.")]
Store = Annotated[Path, typer.Option("--store", help="The SQLite file of figures; made if missing.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Worker processes; figures do not depend on it.")]
DataHome = Annotated[Path | None, typer.Option("--data-home", envvar="EDGEWISE_DATA",
                                               help="Folder with the canonical data files.")]
Backend = Annotated[str, typer.Option("--backend", help="Where it is computed: local, ray or dask.")]
Address = Annotated[str | None, typer.Option("--address", help="Join the Ray or Dask cluster at HOST:PORT; "
                                                               "without it a private one is started.")]


PIPE_WIDTH = 200


def quiet() -> bool:
    """Say whether standard error is no terminal, where a bar would be noise."""
    import sys

    return not sys.stderr.isatty()


def width() -> int:
    """Return how many characters a line of standard output may have; a pipe takes long ones."""
    import shutil
    import sys

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on standard output, as wide as the terminal or a pipe allows."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, title=title, title_justify="left", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    Console(width=width()).print(table)
