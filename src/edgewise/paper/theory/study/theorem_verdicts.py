"""The verdict on each theorem: what is printed, what is wrong with it, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgewise.paper.theory.study.analysis import Rate, Trial, containment, grouped, growth, rates, trials
from edgewise.store import Fact


@dataclass(frozen=True)
class TheoremVerdict:
    """One row of the table.

    Parameters
    ----------
    statement
        What the paper or this page states.
    verdict
        Whether it holds: as printed, once repaired, or not.
    why
        The reason, proved in docs/layers/theory.md.
    measured
        What the store's facts say.
    """

    statement: str
    verdict: Literal["holds", "holds once repaired", "fails"]
    why: str
    measured: str


def verdicts(facts_of: Callable[[str], list[Fact]]) -> list[TheoremVerdict]:
    """Return the verdicts, with the measured part; ``facts_of`` gives the facts of an experiment; empty without any."""
    facts = {
        what: facts_of(f"theory-{what}")
        for what in ("sampler", "exponent", "guarantee", "design", "risk", "cure")
    }
    if not any(facts.values()):
        return []
    fitted, tests = rates(facts["exponent"]), trials(facts["risk"], facts["cure"])
    return [
        TheoremVerdict(
            "μ_β is a density for every β ≥ 0 (section 2.3)",
            "fails",
            "Integrable exactly for β < 1 at a linear crossing; β ≥ 1 needs a cap τ.",
            _sampler(facts["sampler"]),
        ),
        TheoremVerdict(
            "Theorem 3.1 (k-NN)",
            "holds once repaired",
            "Two quantities are called C_0 and δ_p has no constant; A, B and C are its computable form.",
            _contained(facts["guarantee"], "knn") + _empty(facts["guarantee"]),
        ),
        TheoremVerdict(
            "the guaranteed set grows with β",
            "fails",
            "Near the boundary balls shrink, far from it they grow: the set is not monotone.",
            _growth(facts["guarantee"]),
        ),
        TheoremVerdict(
            "Theorem 3.2 (Nadaraya-Watson)",
            "holds once repaired",
            "Its failure probability tends to 1; D and E stand in its place.",
            _contained(facts["guarantee"], "nw-box"),
        ),
        TheoremVerdict(
            "threshold n^(-1/(d+1+β))",
            "fails",
            "Sign error: the paper's own inequality gives -1/(d+1-β). The guarantees suggest -1/(d-β) noise-free and "
            "-1/(d+2-β) noisy; no matching lower bound is proved.",
            _rates(fitted),
        ),
        TheoremVerdict(
            "Theorem 3.3 (RKHS)",
            "fails",
            "Vacuous as assumed, for no space has such bumps for every h; false for one fixed h, for more penalty "
            "only tightens it. F (local) and G (any linear smoother) stand in its place.",
            _design(facts["design"]),
        ),
        TheoremVerdict(
            "performance improves as β increases",
            "fails",
            "True for noise-free labels in low dimension; plain votes on noisy labels have a "
            "design bias "
            "towards the boundary.",
            _tests(tests),
        ),
    ]


def _sampler(facts: Sequence[Fact]) -> str:
    if not facts:
        return "not run"
    return (
        f"{len(facts)} laws sampled exactly: smallest Kolmogorov-Smirnov p "
        f"{min(f.figures['p'] for f in facts):.3f}"
    )


def _contained(facts: Sequence[Fact], learner: str) -> str:
    chosen = [f for f in facts if f.cell.settings["learner"] == learner]
    if not chosen:
        return "not run"
    c = containment(chosen)
    return f"{c['violations']} violations in {c['configurations']} configurations x {c['seeds']} seeds"


def _empty(facts: Sequence[Fact]) -> str:
    noisy = grouped([f for f in facts if "paper" in f.figures], "d", "a", "n", "beta", "tau")
    if not noisy:
        return ""
    empty = sum(group[0].figures["paper"] == 0 for group in noisy.values())
    return f"; the printed set is empty in {empty} of {len(noisy)} noisy configurations"


def _growth(facts: Sequence[Fact]) -> str:
    texts: list[str] = []
    for labels, tier, n in (("clean", "uniform", 200), ("noisy", "grid", 5000)):
        shares = growth(facts, d=1, a=4.0, n=n, labels=labels, learner="knn").get(tier, [])
        if len(shares) > 1:
            texts.append(f"{labels}, d=1, n={n}: " + " → ".join(f"{share:.2f}" for _, share in shares))
    return "; ".join(texts) + (" over increasing β" if texts else "not run")


def _rates(fitted: Sequence[Rate]) -> str:
    """Compare like with like: the printed exponent with what it speaks of, noisy smoothers and kernel ridge."""
    texts: list[str] = []
    for kind in dict.fromkeys((rate.labels, rate.learner) for rate in fitted):
        chosen = [rate for rate in fitted if (rate.labels, rate.learner) == kind]
        gaps = [
            f"{max(abs(rate.slope - other) for rate, other in zip(chosen, of, strict=True)):.3f} from {name}"
            for name, of in (
                ("the repaired", [rate.theory for rate in chosen]),
                ("the printed", [rate.printed for rate in chosen]),
            )
            if np.isfinite(of).all()
        ]
        texts.append(f"{' '.join(kind)}: at most {', '.join(gaps)}")
    return "; ".join(texts) or "not run"


def _design(facts: Sequence[Fact]) -> str:
    if not facts:
        return "not run"
    c = containment(facts)
    return f"G: {c['violations']} violations in {c['configurations']} configurations x {c['seeds']} seeds"


def shown(tests: Sequence[Trial]) -> dict[str, tuple[int, int]]:
    """Return for each claim tested in how many of its problems it was shown, and how many there are."""
    counts: dict[str, tuple[int, int]] = {}
    for claim in dict.fromkeys(test.claim for test in tests):
        chosen = [test for test in tests if test.claim == claim]
        wanted = "worse" if "hurt" in claim else "better"
        counts[claim] = sum(test.test.verdict() == wanted for test in chosen), len(chosen)
    return counts


def _tests(tests: Sequence[Trial]) -> str:
    counts = shown(tests)
    return "; ".join(f"{claim}: shown in {hits} of {n}" for claim, (hits, n) in counts.items()) or "not run"
