"""Linear victims: logistic regression, linear SVMs, linear discriminants, softmax; two classes or more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, InputError
from edgewise.audit.families.copies import in_raw_units
from edgewise.audit.families.cutting import LEAST_NOISE, Cutting
from edgewise.audit.families.frame import Answers, Questions, Space, constant, seeded
from edgewise.audit.families.half_spaces import HalfSpaces
from edgewise.randomness import stream


@dataclass(frozen=True)
class Linear:
    """Cut the space of weights with every answer; a noisy or not quite linear victim is taken as noisy.

    Parameters
    ----------
    noise
        The share of answers the victim flips at random; 0 for none at all; None starts from .005 and follows
        the share of answers that no weights give. A rule without noise is ruined by one flip and never
        notices: every later answer cuts what the flip left over.
    tol
        Stop when the expected share of wrong labels is below it. A stop rule, not a certificate.
    real_until
        Only rows of the pool are asked up to so many answers.
    strict
        Stop with ``"contradicted"`` when more than 2 % of the answers do not fit, and the most doubtful, asked
        again, stay as they were.
    """

    noise: float | None = None
    tol: float = 1e-7
    real_until: int = 30
    strict: bool = False

    def __post_init__(self) -> None:
        if self.noise is not None and not 0 <= self.noise < 0.5:
            raise InputError(f"noise must be None or a share from 0 to below 0.5; got {self.noise!r}.")

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask until the version space is small."""
        rule: list[HalfSpaces] = []

        def copy() -> object:
            if not rule or len(answers.classes) < 2:
                return constant(answers)
            rule[0].take_in()
            return in_raw_units(space, rule[0].weights(), answers.classes)

        stopped = yield from seeded(space, answers, seed, copy, "linear")
        if stopped:
            return stopped
        rule.append(
            HalfSpaces(
                space, answers, with_constant, LEAST_NOISE if self.noise is None else self.noise, linear=True
            )
        )
        cutting = Cutting("linear", copy, self.noise, self.tol, self.real_until, self.strict)
        return (yield from cutting(rule[0], stream(seed, "extract", "linear")))


def with_constant(Z: Floats) -> Floats:
    """Return the points with a constant feature behind."""
    return np.hstack([Z, np.ones((len(Z), 1))])
