"""``edgewise picture``: compute what a picture of the report shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Store, computing, conclude, quiet, typed


def picture(
    name: Annotated[str, typer.Argument(help="halfmoon (regions and boundary points) or images.")],
    store: Store = Path("runs.db"),
) -> None:
    """Compute a picture into the store; the report draws it from there."""
    import importlib

    from edgewise.paper.pictures import PICTURES
    from edgewise.paper.runs.experiment import Experiment
    from edgewise.registry import lookup

    module = importlib.import_module(lookup(PICTURES, name, "picture"))
    with computing(store, jobs=1) as facts:
        run = Experiment(name, [module.cell()], module.work).run(facts, typed(), progress=not quiet())
    conclude(run.summary, store)
    typer.echo(f"{name} is in {store}; draw it with: edgewise report --store {store}")
