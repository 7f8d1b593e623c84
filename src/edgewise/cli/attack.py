"""``edgewise attack``: how far points are from a boundary, and where it is crossed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgewise.cli.options import DataHome, Seed, quiet, show


def attack(
    method: Annotated[str, typer.Argument(help="An attack, such as region-exact, direct or opt.")],
    data: Annotated[str, typer.Option("--data", help="A data set.")] = "halfmoon",
    k: Annotated[int, typer.Option("--k", min=1, help="Neighbours of the k-NN model.")] = 1,
    samples: Annotated[
        int, typer.Option("-n", "--samples", min=1, help="How many held-out points to attack.")
    ] = 100,
    out: Annotated[Path | None, typer.Option("--out", help="Write the points to this .npz.")] = None,
    data_home: DataHome = None,
    seed: Seed = 0,
) -> None:
    """Attack a k-NN trained on a data set, from held-out points, and print what was found."""
    import numpy as np
    from sklearn.neighbors import KNeighborsClassifier

    from edgewise.atomic import replacing
    from edgewise.attacks import attack as run
    from edgewise.attacks.names import ATTACKS
    from edgewise.data import load
    from edgewise.registry import component

    loaded = load(data, rng=seed, data_home=data_home, held_out=samples)
    chosen = method if method == "auto" else component(ATTACKS, method, "attack")
    knn = KNeighborsClassifier(k).fit(*loaded.train)
    adv = run(knn, loaded.held_out.X, chosen, box=loaded.box, rng=seed, progress=not quiet())
    if out is not None:
        with replacing(out) as file:
            np.savez_compressed(
                file,
                points=adv.points,
                found=adv.found,
                distance=adv.distance,
                label=adv.label,
                source_label=adv.source_label,
                queries=adv.queries,
            )
    found = adv.distance[adv.status == "crossed"]
    figures = [
        ("samples", f"{len(adv.found)}"),
        ("already wrong", f"{(adv.status == 'already').sum()}"),
        ("crossed", f"{len(found)}"),
        ("failed", f"{(~adv.found).sum()}"),
        ("queries a sample", f"{adv.queries.mean():.1f}"),
    ]
    if len(found):
        figures += [
            (f"distance, {name}", f"{value:.4g}")
            for name, value in zip(
                ("smallest", "median", "largest"), np.quantile(found, [0, 0.5, 1]), strict=True
            )
        ]
    show(f"{method} on {k}-NN, {data} (norm {adv.norm:g})", ("figure", "value"), figures)
