"""What `learn` reports as asked is what counters outside of it see, for every strategy that has a name."""

from collections import Counter
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from edgewise.attacks import ATTACKS
from edgewise.learning.loop import learn
from edgewise.learning.oracle import Victim
from edgewise.strategies import STRATEGIES


RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (120, 2))
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int)
AUDIT = 5
TRUE = LogisticRegression().fit(X, Y)


class Counting(ClassifierMixin, BaseEstimator):
    """A classifier whose rows are counted from outside, through every copy that is made of it."""

    asked: ClassVar[Counter[str]] = Counter()

    def __init__(self, inner=None, name="learner"):
        self.inner, self.name = inner, name

    def fit(self, X, y):
        self.fitted_ = self.inner.fit(X, y)
        self.classes_ = self.fitted_.classes_
        return self

    def predict(self, X):
        Counting.asked[self.name] += len(X)
        return self.fitted_.predict(X)

    def predict_proba(self, X):
        Counting.asked[self.name] += len(X)
        return self.fitted_.predict_proba(X)


@pytest.mark.parametrize("name", [name for name, row in STRATEGIES.items() if "committee" not in row.needs])
def test_questions_to_the_learner_and_to_the_victim_add_up_apart(name):
    victim = Counting(TRUE, "victim")
    victim.fitted_, victim.classes_ = TRUE, TRUE.classes_
    Counting.asked.clear()
    row = STRATEGIES[name]
    strategy = row.make(attack=ATTACKS["opt"].make(budget=40)) if "attack" in row.needs else name
    rounds = list(
        learn(
            Counting(LogisticRegression()),
            X,
            Victim(victim),
            strategy,
            batch=6,
            budget=18 + AUDIT,
            audit=AUDIT,
            rng=0,
        )
    )
    last = rounds[-1]
    assert last.cost.queries == Counting.asked["victim"] == 18 + AUDIT
    assert last.choosing.queries + last.judging.queries == Counting.asked["learner"]
    assert last.judging.queries == 12 + 3 * AUDIT
