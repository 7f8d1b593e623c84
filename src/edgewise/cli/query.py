"""``edgewise query``: from a pool and the labels so far, the rows to label next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import Seed


def query(pool: Annotated[Path, typer.Argument(help="CSV, Parquet, NPZ, or a folder of images.")],
          labels: Annotated[list[Path] | None,
                            typer.Option("--labels", help="CSV with the columns row, label: a filled-in "
                                                          "batch. May be repeated.")] = None,
          n: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 20,
          out: Annotated[Path, typer.Option("--out", help="The CSV to fill in.")] = Path("next.csv"),
          strategy: Annotated[str, typer.Option("--strategy", help="How to choose.")] = "edge-mix",
          learner: Annotated[str,
                             typer.Option("--learner", help="logistic, 1-nn or rbf-ridge.")] = "logistic",
          seed: Seed = 0) -> None:
    """Choose the rows of a pool that are worth a label most, and write them ready to be labelled."""
    import numpy as np

    from edgewise.learning.sheets import read_labels, read_pool, write_query
    from edgewise.learning.trials import next_batch

    sheet = read_pool(pool)
    index, known, uniform = read_labels(labels or [], sheet)
    answer = next_batch(sheet.pool, index, known, uniform, n, strategy=strategy, learner=learner, seed=seed)
    write_query(out, answer, sheet)
    classes, counts = np.unique(known, return_counts=True)
    balance = ", ".join(f"{name} {count}" for name, count in zip(classes, counts, strict=True))
    typer.echo(f"{len(index)} of {len(sheet.pool)} rows are labelled{': ' + balance if balance else ''}.")
    for note in answer.notes:
        typer.echo(f"{strategy}: {note}.")
    typer.echo(f"Wrote {len(answer.index)} rows to {out}. Fill in the column 'label', leave blank what you "
               f"cannot tell, then run again with --labels {out} and another --out.")
