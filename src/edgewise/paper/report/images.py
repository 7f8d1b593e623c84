"""One image under each gradient attack: original, boundary point, difference; from the stored fact."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure as Canvas

from edgewise.arrays import Floats
from edgewise.paper.pictures.attack_images import NAME
from edgewise.paper.report.blocks import Figure, Section, Table
from edgewise.paper.report.drawing import svg
from edgewise.paper.report.evidence import Evidence
from edgewise.store import Fact


AMPLIFIED = 10


def sections(evidence: Evidence) -> list[Section]:
    """Return one section with a picture and a table for each stored image, or nothing."""
    facts = evidence.facts(NAME)
    if not facts:
        return []
    lead = (
        "One held-out image the network labels rightly, the point where each attack crossed the "
        f"boundary, and the difference {AMPLIFIED} times as large (grey is no change)."
    )
    return [
        Section(
            NAME,
            "An image at the boundary",
            lead,
            tuple(block for fact in facts for block in (_figure(fact), _table(fact))),
        )
    ]


def _figure(fact: Fact) -> Figure:
    figs = fact.figures
    original = _image(figs["original"], figs["shape"])
    canvas = Canvas(figsize=(5.4, 1.9 * len(figs["made"])), layout="constrained")
    axes = canvas.subplots(len(figs["made"]), 3, squeeze=False)
    for row, (name, made) in zip(axes, figs["made"].items(), strict=True):
        point = _image(made["point"], figs["shape"])
        outcome = made["label"] if made["found"] else f"{made['label']}, not crossed"
        panels = (
            (original, f"original: {figs['label']}"),
            (point, f"{name}: {outcome}"),
            (
                0.5 + AMPLIFIED * (point - original) / 2,
                f"difference × {AMPLIFIED}, L2 {made['distance']:.2f}",
            ),
        )
        for panel, (image, title) in zip(row, panels, strict=True):
            panel.imshow(np.clip(image, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            panel.set_title(title)
            panel.set_axis_off()
    said = "; ".join(
        f"{name} {made['label']} at L2 {made['distance']:.2f}" for name, made in figs["made"].items()
    )
    return Figure(
        svg(canvas),
        f"An image labelled {figs['label']} under each attack: {said}.",
        f"{fact.cell.settings['net']} on {fact.cell.settings['data']}, seed "
        f"{fact.cell.seed}. From left to right: original, boundary point, difference.",
    )


def _table(fact: Fact) -> Table:
    rows = tuple(
        (
            name,
            fact.figures["label"],
            made["label"],
            "yes" if made["found"] else "no",
            f"{made['distance']:.4f}",
            f"{made['largest']:.4f}",
        )
        for name, made in fact.figures["made"].items()
    )
    return Table(
        ("attack", "label before", "label after", "crossed", "L2 distance", "largest change"),
        rows,
        "The same image by figures",
    )


def _image(values: list[float], shape: list[int]) -> Floats:
    """Return pixels as matplotlib takes them: (h, w) or (h, w, 3)."""
    image = np.array(values, float).reshape(shape)
    return image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
