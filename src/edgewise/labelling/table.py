"""Tables as people have them, as an Arrow table of numbers and words, with what was found odd."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from edgewise.arrays import InputError
from edgewise.labelling.columns import as_written
from edgewise.labelling.dialect import Text, read_text, suffix_of
from edgewise.labelling.lists import spread_lists
from edgewise.labelling.plain_numbers import plain_numbers
from edgewise.labelling.word_numbers import DIGITS, Odd, numbers_of
from edgewise.pools.files import DAMAGE, first_line, index_columns, no_such_file, pyarrow


if TYPE_CHECKING:
    from pyarrow import ChunkedArray, DataType
    from pyarrow import Table as Frame

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet", ".jsonl", ".ndjson")

NAMELESS, EMPTY = ("", "Unnamed: 0"), "empty"
"""What pandas calls its row index in a CSV, and why a column without any value is left out."""


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Parameters
    ----------
    frame
        A ``pyarrow.Table`` of float64 and string columns; what is missing is null.
    odd
        Columns that are numbers but for these cells, which are null if they stand for no value; a column with
        any other cell is words.
    left_out
        Columns that are not in ``frame``, and why.
    notes
        How the file was read, where that is not plain.
    lists
        The columns of ``frame`` that a column of lists was spread over, by its name.
    """

    frame: Frame
    odd: Mapping[str, Odd] = field(default_factory=dict[str, Odd])
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


def read_table(path: Path, words: Collection[str] = ()) -> Table:
    """Read a table: CSV in any usual dialect, Parquet, or JSON Lines.

    In a text file a column is of numbers if every cell is a plain decimal number (sign, point, exponent; a
    decimal comma where cells are separated otherwise), blank or one of `edgewise.data.keel.MISSING`.
    Leading zeros, more than 15 digits, ``1_000`` and anything else make a cell a word. In Parquet and JSON Lines
    numbers are numbers, true and false are 1 and 0, lists of numbers (embeddings) are spread over columns, and
    everything else is words. Left out are blank rows at the end, columns without any value, and the row index that
    pandas writes. In a text file the columns ``words`` are kept as they are written.

    Raises
    ------
    InputError
        No such file, damaged, ragged rows, a name twice, no rows, or nested values.
    MissingExtraError
        There is no pyarrow.
    """
    no_such_file(path)
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise InputError(f"tables are {', '.join(SUFFIXES)}; got {path.name}.")
    if suffix == ".parquet":
        table = _typed(_arrow_read("parquet", path, _parquet), path, words)
    elif suffix in (".jsonl", ".ndjson"):
        table = _typed(_arrow_read("json", path, _json), path, words)
    else:
        table = _words(path, words)
    if not table.frame.num_rows:
        raise InputError(f"{path} needs a header line and at least one row.")
    return table


def read_words(path: Path) -> Frame:
    """Return a CSV of labels as words, every cell as it is written, blank ones null; its header is as the pool's."""
    frame = _strings(read_text(path), path)
    names = [as_written(name) for name in frame.column_names]
    check_names(names, path)
    return frame.rename_columns(names)


def _parquet(module: ModuleType, path: Path) -> Table:
    frame = module.read_table(path)
    index = dict.fromkeys(index_columns(frame.schema), "the row index of pandas")
    return Table(frame.drop_columns(list(index)), left_out=index)


def _json(module: ModuleType, path: Path) -> Table:
    return Table(module.read_json(path))


def _arrow_read(name: str, path: Path, read: Callable[[ModuleType, Path], Table]) -> Table:
    module = pyarrow(f"reading {path.name}", name)
    try:
        return read(module, path)
    except DAMAGE as error:
        raise InputError(f"{path} cannot be read ({type(error).__name__}: {first_line(error)}).") from None


