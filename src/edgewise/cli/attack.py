"""``edgewise attack``: how far points are from a boundary, and where it is crossed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgewise.cli.options import DataHome, Seed, Trust, quiet, show
from edgewise.cli.written import check_written


if TYPE_CHECKING:
    from edgewise.arrays import Box
    from edgewise.attacks.adversarial import Adversarial
    from edgewise.attacks.frame import Attack
    from edgewise.models.rows import Rows
    from edgewise.models.unwrap import Model


def attack(
    method: Annotated[
        str, typer.Argument(help="An attack, such as trees, region-exact or race; auto takes the exact one.")
    ] = "auto",
    *,
    data: Annotated[str, typer.Option("--data", help="A data set, for a k-NN trained on it.")] = "halfmoon",
    k: Annotated[int, typer.Option("--k", min=1, help="Neighbours of the k-NN model.")] = 1,
    samples: Annotated[
        int, typer.Option("-n", "--samples", min=1, help="How many points to attack at most.")
    ] = 100,
    model: Annotated[
        Path | None, typer.Option("--model", help="A fitted model (.skops), in place of the k-NN.")
    ] = None,
    pool: Annotated[
        Path | None, typer.Option("--pool", help="The rows to attack with --model: a CSV of numbers.")
    ] = None,
    norm: Annotated[str, typer.Option("--norm", help="1, 2 or inf.")] = "2",
    trust: Trust = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write points and distances to this .npz or .csv.")
    ] = None,
    data_home: DataHome = None,
    seed: Seed = 0,
) -> None:
    """Attack a model at rows of a table, or a k-NN at held-out points of a data set, and print the distances."""
    import numpy as np
    from sklearn.neighbors import KNeighborsClassifier

    from edgewise.arrays import InputError
    from edgewise.attacks import attack as run
    from edgewise.data import load
    from edgewise.models.saved import read_skops

    if norm not in ("1", "2", "inf"):
        raise InputError(f"--norm must be 1, 2 or inf; got {norm!r}.")
    if (model is None) != (pool is None):
        raise InputError("--model and --pool go together: a fitted model and the rows to attack it at.")
    if out is not None:
        if out.suffix.lower() not in (".npz", ".csv"):
            raise InputError(f"--out {out}: expected a name that ends in .npz or .csv.")
        check_written({"what is found": out}, [path for path in (model, pool) if path is not None])
    box: Box | None = None
    if model is not None and pool is not None:
        fitted, what = read_skops(model, trust or []), f"{model.name}, {pool.name}"
        names, rows = _table(pool, samples, fitted)
    else:
        loaded = load(data, rng=seed, data_home=data_home, held_out=samples)
        fitted, rows, box = KNeighborsClassifier(k).fit(*loaded.train), loaded.held_out.X, loaded.box
        names, what = [f"x{i}" for i in range(rows[0].size)], f"{k}-NN, {data}"
    chosen = _chosen(method, fitted, np.inf if norm == "inf" else int(norm))
    adv = run(fitted, rows, chosen, box=box, rng=seed, progress=not quiet())
    if out is not None:
        _write(out, adv, names)
    _print(adv, f"{type(chosen).__name__} on {what} (norm {adv.norm:g})")


def _chosen(method: str, fitted: Model, norm: float) -> Attack:
    """Return the attack of a name with a norm; ``auto`` is the exact one where the model has one."""
    from edgewise.attacks.auto import choose
    from edgewise.attacks.names import ATTACKS
    from edgewise.registry import lookup

    if method == "auto":
        method = choose(fitted, norm)[0]
    row = lookup(ATTACKS, method, "attack")
    return row.make() if norm == 2 else row.make(norm=norm)


def _table(path: Path, most: int, model: Model) -> tuple[list[str], Rows]:
    """Return the names and the first rows of a table of numbers, in the columns that the model was fitted to by name.

    An empty cell is a missing value, and a column may be of such cells only.
    """
    import numpy as np

    from edgewise.arrays import InputError
    from edgewise.labelling.table import EMPTY, read_table
    from edgewise.models.rows import framed
    from edgewise.models.unwrap import names_known
    from edgewise.registry import listing

    table, fitted = read_table(path), names_known(model)
    frame = table.frame.slice(0, most)
    names = [str(name) for name in fitted or frame.column_names]
    empty = [name for name in names if table.left_out.get(name) == EMPTY]
    lacking = [name for name in names if name not in (*frame.column_names, *empty)]
    if lacking:
        raise InputError(f"{path} has no column {listing(lacking)}, to which the model was fitted.")
    words = [name for name in names if name not in empty and str(frame[name].type) != "double"]
    if words:
        raise InputError(
            f"{path} must hold numbers in every column, as the model was fitted on; {words} hold words."
        )
    missing = [None] * frame.num_rows
    cells = [missing if name in empty else frame[name].to_pylist() for name in names]
    rows = np.stack([np.array(column, dtype=float) for column in cells], axis=1)
    return names, framed(rows, names) if fitted else rows


def _write(out: Path, adv: Adversarial, names: list[str]) -> None:
    """Write what was found, as arrays or as a table a person can open."""
    import csv
    import io

    import numpy as np

    from edgewise.atomic import replacing

    fields = ("points", "found", "distance", "label", "source_label", "queries")
    with replacing(out) as file:
        if out.suffix.lower() != ".csv":
            arrays = {name: getattr(adv, name) for name in fields}
            np.savez_compressed(file, **({} if adv.lower is None else {"lower": adv.lower}), **arrays)
            return
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["row", "status", "label", "new label", "distance", "lower", *names])
        lower = np.full(len(adv.found), np.nan) if adv.lower is None else adv.lower
        for i, point in enumerate(adv.points.reshape(len(adv.points), -1)):
            figures = [float(adv.distance[i]), float(lower[i]), *map(float, point)]
            writer.writerow([i, adv.status[i], adv.source_label[i], adv.label[i], *figures])
        file.write(text.getvalue().encode())


def _print(adv: Adversarial, title: str) -> None:
    import numpy as np

    found = adv.distance[adv.status == "crossed"]
    figures = [
        ("samples", f"{len(adv.found)}"),
        ("already wrong", f"{(adv.status == 'already').sum()}"),
        ("crossed", f"{len(found)}"),
        ("failed", f"{(adv.status == 'failed').sum()}"),
        ("none exists", f"{(adv.status == 'none-exists').sum()}"),
        ("queries a sample", f"{adv.queries.mean():.1f}"),
    ]
    if len(found):
        figures += [
            (f"distance, {name}", f"{value:.4g}")
            for name, value in zip(
                ("smallest", "median", "largest"), np.quantile(found, [0, 0.5, 1]), strict=True
            )
        ]
    if "exact" in adv.counts:
        figures.append(("proved exact", f"{int(np.sum(adv.counts['exact'][adv.status != 'already']))}"))
    show(title, ("figure", "value"), figures)
