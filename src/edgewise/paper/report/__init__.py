"""Reports from stored facts alone. `SECTIONS` lists what a report can show; `build` writes one.

To add a part, write a module with ``sections(evidence: Evidence) -> list[Section]`` that returns an empty list
when the store has nothing for it, and add its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from edgewise.store import Store


SECTIONS: Mapping[str, str] = {
    "answer": "edgewise.paper.report.answer:sections",
    "claims": "edgewise.paper.report.verdicts:sections",
    "pictures": "edgewise.paper.report.pictures:sections",
    "images": "edgewise.paper.report.images:sections",
    "tables": "edgewise.paper.report.tables:sections",
    "readings": "edgewise.paper.report.readings:sections",
    "strategies": "edgewise.paper.report.strategies:sections",
    "theory": "edgewise.paper.report.theory:sections",
    "suspicions": "edgewise.paper.report.suspicions:sections",
    "provenance": "edgewise.paper.report.provenance:sections",
}


def build(
    store: Store | str | Path, out: str | Path, *, tables: str | Path | None = None, progress: bool = False
) -> Path:
    """Write one self-contained HTML page with everything the store has figures for; see `page.build`."""
    from edgewise.paper.report.page import build as write

    return write(store, out, tables=tables, progress=progress)
