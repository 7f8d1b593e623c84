"""Pools and labels as files a person can open: CSV, Parquet, NPZ, folders of images; batches as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Index, InputError, Labels, Mask
from edgewise.atomic import replacing
from edgewise.pools.pool import Pool
from edgewise.strategies.frame import Query


IMAGES = (".png", ".jpg", ".jpeg", ".bmp")
ROW, LABEL, POOL, UNIFORM = "row", "label", "pool", "uniform"


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
    """

    pool: Pool
    digest: str
    text: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    numbers: tuple[str, ...] = ()


def read_pool(path: Path) -> Sheet:
    """Read a pool: ``.csv`` with a header, ``.parquet``, ``.npz``, ``.npy``, or a folder of images.

    Columns of a CSV that are no numbers are kept to be shown. Images have one size; their
    values are scaled to [0, 1].

    Raises
    ------
    InputError
        Nothing to read, ragged rows, empty number cells, or images of several sizes.
    """
    if path.is_dir():
        return _read_images(path)
    if path.suffix == ".csv":
        return _read_csv(path)
    pool = Pool.of(path)
    return Sheet(pool, pool.digest()[:12])


def read_labels(paths: Sequence[Path], sheet: Sheet) -> tuple[Index, Labels, Mask]:
    """Read labels: CSV files with the columns ``row`` and ``label``; rows without a label are left out.

    The files that `write_query` wrote, filled in, are such files; they also say which rows were drawn
    uniformly, the third answer. In files that do not say all are.

    Raises
    ------
    InputError
        A missing column, a row that the pool does not have, a row with two different labels, or labels of
        another pool.
    """
    found: dict[int, str] = {}
    edge: set[int] = set()
    for path in paths:
        header, rows = rows_of(path)
        if ROW not in header or LABEL not in header:
            raise InputError(f"{path} needs the columns 'row' and 'label'; it has {', '.join(header)}.")
        for cells in rows:
            item = dict(zip(header, cells, strict=True))
            _check_pool(item.get(POOL, ""), sheet, path)
            row, label = _row_number(item[ROW], len(sheet.pool), path), item[LABEL].strip()
            if label and found.setdefault(row, label) != label:
                raise InputError(f"row {row} has two labels, {found[row]!r} and {label!r}; keep one.")
            if item.get(UNIFORM, "1").strip() == "0":
                edge.add(row)
    index = np.array(sorted(found), dtype=np.intp)
    return index, np.array([found[int(row)] for row in index]), ~np.isin(index, list(edge))


def write_query(path: Path, query: Query, sheet: Sheet) -> None:
    """Write a batch to be labelled: one line a row, an empty ``label`` first, what it looks like last."""
    values = sheet.pool.rows(query.index)
    shown = values.reshape(len(values), -1) if values[0].size <= 50 else np.empty((len(values), 0))
    named = sheet.numbers if shown.shape[1] else ()
    ours = [LABEL, ROW, "score", "propensity", UNIFORM, POOL]
    names = [
        name if name not in ours else f"pool {name}"
        for name in (*sheet.text, *(named or (f"x{i}" for i in range(shown.shape[1]))))
    ]
    header = [*ours[:2], *names, *ours[2:]]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for i, row in enumerate(query.index.tolist()):
        figures = [repr(float(query.score[i])), repr(float(query.propensity[i])), int(query.uniform[i])]
        writer.writerow(
            [
                "",
                row,
                *(column[row] for column in sheet.text.values()),
                *map(repr, shown[i].tolist()),
                *figures,
                sheet.digest,
            ]
        )
    with replacing(path) as file:
        file.write(text.getvalue().encode())


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a CSV; raise `InputError` on a missing file, ragged rows, a name twice."""
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if line]
    if len(lines) < 2:
        raise InputError(f"{path} needs a header line and at least one row.")
    header = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise InputError(f"{path}, line {number}: {len(line)} cells; the header has {len(header)}.")
    if len(set(header)) < len(header):
        raise InputError(f"{path} has a column name twice.")
    return header, lines[1:]


def _read_csv(path: Path) -> Sheet:
    header, rows = rows_of(path)
    numbers: list[Floats] = []
    names: list[str] = []
    text: dict[str, Sequence[str]] = {}
    for name, column in zip(header, zip(*rows, strict=True), strict=True):
        try:
            numbers.append(np.array([float(cell) if cell.strip() else np.nan for cell in column]))
            names.append(name)
        except ValueError:
            text[name] = column
    if not numbers:
        raise InputError(f"{path} has no column of numbers to learn from; it has {', '.join(header)}.")
    pool = Pool.of(np.stack(numbers, axis=1))
    return Sheet(pool, pool.digest()[:12], text, tuple(names))


def _read_images(folder: Path) -> Sheet:
    from PIL import Image

    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGES)
    if not files:
        raise InputError(f"{folder} holds no images ({', '.join(IMAGES)}).")
    pictures: list[Any] = []
    for file in files:
        with Image.open(file) as image:
            flat = image if image.mode in ("L", "RGB") else image.convert("RGB")
            pictures.append(np.asarray(flat, dtype=np.float32) / 255)
        if pictures[-1].shape != pictures[0].shape:
            raise InputError(
                f"images must have one size; {file.name} is {pictures[-1].shape}, "
                f"{files[0].name} is {pictures[0].shape}. Resize them first."
            )
    pool = Pool.of(np.stack(pictures).reshape(len(files), -1))
    return Sheet(pool, pool.digest()[:12], {"file": [file.name for file in files]})


def _check_pool(given: str, sheet: Sheet, path: Path) -> None:
    if given and given != sheet.digest:
        raise InputError(
            f"{path} labels another pool ({given}) than this one ({sheet.digest}): the pool "
            "changed since. Put the old pool back, or take the 'pool' column out if its rows "
            "are still the same."
        )


def _row_number(cell: str, size: int, path: Path) -> int:
    if not cell.strip().isdigit() or int(cell) >= size:
        raise InputError(f"{path}: row {cell!r} is no row of the pool, which has rows 0 to {size - 1}.")
    return int(cell)
