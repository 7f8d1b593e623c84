"""The report's tables as files for other programs: CSV, Markdown, and Parquet where pyarrow is there."""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from edgewise.atomic import replacing
from edgewise.paper.markdown import table as markdown_table
from edgewise.paper.report.blocks import MARKS, Prose, Section, Table
from edgewise.paper.report.evidence import Evidence


HEADER = (
    "table",
    "data",
    "model",
    "attack",
    "arm",
    "budget",
    "metric",
    "mean",
    "low",
    "high",
    "seeds",
    "paper",
    "against",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "p_holm",
)


def export(evidence: Evidence, sections: Sequence[Section], folder: Path) -> list[Path]:
    """Write ``figures`` (every figure of the paper's tables, a row each) and every table of the page.

    Files are replaced one by one, each whole or not at all.

    Returns
    -------
    list of Path
        What was written: ``figures.csv`` and ``.parquet``, ``<section>-<number>.csv`` and ``report.md``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = list(_figures(evidence))
    written = [_csv(folder / "figures.csv", HEADER, figures)]
    if importlib.util.find_spec("pyarrow") is not None:
        written.append(_parquet(folder / "figures.parquet", figures))
    for section in sections:
        tables = [block for block in section.blocks if isinstance(block, Table)]
        for number, table in enumerate(tables, 1):
            written.append(_csv(folder / f"{section.id}-{number}.csv", table.header, table.rows))
    with replacing(folder / "report.md") as file:
        file.write(markdown(sections).encode())
    return [*written, folder / "report.md"]


def markdown(sections: Sequence[Section]) -> str:
    """Return the page's text and tables as Markdown; a mark stands before its cell.

    Examples
    --------
    >>> print(markdown([Section("one", "One", "It holds.", (Table(("a", "b"), (("1", "2"),), "Both"),))]))
    # One
    <BLANKLINE>
    It holds.
    <BLANKLINE>
    Both
    <BLANKLINE>
    | a | b |
    |---|---|
    | 1 | 2 |
    <BLANKLINE>
    """
    lines: list[str] = []
    for section in sections:
        lines += [f"# {section.title}", "", section.lead, ""]
        for block in section.blocks:
            match block:
                case Table():
                    rows = (
                        [_marked(block, i, j, text) for j, text in enumerate(row)]
                        for i, row in enumerate(block.rows)
                    )
                    lines += [block.caption, "", *markdown_table(block.header, rows), ""]
                    lines += [*(f"- {note}" for note in block.notes), *([""] if block.notes else [])]
                case Prose():
                    text = [
                        *([f"## {block.heading}"] if block.heading else []),
                        *block.paragraphs,
                        *(f"- {item}" for item in block.items),
                    ]
                    lines += [part for one in text for part in (one, "")]
                case _:
                    pass
    return "\n".join(lines)


def _marked(table: Table, row: int, column: int, text: str) -> str:
    mark = table.marks.get((row, column))
    return text if mark is None else f"{MARKS[mark][0]} {text}"


Cells = tuple[str | float | int | None, ...]


def _figures(evidence: Evidence) -> Iterable[Cells]:
    for name, found in evidence.judged.items():
        for result in found.results:
            key, mean = result.key, result.estimate
            head: Cells = (
                name,
                key.data,
                key.model,
                key.attack,
                key.arm,
                key.budget,
                result.metric,
                mean.mean,
                mean.low,
                mean.high,
                mean.n,
                result.published,
            )
            for arm, paired in result.against.items():
                gain = paired.difference
                yield (*head, arm, gain.mean, gain.low, gain.high, paired.p, paired.p_holm)
            if not result.against:
                yield (*head, *([None] * (len(HEADER) - len(head))))


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([header, *rows])
    with replacing(path) as file:
        file.write(text.getvalue().encode())
    return path


def _parquet(path: Path, rows: Sequence[Cells]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(HEADER)
    with replacing(path) as file:
        pq.write_table(pa.table(dict(zip(HEADER, map(list, columns), strict=True))), file)
    return path
