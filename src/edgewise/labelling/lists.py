"""Columns of lists, such as embeddings, as one column a number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgewise.arrays import InputError
from edgewise.pools.files import pyarrow


def spread_lists(frame: Any, path: Path) -> tuple[Any, Mapping[str, tuple[str, ...]]]:
    """Return an Arrow table whose lists of numbers are columns ``name[0]``, ``name[1]``, ..., and the names of these.

    Raises
    ------
    InputError
        Lists of several lengths, a row without one, or a gap in one.
    """
    pa, compute = pyarrow(""), pyarrow("", "compute")
    parts: dict[str, tuple[str, ...]] = {}
    columns: dict[str, Any] = {}
    for name in frame.column_names:
        column = frame[name]
        if not _is_list_of_numbers(pa, column.type) or column.null_count == len(column):
            columns[name] = column
            continue
        values = compute.list_flatten(column).combine_chunks()
        lengths = compute.list_value_length(column)
        width = lengths[0].as_py()
        odd = compute.index(compute.fill_null(compute.equal(lengths, width or -1), False), False).as_py()
        if odd >= 0:
            raise InputError(
                f"{path}: column {name!r} holds lists; expected as many numbers in every row, but row {odd} has "
                f"{lengths[odd].as_py() or 'none'} and row 0 {width or 'none'}."
            )
        if values.null_count:
            row = compute.index(values.is_null(), True).as_py() // width
            raise InputError(
                f"{path}: column {name!r} has a gap in a list of numbers (first: row {row}). Fill it in."
            )
        table = values.to_numpy(zero_copy_only=False).reshape(-1, width)
        parts[name] = tuple(f"{name}[{place}]" for place in range(width))
        columns |= {part: pa.chunked_array([table[:, j]]) for j, part in enumerate(parts[name])}
    return (pa.table(columns), parts) if parts else (frame, parts)


def _is_list_of_numbers(pa: Any, kind: Any) -> bool:
    of = pa.types
    listed = of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind)
    return listed and bool(of.is_integer(kind.value_type) or of.is_floating(kind.value_type))
