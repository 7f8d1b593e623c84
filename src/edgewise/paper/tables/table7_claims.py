"""What the paper claims about Table 7, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgewise.paper.tables.frame import Claim, Result, Verdict, select
from edgewise.paper.tables.verdict_rule import always_better


ADVERSARIAL = ("dfal", "dfal-e-1", "dfal-e-2", "dfal-e-3", "max-confidence")
"""The paper's arms that pick by attacking."""


def random_wins(results: Sequence[Result]) -> Claim:
    """Judge: random wins with large pools, adversarial selection as the pool shrinks and the labels grow."""
    text = "Random wins with large pools; DFAL and Max Conf as they shrink and the labels grow (Table 7, one shot)."
    mine = [r for arm in ADVERSARIAL for r in select(results, arm=arm) if "random" in r.against]
    large = [r for r in mine if _pool(r) >= 10_000]
    small = [r for r in mine if _pool(r) <= 2_500 and r.key.budget == "1000"]
    if not large or not small:
        return Claim(text, "not shown", "not run on both large and small pools.")
    worse = sum(r.against["random"].verdict() == "worse" for r in large)
    better = sum(r.against["random"].verdict() == "better" for r in small)
    beaten = sum(r.against["random"].verdict() == "better" for r in large)
    arms = len({r.key.arm for r in mine})
    reason = (
        f"{arms} arm{'s' * (arms > 1)} significantly below random in {worse} of {len(large)} cells with pools of "
        f"10,000 or more (above in {beaten}), above in {better} of {len(small)} with 2,500 or fewer and 1,000 labels."
    )
    verdict: Verdict = "not shown"
    if beaten:
        verdict = "contradicted"
    elif worse == len(large) and better:
        verdict = "holds"
    at_large, at_small = (always_better("", part, "random") for part in (large, small))
    return Claim(
        text,
        verdict,
        reason,
        f"large pools {at_large.paper}; small pools {at_small.paper}",
        f"large pools {at_large.ours}; small pools {at_small.ours}",
        at_large.test,
    )


def uneven(results: Sequence[Result]) -> Claim:
    """Judge: picks fall unevenly on the classes, by intervals that do not overlap random's."""
    text = "DFAL's and Max Conf's selections are uneven between classes (Table 7)."
    balance = {r.key: r.estimate for r in select(results, metric="balance") if r.estimate.n > 1}
    pairs = [
        (e, balance.get(replace(key, arm="random"))) for key, e in balance.items() if key.arm in ADVERSARIAL
    ]
    both = [(mine, base) for mine, base in pairs if base is not None]
    if not both:
        return Claim(text, "not shown", "not run.")
    below = sum(mine.high < base.low for mine, base in both)
    above = sum(mine.low > base.high for mine, base in both)
    verdict: Verdict = "contradicted" if above else "holds" if below == len(both) else "not shown"
    mine, base = min(both, key=lambda pair: pair[0].mean)
    return Claim(
        text,
        verdict,
        f"entropy of the picked classes below random's with intervals apart in {below} of {len(both)} cells, "
        f"above in {above}; least even: {mine.mean:.0%} of an even pick, random {base.mean:.0%}.",
        "prints none",
        f"{mine.mean:.0%} against {base.mean:.0%}",
        "95 % intervals of both that do not overlap",
    )


def fours(results: Sequence[Result]) -> Claim:
    """Judge: far more fours are picked than any other class, by intervals that do not overlap."""
    text = "DFAL and Max Conf pick far more fours than other classes (Table 7)."
    counts = {(r.key, r.metric): r.estimate for r in results if r.metric in ("fours", "most_other")}
    both = [
        (e, counts[key, "most_other"], int(key.budget))
        for (key, metric), e in counts.items()
        if metric == "fours" and key.arm in ADVERSARIAL and e.n > 1
    ]
    if not both:
        return Claim(text, "not shown", "not run.")
    most = sum(mine.low > other.high for mine, other, _ in both)
    fewer = sum(mine.high < other.low for mine, other, _ in both)
    many = sum(mine.low > n / 10 for mine, _, n in both)
    few = sum(mine.high < n / 10 for mine, _, n in both)
    shares = [mine.mean / n for mine, _, n in both]
    return Claim(
        text,
        "contradicted" if fewer else "holds" if most == len(both) else "not shown",
        f"more fours than of the commonest other class with intervals apart in {most} of {len(both)} cells, fewer in "
        f"{fewer}; more than an even tenth in {many}, fewer in {few}.",
        "prints none",
        f"{min(shares):.0%} to {max(shares):.0%} fours",
        "95 % intervals of both that do not overlap",
    )


def _pool(result: Result) -> int:
    return int(result.key.data.rsplit("-", 1)[1])
