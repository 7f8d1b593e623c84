"""How every figure was made: settings, seeds, versions, device, and the data by hash."""

from __future__ import annotations

from edgewise.data import DATASETS
from edgewise.paper.audits import LEAK
from edgewise.paper.report.blocks import Block, Section, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.runs.results import PROVENANCE


def sections(evidence: Evidence) -> list[Section]:
    """Return how the figures were made, where the store has it."""
    blocks = [block for block in (_runs(evidence), _data(evidence)) if block is not None]
    if not blocks:
        return []
    return [
        Section(
            "provenance",
            "How it was made",
            "Each run by its command, code, versions and machine; the same command and seeds give "
            "the same figures on any number of workers.",
            tuple(blocks),
        )
    ]


def _runs(evidence: Evidence) -> Block | None:
    rows: list[tuple[str, ...]] = []
    for fact in evidence.facts(PROVENANCE):
        s = fact.cell.settings
        facts = evidence.facts(s["of"])
        seeds = sorted({f.cell.seed for f in facts})
        versions = ", ".join(f"{name} {version}" for name, version in s["versions"].items())
        rows.append(
            (
                s["of"],
                f"{len(facts):,}",
                f"{len(seeds)}",
                s["command"],
                s["commit"] or "–",
                s["device"],
                f"Python {s['python']}, {versions}",
            )
        )
    if not rows:
        return None
    return Table(
        ("experiment", "cells in all", "seeds", "command", "commit", "device", "versions"),
        tuple(rows),
        "The runs",
    )


def _data(evidence: Evidence) -> Block | None:
    rows = tuple(
        (
            f.cell.settings["data"],
            DATASETS[f.cell.settings["data"]].source,
            " / ".join(f"{f.figures['rows'][part]:,}" for part in ("train", "held_out", "test")),
            f.figures["sha256"],
        )
        for f in evidence.facts(LEAK)
        if "sha256" in f.figures
    )
    if not rows:
        return None
    return Table(
        ("data", "source", "train / held out / test", "sha256 of the points of the first seed"),
        rows,
        "The data",
        ("Files are read only if their own hash is the known one; see the code of edgewise.data.",),
    )
