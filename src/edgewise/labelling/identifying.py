"""Columns that say nothing of a row's class, constants and names of rows, and those that may be the class itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgewise.pools.files import pyarrow


if TYPE_CHECKING:
    from pyarrow import ChunkedArray

NAMED = re.compile(r"(?i:(^|[^a-z])(id|uuid|guid|key|index|no|nr|number)$)|[a-z]I[dD]$")
"""How columns that name rows are called."""

ANSWERS = frozenset({"class", "classes", "target", "y", "outcome", "ground_truth", "groundtruth"})
"""How columns that hold the class are called, in small letters; labels of our own are in a column called "label"."""

REPEATS = 10
"""Whole numbers that would be expected to repeat so often by chance, and never do, are names of rows."""

WORDS = 5
"""Words a cell, on average, from which a column is text that can be learned from."""

DATE = r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$"

LOOK = 1000
"""Cells that are looked at first."""


def why_useless(column: ChunkedArray, name: str) -> str | None:
    """Return why nothing can be learned from an Arrow column of numbers or words, or None.

    A column is left out if all its cells are equal, or if they name the rows: words that are all different, fewer
    than 5 a cell and no dates; whole numbers that are all different and either lie too close for chance (ten of
    them at least would repeat) or are in a column called "id", "customer_id", "rowKey", "index" and the like.

    Examples
    --------
    >>> import pyarrow as pa
    >>> why_useless(pa.chunked_array([["a17", "b23", "c99"]]), "contract")
    'names each row'
    >>> why_useless(pa.chunked_array([["red", "blue", "red"]]), "colour") is None
    True
    """
    if len(column) < 2:
        return None
    return _numbers(column, name) if column.type == "double" else _words(column)


def _numbers(column: ChunkedArray, name: str) -> str | None:
    compute = pyarrow("", "compute")
    ends = compute.min_max(column).as_py()
    low, high = ends["min"], ends["max"]
    if column.null_count:
        return None
    if low == high:
        return "constant"
    if not _whole(column.slice(0, LOOK)) or not _whole(column):
        return None
    n = len(column)
    expected = n * (n - 1) / 2 / (high - low + 1)
    if expected < REPEATS and not NAMED.search(name):
        return None
    return "names each row" if compute.count_distinct(column).as_py() == n else None


def _whole(column: ChunkedArray) -> bool:
    compute = pyarrow("", "compute")
    return bool(compute.all(compute.equal(column, compute.round(column))).as_py())


def _words(column: ChunkedArray) -> str | None:
    compute = pyarrow("", "compute")
    distinct = compute.count_distinct(column, mode="all").as_py()
    if distinct == 1:
        return "constant"
    if column.null_count or distinct < len(column):
        return None
    head = column.slice(0, LOOK)
    if compute.all(compute.match_substring_regex(head, DATE)).as_py():
        return None
    spaces = compute.mean(compute.count_substring_regex(head, r"\S+")).as_py()
    return None if spaces >= WORDS else "names each row"
