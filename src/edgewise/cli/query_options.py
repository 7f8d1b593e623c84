"""The options of ``edgewise query`` and of a campaign."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edgewise.cli.options import listed


Table = Annotated[
    Path | None,
    typer.Argument(help="CSV, Parquet, JSON Lines, NPZ, or a folder of pictures."),
]
Labels = Annotated[
    list[Path] | None,
    typer.Option(
        "--labels",
        help="CSV with the columns row (or that of --id) and label (shards: shard, row, label): a filled-in "
        "batch. May be repeated.",
    ),
]
Rows = Annotated[int, typer.Option("-n", min=1, help="How many rows.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="The CSV to fill in; without it next.csv, next-2.csv and so on."),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Replace --out also if labels are filled in, or if it is not a batch."),
]
Id = Annotated[
    str | None,
    typer.Option("--id", help="The column that names the rows; labels are kept by it, not by row number."),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", help="A column to show and not to learn from. May be repeated."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--features", help="A column to learn from, and no others. May be repeated."),
]
Classes = Annotated[
    str | None,
    typer.Option("--classes", help="The labels there are, such as yes,no; others are refused."),
]
Folders = Annotated[
    bool, typer.Option("--folders-are-labels", help="The sub-folder a picture lies in is its label.")
]
Campaign = Annotated[
    Path | None,
    typer.Option(
        "--campaign",
        help="The file of a campaign: labels are kept there, and a batch is never given out twice.",
    ),
]
Strategy = Annotated[str, typer.Option("--strategy", help="How to choose.")]
Learner = Annotated[
    str,
    typer.Option(
        "--learner",
        help="logistic, 1-nn, rbf-svm, forest, boosting (takes gaps as they are), rbf-ridge, or "
        "FILE.py:NAME of a function that makes yours.",
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        "--model",
        help="A fitted model in place of --learner, asked about the columns it was fitted to: .skops, or "
        "joblib's, which runs its code when it is read: only your own.",
    ),
]
Files = Annotated[
    str | None,
    typer.Option("--pool", help="A pool in many files, such as 'shards/*.parquet', in place of POOL."),
]
Scores = Annotated[Path, typer.Option("--scores", help="Shards: the folder for their scores.")]
Device = Annotated[str | None, typer.Option("--device", help="Shards: cuda asks torch models on GPUs.")]


def settings_asked(context: typer.Context) -> dict[str, Any]:
    """Return the settings of a campaign that were typed, by their names in `Settings`; defaults are not among them."""
    from edgewise.labelling.campaign.opening import LISTS, OPTIONS

    asked: dict[str, Any] = {}
    for name in ("classes", "id", "ignore", "features", "strategy", "learner", "share", "seed"):
        option = OPTIONS.get(name, name)
        source = context.get_parameter_source(option)
        if source is not None and source.name == "COMMANDLINE":
            given = listed(context.params[option]) if name == "classes" else context.params[option]
            asked[name] = tuple(given) if name in LISTS else given
    return asked
