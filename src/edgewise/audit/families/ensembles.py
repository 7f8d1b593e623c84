"""Forests, boosting and nearest neighbours: what rows pay there, and what does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from edgewise.audit.families.frame import Answers, Question, Questions, Space, seeded
from edgewise.audit.families.generic import Fitting, Generic
from edgewise.randomness import stream


@dataclass(frozen=True)
class Forest:
    """Margin on the pool up to ``made_from`` answers, then half crossings of a forest shadow.

    Walls are worthless here: a forest has hundreds.
    """

    trees: int = 50
    made_from: int = 300

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask until nothing is left."""
        shadow = RandomForestClassifier(self.trees, random_state=0)
        return (yield from Generic(shadow, made_from=self.made_from, family="forest")(space, answers, seed))


@dataclass(frozen=True)
class Boosting:
    """The same with a boosted shadow."""

    rounds: int = 50
    made_from: int = 300

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask until nothing is left."""
        shadow = GradientBoostingClassifier(n_estimators=self.rounds, random_state=0)
        return (yield from Generic(shadow, made_from=self.made_from, family="boosting")(space, answers, seed))


@dataclass(frozen=True)
class Neighbour:
    """Rows of the pool for a 1-NN copy: made ones pay in up to three dimensions only.

    There crossings of the shadow get both labels at one row per point. From ``random_from`` features on the
    smallest margins are worse than rows at random.
    """

    made_up_to: int = 3
    random_from: int = 12

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask until nothing is left."""
        nearest = KNeighborsClassifier(1)
        if space.d < self.random_from:
            made = 1.0 if space.d <= self.made_up_to else 0.0
            return (yield from Generic(nearest, made=made, family="neighbour")(space, answers, seed))
        fit = Fitting(space, answers, nearest)
        stopped = yield from seeded(space, answers, seed, fit.copy, "neighbour")
        if stopped:
            return stopped
        order = stream(seed, "extract", "neighbour").permutation(answers.unasked())
        for rows in np.array_split(order, max(1, len(order) // 10)):
            yield Question(space.pool[rows], "pool", fit.copy, "neighbour")
        return "nothing left to ask"
