"""What the findings mean for whoever runs the model, in sentences."""

from __future__ import annotations

from edgewise.audit.auditing import Audit


CLOSE = 0.95
CLOSE_ENOUGH = f"a copy of {100 * CLOSE:.0f} % agreement"


def advice(found: Audit) -> list[str]:
    """Return what to do, most useful first; nothing that the figures do not carry.

    Each sentence follows from one finding.
    """
    copy, best = found.extraction, found.agreement
    said: list[str] = []
    if best is not None:
        at = found.levels.get(CLOSE)
        if at is None:
            said.append(
                f"{copy.spent:,} rows did not give {CLOSE_ENOUGH}. That bounds this audit's rules, "
                "not every attacker: repeat it with the budget a determined customer has."
            )
        else:
            said.append(
                f"{CLOSE_ENOUGH.capitalize()} cost {at:,} rows. A limit per customer helps only well below that; "
                "several accounts can pool their answers."
            )
    if copy.family == "linear":
        said.append(
            "The model is linear in its inputs: about ten rows a feature rebuild it whatever is shown. If the copy "
            "must stay expensive, answer fewer questions or change the model; hiding scores is not enough."
        )
    if copy.family == "tree":
        said.append("The model is a single tree: its thresholds can be read off one by one, in any units.")
    said += _about_restrictions(found)
    made = sum(copy.rows.get(name, 0) for name in ("generate", "walk", "family"))
    if made > copy.spent / 4:
        said.append(
            f"{made:,} of {copy.spent:,} rows were made, close to the boundary or on straight lines between two rows. "
            "Such rows stand out in a log: watch for many inputs near the boundary from one customer."
        )
    if found.counts.get("extract", {}).get("unknown", 0):
        said.append("Some rows were asked and gave no usable answer; see the server's own log for them.")
    return said


def _about_restrictions(found: Audit) -> list[str]:
    ends = {each.name: each.curve[-1][1].share for each in found.restrictions if each.curve}
    if "every score" not in ends or "labels only" not in ends:
        return []
    gain = ends["every score"] - ends["labels only"]
    if gain > 0.02:
        return [
            f"Scores gave a plain copier {100 * gain:.0f} percentage points more than labels on the same rows: "
            "show labels only, or coarse scores, where users do not need more."
        ]
    return ["Hiding or rounding the scores would not have slowed this copier on the same rows."]
