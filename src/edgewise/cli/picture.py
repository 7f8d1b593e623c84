"""``edgewise picture``: compute what a picture of the report shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Store, quiet


def picture(
    name: Annotated[str, typer.Argument(help="halfmoon (regions and boundary points) or images.")],
    store: Store = Path("runs.db"),
) -> None:
    """Compute a picture into the store; the report draws it from there."""
    import importlib

    from edgewise.paper.pictures import PICTURES
    from edgewise.paper.runs.sweep import sweep
    from edgewise.registry import lookup
    from edgewise.store import Store as Facts

    module = importlib.import_module(lookup(PICTURES, name, "picture"))
    with Facts(store) as facts:
        summary = sweep([module.cell()], module.work, facts, progress=not quiet(), what=name)
    for failure in summary.failures:
        typer.echo(f"failed: {failure.message}", err=True)
    if summary.failures:
        raise typer.Exit(1)
    typer.echo(f"{name} is in {store}; draw it with: edgewise report --store {store}")
