"""Verdicts: what counts as a claim holding, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgewise.paper.base import Claim, Result, Verdict
from edgewise.stats import Paired


ENOUGH_SEEDS = 10


def always_better(text: str, results: Sequence[Result], against: str, *, cells: int = 0) -> Claim:
    """Judge "always better than ``against``": it holds when every cell is significantly better.

    It does not hold when any cell is significantly worse, or when none is better with at least ten seeds
    in each; everything else is undecided, and so is a claim about more ``cells`` than were run.

    Examples
    --------
    >>> always_better("a beats b", [], "b").verdict
    'undecided'
    """
    compared = [(result, result.against[against]) for result in results if against in result.against]
    if not compared:
        return Claim(text, "undecided", "not run.")
    counts = tally(comparison for _, comparison in compared)
    seeds = min(comparison.difference.n for _, comparison in compared)
    whole = len(compared) >= cells
    verdict: Verdict = "undecided"
    if counts["better"] == len(compared) and whole:
        verdict = "holds"
    elif counts["worse"] or (not counts["better"] and whole and seeds >= ENOUGH_SEEDS):
        verdict = "does not hold"
    result, least = min(compared, key=lambda pair: pair[1].difference.mean)
    name = " ".join(part for part in (result.key.data, result.key.attack, result.key.budget) if part)
    reason = (f"significantly better than {against} in {counts['better']} of {len(compared)} cells, worse in "
              f"{counts['worse']}, undecided in {counts['undecided']} (Wilcoxon, Holm, {seeds} seeds); "
              f"least: {name} {least.difference.mean:+.4f} (p {least.p_holm:.3g}).")
    if verdict == "undecided" and seeds < ENOUGH_SEEDS:
        reason += f" Fewer than {ENOUGH_SEEDS} seeds say little."
    if not whole:
        reason += f" The claim is about {cells} cells; {len(compared)} were run."
    return Claim(text, verdict, reason)


def tally(comparisons: Iterable[Paired]) -> dict[str, int]:
    """Count the verdicts ``better``, ``worse`` and ``undecided``.

    Examples
    --------
    >>> tally([])
    {'better': 0, 'worse': 0, 'undecided': 0}
    """
    counts = {"better": 0, "worse": 0, "undecided": 0}
    for comparison in comparisons:
        counts[comparison.verdict()] += 1
    return counts
