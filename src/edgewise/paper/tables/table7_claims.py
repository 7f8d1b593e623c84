"""What the paper claims about Table 7, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgewise.paper.tables.frame import Claim, Result, Verdict, select
from edgewise.paper.tables.verdict_rule import always_better


def random_wins(results: Sequence[Result]) -> Claim:
    """Judge: random wins with large pools, adversarial selection as the pool shrinks and the labels grow."""
    text = "Random wins with large pools; DFAL as the pool shrinks and the labels grow (Table 7, one shot)."
    mine = select(results, arm="dfal")
    large = [r for r in mine if int(r.key.data.rsplit("-", 1)[1]) >= 10_000 and "random" in r.against]
    small = [
        r
        for r in mine
        if int(r.key.data.rsplit("-", 1)[1]) <= 2_500 and r.key.budget == "1000" and "random" in r.against
    ]
    if not large or not small:
        return Claim(text, "not shown", "not run on both large and small pools.")
    worse = sum(r.against["random"].verdict() == "worse" for r in large)
    better = sum(r.against["random"].verdict() == "better" for r in small)
    beaten = sum(r.against["random"].verdict() == "better" for r in large)
    reason = (
        f"DFAL significantly below random in {worse} of {len(large)} cells with pools of 10,000 or "
        f"more (above in {beaten}), above in {better} of {len(small)} with 2,500 or fewer and 1,000 "
        "labels."
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
    """Judge: DFAL's picks fall unevenly on the classes, by intervals that do not overlap random's."""
    text = "DFAL's selection is uneven between classes (Table 7; which class was not recorded)."
    balance = {r.key: r.estimate for r in select(results, metric="balance") if r.estimate.n > 1}
    pairs = [(e, balance.get(replace(key, arm="random"))) for key, e in balance.items() if key.arm == "dfal"]
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
