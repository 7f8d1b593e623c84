"""Verdicts: what counts as a claim holding, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgewise.paper.base import Claim, Result, Verdict
from edgewise.stats import Paired


def always_better(text: str, results: Sequence[Result], against: str) -> Claim:
    """Judge "always better than ``against``": it holds when every cell is significantly better.

    It does not hold when any cell is significantly worse, or when none is better although there were seeds
    enough for a cell to be; else it is undecided.

    Examples
    --------
    >>> always_better("a beats b", [], "b").verdict
    'undecided'
    """
    compared = [(result, result.against[against]) for result in results if against in result.against]
    counts = tally(comparison for _, comparison in compared)
    verdict: Verdict = "undecided"
    if compared and counts["better"] == len(compared):
        verdict = "holds"
    elif counts["worse"] or (compared and not counts["better"] and _could_show(compared)):
        verdict = "does not hold"
    reason = (f"significantly better than {against} in {counts['better']} of {len(compared)} cells, worse in "
              f"{counts['worse']}, undecided in {counts['undecided']} (Wilcoxon, Holm)")
    if compared and not _could_show(compared):
        reason += "; too few seeds for any cell to be significant"
    worst = min(compared, key=lambda pair: pair[1].difference.mean, default=None)
    if worst is not None:
        result, comparison = worst
        name = " ".join(part for part in (result.key.data, result.key.attack, result.key.budget) if part)
        reason += f"; least: {name} {comparison.difference.mean:+.4f} (p {comparison.p_holm:.3g})"
    return Claim(text, verdict, reason + ".")


def _could_show(compared: Sequence[tuple[Result, Paired]]) -> bool:
    """Say whether the smallest p-value these seeds allow, corrected for the cells, is below 5 %."""
    seeds = max(comparison.difference.n for _, comparison in compared)
    return len(compared) * 2.0 ** (1 - seeds) < 0.05


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
