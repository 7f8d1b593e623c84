"""Pools as files a person can open: tables, arrays, folders of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgewise.arrays import Floats, InputError
from edgewise.labelling.columns import listing
from edgewise.labelling.pictures import read_pictures
from edgewise.labelling.table import SUFFIXES, Table, read_table, suffix_of
from edgewise.pools.pool import Pool


@dataclass(frozen=True)
class Sheet:
    """A pool read from files, with what a person recognises its rows by.

    Parameters
    ----------
    pool
        Its rows.
    digest
        Of its values; written into every batch, so that labels of another pool are refused.
    text
        Columns that are no numbers, by name: shown beside each row, not learned from.
    numbers
        The names of the columns of numbers, in order; empty where the file has none.
    said
        What is learned from, what is only shown, what is left out and why, in one line.
    """

    pool: Pool
    digest: str
    text: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    numbers: tuple[str, ...] = ()
    said: str = ""


def read_pool(path: Path, *, ignore: Sequence[str] = ()) -> Sheet:
    """Read a pool: a table (see `edgewise.labelling.table.read_table`), an array, or a folder of pictures.

    Columns of numbers are learned from; columns of words, and those to ``ignore``, are shown only.

    Raises
    ------
    InputError
        Nothing to read, no column of numbers, or a column of numbers with a cell that is none.
    MissingExtraError
        What reads such a file is not installed.
    """
    if path.is_dir():
        rows, names, notes = read_pictures(path)
        said = [f"learned from {rows.shape[1]:,} pixels of {len(names):,} pictures", "shown only: file"]
        return _sheet(Pool.of(rows), {"file": names}, (), [*said, *(notes or ["left out: nothing"])])
    if suffix_of(path) in SUFFIXES:
        return _of_table(read_table(path), path, ignore)
    if ignore:
        raise InputError(f"--ignore takes columns of a table; {path.name} has no named columns.")
    pool = Pool.of(path)
    return _sheet(pool, {}, (), [f"learned from {int(np.prod(pool.shape)):,} features", "left out: nothing"])


def _of_table(table: Table, path: Path, ignore: Sequence[str]) -> Sheet:
    frame = table.frame
    for name in ignore:
        if name not in (*frame.column_names, *table.left_out):
            raise InputError(
                f"{path} has no column {name!r} to ignore; it has {listing(frame.column_names)}."
            )
    for name, odd in table.odd.items():
        if name not in ignore:
            cells = "cell is no number" if odd.count == 1 else "cells are no numbers"
            raise InputError(
                f"{path}: column {name!r} is of numbers, but {odd.count:,} {cells} (first: row {odd.row}, "
                f"{odd.cell!r}). Fill in or correct them, or leave the column out with --ignore {name!r}."
            )
    numbers = [name for name in frame.column_names if name not in ignore and frame[name].type == "double"]
    if not numbers:
        raise InputError(
            f"{path} has no column of numbers to learn from; it has {listing(frame.column_names)}. Numbers are "
            "written like 1.5, without units or thousands marks."
        )
    rows = np.column_stack([frame[name].to_numpy() for name in numbers])
    _check_finite(rows, numbers, path)
    words = {
        name: ["" if cell is None else str(cell) for cell in frame[name].to_pylist()]
        for name in frame.column_names
        if name not in numbers
    }
    left_out = [f"{name!r} ({why})" for name, why in table.left_out.items()]
    said = [
        f"learned from {listing(numbers)}",
        f"shown only: {listing(list(words)) or 'nothing'}",
        f"left out: {listing(left_out) or 'nothing'}",
    ]
    return _sheet(Pool.of(rows), words, tuple(numbers), [*said, *table.notes])


def _check_finite(rows: Floats, names: Sequence[str], path: Path) -> None:
    bad = ~np.isfinite(rows)
    if bad.any():
        row, column = map(int, np.argwhere(bad)[0])
        raise InputError(
            f"{path}: column {names[column]!r} has no finite number in {int(bad[:, column].sum()):,} rows (first: row "
            f"{row}). Fill them in, or leave the column out with --ignore {names[column]!r}."
        )


def _sheet(pool: Pool, text: Mapping[str, Sequence[str]], numbers: tuple[str, ...], said: list[str]) -> Sheet:
    line = "; ".join(said)
    return Sheet(pool, f"p{pool.digest()[:12]}", text, numbers, f"{line[0].upper()}{line[1:]}.")
