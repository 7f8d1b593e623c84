"""The loop of the linear and the kernel rule: cut, sweep, stop; tell noise from a victim of another family."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from edgewise.audit.families.frame import Labelled, Question, Questions
from edgewise.audit.families.half_spaces import HalfSpaces
from edgewise.models.unwrap import Model


REPEATS = 10
LEAST_NOISE = 0.005
MOST_NOISE = 0.3
MISFIT = 0.02


@dataclass(frozen=True)
class Cutting:
    """Put the question that lowers the risk most, until the risk is small.

    Parameters
    ----------
    family
        Whose questions these are.
    copy
        Makes the copy.
    noise
        The share of flipped answers, or None to find out.
    tol
        Stop when the expected share of wrong labels is below it.
    real_until
        Only rows of the pool are asked up to so many answers.
    strict
        Stop when no weights give every answer, and it is not noise.
    grown
        Called when the number of answers has grown by a tenth, before the sweep.
    """

    family: str
    copy: Callable[[], Model]
    noise: float | None
    tol: float
    real_until: int
    strict: bool = False
    grown: Callable[[], None] | None = None

    def __call__(self, rule: HalfSpaces, rng: np.random.Generator) -> Questions:
        """Ask until nothing is left to learn; return why."""
        checked, looking = len(rule.answers), self.noise is None
        while True:
            rule.take_in()
            if len(rule.answers) >= checked + max(1, checked // 10):
                checked = len(rule.answers)
                if self.grown is not None:
                    self.grown()
                rule.posterior.sweep()
                if looking and _doubtful(rule):
                    noisy = yield from self._asked_again(rule)
                    if not noisy and self.strict:
                        return "contradicted"
                    looking = False
                if self.noise is None:
                    _estimate_noise(rule)
                if rule.risk(rng) < self.tol:
                    return "converged"
            X, origin = rule.candidates(rng, made=len(rule.answers) >= self.real_until)
            if not len(X):
                return "nothing left to ask"
            picked = rule.pick(X, origin, rng, max(1, len(rule.posterior.mu) // 40, len(rule.answers) // 80))
            for made in (False, True):
                rows = picked[(origin[picked] < 0) == made]
                if len(rows):
                    yield Question(X[rows], "generate" if made else "pool", self.copy, self.family)

    def _asked_again(self, rule: HalfSpaces) -> Generator[Question, Labelled, bool]:
        """Ask the most doubtful answers once more; say whether any came out differently."""
        t, _ = rule.sureness(rule.posterior.V)
        owner = np.repeat(np.arange(len(rule.answers)), rule.classes - 1)
        doubtful = list(dict.fromkeys(owner[np.argsort(t, kind="stable")].tolist()))[:REPEATS]
        before, X = rule.answers.labels[doubtful], rule.answers.X[doubtful]
        again = yield Question(X, "repeat", self.copy, self.family, again=True)
        return any(
            label is not None and label != old for label, old in zip(again, before.tolist(), strict=False)
        )


def _doubtful(rule: HalfSpaces) -> bool:
    """Say whether more answers are not given than a linear victim without noise leaves over."""
    answers, size = len(rule.answers), len(rule.posterior.mu) // (1 if rule.classes == 2 else rule.classes)
    wrong = rule.posterior.wrong() / max(1, rule.classes - 1)
    return answers >= 3 * size and wrong > max(1, MISFIT * answers)


def _estimate_noise(rule: HalfSpaces) -> None:
    """Take for noise half as much again as the share of answers that the mean does not give; one is rounding."""
    share = 1.5 * (rule.posterior.wrong() - 1) / max(1, len(rule.answers))
    noise = float(np.clip(share, LEAST_NOISE, MOST_NOISE))
    if not 0.7 < noise / rule.noise < 1.4:
        rule.noise = rule.posterior.noise = noise
        rule.posterior.sweep(4)
