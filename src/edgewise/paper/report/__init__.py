"""Reports from stored facts alone. `SECTIONS` lists what a report can show; `build` writes one.

To add a part, write a module with ``sections(evidence: Evidence) -> list[Section]`` that returns an empty list
when the store has nothing for it, and add its row in ``sections.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.importing import lazily
from edgewise.paper.report.sections import SECTIONS as SECTIONS


if TYPE_CHECKING:
    from edgewise.paper.report.page import build as build

__getattr__, __dir__ = lazily(__name__, {"build": "edgewise.paper.report.page"})
