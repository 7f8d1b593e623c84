"""Why DFAL loses in Table 7: how unevenly what it picks falls on the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgewise.paper.report import figures
from edgewise.paper.report.blocks import Block, Figure, Prose, Section
from edgewise.paper.report.figures import Curve
from edgewise.paper.tables.verdict_rule import said_seeds
from edgewise.stats import estimate
from edgewise.store import Fact


ARMS = ("random", "dfal", "max-confidence", "edge-mix", "herding")
"""Of Table 7's arms those that pick apart in one shot; DFAL's variants pick what it picks."""


def balance(facts: Sequence[Fact]) -> Section:
    """Return why DFAL loses in Table 7: how unevenly its picks fall on the classes."""
    values: dict[tuple[str, str, int], list[float]] = {}
    for fact in facts:
        for item in fact.figures["rows"]:
            key = (fact.cell.settings["data"], item["arm"], int(item["budget"]))
            values.setdefault(key, []).append(100 * item["values"]["balance"])
    blocks: list[Block] = [
        Prose(
            (
                "The reading that gives the paper's pattern is the one shot: a victim that knows the whole pool "
                "ranks it once, and a shadow learns from the pick alone. The paper puts DFAL's losses down to "
                "classes picked unevenly. The picture shows how uneven they are: "
                + _said(values, "dfal")
                + " against "
                + _said(values, "random")
                + " for random. What is picked is also odd: the points "
                "nearest to the boundary of a good model look like no other of their class, so a shadow that sees "
                "only these never sees what is ordinary. Round by round the model that ranks is the one that learns, "
                "and its boundary passes through ordinary points as long as it is wrong about them.",
            )
        )
    ]
    for data in sorted({data for data, _, _ in values}):
        there = {arm for name, arm, _ in values if name == data}
        arms = [arm for arm in ARMS if arm in there] or sorted(there)
        lines = [
            Curve.of(
                arm,
                {n: estimate(v) for (name, a, n), v in sorted(values.items()) if name == data and a == arm},
            )
            for arm in arms
        ]
        blocks.append(
            Figure(
                figures.curves(lines, "labels", "class balance of the pick, %"),
                f"{data}, class balance at the most labels: "
                + figures.summary({line.name: line.mean[-1] for line in lines}, "{:.3g}")
                + " %.",
                f"{data}: entropy of the picked classes, 100 % is an even pick; mean over seeds with its 95 % "
                "interval.",
            )
        )
    seeds = said_seeds([len({fact.cell.seed for fact in facts})])
    return Section(
        "table7-balance",
        "Why DFAL loses in Table 7",
        f"Class balance of what each strategy picks, {seeds}.",
        tuple(blocks),
    )


def _said(values: Mapping[tuple[str, str, int], Sequence[float]], arm: str) -> str:
    """Return the mean balance of an arm at the fewest labels, over all pools."""
    fewest = min((n for _, name, n in values if name == arm), default=0)
    found = [v for (_, name, n), many in values.items() if name == arm and n == fewest for v in many]
    return f"{np.mean(found):.0f} % of an even pick at {fewest} labels" if found else "not run"
