"""Labels in and batches out as CSV files, for one pool and for a pool in shards."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import narwhals as nw
import numpy as np

from edgewise.arrays import Floats, Index, InputError, Labels, Mask
from edgewise.atomic import replacing
from edgewise.labelling.columns import (
    LABEL,
    NUMBERED,
    POOL,
    PROPENSITY,
    ROW,
    SCORE,
    SHARD,
    UNIFORM,
    as_written,
    harmless,
    key_of,
    shortened,
    shown_names,
)
from edgewise.labelling.sheet import Sheet
from edgewise.labelling.table import read_words
from edgewise.models.rows import Rows, is_frame
from edgewise.pools.shards import Shards
from edgewise.registry import listing, unknown
from edgewise.strategies.frame import Query


if TYPE_CHECKING:
    from edgewise.strategies.sharded import ShardQuery


SHOWN = 50
"""Features that a batch shows the values of; wider rows are only named."""


@dataclass(frozen=True)
class Known:
    """What is labelled of a pool in shards.

    Parameters
    ----------
    index
        Row numbers through all shards, ascending.
    points
        Those rows ``(n, ...)``.
    labels, uniform
        Their labels, and which rows were drawn uniformly.
    """

    index: Index
    points: Floats
    labels: Labels
    uniform: Mask


class Labelled(NamedTuple):
    """What is labelled of a pool: row numbers, ascending, their labels, and which were drawn uniformly."""

    rows: Index
    labels: Labels
    uniform: Mask


def read_labels(paths: Sequence[Path], sheet: Sheet, *, classes: Sequence[str] = ()) -> Labelled:
    """Read labels: CSV files with the columns ``row`` and ``label``; rows without a label are left out.

    Where the sheet has an id, its column stands in for ``row``, and labels follow their id whatever else of the
    pool has changed. The files that `write_query` wrote, filled in, are such files; they also say which rows were
    drawn uniformly. In files that do not say all are; labels that came with the pool are not.

    Raises
    ------
    InputError
        A missing column, a row that the pool does not have, a row with two different labels, a label that is none
        of ``classes`` where these are given, or, without an id, labels of another pool.
    """
    key = key_of(sheet.id)
    rows = {shortened(cell.strip()): row for row, cell in enumerate(sheet.ids)}

    def of_id(item: Mapping[str, str], path: Path) -> int:
        cell = as_written(item[key])
        row = rows.get(shortened(cell))
        if row is None:
            raise InputError(
                f"{path}: {key} {cell!r} is none of the pool's. Correct it, or take its line out if it has left."
            )
        return row

    def place(item: Mapping[str, str], path: Path) -> int:
        if not _same_print(item.get(POOL, ""), sheet.digest):
            raise InputError(
                f"{path} labels another pool ({item[POOL]}) than this one ({sheet.digest}): the pool changed since, or "
                "what is learned from it (--ignore, --features, a column 'label'). Put the old pool back, or take the "
                "'pool' column out if its rows are still the same."
            )
        return _row_number(item[ROW], len(sheet.pool), "the pool", path)

    start = {row: (label, {UNIFORM: "0"}) for row, label in sheet.given.items()}
    index, labels, items = _collected(paths, (key, LABEL), place if sheet.id is None else of_id, start)
    for row, label in zip(index.tolist(), labels.tolist(), strict=True):
        if classes and label not in classes:
            where = f"row {row}" if sheet.id is None else f"{key} {sheet.ids[row]}"
            raise InputError(f"{where}: {unknown(label, classes, 'class')}")
    return Labelled(index, labels, _uniform(items))


def read_shard_labels(paths: Sequence[Path], shards: Shards, *, jobs: int = 1) -> Known:
    """Read labels: CSV files with the columns ``shard``, ``row`` and ``label``; blank labels are left out.

    The files that `write_shard_query` wrote, filled in, are such files. A shard is named by its path
    or, where no two files share it, by its file name.

    Raises
    ------
    InputError
        A missing column, a shard or a row that the pool does not have, two labels for a row, or labels of a
        row whose values have changed.
    """
    number = _numbers(shards)

    def place(item: Mapping[str, str], path: Path) -> int:
        shard = as_written(item[SHARD])
        if shard not in number:
            raise InputError(
                f"{path}: shard {shard!r} is not a file of this pool, whose first is "
                f"{shards.paths[0]}. Run from the same folder, with the same --pool."
            )
        row = _row_number(item[ROW], shards.sizes[number[shard]], shard, path)
        return int(shards.starts[number[shard]]) + row

    index, labels, items = _collected(paths, (SHARD, ROW, LABEL), place)
    points = _rows_of(shards, index, jobs)
    for i, item, values in zip(index.tolist(), items, points, strict=True):
        if not _same_print(item.get(POOL, ""), _print_of(values)):
            shard, row = (int(part[0]) for part in shards.locate(np.array([i])))
            raise InputError(
                f"row {row} of {shards.paths[shard]} is not the row that was labelled: the shard changed since, or "
                "its column 'label' was learned from then. Put it back, or take the 'pool' column out."
            )
    return Known(index, points, labels, _uniform(items))


def _collected(
    paths: Sequence[Path],
    needed: tuple[str, ...],
    place: Callable[[Mapping[str, str], Path], int],
    start: Mapping[int, tuple[str, Mapping[str, str]]] | None = None,
) -> tuple[Index, Labels, list[Mapping[str, str]]]:
    """Return the rows that have a label, ascending, those labels, and the cells beside them."""
    found: dict[int, tuple[str, Mapping[str, str]]] = dict(start or {})
    for path in paths:
        frame = read_words(path)
        if not set(needed) <= set(frame.column_names):
            raise InputError(
                f"{path} needs the columns {listing([repr(name) for name in needed])}; it has "
                f"{listing(frame.column_names)}."
            )
        wanted = [name for name in (*needed, POOL, UNIFORM) if name in frame.column_names]
        for cells in zip(*(frame[name].to_pylist() for name in wanted), strict=True):
            item = {name: (cell or "").strip() for name, cell in zip(wanted, cells, strict=True)}
            if not any(item[name] for name in needed):
                continue
            row, label = place(item, path), as_written(item[LABEL])
            if label and found.setdefault(row, (label, item))[0] != label:
                where = " ".join(f"{name} {item[name]}" for name in needed[:-1])
                raise InputError(f"{where} has two labels, {found[row][0]!r} and {label!r}; keep one.")
    rows = sorted(found)
    labels = np.array([found[row][0] for row in rows])
    return np.array(rows, dtype=np.intp), labels, [found[row][1] for row in rows]


def _uniform(items: Sequence[Mapping[str, str]]) -> Mask:
    chosen = [NUMBERED.fullmatch(item.get(UNIFORM, "")) for item in items]
    return np.array([match is None or int(match[1]) != 0 for match in chosen], dtype=bool)


def _same_print(given: str, now: str) -> bool:
    """Say whether a print is of the same values; earlier batches lack the letter before it."""
    return given in ("", now, now[1:])


def _row_number(cell: str, size: int, where: str, path: Path) -> int:
    match = NUMBERED.fullmatch(cell)
    if not match or int(match[1]) >= size:
        raise InputError(f"{path}: row {cell!r} is not a row of {where}, which has rows 0 to {size - 1}.")
    return int(match[1])


def write_query(path: Path, query: Query, sheet: Sheet) -> None:
    """Write a batch to be labelled: one line a row, an empty ``label`` first, then its id or number."""
    rows = query.index.tolist()
    text = {name: [str(column[row]) for row in rows] for name, column in sheet.text.items()}
    where = {key_of(sheet.id): rows if sheet.id is None else text.pop(sheet.id)}
    values = _shown(sheet.pool.rows(query.index), sheet.numbers, sheet.readable)
    _write(path, query, where, text, values, [sheet.digest] * len(rows))


def write_shard_query(path: Path, answer: ShardQuery, shards: Shards) -> None:
    """Write a batch to be labelled: an empty ``label`` first, then where the row is and its values."""
    points = _rows_of(shards, answer.query.index)
    where = {SHARD: [str(shard) for shard in answer.shard], ROW: answer.row.tolist()}
    _write(path, answer.query, where, {}, _shown(points, (), ()), [_print_of(values) for values in points])


def _shown(points: Rows, names: Sequence[str], readable: Sequence[str]) -> dict[str, Sequence[object]]:
    if is_frame(points):
        held = nw.from_native(points, eager_only=True)
        return {name: [_cell(value) for value in held[name].to_list()] for name in readable[:SHOWN]}
    rows = points.reshape(len(points), -1)
    if names:
        rows = rows[:, [place for place, name in enumerate(names) if name in readable]]
    if rows.shape[1] > SHOWN:
        return {}
    columns = [list(map(repr, column.tolist())) for column in rows.T]
    return dict(zip(readable if names else [f"x{i}" for i in range(len(columns))], columns, strict=True))


def _cell(value: object) -> str:
    """Return a value of a frame as a person reads it: nothing for a gap."""
    gap = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if gap else value if isinstance(value, str) else repr(value)


def _write(
    path: Path,
    query: Query,
    where: Mapping[str, Sequence[object]],
    words: Mapping[str, Sequence[str]],
    values: Mapping[str, Sequence[object]],
    prints: Sequence[str],
) -> None:
    columns: list[Sequence[object]] = [
        [""] * len(prints),
        *where.values(),
        *words.values(),
        *values.values(),
        [repr(float(score)) for score in query.score],
        [repr(float(chance)) for chance in query.propensity],
        [int(drawn) for drawn in query.uniform],
        prints,
    ]
    header = [LABEL, *where, *shown_names((*words, *values)), SCORE, PROPENSITY, UNIFORM, POOL]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for line in (header, *zip(*columns, strict=True)):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in line])
    with replacing(path) as file:
        file.write(text.getvalue().encode())


def _rows_of(shards: Shards, index: Index, jobs: int = 1) -> Floats:
    # Late: what queries shards loads every strategy, which a pool in one file never needs.
    from edgewise.strategies.sharded.task import read_rows

    return read_rows(shards, index, jobs=jobs)


def _numbers(shards: Shards) -> Mapping[str, int]:
    names = [path.name for path in shards.paths]
    unique = {name: i for i, name in enumerate(names) if names.count(name) == 1} if len(names) < 10**4 else {}
    return {**unique, **{str(path): i for i, path in enumerate(shards.paths)}}


def _print_of(values: Floats) -> str:
    return "r" + hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=6).hexdigest()
