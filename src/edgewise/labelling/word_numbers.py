"""Columns of words that are numbers but for a few cells."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from edgewise.data.keel import MISSING
from edgewise.pools.files import pyarrow


if TYPE_CHECKING:
    from pyarrow import ChunkedArray

NUMBER = r"^[+-]?(?:0|[1-9]\d*|)(?:\.\d*)?(?:[eE][+-]?\d+)?$"
DIGITS = 15
"""Digits of a whole number that a float64 holds for certain; a longer one is a name, such as a card's."""


@dataclass(frozen=True)
class Odd:
    """Cells of a column of numbers that are none: how many, the row of the first, and what it holds."""

    count: int
    row: int
    cell: str


def numbers_of(column: ChunkedArray, *, decimal_comma: bool) -> tuple[ChunkedArray, Odd | None, bool]:
    """Return a column of words as numbers if it is one; its odd cells, and whether commas were points."""
    pa, compute = pyarrow(""), pyarrow("", "compute")
    if column.null_count == 0 and (values := _plain(column, compute)) is not None:
        return _short(column, values, compute), None, False
    trimmed = compute.utf8_trim_whitespace(column)
    comma = decimal_comma and bool(
        compute.any(compute.match_substring_regex(trimmed, r"^[+-]?\d*,\d+$")).as_py()
    )
    pointed = compute.replace_substring(trimmed, ",", ".") if comma else trimmed
    missing = compute.or_kleene(
        column.is_null(), compute.is_in(compute.utf8_lower(trimmed), value_set=pa.array(MISSING))
    )
    missing = compute.fill_null(missing, True)
    number = compute.and_(
        compute.match_substring_regex(pointed, NUMBER), compute.match_substring_regex(pointed, r"\d")
    )
    number = compute.fill_null(number, False)
    plain = int(compute.sum(number).as_py() or 0)
    other = compute.invert(compute.or_(number, missing))
    count = int(compute.sum(other).as_py() or 0)
    if plain == 0 or plain <= count:
        return column, None, False
    if count:
        row = int(compute.index(other, True).as_py())
        return column, Odd(count, row, str(column[row].as_py())), False
    bare = compute.replace_substring_regex(compute.if_else(number, pointed, None), r"^\+", "")
    values = bare.cast(pa.float64())
    if values.null_count == 0:
        return _short(column, values, compute), None, comma
    row = int(compute.index(values.is_null(), True).as_py())
    return values, Odd(int(values.null_count), row, str(column[row].as_py() or "")), comma


def _plain(column: ChunkedArray, compute: ModuleType) -> ChunkedArray | None:
    """Return a column of words as numbers if each cell plainly is one; the common case, and the quick one."""
    pa = pyarrow("")
    try:
        values = column.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    padded = compute.match_substring_regex(column, r"^[+-]?0\d")
    return (
        values if compute.all(compute.is_finite(values)).as_py() and not compute.any(padded).as_py() else None
    )


def _short(column: ChunkedArray, values: ChunkedArray, compute: ModuleType) -> ChunkedArray:
    """Return the numbers, or the words where a whole number has more digits than a float64 holds."""
    if compute.max(compute.abs(values)).as_py() < 10.0**DIGITS:
        return values
    long = compute.match_substring_regex(column, rf"^\s*[+-]?\d{{{DIGITS + 1},}}\s*$")
    return column if compute.any(long).as_py() else values
