"""Where a batch is written: never over what a person made."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path

from edgewise.arrays import InputError
from edgewise.atomic import same_file
from edgewise.labelling.columns import LABEL, POOL, UNIFORM
from edgewise.labelling.table import read_words


def next_name(folder: Path = Path()) -> Path:
    """Return the first of ``next.csv``, ``next-2.csv``, ``next-3.csv`` and so on that is not there.

    Examples
    --------
    >>> next_name(Path("no such folder")).name
    'next.csv'
    """
    names = (folder / ("next.csv" if number == 1 else f"next-{number}.csv") for number in count(1))
    return next(name for name in names if not name.exists() and not name.is_symlink())


def check_out(out: Path, sources: Iterable[Path], *, force: bool = False) -> None:
    """Refuse to write a batch over what was given, what is no file, or what holds somebody's work.

    Parameters
    ----------
    out
        The file to be written.
    sources
        What the batch comes from: the pool, labels, a model. These are never replaced.
    force
        Replace a file that is no batch, or a batch with labels in it.

    Raises
    ------
    InputError
        ``out`` may not be written; the message says why and what to do.
    """
    for source in sources:
        if same_file(out, source):
            raise InputError(
                f"{out} is what the rows or labels come from; give what is written another name."
            )
    if out.exists() and not out.is_file():
        raise InputError(f"{out} is not a regular file; give the name of a file to write.")
    if force or not out.exists() or not out.stat().st_size:
        return
    try:
        words = read_words(out)
        names = set(words.column_names)
        filled = len(words) - words[LABEL].null_count if LABEL in names else 0
    except InputError:
        names, filled = set[str](), 0
    if not {LABEL, UNIFORM, POOL} <= names:
        raise InputError(
            f"--out {out} exists and is not a batch; give another name, or --force to replace it."
        )
    if filled:
        raise InputError(
            f"--out {out} has {filled} filled-in labels. Give it with --labels and another --out, or --force to "
            "replace it."
        )
