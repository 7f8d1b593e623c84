"""A verdict on every claim of the paper about its tables, in one place."""

from __future__ import annotations

from collections.abc import Sequence

from edgewise.paper.report.blocks import Mark, Section, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.tables.frame import Claim


VERDICTS: dict[str, Mark] = {"holds": "holds", "contradicted": "fails", "not shown": "undecided"}


def sections(evidence: Evidence) -> list[Section]:
    """Return the verdicts of all tables with a full run, or nothing."""
    found = evidence.judged
    if not found:
        return []
    every = [claim for table in found.values() for claim in table.claims]
    ours = [claim for claim in every if claim.ours_alone]
    blocks = [claims([claim for claim in every if not claim.ours_alone], "What the paper claims")]
    if ours:
        blocks.append(claims(ours, "What it does not claim, and a reader should ask"))
    return [
        Section(
            "claims",
            "A verdict on every claim",
            "A claim of 'always better' holds when every cell is significantly better; it is contradicted when one "
            "is significantly worse, or the printed gain is more than one run like the paper's gives here; "
            "everything else is not shown, with the smallest gain that the seeds could have shown beside it.",
            tuple(blocks),
        )
    ]


def claims(judged_claims: Sequence[Claim], caption: str) -> Table:
    """Return claims with the paper's number, ours, the test, the verdict and the reason for it."""
    rows = tuple(
        (claim.text, claim.verdict, claim.paper or "–", claim.ours or "–", claim.test or "–", claim.reason)
        for claim in judged_claims
    )
    return Table(
        ("claim", "verdict", "the paper", "ours [95 %]", "test", "because"),
        rows,
        caption,
        marks={(number, 1): VERDICTS[claim.verdict] for number, claim in enumerate(judged_claims)},
    )
