"""Halfmoon's decision regions with the boundary points of each attack on them, from the stored picture."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Values
from edgewise.paper.pictures.halfmoon import NAME
from edgewise.paper.report.blocks import Figure, Section, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.report.plane import Scatter, regions
from edgewise.store import Fact


def sections(evidence: Evidence) -> list[Section]:
    """Return one section with a picture and its figures for each stored picture, or nothing."""
    facts = evidence.facts(NAME)
    if not facts:
        return []
    lead = (
        "Each panel shows the regions a 1-NN gives to the two half moons. The first has its training "
        "points; each other one the points where an attack crossed the boundary, joined to where it "
        "started."
    )
    return [
        Section(
            "halfmoon-picture",
            "Decision regions and boundary points",
            lead,
            tuple(block for fact in facts for block in (_figure(fact), _table(fact))),
        )
    ]


def _figure(fact: Fact) -> Figure:
    figs = fact.figures
    side = figs["side"]
    grid = np.array([int(label) for label in figs["grid"]]).reshape(side, side)
    # The grid's points lie on the edges of the picture, so its outer cells reach half a step beyond.
    half = (np.array(figs["high"]) - figs["low"]) / (side - 1) / 2
    (left, bottom), (right, top) = np.array(figs["low"]) - half, np.array(figs["high"]) + half
    train = Scatter(f"{len(figs['y'])} training points", np.array(figs["X"]), None, figs["y"])
    svg = regions(
        grid,
        (left, right, bottom, top),
        ("upper moon", "lower moon"),
        [train, *(_scatter(name, item, figs) for name, item in _attacks(fact))],
    )
    placed = "; ".join(
        f"{name} {sum(item['found'])} of {len(item['found'])}, median distance "
        f"{np.median(_distances(item)):.3f}"
        for name, item in _attacks(fact)
    )
    return Figure(
        svg,
        f"Six panels of a 1-NN's two regions on Halfmoon. Points found: {placed}.",
        f"1-NN on {len(figs['y'])} points of Halfmoon, seed {fact.cell.seed}. A line runs from "
        "each attacked held-out point, in the colour of its class, to the dot where the 1-NN's "
        "label changes; short lines are close to the shortest possible.",
    )


def _scatter(name: str, item: Values, figs: Values) -> Scatter:
    found = np.array(item["found"], bool)
    return Scatter(
        name,
        np.array(item["points"])[found],
        np.array(figs["sources"])[found],
        np.array(figs["source_label"])[found].tolist(),
    )


def _table(fact: Fact) -> Table:
    rows = tuple(
        (
            name,
            f"{sum(item['found'])} of {len(item['found'])}",
            f"{np.mean(_distances(item)):.4f}",
            f"{np.max(_distances(item)):.4f}",
            f"{np.mean(item['queries']):,.0f}",
        )
        for name, item in _attacks(fact)
    )
    return Table(
        ("attack", "points found", "mean L2 distance", "largest", "queries a point"),
        rows,
        "The attacks of the picture: how far they moved the points, and what that cost",
        (
            "Distances are over the points found. Queries are labels asked of the 1-NN; an attack that "
            "reads its training points asks few.",
        ),
    )


def _attacks(fact: Fact) -> list[tuple[str, Values]]:
    """Return the attacks in the order they were asked for; the store sorts names."""
    return [(name, fact.figures["attacks"][name]) for name in fact.cell.settings["attacks"]]


def _distances(item: Values) -> Floats:
    return np.array(item["distance"], float)[np.array(item["found"], bool)]
