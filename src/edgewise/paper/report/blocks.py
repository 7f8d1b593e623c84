"""What a report is made of: sections of prose, tables and figures. Plain data; `page` turns it into HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from edgewise.arrays import InputError


Mark: TypeAlias = Literal["differs", "better", "worse", "undecided", "holds", "fails"]
"""What a table cell says at a glance; the page shows it by a sign and a colour, never by colour alone."""

MARKS: Mapping[Mark, tuple[str, str]] = {
    "differs": ("≠", "the paper's figure lies outside our interval"),
    "better": ("▲", "significantly better"),
    "worse": ("▼", "significantly worse"),
    "undecided": ("○", "no significant difference, or not shown"),
    "holds": ("✓", "holds"),
    "fails": ("✗", "contradicted"),
}
"""The sign of each mark, and what it means, which the page says once; beside the sign the mark is read out."""


@dataclass(frozen=True)
class Prose:
    """Paragraphs of plain text under an optional heading, then an optional list.

    Parameters
    ----------
    paragraphs
        One string each; text, not HTML.
    heading
        A short line above them.
    items
        Entries of a bulleted list below them.
    """

    paragraphs: tuple[str, ...] = ()
    heading: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A picture, carried in the page itself.

    Parameters
    ----------
    content
        The bytes of an SVG or PNG file.
    alt
        What it shows, for those who do not see it: what is compared, and what comes out.
    caption
        How to read it.

    Raises
    ------
    InputError
        No alt text, or neither SVG nor PNG.
    """

    content: bytes = field(repr=False)
    alt: str
    caption: str

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise InputError("a figure needs an alt text that says what it shows.")
        _ = self.media

    @property
    def media(self) -> str:
        """Its media type, read from the bytes."""
        if self.content.startswith(b"\x89PNG"):
            return "image/png"
        if b"<svg" in self.content[:1000]:
            return "image/svg+xml"
        raise InputError("a figure holds the bytes of an SVG or PNG file.")


@dataclass(frozen=True)
class Table:
    """A table of text; the first column names its row.

    Parameters
    ----------
    header
        One entry a column.
    rows
        Each as long as ``header``.
    caption
        What it shows, in a sentence.
    notes
        How it was made, below it.
    marks
        For cells by (row, column), the first column excepted: what they say at a glance.

    Raises
    ------
    InputError
        Rows of other lengths than the header, or marks outside the table.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    notes: tuple[str, ...] = ()
    marks: Mapping[tuple[int, int], Mark] = field(default_factory=dict[tuple[int, int], Mark])

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.header):
                raise InputError(
                    f"row {number} of the table has {len(row)} cells; its header has {len(self.header)}."
                )
        for row, column in self.marks:
            if not (0 <= row < len(self.rows) and 1 <= column < len(self.header)):
                raise InputError(f"mark at row {row}, column {column} lies outside the cells of the table.")


@dataclass(frozen=True)
class SideBySide:
    """Pictures next to each other, as far as the page is wide."""

    figures: tuple[Figure, ...]


Block: TypeAlias = Prose | Figure | Table | SideBySide


@dataclass(frozen=True)
class Section:
    """One part of a report.

    Parameters
    ----------
    id
        Its anchor: lower-case letters, digits and hyphens.
    title
        Its heading.
    lead
        What it found, in a sentence or two.
    blocks
        Its content, in order.
    """

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...]

    @property
    def short(self) -> str:
        """Its heading up to a colon, for the contents."""
        return self.title.partition(":")[0]

    def __post_init__(self) -> None:
        if not self.id.replace("-", "").isalnum() or self.id != self.id.lower() or not self.id.isascii():
            raise InputError(f"a section id takes lower-case letters, digits and hyphens; got {self.id!r}.")
