"""The items of a campaign: rows of a pool that are known again by the person's id or by their content."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from edgewise.arrays import Index, InputError
from edgewise.digests import of_bytes
from edgewise.labelling.columns import listing
from edgewise.labelling.sheet import Sheet, read_pool


SHOWN = 200
"""Features that a card shows the values of, at most."""


@dataclass(frozen=True)
class Items:
    """A pool whose rows have names and keys.

    Parameters
    ----------
    sheet
        The pool as it was read.
    path
        The file or folder it was read from.
    names
        What a person calls each row: the cell of the id column, the file of a picture, else the row number.
    keys
        What each row is known again by: a digest of its id, or of its content where there is no id column.
        Rows of equal content are counted.
    contents
        A digest of each row's content.
    """

    sheet: Sheet
    path: Path
    names: tuple[str, ...]
    keys: tuple[str, ...]
    contents: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def place(self) -> dict[str, int]:
        """The row of each key."""
        return {key: row for row, key in enumerate(self.keys)}

    @cached_property
    def named(self) -> dict[str, int]:
        """The row of each name."""
        return {name: row for row, name in enumerate(self.names)}

    @property
    def pictures(self) -> bool:
        """Whether the rows are pictures in a folder."""
        return self.path.is_dir()

    def picture(self, row: int) -> Path | None:
        """Return the file of a row's picture, inside the pool's folder, or None."""
        if not self.pictures:
            return None
        root = self.path.resolve()
        file = (root / self.sheet.text["file"][row]).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None

    def card(self, row: int) -> list[tuple[str, str]]:
        """Return what a person reads of a row: names and values, words first."""
        words = [(name, str(column[row])) for name, column in self.sheet.text.items()]
        if self.pictures:
            return words
        values = np.asarray(self.sheet.pool.rows(np.array([row])), float).ravel()[:SHOWN]
        names = self.sheet.numbers or tuple(f"x{i}" for i in range(len(values)))
        return words + [(name, _plain(value)) for name, value in zip(names, values.tolist(), strict=False)]

    def rows(self, keys: Sequence[str]) -> Index:
        """Return the rows of keys that the pool has."""
        return np.array([self.place[key] for key in keys if key in self.place], dtype=np.intp)


def read_items(path: Path, id_column: str | None = None, ignore: Sequence[str] = ()) -> Items:
    """Read a pool and name its rows.

    Raises
    ------
    InputError
        What `edgewise.labelling.sheet.read_pool` raises, or an id column that is missing, has blanks, or
        names two rows alike.
    """
    if id_column is not None and path.is_dir():
        raise InputError("--id takes a column of a table; pictures are named by their files.")
    sheet = read_pool(path, ignore=[*ignore, *([id_column] if id_column is not None else [])])
    contents = _pictures(sheet, path) if path.is_dir() else _contents(sheet)
    if id_column is None:
        names = tuple(sheet.text["file"]) if path.is_dir() else tuple(map(str, range(len(contents))))
        return Items(sheet, path, names, _counted(contents), contents)
    names = _ids(sheet, id_column, path)
    keys = tuple(of_bytes(json.dumps(["id", name]).encode()) for name in names)
    return Items(sheet, path, names, keys, contents)


def _ids(sheet: Sheet, column: str, path: Path) -> tuple[str, ...]:
    if column not in sheet.text:
        raise InputError(f"{path}: the id column {column!r} has no name or no value in it.")
    cells = [str(cell).strip() for cell in sheet.text[column]]
    if all(re.fullmatch(r"-?\d+\.0", cell) for cell in cells):
        cells = [cell[:-2] for cell in cells]
    blank = next((row for row, cell in enumerate(cells) if not cell), None)
    if blank is not None:
        raise InputError(
            f"{path}: row {blank} has no {column!r}; every row needs an id. Leave --id out to know rows "
            "by their content."
        )
    twice = [name for name, count in Counter(cells).items() if count > 1]
    if twice:
        raise InputError(
            f"{path}: {column!r} names rows alike, such as {listing(twice, 3)}; ids must differ. Leave --id out "
            "to know rows by their content."
        )
    return tuple(cells)


def _pictures(sheet: Sheet, folder: Path) -> tuple[str, ...]:
    return tuple(of_bytes((folder / name).read_bytes()) for name in sheet.text["file"])


def _contents(sheet: Sheet) -> tuple[str, ...]:
    columns = list(sheet.text.items())
    found: list[str] = []
    for start, batch in sheet.pool.batches():
        rows = np.ascontiguousarray(batch)
        for offset, row in enumerate(rows):
            words = json.dumps([(name, str(column[start + offset])) for name, column in columns])
            found.append(of_bytes(words.encode() + b"\0" + row.tobytes()))
    return tuple(found)


def _counted(contents: Sequence[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    keys: list[str] = []
    for content in contents:
        keys.append(content if not seen[content] else of_bytes(f"{content}#{seen[content]}".encode()))
        seen[content] += 1
    return tuple(keys)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"
