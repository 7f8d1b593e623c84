"""Options and tables that several commands share."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer


if TYPE_CHECKING:
    from edgewise.arrays import Labels
    from edgewise.paper.runs.sweep import Summary
    from edgewise.store import Store as Facts
    from edgewise.strategies.frame import Query


Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed; the same seed gives the same answer.")]
Store = Annotated[Path, typer.Option("--store", help="The SQLite file of figures; made if missing.")]
Trust = Annotated[list[str] | None, typer.Option("--trust", help="A type in the .skops file that you trust.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Worker processes; figures do not depend on it.")]
DataHome = Annotated[
    Path | None,
    typer.Option("--data-home", envvar="EDGEWISE_DATA", help="Folder with the canonical data files."),
]
Backend = Annotated[str, typer.Option("--backend", help="Where it is computed: local, ray or dask.")]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", help="Join the Ray or Dask cluster at HOST:PORT; without it a private one is started."
    ),
]


PIPE_WIDTH = 200


def quiet() -> bool:
    """Say whether EDGEWISE_QUIET is set, for no progress at all."""
    import os

    return bool(os.environ.get("EDGEWISE_QUIET"))


def width() -> int:
    """Return how many characters a line of standard output may have; a pipe takes long ones."""
    import shutil
    import sys

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


def typed() -> str:
    """Return the command as it was typed, which goes with every figure."""
    import sys

    return " ".join(["edgewise", *sys.argv[1:]])


def listed(words: str | None) -> list[str]:
    """Return the parts of ``yes,no``; none of None."""
    return [] if words is None else [part.strip() for part in words.split(",") if part.strip()]


@contextmanager
def computing(
    store: Path,
    *,
    jobs: int,
    backend: str = "local",
    address: str | None = None,
    data_home: Path | None = None,
) -> Generator[Facts]:
    """Open the store of a run, with its engine and its data folder in force."""
    from edgewise.data.files import data_from
    from edgewise.parallel import engine
    from edgewise.store import Store as Facts

    with data_from(data_home), engine(backend, address=address, workers=jobs), Facts(store) as facts:
        yield facts


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on standard output, as wide as the terminal or a pipe allows."""
    from rich.console import Console
    from rich.table import Table

    # Titles and cells hold people's words, in which [b] and :key: are no markup.
    console = Console(width=width(), markup=False, emoji=False)
    # A title of the table's own would be wrapped to the table's width.
    console.print(title, style="italic", highlight=False)
    table = Table(*header, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    console.print(table)


def conclude(summary: Summary, store: Path, *, cells: str = "cells", more: str = "") -> None:
    """Print what a sweep did and, on standard error, what failed, alike failures once; exit 1 if any did."""
    from collections import Counter

    lost = f", {len(summary.losses):,} workers lost" if summary.losses else ""
    typer.echo(
        f"\n{summary.computed:,} {cells} computed, {summary.present:,} were there, "
        f"{len(summary.failures):,} failed{more}{lost}; store: {store}"
    )
    alike = Counter((failure.cell.what, failure.message) for failure in summary.failures)
    first = {(failure.cell.what, failure.message): failure.cell for failure in reversed(summary.failures)}
    for (what, message), count in alike.most_common():
        cell = first[what, message]
        where = f"{dict(cell.settings)} seed {cell.seed}" + (f" and {count - 1} more" if count > 1 else "")
        typer.echo(f"  failed: {what}, {where}: {message}", err=True)
    if summary.failures:
        raise typer.Exit(1)


def say_batch(labelled: str, known: Labels, strategy: str, answer: Query, out: Path) -> None:
    """Print how many labels there are of each class, what the strategy notes, and what to do next."""
    import numpy as np

    classes, counts = np.unique(known, return_counts=True)
    balance = ", ".join(f"{name} {count}" for name, count in zip(classes, counts, strict=True))
    typer.echo(f"{labelled}{': ' + balance if balance else ''}.")
    for note in answer.notes:
        typer.echo(f"{strategy}: {note}.")
    typer.echo(
        f"Wrote {len(answer.index)} rows to {out}. Fill in the column 'label', leave blank what you "
        f"cannot tell, then run again with --labels {out} and another --out."
    )
