"""What the reproduction suspects itself of: a row a suspicion, with what was looked at and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgewise.paper.audits import CHANCE, EXACT, GRADIENT, LEAK
from edgewise.paper.report.blocks import Block, Mark, Prose, Section, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.tables import TABLES
from edgewise.paper.tables.verdict_rule import ENOUGH_SEEDS
from edgewise.store import Fact


Judge = Callable[[Sequence[Fact]], tuple[bool, str]]
"""Looks at the facts of an audit and says whether there is something to it, and what."""


@dataclass(frozen=True)
class Suspicion:
    """One thing that could make the figures mean less than they seem.

    Parameters
    ----------
    name
        What is suspected.
    flagged
        Whether there is something to it; None where it was not looked at.
    found
        What was found, with its figures.
    """

    name: str
    flagged: bool | None
    found: str


def sections(evidence: Evidence) -> list[Section]:
    """Return the suspicions, where the store holds audits or tables."""
    rows = suspicions(evidence)
    if all(row.flagged is None for row in rows):
        return []
    marks: dict[tuple[int, int], Mark] = {
        (i, 1): "fails" if row.flagged else "holds" for i, row in enumerate(rows) if row.flagged is not None
    }
    said = {True: "look here", False: "nothing found", None: "not looked at"}
    table = Table(
        ("suspicion", "finding"),
        tuple((row.name, said[row.flagged]) for row in rows),
        "What we suspect ourselves of",
        marks=marks,
    )
    blocks: list[Block] = [table, *(Prose((row.found,), row.name) for row in rows)]
    flagged = sum(bool(row.flagged) for row in rows)
    return [
        Section(
            "suspicions",
            "What could be wrong with this",
            f"{len(rows)} suspicions, {flagged} with something to them.",
            tuple(blocks),
        )
    ]


def suspicions(evidence: Evidence) -> list[Suspicion]:
    """Return every suspicion, looked at or not."""
    checks: tuple[tuple[str, str, Judge], ...] = (
        ("Test rows that were trained on", LEAK, _leaks),
        ("Models that answer differently each time", CHANCE, _chance),
        ("Heuristics nearer than exact", EXACT, _beaten),
        ("Gradients that vanish", GRADIENT, _gradients),
    )
    rows = [_looked(name, evidence.facts(what), judge) for name, what, judge in checks]
    return [*rows, _few_seeds(evidence), _missed(evidence)]


def _looked(name: str, facts: Sequence[Fact], judge: Judge) -> Suspicion:
    if not facts:
        return Suspicion(name, None, "Not looked at: 'edgewise reproduce all' runs this audit.")
    return Suspicion(name, *judge(facts))


def _leaks(facts: Sequence[Fact]) -> tuple[bool, str]:
    shared = {
        f.cell.settings["data"]: f.figures
        for f in facts
        if f.figures["test_in_train"] or f.figures["test_in_held_out"]
    }
    clean = [f.cell.settings["data"] for f in facts if f.cell.settings["data"] not in shared]
    text = "Every split was compared bit by bit. "
    if clean:
        text += f"No test row is a train or held-out row of {', '.join(clean)}. "
    for name, figures in shared.items():
        text += (
            f"On {name} {figures['test_in_train']} of {figures['rows']['test']} test rows equal a train "
            f"row, and {figures['test_in_held_out']} a held-out one: the source repeats rows (different "
            "cases with the same few features), so its accuracies are partly recall, for every arm "
            "alike. "
        )
    return bool(shared), text + "Adversarial points are made from held-out rows only."


def _chance(facts: Sequence[Fact]) -> tuple[bool, str]:
    odd = [f for f in facts if f.figures["asked_twice"] or f.figures["fitted_twice"]]
    names = ", ".join(f.cell.settings["model"] for f in facts)
    if not odd:
        return False, (
            f"Each of {names} was fitted twice from one seed and asked twice: all answers agree, "
            "so a repeated seed repeats the figures (on the CPU)."
        )
    return True, " ".join(
        f"{f.cell.settings['model']}: {f.figures['asked_twice']} of {f.figures['n']} "
        f"answers change when asked again, {f.figures['fitted_twice']} when fitted again."
        for f in odd
    )


def _beaten(facts: Sequence[Fact]) -> tuple[bool, str]:
    beaten = sum(sum(f.figures["beaten"].values()) for f in facts)
    ratios: dict[str, list[float]] = {}
    for fact in facts:
        model = fact.cell.settings.get("model", "1-nn")
        for name, value in fact.figures["median_ratio"].items():
            ratios.setdefault(f"{name} on {model}", []).append(value)
    said = ", ".join(f"{name} {max(values):.3f}" for name, values in ratios.items())
    points = sum(f.figures["n"] for f in facts)
    return beaten > 0, (
        f"On {points} points of {len(facts)} pairs of data and model {beaten or 'no'} heuristic distances "
        "are shorter than the exact one, which would disprove its exactness. The median "
        f"heuristic distance over the exact one: {said}."
    )


def _gradients(facts: Sequence[Fact]) -> tuple[bool, str]:
    said = sorted({text for f in facts for lines in f.figures["warnings"].values() for text in lines})
    least = min((share, name) for f in facts for name, share in f.figures["found"].items())
    text = (
        f"All gradient attacks were run on the small network of Tables 4 and 5; the weakest, {least[1]}, "
        f"crosses the boundary for {least[0]:.0%} of the points. "
    )
    if said:
        return True, text + "They warned: " + "; ".join(said)
    return least[0] < 0.5, text + (
        "None met a gradient of exactly zero, a randomised model, or probabilities in place of logits."
    )


def _few_seeds(evidence: Evidence) -> Suspicion:
    seeds = {name: table.seeds[0] for name, table in (evidence.quick | evidence.judged).items()}
    if trials := evidence.facts("compare"):
        seeds["compare"] = len({fact.cell.seed for fact in trials})
    name = "Too few seeds"
    if not seeds:
        return Suspicion(name, None, "There is no table in this store.")
    few = {what: n for what, n in seeds.items() if n < ENOUGH_SEEDS}
    said = ", ".join(f"{what} {n}" for what, n in seeds.items())
    tail = (
        f"Fewer than {ENOUGH_SEEDS} show only large effects: read {', '.join(few)} as a hint."
        if few
        else "A claim that nothing differs still needs its interval read: undecided is not equal."
    )
    return Suspicion(name, bool(few), f"Fewest seeds of a figure: {said}. {tail}")


def _missed(evidence: Evidence) -> Suspicion:
    """Look for arms of made points that stand on few of them, because the attack found few."""
    low: dict[str, float] = {}
    looked = False
    for what in TABLES:
        for fact in evidence.facts(what):
            rows: Sequence[Mapping[str, Any]] = fact.figures["rows"]
            for row in rows:
                if "found" in row["values"]:
                    looked = True
                    place = f"{what} {fact.cell.settings['data']} {row['attack']}"
                    low[place] = min(low.get(place, 1.0), row["values"]["found"])
    name = "Attacks that found little"
    if not looked:
        return Suspicion(name, None, "There is no table with attacks in this store.")
    weak = {place: share for place, share in low.items() if share < 0.5}
    if not weak:
        return Suspicion(
            name,
            False,
            "Every arm of made points has a point for at least half of its "
            f"sources, in every seed; the least share is {min(low.values()):.0%}.",
        )
    said = "; ".join(f"{place} {share:.0%}" for place, share in sorted(weak.items()))
    return Suspicion(
        name,
        True,
        "Points that do not cross are left out, so these arms stand on less than "
        f"half of their sources in at least one seed: {said}.",
    )
