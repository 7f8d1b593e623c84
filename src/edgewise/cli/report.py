"""``edgewise report``: tables, figures and one HTML page from stored facts alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Store, quiet
from edgewise.cli.written import check_written


def report(
    store: Store = Path("runs.db"),
    out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")] = Path("report.html"),
    published: Annotated[
        Path | None, typer.Option("--published", help="Read the published runs in this folder, not a store.")
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option("--tables", help="Also write every table to this folder: CSV, Parquet, Markdown."),
    ] = None,
) -> None:
    """Write one self-contained page about everything the store holds."""
    from edgewise.paper.report import build
    from edgewise.paper.runs.results import collected, runs_in

    check_written({"the page": out}, [store] if published is None else runs_in(published))
    source = store if published is None else collected(published)
    build(source, out, tables=tables, progress=not quiet())
    typer.echo(f"wrote {out}" + (f" and the tables in {tables}" if tables is not None else ""))