def _typed(table: Table, path: Path, words: Collection[str]) -> Table:
    """Turn typed columns into numbers and words; whole numbers among ``words`` keep every digit."""
    pa, compute = pyarrow(f"reading {path.name}"), pyarrow("", "compute")
    columns: dict[str, ChunkedArray] = {}
    left_out = dict(table.left_out)
    check_names(table.frame.column_names, path)
    frame, lists = spread_lists(table.frame, path)
    for name in frame.column_names:
        column = frame[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        kind = column.type
        if column.null_count == len(column):
            left_out[name] = EMPTY
        elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise InputError(
                f"{path.name}: column {name!r} holds {kind} values; expected numbers, words or lists of numbers."
            )
        elif name in words and pa.types.is_integer(kind):
            columns[name] = column.cast(pa.string())
        elif pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or _is_number(kind):
            column = column.cast(pa.uint8()) if pa.types.is_boolean(kind) else column
            columns[name] = compute.cast(column, pa.float64(), safe=False)
        else:
            columns[name] = column.cast(pa.string())
    return Table(pa.table(columns), _nulls(columns), left_out, table.notes, lists)


def _is_number(kind: DataType) -> bool:
    pa = pyarrow("")
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _nulls(columns: Mapping[str, ChunkedArray]) -> dict[str, Odd]:
    compute = pyarrow("", "compute")
    return {
        name: Odd(int(column.null_count), int(compute.index(column.is_null(), True).as_py()), "")
        for name, column in columns.items()
        if _is_number(column.type) and column.null_count
    }


def _words(path: Path, words: Collection[str]) -> Table:
    """Read a text file, and find its columns of numbers but ``words``."""
    pa = pyarrow(f"reading {path.name}")
    text = read_text(path)
    if (
        not set(text.header) & set(NAMELESS)
        and (plain := plain_numbers(text, 10.0**DIGITS, words)) is not None
    ):
        return Table(plain, notes=text.notes)
    frame = _strings(text, path)
    columns: dict[str, ChunkedArray] = {}
    odd: dict[str, Odd] = {}
    left_out: dict[str, str] = {}
    notes = list(text.notes)
    commas: list[str] = []
    for name in frame.column_names:
        column = frame[name]
        if column.null_count == len(column):
            left_out[name or "(no name)"] = EMPTY
        elif name in NAMELESS:
            left_out[name or "(no name)"] = "no name, like the row index of pandas"
        elif name in words:
            columns[name] = column
        else:
            columns[name], found, comma = numbers_of(column, decimal_comma=text.separator != ",")
            commas += [name] if comma else []
            odd |= {name: found} if found else {}
    if commas:
        notes.append(f"decimal commas were read in {', '.join(commas)}")
    return Table(pa.table(columns), odd, left_out, tuple(notes))


def _strings(text: Text, path: Path) -> Frame:
    """Return every cell as it is written; blank cells are null, and rows that are blank at the end are gone."""
    csv, compute, pa = pyarrow(f"reading {path.name}", "csv"), pyarrow("", "compute"), pyarrow("")
    names = [f"f{i}" for i in range(len(text.header))]
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    parse = csv.ParseOptions(delimiter=text.separator, newlines_in_values=True)

    def read(**options: object) -> Frame:
        how = csv.ReadOptions(autogenerate_column_names=True, skip_rows_after_names=1, **options)
        return csv.read_csv(text.stream(), how, parse, convert)

    try:
        try:
            frame = read()
        except pa.ArrowInvalid:
            # In one block and one thread: a row may be longer than a block, and an error then names its row.
            frame = read(use_threads=False, block_size=max(len(text.content), 2**20))
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}{_where(str(error))}") from None
    check_names(text.header, path)
    frame = frame.rename_columns(list(text.header))
    return frame.slice(0, _filled(frame, compute))


def _where(error: str) -> str:
    ragged = re.search(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)", error)
    if ragged:
        row, expected, got = ragged.groups()
        return f", line {row or '?'}: {got} cells; the header has {expected}."
    if "Empty CSV" in error:
        return " needs a header line and at least one row."
    return f" cannot be read as CSV ({error.splitlines()[0][:200]})."


def _filled(frame: Frame, compute: ModuleType) -> int:
    """Return how many rows there are up to the last that is not blank."""
    end = 0
    for column in frame.columns:
        if column.null_count == 0:
            return frame.num_rows
        last = compute.max(compute.indices_nonzero(column.is_valid())).as_py()
        end = max(end, 0 if last is None else last + 1)
    return end


def check_names(names: Sequence[str], path: Path) -> None:
    """Raise `InputError` if two columns have one name."""
    twice = {name for name in names if name and list(names).count(name) > 1}
    if twice:
        raise InputError(f"{path} has a column name twice: {', '.join(sorted(twice))}.")
