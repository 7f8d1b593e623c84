"""``edgewise report``: tables, figures and one HTML page from the store alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Store


def report(store: Store = Path("runs.db"),
           out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")] = Path("report.html"),
           ) -> None:
    """Write one self-contained page about everything the store holds."""
    from edgewise.report import build
    from edgewise.store import Store as Facts

    with Facts(store, read_only=True) as facts:
        build(facts, out)
    typer.echo(f"wrote {out}")
