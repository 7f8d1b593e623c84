"""Verdicts: what counts as a claim holding, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgewise.paper.tables.frame import Claim, Result, Verdict
from edgewise.stats import Estimate, Paired


ENOUGH_SEEDS = 10


def always_better(
    text: str, results: Sequence[Result], against: str, *, cells: int = 0, ours_alone: bool = False
) -> Claim:
    """Judge "always better than ``against``": it holds when every cell is significantly better.

    It does not hold when any cell is significantly worse, or when none is better with at least ten seeds
    in each; everything else is undecided, and so is a claim about more ``cells`` than were run.
    ``ours_alone`` says that the paper does not make the claim.

    Examples
    --------
    >>> always_better("a beats b", [], "b").verdict
    'undecided'
    """
    compared = [(result, result.against[against]) for result in results if against in result.against]
    if not compared:
        return Claim(text, "undecided", "not run.", ours_alone=ours_alone)
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
    reason = (
        f"significantly better than {against} in {counts['better']} of {len(compared)} cells, worse in "
        f"{counts['worse']}, undecided in {counts['undecided']} (Wilcoxon, Holm, {seeds} seeds); "
        f"least: {name} {least.difference.mean:+.4f} (p {least.p_holm:.3g})."
    )
    if verdict == "undecided" and seeds < ENOUGH_SEEDS:
        reason += f" Fewer than {ENOUGH_SEEDS} seeds say little."
    if not whole:
        reason += f" The claim is about {cells} cells; {len(compared)} were run."
    printed = [r.published_gain[against] for r, _ in compared if against in r.published_gain]
    return Claim(
        text,
        verdict,
        reason,
        _range(printed),
        _spread([c.difference for _, c in compared]),
        f"{len(compared)} paired Wilcoxon tests over {seeds} seeds, Holm over the table",
        ours_alone,
    )


def _range(gains: Sequence[float]) -> str:
    if not gains:
        return "prints none"
    low, high = 100 * min(gains), 100 * max(gains)
    return f"{low:+.1f} points" if len(gains) == 1 else f"{low:+.1f} to {high:+.1f} points"


def _spread(gains: Sequence[Estimate]) -> str:
    least, most = min(gains, key=lambda g: g.mean), max(gains, key=lambda g: g.mean)
    return points(least) if len(gains) == 1 else f"{points(least)} to {points(most)}"


def points(gain: Estimate) -> str:
    """Return a difference of accuracies in points, with its interval.

    Examples
    --------
    >>> points(Estimate(0.012, 0.01, 0.014, 20))
    '+1.2 [+1.0, +1.4] points'
    """
    interval = "" if gain.n == 1 else f" [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"
    return f"{100 * gain.mean:+.1f}{interval} points"


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
