"""``edgewise label``: a page to label on, in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.campaigns import say_gone
from edgewise.cli.options import Seed, listed
from edgewise.cli.query_options import Classes, Columns, Id, Ignore, Learner, Strategy, settings_asked


def label(
    context: typer.Context,
    pool: Annotated[
        Path | None,
        typer.Argument(help="CSV, Parquet, JSON Lines, NPZ, or a folder of pictures; known once begun."),
    ] = None,
    *,
    classes: Classes = None,
    id: Id = None,
    campaign: Annotated[
        Path, typer.Option("--campaign", help="The file of the campaign; made if missing.")
    ] = Path("campaign.db"),
    ignore: Ignore = None,
    features: Columns = None,
    strategy: Strategy = "herding",
    learner: Learner = "logistic",
    uniform: Annotated[
        float, typer.Option("--uniform", min=0, max=1, help="The share drawn at random, for the estimates.")
    ] = 0.1,
    keys: Annotated[
        str | None, typer.Option("--keys", help="One key per class, such as y,n; digits always work.")
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; others than this machine need --token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="0 takes a free one; by default one per file."),
    ] = None,
    token: Annotated[
        str, typer.Option("--token", envvar="EDGEWISE_TOKEN", help="The secret; a random one by default.")
    ] = "",
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A further host name of this machine. May be repeated.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, open nothing.")
    ] = False,
    backend: Annotated[
        bool, typer.Option("--as-label-studio-backend", help="Answer as a Label Studio ML backend too.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Label a pool on a page: one decision a screen, each on disk before the next.

    Run it again to go on where you stopped. Ctrl-C stops it.
    """
    from edgewise.labelling.app.serving import Address, keys_for, port_of, serve
    from edgewise.labelling.campaign.opening import open_or_begin

    open_ = open_or_begin(campaign, pool, settings_asked(context))
    typer.echo(open_.items.sheet.said)
    say_gone(open_.items, open_.state)
    chosen = keys_for(open_.settings.classes, listed(keys))
    where = Address(host, port_of(campaign) if port is None else port, token, tuple(name or ()))

    def say(url: str) -> None:
        typer.echo(f"Label at {url}\nCampaign: {campaign}. Ctrl-C stops; the same command goes on.")

    try:
        serve(open_, where, chosen, say=say, browser=not no_browser, backend=backend)
    finally:
        open_.log.close()
