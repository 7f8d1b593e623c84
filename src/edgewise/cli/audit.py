"""``edgewise audit``: how cheaply a model can be copied from its answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgewise.cli.options import Seed, quiet, show
from edgewise.cli.written import check_written


if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgewise.arrays import Index
    from edgewise.audit.auditing import Audit


TOO_CLOSE = 3


def audit(
    victim: Annotated[Path, typer.Argument(help="A TOML file that says what to ask, and how.")],
    pool: Annotated[Path, typer.Option("--pool", help="Rows of the model's data: CSV, Parquet, NPY or NPZ.")],
    budget: Annotated[int, typer.Option("--budget", min=10, help="The most rows to ask for the copy.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="The page; JSON goes beside it.")] = Path("audit.html"),
    measure: Annotated[
        int,
        typer.Option("--measure", min=0, help="More rows at most, to measure agreement and robustness with."),
    ] = 260,
    family: Annotated[str, typer.Option("--family", help="What kind of model it is, if you know.")] = "auto",
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="The SQLite file of answers; beside the page by default.")
    ] = None,
    fail_above: Annotated[
        float | None,
        typer.Option("--fail-if-agreement-above", min=0, max=1, help="Exit 3 if the copy agrees on more."),
    ] = None,
    authorised: Annotated[
        bool, typer.Option("--authorised", help="I may test this target. Needed for other hosts.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Copy a model within a hard budget of rows, measure the copy, and write one page.

    A killed audit goes on where it stopped with the same command: every answer is in the ledger.
    """
    import logging

    import numpy as np

    from edgewise.arrays import check_X
    from edgewise.audit.auditing import audit as run
    from edgewise.audit.families.names import FAMILIES
    from edgewise.audit.ledger import Ledger
    from edgewise.audit.metered import Metered
    from edgewise.audit.victims.declared import files_of, open_victim
    from edgewise.audit.victims.local import LocalModel
    from edgewise.labelling.sheet import read_pool
    from edgewise.progress import track
    from edgewise.registry import lookup

    lookup(FAMILIES, family, "family")
    path = ledger or out.with_suffix(".ledger")
    written = {
        "the page (.html)": out,
        "the JSON beside it (.json)": out.with_suffix(".json"),
        "the ledger (.ledger)": path,
    }
    check_written(written, [*files_of(victim), pool])
    # What is sent again is in the ledger and on the page; without a handler each retry would print a line.
    logging.getLogger("stamina").addHandler(logging.NullHandler())
    target, sending = open_victim(victim, authorised=authorised)
    sheet = read_pool(pool, only_numbers=True)
    rows = check_X(sheet.pool.rows(np.arange(len(sheet.pool))), name=str(pool))
    own = isinstance(target, LocalModel)
    rows = rows[:, _places(sheet.numbers, getattr(target, "columns", ()), pool, fitted=own)]
    purses = {"extract": budget, "measure": measure}
    about = {"victim": target.name, "pool": sheet.digest, "family": family}
    about |= {"measure": measure, "seed": seed, "budget": budget}
    with Ledger(path, purses, about) as book:
        before = sum(book.spent(purse) for purse in purses)
        most = sum(purses.values())
        typer.echo(
            f"{target.name}: at most {budget:,} rows for the copy and {measure:,} to measure with, of a pool "
            f"of {len(rows):,} rows with {rows.shape[1]} features; {before:,} are in {path} already."
        )
        with track(most, f"auditing {target.name}", show=not quiet()) as advance:
            metered = Metered(target, book, sending, on_answers=advance)
            found = run(metered, rows, budget=budget, measure=measure, family=family, rng=seed)
    _write(found, out)
    _print(found, target.name)
    typer.echo(f"{out} and {out.with_suffix('.json')} written; answers are in {path}.")
    best = found.agreement
    if fail_above is not None and best is not None and best.share > fail_above:
        typer.echo(f"The copy agrees on {best.share:.3f} of rows, more than {fail_above:g}.", err=True)
        raise typer.Exit(TOO_CLOSE)


def _places(have: Sequence[str], wanted: Sequence[str], pool: Path, *, fitted: bool) -> Index | slice:
    """Return where the pool has the columns that the victim takes, in its order; all where no names are known.

    A model that was ``fitted`` to names takes no others; an endpoint may be sent them, if all of them are others.
    """
    import numpy as np

    from edgewise.arrays import InputError
    from edgewise.registry import listing

    if not wanted or not have or not (fitted or set(wanted) & set(have)):
        return slice(None)
    lacking = [name for name in wanted if name not in have]
    if lacking:
        raise InputError(f"{pool} has no column of numbers {listing(lacking)}, which the victim takes.")
    return np.array([list(have).index(name) for name in wanted], np.intp)


def _write(found: Audit, out: Path) -> None:
    from edgewise.atomic import replacing
    from edgewise.audit.page.page import as_json, html

    for file, text in ((out, html(found)), (out.with_suffix(".json"), as_json(found))):
        with replacing(file) as whole:
            whole.write(text.encode())


def _print(found: Audit, name: str) -> None:
    copy = found.extraction
    figures = [
        ("family", copy.family),
        ("rows for the copy", f"{copy.spent:,} of {copy.budget:,}"),
        ("stopped", copy.why),
    ]
    figures += [(f"agreement, {where}", str(each)) for where, each in copy.agreement.items()]
    spent = sum(found.measured.values())
    figures.append(("rows to measure with", f"{spent:,} of {found.caps['measure']:,}"))
    figures += [
        (f"{level:.0%} reached after", "not reached" if at is None else f"{at:,} rows")
        for level, at in found.levels.items()
    ]
    show(f"audit of {name}", ("figure", "value"), figures)
