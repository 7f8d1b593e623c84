"""The quick way to read a text table of nothing but plain numbers, without holding its cells as words."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from edgewise.labelling.dialect import Text
from edgewise.pools.files import pyarrow


if TYPE_CHECKING:
    from pyarrow import Table

HEAD, BLOCK, MANY = 2**16, 2**20, 10_000
ZERO, POINT = np.uint8(ord("0")), np.uint8(ord("."))
EXPONENT = re.compile(rb"[eE][+-]?$")


def plain_numbers(text: Text, below: float, words: Collection[str] = ()) -> Table | None:
    """Return a table of float64 columns if every cell is a plain number, else None: then it is read as words.

    Parameters
    ----------
    text
        The file.
    below
        What numbers must be below; a larger one may have more digits than a float64 holds.
    words
        Columns that are kept as they are written.
    """
    csv, compute, pa = pyarrow("", "csv"), pyarrow("", "compute"), pyarrow("")
    if not _looks(text) or _padded(text):
        return None
    names = [f"f{i}" for i in range(len(text.header))]
    kinds = [pa.string() if name in words else pa.float64() for name in text.header]
    read = csv.ReadOptions(autogenerate_column_names=True, skip_rows_after_names=1)
    convert = csv.ConvertOptions(column_types=dict(zip(names, kinds, strict=True)), null_values=[""])
    parse = csv.ParseOptions(delimiter=text.separator)
    try:
        frame = csv.read_csv(text.stream(), read, parse, convert)
    except pa.ArrowInvalid:
        return None
    if any(column.null_count for column in frame.columns) or not frame.num_rows:
        return None
    numbers = [column for column in frame.columns if column.type == "double"]
    if any(compute.any(compute.is_nan(column)).as_py() for column in numbers):
        return None
    ends = [compute.min_max(column).as_py() for column in numbers]
    small = all(-below < end["min"] and end["max"] < below for end in ends)
    return frame.rename_columns(list(text.header)) if small else None


def _looks(text: Text) -> bool:
    """Say whether the first cells are numbers and the header names every column once."""
    header = text.header
    if len(set(header)) < len(header) or not all(header):
        return False
    for line in islice(text.content[:HEAD].split(b"\n"), 1, 4):
        for cell in line.split(text.separator.encode()):
            try:
                float(cell.strip(b' "\r') or b"nan")
            except ValueError:
                return False
    return True


def _padded(text: Text) -> bool:
    """Say whether a cell may begin with a zero and a digit, as a code does; the zeros of exponents are none."""
    content = np.frombuffer(text.content, np.uint8)
    for start in range(0, len(content), BLOCK):
        part = content[max(start - 2, 0) : start + BLOCK]
        before, zero, after = part[:-2], part[1:-1], part[2:]
        # Bytes below "0" wrap to large ones.
        found = (zero == ZERO) & (after - ZERO < 10) & (before - ZERO >= 10) & (before != POINT)
        places = np.flatnonzero(found) + max(start - 2, 0)
        if len(places) > MANY or not all(
            EXPONENT.search(text.content[max(place - 1, 0) : place + 1]) for place in places.tolist()
        ):
            return True
    return False
