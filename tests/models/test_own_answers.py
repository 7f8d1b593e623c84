"""A subclass that answers in its own way: what is inside its base is not read in its place."""

import functools

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.models.unwrap import own_answer


RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 2))
Y = (X[:, 0] + 0.4 * RNG.normal(size=120) > 0).astype(int)
Q = RNG.normal(size=(6, 2))
GRID = np.stack(np.meshgrid(*2 * [np.linspace(-5, 5, 401)]), -1).reshape(-1, 2)
BASES = {
    KNeighborsClassifier: {"n_neighbors": 5},
    LogisticRegression: {},
    DecisionTreeClassifier: {"max_depth": 3, "random_state": 0},
    RandomForestClassifier: {"n_estimators": 10, "random_state": 0},
    HistGradientBoostingClassifier: {"max_iter": 40},
}


def cautious(base):
    class Cautious(base):
        def predict(self, X):
            return np.where(self.predict_proba(X)[:, 1] >= 0.8, self.classes_[1], self.classes_[0])

    return Cautious


def logged(base):
    class Logged(base):
        @functools.wraps(base.predict)
        def predict(self, X):
            self.asked_ = getattr(self, "asked_", 0) + len(X)
            return super().predict(X)

    return Logged


@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("base", BASES)
def test_another_threshold_is_measured_by_its_answers(base, piped):
    model = cautious(base)(**BASES[base])
    model = (make_pipeline(StandardScaler(), model) if piped else model).fit(X, Y)
    with pytest.raises(ew.InputError, match="predict of its own"):
        ew.radius(model, Q)
    own, answers = model.predict(Q), model.predict(GRID)
    nearest = np.array(
        [np.linalg.norm(GRID[answers != c] - x, axis=1).min() for x, c in zip(Q, own, strict=True)]
    )
    adv = ew.attack(model, Q, rng=0)
    assert adv.found.all()
    assert (adv.distance <= 1.2 * nearest + 0.1).all()


@pytest.mark.parametrize("base", BASES)
def test_what_only_wraps_the_answer_is_read_as_its_base(base):
    model, plain = logged(base)(**BASES[base]).fit(X, Y), base(**BASES[base]).fit(X, Y)
    assert np.array_equal(ew.radius(model, Q).distance, ew.radius(plain, Q).distance)


def test_a_method_put_on_the_object_is_its_own_too():
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    assert own_answer(model, DecisionTreeClassifier) is None
    model.predict = lambda rows: np.zeros(len(rows), int)
    assert "has a predict of its own" in own_answer(model, DecisionTreeClassifier)


def test_scores_of_its_own_count_as_well():
    class Flat(RandomForestClassifier):
        def predict_proba(self, X):
            return np.sqrt(super().predict_proba(X))

    with pytest.raises(ew.InputError, match="predict_proba of its own"):
        ew.radius(Flat(5, random_state=0).fit(X, Y), Q)
