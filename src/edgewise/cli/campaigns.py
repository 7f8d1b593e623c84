"""``edgewise status``, ``export`` and ``import``: what a campaign knows, and labels in and out."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgewise.cli.options import show


if TYPE_CHECKING:
    from edgewise.labelling.campaign.items import Items
    from edgewise.labelling.campaign.state import State

File = Annotated[Path, typer.Argument(help="The file of the campaign.")]
Where = Annotated[Path | None, typer.Option("--pool", help="Where the pool is now, if it was moved since.")]


def status(
    campaign: File = Path("campaign.db"),
    pool: Where = None,
    suspects: Annotated[
        int, typer.Option("--suspicious", min=0, help="How many suspicious labels to list.")
    ] = 5,
) -> None:
    """Say where a campaign stands: how good the model is, what more labels would bring, what to do."""
    from edgewise.labelling.campaign.campaign import open_campaign
    from edgewise.labelling.campaign.status import saved_sentence, status_of
    from edgewise.labelling.campaign.suspicious import suspicious

    held = open_campaign(campaign, pool)
    with held.log:
        found = status_of(held)
        total = sum(found.labels.values())
        balance = ", ".join(f"{name} {count}" for name, count in found.labels.items())
        typer.echo(f"{total:,} of {len(held.items):,} items are labelled: {balance}.")
        say_gone(held.items, held.state)
        if found.accuracy is not None and found.balanced is not None:
            rows = [("accuracy", found.accuracy), ("balanced accuracy", found.balanced)]
            rows += [(f"recall of {name}", one) for name, one in found.recall.items()]
            title = f"Today's model on rows like the pool's, by {found.sampled} labels drawn at random:"
            show(title, ("", "estimate", "95 % interval", "labels"), [_line(name, one) for name, one in rows])
            curve = [(str(n), *_line("", one)[1:3]) for n, one in found.curve]
            show("The model after so many labels:", ("labels", "accuracy", "95 % interval"), curve)
            typer.echo(saved_sentence(found.saved, found.sampled))
        typer.echo(found.sentence)
        doubts = suspicious(held) if suspects else []
        if doubts:
            show(
                f"{len(doubts)} labels are worth a second look:",
                ("item", "label", "rather", "chance of the label", "why"),
                [
                    (held.items.names[one.row], one.label, one.instead, _share(one.chance), one.reason)
                    for one in doubts[:suspects]
                ],
            )


def say_gone(items: Items, state: State) -> None:
    """Say which labelled items the pool no longer has, if any."""
    if note := items.note(state.labelled()):
        typer.echo(note)


def _line(name: str, one: object) -> tuple[str, str, str, str]:
    from edgewise.stats import Estimate

    assert isinstance(one, Estimate)
    return name, _share(one.mean), f"{_share(one.low)} to {_share(one.high)}", str(one.n)


def _share(value: float) -> str:
    return "" if isnan(value) else f"{100 * value:.1f} %"


def export(
    campaign: File,
    out: Annotated[
        Path,
        typer.Argument(
            help="The file to write: .csv, .jsonl, .parquet, metadata.csv, .labelstudio.json, .cleanlab.csv or "
            ".events.jsonl."
        ),
    ],
    pool: Where = None,
) -> None:
    """Write the labels of a campaign, in the format the ending of the file names."""
    from edgewise.labelling.campaign.campaign import state_of
    from edgewise.labelling.campaign.events import Log
    from edgewise.labelling.campaign.exporting import export as write
    from edgewise.labelling.campaign.label_studio import config
    from edgewise.labelling.output import check_out

    with Log(campaign) as log:
        state, settings = state_of(log)
        where = settings.where(campaign, pool)
        check_out(out, [campaign, where], force=True)
        items = settings.items(campaign, pool) if pool is not None or where.exists() else None
        n = write(out, log, state, items)
    if items is None:
        typer.echo(f"There is no pool {where}: items are called as they were when they were labelled.")
    else:
        say_gone(items, state)
    if items is not None and out.name.lower().endswith(".labelstudio.json"):
        typer.echo(f"Wrote {n:,} tasks to {out}. The project's labelling configuration:")
        typer.echo(config(settings.classes, items.pictures))
    else:
        typer.echo(f"Wrote {n:,} lines to {out}.")


def import_(
    campaign: File,
    files: Annotated[list[Path], typer.Argument(help="Files with labels.")],
    id_column: Annotated[str | None, typer.Option("--id", help="The column that names the items.")] = None,
    pool: Where = None,
) -> None:
    """Add labels made elsewhere: CSV, JSON Lines, Parquet, Label Studio JSON, a filled-in batch."""
    from edgewise.labelling.campaign.campaign import open_campaign
    from edgewise.labelling.campaign.importing import import_labels

    held = open_campaign(campaign, pool)
    with held.log:
        for file in files:
            found = import_labels(held, file, id_column=id_column)
            typer.echo(
                f"{file}: {found.new:,} new, {found.there:,} were there, {found.blank:,} lines without a label."
            )
