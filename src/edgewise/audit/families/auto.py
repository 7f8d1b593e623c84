"""Find the family: walls or not by a structural test, then linear until contradicted, then by agreement."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from edgewise.arrays import Index
from edgewise.audit.families.ensembles import Boosting, Forest, Neighbour
from edgewise.audit.families.frame import Answers, Family, Labelled, Question, Questions, Space, seeded
from edgewise.audit.families.generic import Fitting, Generic, network
from edgewise.audit.families.kernel import Kernel
from edgewise.audit.families.linear import Linear
from edgewise.audit.families.structure import structure
from edgewise.audit.families.trees import Tree
from edgewise.models.joining import same
from edgewise.models.unwrap import Model
from edgewise.randomness import stream


TEST_FROM = 250
APART = 30
LARGEST = 1500
ONE_TREE = 0.6


@dataclass(frozen=True)
class Auto:
    """Try families in the order of what they need.

    Parameters
    ----------
    budget
        Rows there are; with fewer than 250 the structural test, which takes up to 90, is left out.
    """

    budget: int = 1000

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask, family by family."""
        simple = Fitting(space, answers, LogisticRegression(C=100, max_iter=2000))
        stopped = yield from seeded(space, answers, seed, simple.copy, "auto")
        if stopped:
            return stopped
        if self.budget >= TEST_FROM:
            found = yield from structure(space, answers, seed, simple.copy)
            if found.axis_aligned:
                return (yield from self._walls(space, answers, seed, found.far))
        weights = (space.d + 1) * (1 if len(answers.classes) == 2 else len(answers.classes))
        if weights <= LARGEST:
            why = yield from Linear(strict=True)(space, answers, seed)
            if why != "contradicted":
                return why
        return (yield from self._curved(space, answers, seed, simple))

    def _walls(self, space: Space, answers: Answers, seed: int, far: float) -> Questions:
        """Follow a tree, or else the ensemble that agrees better with rows at random."""
        why = (yield from Tree(most_walls=120)(space, answers, seed)) if far >= ONE_TREE else "too many walls"
        if why != "too many walls":
            return why
        apart = yield from _apart(
            space, answers, seed, Fitting(space, answers, RandomForestClassifier(50, random_state=0))
        )
        shadows: dict[str, Model] = (
            {} if far >= ONE_TREE else {"tree": DecisionTreeClassifier(random_state=0)}
        )
        shadows |= {
            "forest": RandomForestClassifier(50, random_state=0),
            "boosting": GradientBoostingClassifier(n_estimators=50, random_state=0),
        }
        rules: dict[str, Family] = {"tree": Tree(), "forest": Forest(), "boosting": Boosting()}
        return (yield from rules[_best(answers, apart, shadows)](space, answers, seed))

    def _curved(self, space: Space, answers: Answers, seed: int, simple: Fitting) -> Questions:
        """Follow a kernel, a network or nearest neighbours, whichever agrees best with rows at random."""
        apart = yield from _apart(space, answers, seed, simple)
        shadows: dict[str, Model] = {
            "kernel": SVC(C=100, gamma=1 / space.d),
            "generic": network(),
            "neighbour": KNeighborsClassifier(1),
        }
        rules: dict[str, Family] = {"kernel": Kernel(), "generic": Generic(), "neighbour": Neighbour()}
        return (yield from rules[_best(answers, apart, shadows)](space, answers, seed))


def _apart(
    space: Space, answers: Answers, seed: int, simple: Fitting
) -> Generator[Question, Labelled, Index]:
    """Ask random rows of the pool; return which answers are apart from all rules."""
    left = stream(seed, "extract", "apart").permutation(answers.unasked())[:APART]
    before = len(answers)
    if len(left):
        yield Question(space.pool[left], "family", simple.copy, "auto")
    return np.arange(before, len(answers))


def _best(answers: Answers, apart: Index, shadows: dict[str, Model]) -> str:
    """Return the shadow that, without the rows apart, gives most of their labels; the first of equals."""
    rest = np.setdiff1d(np.arange(len(answers)), apart)
    if not len(apart) or len(np.unique(answers.y[rest])) < 2:
        return next(iter(shadows))
    Z, labels = answers.Z, answers.labels
    share: dict[str, float] = {}
    for name, shadow in shadows.items():
        fitted = clone(shadow).fit(Z[rest], labels[rest])
        share[name] = float(np.mean(same(fitted.predict(Z[apart]), labels[apart])))
    return max(share, key=lambda name: share[name])
