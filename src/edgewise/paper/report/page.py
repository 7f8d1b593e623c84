"""One HTML page, complete in itself: opens offline, prints, reads on a phone, in light and dark."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from edgewise.arrays import InputError
from edgewise.atomic import replacing
from edgewise.paper.report.blocks import MARKS, Block, Figure, Prose, Section, SideBySide, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.report.export import export
from edgewise.paper.report.sections import SECTIONS
from edgewise.paper.runs.results import Published
from edgewise.progress import track
from edgewise.store import Store


TITLE = "A paper on training at the decision boundary, run again"

SENTENCE = 72


def build(
    store: Store | Published | str | Path,
    out: str | Path,
    *,
    tables: str | Path | None = None,
    progress: bool = False,
) -> Path:
    """Write a page with everything ``store`` has figures for, from the store alone.

    The same store gives the same bytes. ``out`` is replaced in one step, or not at all.

    Parameters
    ----------
    store
        An open `Store`, the path of one, which is only read, or published runs.
    out
        Where the page goes.
    tables
        A folder for the tables too; see `edgewise.paper.report.export.export`.
    progress
        Draw a progress bar.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    InputError
        There is no such store, it holds nothing a report shows, or ``out`` cannot be written.
    """
    if isinstance(store, str | Path):
        with Store(Path(store), read_only=True) as opened:
            return build(opened, out, tables=tables, progress=progress)
    evidence = Evidence(store)
    found = gather(evidence, progress=progress)
    if not found:
        raise InputError(
            f"{store.path} holds nothing that a report shows; run an experiment with --store "
            f"{store.path} first."
        )
    try:
        with replacing(out) as file:
            file.write(render(found, dated=evidence.dated).encode())
    except OSError as error:
        raise InputError(
            f"cannot write {out}: {error.strerror}. Give a path in a folder that can be written."
        ) from None
    if tables is not None:
        export(evidence, found, Path(tables))
    return Path(out)


def gather(evidence: Evidence, *, progress: bool = False) -> list[Section]:
    """Return the sections of every row of `SECTIONS` that has figures in the store."""
    found: list[Section] = []
    with track(len(SECTIONS), "drawing the report", show=progress) as advance:
        for row in SECTIONS.values():
            module, name = row.split(":")
            make: Callable[[Evidence], list[Section]] = getattr(importlib.import_module(module), name)
            found += make(evidence)
            advance(1)
    return found


def render(sections: Sequence[Section], *, title: str = TITLE, dated: str = "") -> str:
    """Return the page as HTML; ``dated`` says when its figures were made.

    Raises
    ------
    InputError
        Two sections with one id.

    Examples
    --------
    >>> section = Section("one", "One", "It holds.", (Prose(("a < b",)),))
    >>> "a &lt; b" in render([section])
    True
    """
    ids = [section.id for section in sections]
    if len(set(ids)) != len(ids):
        raise InputError(f"section ids must differ; got {ids}.")
    from edgewise import __version__

    return _template().render(
        title=title,
        version=__version__,
        dated=dated,
        sections=sections,
        kind=_kind,
        data_url=_data_url,
        stacks=_stacks,
        marks=MARKS,
        legend={
            mark
            for section in sections
            for block in section.blocks
            if isinstance(block, Table)
            for mark in block.marks.values()
        },
    )


@cache
def _template() -> jinja2.Template:
    text = resources.files("edgewise.paper.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(text)


def _kind(block: Block) -> str:
    match block:
        case Prose():
            return "prose"
        case Figure():
            return "figure"
        case Table():
            return "table"
        case SideBySide():
            return "row"


def _stacks(table: Table) -> bool:
    """Say whether cells stand one below the other: in verdicts, and on a phone where rows have sentences for names."""
    return "verdict" in table.header or any(len(row[0]) > SENTENCE for row in table.rows)


def _data_url(figure: Figure) -> str:
    if figure.media != "image/svg+xml":
        return f"data:{figure.media};base64,{base64.b64encode(figure.content).decode()}"
    # As text an SVG takes three quarters of what it takes in base 64.
    text = figure.content.decode().replace('"', "'")
    for letter in "%#&":
        text = text.replace(letter, quote(letter))
    return Markup(f"data:{figure.media},{text}")
