"""Verdicts: what counts as a claim holding, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import stats

from edgewise.paper.tables.frame import Claim, Result, Verdict
from edgewise.stats import Estimate, Paired


ENOUGH_SEEDS = 10
POWER = 0.8
MARGIN = 0.01
"""Accuracy that counts as no loss: "not below" is a claim that every interval ends above minus this."""


def always_better(
    text: str, results: Sequence[Result], against: str, *, cells: int = 0, ours_alone: bool = False
) -> Claim:
    """Judge "always better than ``against``".

    It holds when every cell is significantly better. It is contradicted when a cell is significantly worse, or
    when the gain that the paper prints is more than a single run like the paper's gives here. Everything else
    is not shown, and so is a claim about more ``cells`` than were run; the smallest gain that the seeds could
    have shown is said beside it. ``ours_alone`` says that the paper does not make the claim.

    Examples
    --------
    >>> always_better("a beats b", [], "b").verdict
    'not shown'
    """
    compared = [result for result in results if against in result.against]
    if not compared:
        return Claim(text, "not shown", "not run.", ours_alone=ours_alone)
    pairs = [result.against[against] for result in compared]
    counts, whole = tally(pairs), len(compared) >= cells
    printed = [(r.published_gain[against], r) for r in compared if against in r.published_gain]
    beyond = [r for gain, r in printed if gain > one_run(r.against[against].difference, len(printed)).high]
    verdict: Verdict = "not shown"
    if counts["worse"]:
        verdict = "contradicted"
    elif counts["better"] == len(compared) and whole:
        verdict = "holds"
    elif beyond:
        verdict = "contradicted"
    return Claim(
        text,
        verdict,
        " ".join(_reasons(compared, against, cells, len(printed), len(beyond), verdict)),
        _range([gain for gain, _ in printed]),
        _spread([pair.difference for pair in pairs]),
        f"{len(pairs)} paired Wilcoxon tests over {_seeds(pairs)}, Holm over {compared[0].tests} tests",
        ours_alone,
    )


def _reasons(
    compared: Sequence[Result], against: str, cells: int, printed: int, beyond: int, verdict: Verdict
) -> list[str]:
    said = [_counted(compared, against, "better", "worse")]
    if printed:
        said.append(
            f"The printed gain is more than one run gives here (95 % over {printed} cells) in {beyond} of them."
        )
    if verdict == "not shown":
        said.append(_could_show(compared, against))
    if len(compared) < cells:
        said.append(f"The claim is about {cells} cells; {len(compared)} were run.")
    return said


def _counted(compared: Sequence[Result], against: str, first: str, second: str) -> str:
    pairs = [result.against[against] for result in compared]
    counts = tally(pairs)
    worst = min(compared, key=lambda result: result.against[against].difference.mean)
    least = worst.against[against]
    name = " ".join(part for part in (worst.key.data, worst.key.attack, worst.key.budget) if part)
    return (
        f"significantly {first} than {against} in {counts[first]} of {len(pairs)} cells, {second} in "
        f"{counts[second]}, neither in {counts['undecided']} ({_seeds(pairs)}); least: {name} "
        f"{least.difference.mean:+.4f} (p {least.p_holm:.3g})."
    )


def _could_show(compared: Sequence[Result], against: str) -> str:
    gains = [smallest_gain(r.against[against].difference, r.tests) for r in compared]
    if not np.isfinite(gains).all():
        return f"Too few seeds to show any gain over {compared[0].tests} tests."
    low, high = 100 * min(gains), 100 * max(gains)
    return (
        f"These seeds could have shown gains from {low:.1f} points, in the noisiest cell from {high:.1f} "
        f"(power {POWER:.0%})."
    )


def _standard_error(difference: Estimate) -> float:
    return float((difference.high - difference.low) / 2 / stats.t.ppf(0.975, difference.n - 1))


def smallest_gain(difference: Estimate, tests: int, level: float = 0.05, power: float = POWER) -> float:
    """Return the smallest gain that a test at ``level / tests`` would show with this power; inf for none.

    Student's approximation; infinite where the signed-rank test of so few seeds cannot reach the level.

    Examples
    --------
    >>> round(smallest_gain(Estimate(0.0, -0.01, 0.01, 20), 1), 4)
    0.0141
    >>> smallest_gain(Estimate(0.0, -0.01, 0.01, 5), 1)
    inf
    """
    n, tests = difference.n, max(1, tests)
    if 2.0 ** (1 - n) * tests >= level:
        return float("inf")
    freedom = n - 1
    quantiles = stats.t.ppf(1 - level / tests / 2, freedom) + stats.t.ppf(power, freedom)
    return float(quantiles * _standard_error(difference))


def one_run(difference: Estimate, cells: int, level: float = 0.05) -> Estimate:
    """Return the interval of a single further run, wide enough to hold in all of ``cells`` at once.

    A printed figure is one run; the interval of a mean over seeds would be unfair to it.

    Examples
    --------
    >>> one = one_run(Estimate(0.0, -0.01, 0.01, 20), 1)
    >>> round(one.high, 4)
    0.0458
    """
    if difference.n < 2:
        return Estimate(difference.mean, float("-inf"), float("inf"), difference.n)
    spread = _standard_error(difference) * np.sqrt(difference.n + 1)
    half = float(stats.t.ppf(1 - level / max(1, cells) / 2, difference.n - 1) * spread)
    return Estimate(difference.mean, difference.mean - half, difference.mean + half, difference.n)


def sometimes_worse(text: str, results: Sequence[Result], against: str, *, ours_alone: bool = False) -> Claim:
    """Judge "sometimes worse than ``against``".

    It holds when a cell is significantly worse, and is contradicted when every cell is significantly better.

    Examples
    --------
    >>> sometimes_worse("a harms at times", [], "b").verdict
    'not shown'
    """
    compared = [result for result in results if against in result.against]
    if not compared:
        return Claim(text, "not shown", "not run.", ours_alone=ours_alone)
    pairs = [result.against[against] for result in compared]
    counts = tally(pairs)
    printed = [r.published_gain[against] for r in compared if against in r.published_gain]
    return Claim(
        text,
        "holds" if counts["worse"] else "contradicted" if counts["better"] == len(pairs) else "not shown",
        _counted(compared, against, "worse", "better"),
        _range(printed),
        _spread([pair.difference for pair in pairs]),
        f"{len(pairs)} paired Wilcoxon tests over {_seeds(pairs)}, Holm over {compared[0].tests} tests",
        ours_alone,
    )


def never_below(text: str, results: Sequence[Result], against: str, *, margin: float = MARGIN) -> Claim:
    """Judge "never below ``against``", which no test that fails to find a difference can show.

    It holds when every cell's interval ends above minus ``margin``, and is contradicted by a cell that is
    significantly worse. It is this package's kind of claim, not the paper's.
    """
    pairs = [result.against[against] for result in results if against in result.against]
    if not pairs or min(pair.difference.n for pair in pairs) < 6:
        return Claim(text, "not shown", "fewer than six paired seeds.", ours_alone=True)
    counts, low = tally(pairs), min(pair.difference.low for pair in pairs)
    inside = sum(pair.difference.low > -margin for pair in pairs)
    raw = sum(pair.p < 0.05 and pair.difference.mean < 0 for pair in pairs)
    verdict: Verdict = "contradicted" if counts["worse"] else "holds" if inside == len(pairs) else "not shown"
    return Claim(
        text,
        verdict,
        f"significantly below in {counts['worse']} and above in {counts['better']} of {len(pairs)} cells; "
        f"uncorrected below in {raw}. By less than {100 * margin:g} point in {inside} of {len(pairs)} (95 %); "
        f"the lowest interval reaches {100 * low:+.1f} points.",
        "prints none",
        _spread([pair.difference for pair in pairs]),
        f"{len(pairs)} intervals against a margin of {100 * margin:g} point, {_seeds(pairs)}",
        ours_alone=True,
    )


def _seeds(pairs: Iterable[Paired]) -> str:
    return said_seeds(pair.difference.n for pair in pairs)


def said_seeds(counts: Iterable[int]) -> str:
    """Say how many seeds there are, by the fewest and the most.

    Examples
    --------
    >>> said_seeds([20, 4, 20]), said_seeds([1])
    ('4 to 20 seeds', '1 seed')
    """
    fewest, *between = sorted(set(counts))
    return f"{fewest} to {between[-1]} seeds" if between else f"{fewest} seed{'s' * (fewest != 1)}"


def _range(gains: Sequence[float]) -> str:
    if not gains:
        return "prints none"
    low, high = (f"{100 * end:+.1f}" for end in (min(gains), max(gains)))
    return f"{low} points" if low == high else f"{low} to {high} points"


def _spread(gains: Sequence[Estimate]) -> str:
    least, most = min(gains, key=lambda g: g.mean), max(gains, key=lambda g: g.mean)
    low, high = points(least), points(most)
    return low if low == high else f"{low} to {high}"


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
