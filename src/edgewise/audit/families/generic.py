"""Any victim: a shadow of the user's choice, real rows where it is unsure, made ones where it changes its label."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from edgewise.arrays import Floats, Index
from edgewise.audit.families.copies import standardised
from edgewise.audit.families.frame import Answers, Question, Questions, Space, constant, seeded
from edgewise.models.answers import predict
from edgewise.models.unwrap import Model
from edgewise.randomness import stream
from edgewise.strategies.model_scores import margins


SEGMENTS = 300


@dataclass(frozen=True)
class Generic:
    """Half of every batch the pool rows of smallest margin, half crossings of the shadow's own boundary, spread.

    Parameters
    ----------
    shadow
        An unfitted classifier that works in standard coordinates; a small network by default.
    made
        The share of made rows.
    made_from
        Made rows begin at so many answers.
    batch
        The share of the answers so far that a batch is.
    family
        What to call it.
    """

    shadow: Model = None
    made: float = 0.5
    made_from: int = 50
    batch: float = 0.05
    family: str = "generic"

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask batch by batch; never stops by itself while rows can be made."""
        rng = stream(seed, "extract", self.family)
        fit = Fitting(space, answers, network() if self.shadow is None else self.shadow)
        stopped = yield from seeded(space, answers, seed, fit.copy, self.family)
        if stopped:
            return stopped
        owed = 0.0
        while True:
            shadow = fit()
            size = max(1, int(self.batch * len(answers)))
            left = answers.unasked()
            owed += self.made * size if len(answers) >= self.made_from else 0.0
            wanted = size if not len(left) else int(owed)
            owed -= wanted
            made = crossings(space, answers, shadow, rng, wanted) if wanted else np.empty((0, space.d))
            if len(left) > 5000:
                left = np.sort(rng.choice(left, 5000, replace=False))
            few = max(size - len(made), 0) if len(left) else 0
            real = left[np.argsort(margins(shadow, space.Z[left]), kind="stable")[:few]] if few else left[:0]
            rows = space.rows(made)
            new = rows[~answers.was_asked(rows)]
            if not len(real) and not len(new):
                return "nothing left to ask"
            if len(real):
                yield Question(space.pool[real], "pool", fit.copy, self.family)
            if len(new):
                yield Question(new, "generate", fit.copy, self.family)


@dataclass
class Fitting:
    """Fits a shadow to the answers; not again while there are no new ones."""

    space: Space
    answers: Answers
    shadow: Model
    _fitted: Model = None
    _at: int = -1

    def __call__(self) -> Model:
        """Return the shadow fitted to all answers, in standard coordinates."""
        if self._at != len(self.answers):
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", ConvergenceWarning
                )  # a network that could train longer will do
                self._fitted = clone(self.shadow).fit(self.answers.Z, self.answers.labels)
            self._at = len(self.answers)
        return self._fitted

    def copy(self) -> Model:
        """Return it in the victim's units."""
        if len(self.answers.classes) < 2:
            return constant(self.answers)
        return standardised(self.space, self())


def network() -> Model:
    """Return a small network trained to its end."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((32,), solver="lbfgs", alpha=1e-3, max_iter=500, random_state=0)


def crossings(
    space: Space, answers: Answers, shadow: Model, rng: np.random.Generator, n: int, steps: int = 12
) -> Floats:
    """Return ``n`` points where segments between pool rows cross the shadow's boundary, far from one another.

    They are chosen by k-centres, far from what was asked as well.
    """
    Z = space.Z
    label = predict(shadow, Z)
    i, j = rng.integers(len(Z), size=(2, 4 * SEGMENTS))
    differ = np.flatnonzero(label[i] != label[j])[:SEGMENTS]
    a, b, first = Z[i[differ]], Z[j[differ]], label[i[differ]]
    if not len(a):
        return np.empty((0, space.d))
    low, high = np.zeros(len(a)), np.ones(len(a))
    for _ in range(steps):
        middle = (low + high) / 2
        same = predict(shadow, a + middle[:, None] * (b - a)) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    points = a + ((low + high) / 2)[:, None] * (b - a)
    return points[spread(points, answers.Z, n)]


def spread(points: Floats, there: Floats, n: int) -> Index:
    """Return ``n`` of the points by k-centres: each the farthest from those there and those chosen."""
    from scipy.spatial.distance import cdist

    away = cdist(points, there).min(axis=1) if len(there) else np.full(len(points), np.inf)
    chosen: list[int] = []
    for _ in range(min(n, len(points))):
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, cdist(points, points[chosen[-1:]])[:, 0])
    return np.array(chosen, dtype=np.intp)
