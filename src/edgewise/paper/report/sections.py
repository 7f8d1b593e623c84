"""What a report can show, in order: one row a part."""

from __future__ import annotations

from collections.abc import Mapping


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
