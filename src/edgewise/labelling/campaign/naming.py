"""Which item of a campaign a line made elsewhere is about: a row of a table, or the data of a task."""

from __future__ import annotations

from edgewise.arrays import InputError, JsonObject
from edgewise.labelling.campaign.exporting import HEADER
from edgewise.labelling.campaign.items import Items
from edgewise.labelling.campaign.label_studio import OURS
from edgewise.labelling.columns import LABEL, ROW, shortened, shown_names, text
from edgewise.registry import listing


KEY = "item"
"""The column of our own tables that holds the key of each item; in Label Studio's tasks it is `OURS`."""

IDS = ("id", "file_name", "file", "filename", "image")
"""Columns that may say which item a line is about, where the pool has no column of that name."""


def named(items: Items, line: JsonObject, id_column: str | None, path: object) -> tuple[int | None, str]:
    """Return the row of the item that a line is about, None if the pool has it not, and the cell that says so.

    A key that edgewise wrote says it for certain. Else it is one column alone, that of `column_of`.

    Raises
    ------
    InputError
        What `column_of` raises.
    """
    for name in (OURS, KEY):
        if (row := items.place.get(text(line.get(name)))) is not None:
            return row, items.keys[row]
    if OURS in line or is_own(line):
        return None, text(line.get(OURS, line.get(KEY)))
    cell = text(line.get(column_of(items, line, id_column, path)))
    row = items.named.get(shortened(cell))
    return (_picture(items, cell) if row is None and items.pictures else row), cell


def column_of(items: Items, line: JsonObject, id_column: str | None, path: object) -> str:
    """Return the column that says which item a line is about.

    It is the one that the person named, or that of the campaign's ids, or ``row`` where rows are known by their
    number, or one of `IDS`. Another column of the pool is data and never taken for it.

    Raises
    ------
    InputError
        There is none, or only one that is data.
    """
    own = items.sheet.id
    if id_column is None and own is not None:
        for name in (*shown_names([own]), own):
            if name in line and name != LABEL:
                return name
    wanted = ((ROW, *IDS) if items.numbered else IDS) if id_column is None else (id_column,)
    known = (
        f"the column {own!r}"
        if own is not None
        else "row numbers"
        if items.numbered
        else "the names of files"
    )
    there = [name for name in wanted if name in line]
    if not there:
        expected = listing([repr(name) for name in dict.fromkeys((*([own] if own else []), *wanted))])
        raise InputError(
            f"{path} needs a column that says which item each label is of: {expected}, or name it with --id (in Label "
            f"Studio's JSON it is a field of the task's data). It has {listing([str(name) for name in line])}. This "
            f"campaign knows its rows by {known}."
        )
    data = {name.casefold() for name in items.columns} - {own and own.casefold()}
    found = next((name for name in there if name.casefold() not in data), None)
    if found is None:
        raise InputError(
            f"{path}: {there[0]!r} is a column of the pool, but this campaign knows its rows by {known}. Give labels "
            f"by that, or begin a campaign with --id {there[0]}. Nothing was imported."
        )
    return found


def is_own(line: JsonObject) -> bool:
    """Say whether a line is of a table that edgewise exported."""
    return set(HEADER) <= line.keys()


def _picture(items: Items, value: str) -> int | None:
    """Return the picture that a path or an address ends in, if only one does."""
    end = f"/{value.rsplit('?d=', maxsplit=1)[-1].replace(chr(92), '/').lstrip('/')}"
    found = [row for name, row in items.named.items() if f"/{name}".endswith(end) or end.endswith(f"/{name}")]
    return found[0] if len(found) == 1 else None
