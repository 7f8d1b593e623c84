"""``edgewise retrain``: rebuild a model from its answers, within a budget."""

from __future__ import annotations

from typing import Annotated

import typer

from edgewise.cli.options import DataHome, Seed, quiet, show


def retrain(
    data: Annotated[str, typer.Option("--data", help="A data set.")] = "halfmoon",
    attack: Annotated[str, typer.Option("--attack", help="How boundary points are made.")] = "opt",
    budget: Annotated[int, typer.Option("--budget", min=1, help="Labels to buy.")] = 200,
    scale: Annotated[float, typer.Option("--scale", min=0, help="1: points at the crossing.")] = 1.0,
    base: Annotated[
        bool, typer.Option("--base/--no-base", help="Train the shadow on the train split too.")
    ] = False,
    data_home: DataHome = None,
    seed: Seed = 0,
) -> None:
    """Train a 1-NN victim, generate points at its boundary, retrain a 1-NN shadow, and measure it."""
    from sklearn.neighbors import KNeighborsClassifier

    from edgewise.attacks.names import ATTACKS
    from edgewise.data import load
    from edgewise.learning.metrics import accuracy
    from edgewise.learning.retrain import retrain as run
    from edgewise.registry import component

    loaded = load(data, rng=seed, data_home=data_home)
    victim = KNeighborsClassifier(1).fit(*loaded.train)
    out = run(
        victim,
        victim,
        loaded,
        attack=component(ATTACKS, attack, "attack"),
        budget=budget,
        scale=scale,
        rng=seed,
        base=loaded.train if base else None,
        progress=not quiet(),
    )
    show(
        f"shadow 1-NN on {data}, {attack}",
        ("figure", "value"),
        [
            ("victim accuracy", f"{accuracy(victim, *loaded.test):.4f}"),
            ("shadow accuracy", f"{out.accuracy:.4f}"),
            ("agreement with the victim", f"{out.agreement:.4f}"),
            ("points made", f"{len(out.synthetic.y)}"),
            ("labels bought", f"{out.cost.labels}"),
            ("victim queries to make and label", f"{out.cost.queries - out.spent.measure.queries}"),
            ("victim queries to measure", f"{out.spent.measure.queries}"),
        ],
    )
    if out.agreement < 1 / 2 and not base:
        typer.echo(
            "Points just across the boundary carry the label of the other side; alone they turn a "
            "1-NN inside out. Train on clean points too (--base), or stay short of it (--scale)."
        )
