"""Pools as files a person can open: tables, arrays, folders of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgewise.arrays import InputError
from edgewise.labelling.columns import LABEL, shortened
from edgewise.labelling.dialect import suffix_of
from edgewise.labelling.identifying import ANSWERS, why_useless
from edgewise.labelling.pictures import read_pictures
from edgewise.labelling.table import SUFFIXES, Table, read_table
from edgewise.pools.files import pyarrow
from edgewise.pools.pool import Pool
from edgewise.registry import listing, unknown


if TYPE_CHECKING:
    from pyarrow import ChunkedArray
    from pyarrow import Table as Frame

FILE = "file"
"""The name of the column that holds the names of pictures."""


@dataclass(frozen=True)
class Sheet:
    """A pool read from files, with what a person recognises its rows by.

    Parameters
    ----------
    pool
        Its rows: arrays of numbers, or frames where the file has words, dates or gaps to learn from.
    digest
        Of its values; written into every batch, so that labels of another pool are refused.
    text
        Columns that are not learned from, by name: shown beside each row.
    numbers
        The names of the columns that are learned from, in order; empty where the file has none.
    said
        What is learned from, what is only shown, what is left out and why, in one line.
    id
        The column whose cells name the rows, or None for row numbers.
    ids
        Its cells, all different; empty without one.
    given
        Labels that came with the pool, by row: the sub-folders of pictures.
    lists
        Columns of lists of numbers, by name: what each was spread over, which nobody wants to read.
    """

    pool: Pool
    digest: str
    text: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    numbers: tuple[str, ...] = ()
    said: str = ""
    id: str | None = None
    ids: Sequence[str] = ()
    given: Mapping[int, str] = field(default_factory=dict[int, str])
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def readable(self) -> tuple[str, ...]:
        """The columns that are learned from and that a person can read."""
        parts = {part for parts in self.lists.values() for part in parts}
        return tuple(name for name in self.numbers if name not in parts)


@dataclass(frozen=True)
class _Wanted:
    """The columns a person named, and whether only complete columns of numbers are taken."""

    ignore: Sequence[str]
    features: Sequence[str]
    id: str | None
    only_numbers: bool


def read_pool(
    path: Path,
    *,
    ignore: Sequence[str] = (),
    features: Sequence[str] = (),
    id: str | None = None,
    folders: bool = False,
    only_numbers: bool = False,
) -> Sheet:
    """Read a pool: a table (see `edgewise.labelling.table.read_table`), an array, or a folder of pictures.

    All columns of a table are learned from but those that say nothing of a row's class: the ``id``, constants, and
    whatever names each row (`edgewise.labelling.identifying.why_useless`), and a column called "label". What is not
    learned from is shown.

    Parameters
    ----------
    ignore
        Columns not to learn from either.
    features
        The only columns to learn from.
    id
        The column whose cells, all different, name the rows.
    folders
        Whether the sub-folder of a picture is its label; pictures in no sub-folder have none.
    only_numbers
        Whether only columns of numbers are learned from, and gaps in them refused.

    Raises
    ------
    InputError
        Nothing to read, nothing to learn from, a column that is not there, or one of numbers with odd cells.
    MissingExtraError
        What reads such a file is not installed.
    """
    wanted = _Wanted(ignore, features, id, only_numbers)
    if path.is_dir():
        return _of_pictures(path, wanted, folders=folders)
    if folders:
        raise InputError(f"sub-folders are labels in a folder of pictures; {path.name} is a file.")
    if suffix_of(path) in SUFFIXES:
        return _of_table(read_table(path, () if id is None else (id,)), path, wanted)
    _no_columns(wanted, path)
    pool = Pool.of(path)
    return _sheet(pool, {}, (), [f"learned from {int(np.prod(pool.shape)):,} features", "left out: nothing"])


def _no_columns(wanted: _Wanted, path: Path) -> None:
    if wanted.ignore or wanted.features or wanted.id is not None:
        raise InputError(f"--id, --ignore and --features take columns of a table; {path.name} has none.")


def _of_pictures(path: Path, wanted: _Wanted, *, folders: bool) -> Sheet:
    named = wanted.id == FILE
    _no_columns(replace(wanted, id=None) if named else wanted, path)
    rows, names, notes = read_pictures(path)
    said = [f"learned from {rows.shape[1]:,} pixels of {len(names):,} pictures", f"shown only: {FILE}"]
    sheet = _sheet(Pool.of(rows), {FILE: names}, (), [*said, *(notes or ["left out: nothing"])])
    parents = [Path(name).parts[0] if "/" in name else "" for name in names]
    given = {row: folder for row, folder in enumerate(parents) if folder} if folders else {}
    return replace(sheet, id=FILE if named else None, ids=names if named else (), given=given)


def _of_table(table: Table, path: Path, wanted: _Wanted) -> Sheet:
    frame = table.frame
    wanted = replace(wanted, ignore=_spread(wanted.ignore, table), features=_spread(wanted.features, table))
    _check_names(table, path, wanted)
    left_out = [f"{name!r} ({why})" for name, why in table.left_out.items()]
    learned: list[str] = []
    shown: list[str] = []
    for name in frame.column_names:
        why = _why_shown(frame[name], name, wanted)
        if why is None:
            learned.append(name)
        else:
            shown.append(f"{name} ({why})" if why else name)
    _check_odd(table, path, learned, wanted)
    if not learned:
        raise InputError(
            f"{path} has no column {'of numbers ' if wanted.only_numbers else ''}to learn from; shown only: "
            f"{listing(shown)}. A pool needs at least two different rows; --features names columns to learn from."
        )
    rest = [name for name in frame.column_names if name not in learned]
    said = [
        f"learned from {listing(_gathered(learned, table))}",
        f"shown only: {listing(shown) or 'nothing'}",
        f"left out: {listing(left_out) or 'nothing'}",
    ]
    if answers := [name for name in learned if name.casefold() in ANSWERS and name not in wanted.features]:
        said.append(f"if {answers[0]!r} is the answer itself, leave it out with --ignore {answers[0]!r}")
    text = {name: _as_words(frame[name]) for name in rest}
    sheet = _sheet(_pool(frame.select(learned)), text, tuple(learned), [*said, *table.notes])
    sheet = replace(sheet, lists=table.lists)
    if wanted.id is None:
        return sheet
    ids = _distinct(text[wanted.id], wanted.id, path)
    return replace(sheet, id=wanted.id, ids=ids, text={**text, wanted.id: ids})


def _spread(names: Sequence[str], table: Table) -> tuple[str, ...]:
    """Return names with those of lists replaced by what they were spread over."""
    return tuple(part for name in names for part in table.lists.get(name, (name,)))


def _gathered(names: Sequence[str], table: Table) -> list[str]:
    """Return names with all that a list was spread over as that list."""
    where = {
        part: f"{name} ({len(parts):,} numbers)" for name, parts in table.lists.items() for part in parts
    }
    return list(dict.fromkeys(where.get(name, name) for name in names))


def _check_names(table: Table, path: Path, wanted: _Wanted) -> None:
    names = (*table.frame.column_names, *table.left_out)
    for option, given in (
        ("--ignore", wanted.ignore),
        ("--features", wanted.features),
        ("--id", [wanted.id] if wanted.id is not None else []),
    ):
        for name in given:
            if name not in names:
                raise InputError(f"{option}: {path}: {unknown(name, names, 'column')}")
            if option != "--ignore" and name not in table.frame.column_names:
                raise InputError(f"{option} {name}: {path} has no values in it ({table.left_out[name]}).")
    both = set(wanted.features) & {*wanted.ignore, wanted.id}
    if both:
        raise InputError(f"{', '.join(map(str, both))} cannot be learned from and left out; name it once.")


def _why_shown(column: ChunkedArray, name: str, wanted: _Wanted) -> str | None:
    """Return why a column is not learned from: in words, "" where the person said so, or None if it is."""
    if name == wanted.id:
        return "the id"
    if name in wanted.ignore or (wanted.features and name not in wanted.features):
        return ""
    if wanted.only_numbers:
        return None if column.type == "double" else ""
    if wanted.features:
        return None
    if name.casefold() == LABEL:
        return "give labels with --labels or edgewise import"
    return why_useless(column, name)


def _check_odd(table: Table, path: Path, learned: Sequence[str], wanted: _Wanted) -> None:
    """Raise `InputError` where a column that is learned from holds what no learner can take."""
    compute = pyarrow("", "compute")
    for name, odd in table.odd.items():
        gaps = table.frame[name].type == "double"
        shown = name not in learned and (
            gaps or name in wanted.ignore or wanted.features or name == wanted.id
        )
        if shown or (gaps and not wanted.only_numbers):
            continue
        cells = "cell holds" if odd.count == 1 else "cells hold"
        raise InputError(
            f"{path}: column {name!r} holds numbers, but {odd.count:,} {cells} something else (first: row {odd.row}, "
            f"{odd.cell!r}). Fill in or correct them, or leave the column out with --ignore {name!r}."
        )
    for name in learned:
        column = table.frame[name]
        if column.type == "double" and compute.any(compute.is_inf(column)).as_py():
            row = int(compute.index(compute.is_inf(column), True).as_py())
            raise InputError(
                f"{path}: column {name!r} has no finite number in some rows (first: row {row}). Correct them, or "
                f"leave the column out with --ignore {name!r}."
            )


def _pool(frame: Frame) -> Pool:
    """Return complete numbers as an array, and all else as the frame it is."""
    compute = pyarrow("", "compute")
    if not all(
        column.type == "double" and not compute.any(column.is_null(nan_is_null=True)).as_py()
        for column in frame.columns
    ):
        return Pool.of(frame)
    # Column by column: a row-wise copy takes four times as long.
    rows = np.empty((frame.num_columns, frame.num_rows))
    for place, column in enumerate(frame.columns):
        rows[place] = column.to_numpy()
    return Pool.of(rows.T)


def _as_words(column: ChunkedArray) -> list[str]:
    """Return cells as words: whole numbers without a point, nothing for a gap."""
    cells = column.to_pylist()
    return [
        "" if cell is None else str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
        for cell in cells
    ]


def _distinct(cells: list[str], name: str, path: Path) -> list[str]:
    """Return the cells without blanks around them, if no two are equal or one number."""
    ids = [cell.strip() for cell in cells]
    seen: dict[str, int] = {}
    for row, cell in enumerate(ids):
        first = seen.setdefault(shortened(cell), row)
        if first != row or not cell:
            same = repr(cell) if ids[first] == cell else f"{ids[first]!r}, also written {cell!r},"
            what = f"{same} is in rows {first} and {row}" if cell else f"row {row} has none"
            raise InputError(
                f"{path}: --id {name} must name each row: {what}. Name another column, or leave --id out."
            )
    return ids


def _sheet(pool: Pool, text: Mapping[str, Sequence[str]], numbers: tuple[str, ...], said: list[str]) -> Sheet:
    line = "; ".join(said)
    return Sheet(pool, f"p{pool.digest()[:12]}", text, numbers, f"{line[0].upper()}{line[1:]}.")
