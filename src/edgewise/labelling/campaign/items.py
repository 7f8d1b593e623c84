"""The items of a campaign: rows of a pool that are known again by the person's id or by their content."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import narwhals as nw
import numpy as np

from edgewise.arrays import Index
from edgewise.digests import of_bytes
from edgewise.labelling.columns import shortened, text
from edgewise.labelling.sheet import FILE, Sheet, read_pool
from edgewise.models.labels import missing
from edgewise.models.rows import Rows, count, is_frame


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
        """The row of each name, `shortened`."""
        return {shortened(name): row for row, name in enumerate(self.names)}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the pool's table; none for pictures, whose files name them."""
        sheet = self.sheet
        return () if self.pictures else (*sheet.text, *sheet.numbers, *sheet.lists)

    @property
    def numbered(self) -> bool:
        """Whether a person calls rows by their number."""
        return self.sheet.id is None and not self.pictures

    @property
    def pictures(self) -> bool:
        """Whether the rows are pictures in a folder."""
        return self.path.is_dir()

    def picture(self, row: int) -> Path | None:
        """Return the file of a row's picture, inside the pool's folder, or None."""
        if not self.pictures:
            return None
        root = self.path.resolve()
        file = (root / self.sheet.text[FILE][row]).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None

    def card(self, row: int) -> list[tuple[str, str]]:
        """Return what a person reads of a row: names and values, words first."""
        words = [(name, str(column[row])) for name, column in self.sheet.text.items()]
        if self.pictures:
            return words
        names = self.sheet.numbers or tuple(f"x{i}" for i in range(SHOWN))
        cells = dict(zip(names, _cells(self.sheet.pool.rows(np.array([row])))[0], strict=False))
        readable = self.sheet.readable if self.sheet.numbers else names
        return words + [(name, _plain(cells[name])) for name in readable[:SHOWN] if name in cells]

    def name(self, key: str, then: str = "") -> str:
        """Return what an item is called now.

        One that has left the pool keeps the name it had ``then`` if that was an id or a file. The number of its row
        is another row's by now, and is not given.
        """
        row = self.place.get(key)
        return self.names[row] if row is not None else "" if self.numbered else then

    def note(self, labelled: Iterable[str]) -> str:
        """Say how many of the items that are labelled are no longer in the pool; nothing if all are."""
        keys = list(labelled)
        gone = sum(key not in self.place for key in keys)
        if not gone:
            return ""
        known = "content" if self.sheet.id is None else f"cell in {self.sheet.id!r}"
        return (
            f"{gone:,} of {len(keys):,} labelled items are no longer in {self.path}: no row has their {known}. Their "
            "labels stay in the campaign, but are not learned from. If the pool is the wrong one, or was changed by "
            "mistake, put the old one back or name it with --pool."
        )

    def as_begun(self, labelled: Iterable[str]) -> Items:
        """Return the items under the keys they had when a column of numbers was an id, if those are labelled.

        Ids such as 1.10 were 1.1 then; now they are kept as they are written.
        """
        try:
            numbers = [float(name) for name in self.sheet.ids]
        except ValueError:
            return self
        earlier = tuple(_key(text(number)) for number in numbers)
        meant = {key for key in labelled if key not in self.place} & set(earlier)
        return replace(self, keys=earlier) if meant and len(set(earlier)) == len(earlier) else self

    def rows(self, keys: Sequence[str]) -> Index:
        """Return the rows of keys that the pool has."""
        return np.array([self.place[key] for key in keys if key in self.place], dtype=np.intp)


def read_items(
    path: Path, id_column: str | None = None, ignore: Sequence[str] = (), features: Sequence[str] = ()
) -> Items:
    """Read a pool and name its rows.

    Raises
    ------
    InputError
        What `edgewise.labelling.sheet.read_pool` raises.
    """
    sheet = read_pool(path, ignore=ignore, features=features, id=id_column)
    contents = _pictures(sheet, path) if path.is_dir() else _contents(sheet)
    if id_column is None:
        names = tuple(sheet.text[FILE]) if path.is_dir() else tuple(map(str, range(len(contents))))
        return Items(sheet, path, names, _counted(contents), contents)
    keys = tuple(_key(shortened(name)) for name in sheet.ids)
    return Items(sheet, path, tuple(sheet.ids), keys, contents)


def _key(name: str) -> str:
    return of_bytes(json.dumps(["id", name]).encode())


def _pictures(sheet: Sheet, folder: Path) -> tuple[str, ...]:
    return tuple(of_bytes((folder / name).read_bytes()) for name in sheet.text[FILE])


def _contents(sheet: Sheet) -> tuple[str, ...]:
    columns = [(name, column) for name, column in sheet.text.items() if name != sheet.id]
    found: list[str] = []
    for start, batch in sheet.pool.batches():
        for row, cells in enumerate(_cells(batch), start):
            words = [(name, str(column[row])) for name, column in columns]
            found.append(of_bytes(json.dumps([words, cells], default=str).encode()))
    return tuple(found)


def _cells(rows: Rows) -> list[list[object]]:
    """Return the values of each row."""
    if is_frame(rows):
        return [list(row) for row in nw.from_native(rows, eager_only=True).rows()]
    return np.asarray(rows).reshape(count(rows), -1).tolist()


def _counted(contents: Sequence[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    keys: list[str] = []
    for content in contents:
        keys.append(content if not seen[content] else of_bytes(f"{content}#{seen[content]}".encode()))
        seen[content] += 1
    return tuple(keys)


def _plain(value: object) -> str:
    if missing(value):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
    return str(value)
