"""How a text file of cells is written: its compression, its encoding and what separates its cells."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from edgewise.arrays import InputError
from edgewise.pools.files import no_such_file, pyarrow


if TYPE_CHECKING:
    from pyarrow import BufferReader


SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

LOOK, HEAD = 50, 2**22
"""Records that the separator is judged by, and the bytes they are looked for in."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def suffix_of(path: Path) -> str:
    """Return the ending that says what a file holds, in small letters.

    Examples
    --------
    >>> suffix_of(Path("Churn.CSV.gz"))
    '.csv.gz'
    """
    return "".join(path.suffixes[-2:] if path.suffix.lower() == ".gz" else path.suffixes[-1:]).lower()


@dataclass(frozen=True)
class Text:
    """What a file of cells holds, and how.

    Parameters
    ----------
    content
        Its bytes in UTF-8, from the header on.
    separator
        Between cells.
    header
        The names of its columns, without blanks around them.
    notes
        What was read otherwise than as UTF-8.
    """

    content: bytes
    separator: str
    header: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def stream(self) -> BufferReader:
        """Return the content as a file in Arrow's own memory.

        Arrow's threads may let go of what they read after the call that read it has returned. With Python's memory
        they then need the interpreter, and where that is ending they abort the process.
        """
        pa = pyarrow("")
        memory = pa.allocate_buffer(len(self.content))
        with pa.FixedSizeBufferWriter(memory) as writer:
            writer.write(self.content)
        return pa.BufferReader(memory)


def read_text(path: Path) -> Text:
    """Read a file of separated cells, whatever program wrote it.

    Gzip is undone. UTF-8 and marked UTF-16 and UTF-32 are read, else Windows-1252. The separator is the one of
    comma, semicolon, tab and bar that is in the header and splits the records alike; a first line such as
    ``sep=;`` states it.

    Raises
    ------
    InputError
        No such file, not text, text of no one encoding, nothing in it, or two separators are possible.
    """
    content, notes = _decoded(_bytes(path), path)
    stated = None
    first = content[:7].partition(b"\n")[0]
    if first[:4].lower() == b"sep=" and len(first.rstrip(b"\r")) == 5:
        stated, content = first[4:5].decode(), content[len(first) + 1 :]
    separator = stated or _separator(content, path)
    header = next(iter(_records(content, separator, path)), list[str]())
    if not any(name.strip() for name in header):
        raise InputError(f"{path} is empty; it needs a header line and at least one row.")
    return Text(content, separator, tuple(name.strip() for name in header), notes)


def _bytes(path: Path) -> bytes:
    no_such_file(path)
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            return gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path} is a damaged gzip file ({error}).") from None
    if content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise InputError(
            f"{path} is a workbook or an archive, not text; save the sheet as CSV UTF-8 and give that."
        )
    return content


def _decoded(content: bytes, path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return the content in UTF-8 without a mark, and a note if it was not that."""
    name = next((name for mark, name in MARKS if content.startswith(mark)), None)
    if name is None and b"\0" in content[:1000]:
        name = "utf-16-le" if b"\0" in content[1:1000:2] else "utf-16-be"
    try:
        if name == "utf-8-sig":
            content = content.removeprefix(codecs.BOM_UTF8)
        elif name is not None:
            content = content.decode(name).encode()
        if b"\0" in content:
            raise InputError(f"{path} is not text: it has zero bytes. Give a CSV file in UTF-8.")
        if not content.isascii():
            content.decode()
    except UnicodeDecodeError as error:
        if name is not None:
            raise InputError(f"{path} is damaged {name.upper()} text ({error.reason}).") from None
        return _of_windows(content, path, error)
    return content, () if name in (None, "utf-8-sig") else (f"{path.name} was read as {name.upper()}",)


def _of_windows(content: bytes, path: Path, error: UnicodeDecodeError) -> tuple[bytes, tuple[str, ...]]:
    line = content.count(b"\n", 0, error.start) + 1
    mixed = not content.decode(errors="ignore").isascii()
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        mixed = True
        text = ""
    if mixed:
        raise InputError(
            f"{path}, line {line}, is neither UTF-8 nor Windows-1252 text. Save the file as CSV UTF-8."
        )
    return text.encode(), (f"{path.name} is not UTF-8 and was read as Windows-1252",)


def _separator(content: bytes, path: Path) -> str:
    fitting: list[str] = []
    for separator in SEPARATORS:
        counts = {len(record) for record in _records(content, separator, path)}
        if len(counts) == 1 and counts != {1}:
            fitting.append(separator)
    if len(fitting) > 1 and fitting[-1] == "|":
        fitting.pop()  # bars are in words more often than they separate
    if len(fitting) > 1:
        named = " or ".join(SEPARATORS[separator] for separator in fitting)
        raise InputError(
            f"{path}: the separator may be {named}. Put cells that hold one into quotes, or make the first line "
            f"sep={fitting[-1]}"
        )
    if fitting:
        return fitting[0]
    header = next(iter(_records(content, ",", path)), list[str]())
    # No separator fits every record: the most frequent of the header, whose rows are then told to be ragged.
    return max(SEPARATORS, key=lambda separator: ",".join(header).count(separator)) if header else ","


def _records(content: bytes, separator: str, path: Path) -> list[list[str]]:
    """Return the first records that are not blank."""
    lines = io.TextIOWrapper(io.BytesIO(content[:HEAD]), encoding="utf-8", errors="ignore", newline="")
    limit = csv.field_size_limit(HEAD)
    try:
        records = [record for record in islice(csv.reader(lines, delimiter=separator), LOOK + 1) if record]
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table ({error}).") from None
    finally:
        csv.field_size_limit(limit)
    # The last one may be cut off.
    return records[:LOOK] if len(records) < 2 or len(content) <= HEAD else records[:-1]
