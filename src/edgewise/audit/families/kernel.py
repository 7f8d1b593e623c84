"""Kernel victims: RBF support vector machines, kernel ridge and the like, as linear rules in Nyström features."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.kernel_approximation import Nystroem
from sklearn.pipeline import Pipeline

from edgewise.arrays import Floats
from edgewise.audit.families.copies import linear_classifier, standardised
from edgewise.audit.families.cutting import Cutting
from edgewise.audit.families.frame import Answers, Questions, Space, constant, seeded
from edgewise.audit.families.half_spaces import HalfSpaces
from edgewise.models.unwrap import Model
from edgewise.randomness import stream


CHOSEN_AT = (40, 80, 160, 320, 640, 1280)
WIDTHS = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Kernel:
    """The linear rule behind an RBF map of ``landmarks`` pool rows, its width chosen by leave-one-out evidence.

    Parameters
    ----------
    landmarks
        Features of the map; fewer where there are many classes.
    noise, tol, strict
        As in `Linear`; a kernel rule gives every answer sooner or later, so ``strict`` seldom speaks.
    real_until
        Only rows of the pool are asked up to so many answers.
    """

    landmarks: int = 120
    noise: float | None = 0.0
    tol: float = 1e-5
    real_until: int = 100

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask until the version space is small."""
        rng = stream(seed, "extract", "kernel")
        held: list[_Map] = []

        def copy() -> Model:
            if not held or len(answers.classes) < 2:
                return constant(answers)
            held[0].rule.take_in()
            return held[0].classifier()

        stopped = yield from seeded(space, answers, seed, copy, "kernel")
        if stopped:
            return stopped
        held.append(_Map(space, answers, self.landmarks, self.noise or 0.0, rng))
        cutting = Cutting("kernel", copy, self.noise, self.tol, self.real_until, grown=held[0].choose_width)
        return (yield from cutting(held[0].rule, rng))


@dataclass
class _Map:
    """The feature map in force and the rule behind it."""

    space: Space
    answers: Answers
    landmarks: int
    noise: float
    rng: np.random.Generator
    nystroem: Nystroem = field(init=False)
    rule: HalfSpaces = field(init=False)
    _left: list[int] = field(init=False)
    _made: dict[tuple[float, int], Nystroem] = field(default_factory=dict[tuple[float, int], Nystroem])

    def __post_init__(self) -> None:
        self._left = [at for at in CHOSEN_AT if at > len(self.answers)]
        self.nystroem = self._fitted(1.0)
        self.rule = HalfSpaces(self.space, self.answers, self.features, self.noise, linear=False)
        if len(self.answers) >= CHOSEN_AT[0]:
            self._choose()

    def _fitted(self, width: float) -> Nystroem:
        points, size = self.space.Z, self._size()
        if (width, size) not in self._made:
            map_ = Nystroem(gamma=width / self.space.d, n_components=size, random_state=0)
            self._made[width, size] = map_.fit(points)
        return self._made[width, size]

    def _size(self) -> int:
        many = max(1, len(self.answers.classes) - 1)
        return min(self.landmarks, len(self.space.Z), max(20, 480 // many))

    def features(self, Z: Floats) -> Floats:
        """Return the mapped points and a constant ``(n, size + 1)``."""
        away = cdist(Z, self.nystroem.components_, "sqeuclidean")
        F = np.exp(-self.nystroem.gamma * away) @ self.nystroem.normalization_.T
        return np.hstack([F, np.ones((len(Z), 1))])

    def choose_width(self) -> None:
        """Choose the width again at a few numbers of answers."""
        if self._left and len(self.answers) >= self._left[0]:
            self._left = [at for at in self._left if at > len(self.answers)]
            self._choose()

    def _choose(self) -> None:
        tried: list[tuple[float, Nystroem]] = []
        for width in WIDTHS:
            self.nystroem = self._fitted(width)
            self.rule.learn_again()
            tried.append((float(np.mean(self.rule.posterior.left_out())), self.nystroem))
        self.nystroem = max(tried, key=lambda pair: pair[0])[1]
        self.rule.learn_again()

    def classifier(self) -> Pipeline:
        """Return map and weights as one pipeline in the victim's units."""
        W = self.rule.weights()
        return standardised(
            self.space, self.nystroem, linear_classifier(W[:, :-1], W[:, -1], self.answers.classes)
        )
