"""Every family against victims whose answer is known: agreement, rows counted, rows in the box, noise, collapse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.audit.extraction import extract
from edgewise.audit.families.frame import Answers, Space
from edgewise.audit.families.half_spaces import HalfSpaces
from edgewise.audit.families.linear import Linear, with_constant
from edgewise.audit.families.names import FAMILIES
from edgewise.audit.families.posterior import Posterior
from edgewise.audit.families.structure import structure
from edgewise.audit.families.trees import Walls
from edgewise.audit.spaces import spaced


RNG = np.random.default_rng(0)
POOL = RNG.normal(size=(400, 4))
TEST = np.random.default_rng(1).normal(size=(2000, 4))
NORMAL = np.array([1.0, -2.0, 0.5, 1.5])


def linear(X):
    return (X @ NORMAL > 0.3).astype(int)


def square(X):
    """Two walls: a tree with three leaves."""
    return ((X[:, 0] > 0.25) & (X[:, 2] > -0.5)).astype(int)


class Counted:
    """A victim that keeps every row it was asked."""

    def __init__(self, function):
        self.function, self.rows = function, []

    def __call__(self, X):
        self.rows += list(X)
        return self.function(X)


def agreement(found, victim):
    return float(np.mean(found.copy.predict(TEST) == victim(TEST)))


def test_a_site_has_the_moments_of_a_half_normal():
    """One half-space on a standard normal: the known mean and variance of the half-normal."""
    posterior = Posterior(1)
    posterior.add(np.array([[1.0]]))
    assert posterior.mu[0] == pytest.approx(np.sqrt(2 / np.pi))
    assert posterior.S[0, 0] == pytest.approx(1 - 2 / np.pi)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.2))
def test_one_update_matches_quadrature(seed, noise):
    """Mean and variance along the answer equal those of the tilted normal, by quadrature."""
    rng = np.random.default_rng(seed)
    posterior = Posterior(3, noise)
    v = rng.normal(size=3)
    posterior.add(v[None])
    grid = np.linspace(-9, 9, 20_001) * np.linalg.norm(v)
    weight = np.exp(-((grid / np.linalg.norm(v)) ** 2) / 2) * np.where(grid > 0, 1 - noise, noise)
    mean = np.sum(grid * weight) / np.sum(weight)
    var = np.sum((grid - mean) ** 2 * weight) / np.sum(weight)
    assert v @ posterior.mu == pytest.approx(mean, abs=2e-3)
    assert v @ posterior.S @ v == pytest.approx(var, rel=2e-3)


def test_the_posterior_agrees_with_sampling():
    """The share of the prior that gives every answer leaves the mean that EP finds, within its error."""
    rng = np.random.default_rng(3)
    V = rng.normal(size=(6, 2))
    V *= np.sign(V @ [1.0, 0.5])[:, None]
    posterior = Posterior(2)
    posterior.add(V)
    posterior.sweep(10)
    draws = rng.normal(size=(400_000, 2))
    kept = draws[(draws @ V.T > 0).all(axis=1)]
    assert len(kept) > 1000  # else the two are compared on too few
    assert posterior.mu == pytest.approx(kept.mean(axis=0), abs=0.08)


def test_linear_is_rebuilt_exactly_and_stops_by_itself():
    victim = Counted(linear)
    found = extract(victim, POOL, budget=300, family="linear", rng=0)
    assert agreement(found, linear) > 0.999
    assert found.why == "converged"
    assert found.spent == len(victim.rows) == sum(found.rows.values()) < 200
    low, high = POOL.min(axis=0), POOL.max(axis=0)
    assert all((low <= row).all() and (row <= high).all() for row in np.array(victim.rows))
    direction = found.copy.coef_[0] / np.linalg.norm(found.copy.coef_[0])
    assert direction == pytest.approx(NORMAL / np.linalg.norm(NORMAL), abs=1e-3)


def test_the_budget_is_never_passed():
    for budget in (2, 11, 37):
        victim = Counted(linear)
        found = extract(victim, POOL, budget=budget, family="linear", rng=0)
        assert len(victim.rows) == found.spent <= budget


def test_the_same_seed_gives_the_same_run():
    one, two = (extract(linear, POOL, budget=60, family="linear", rng=3) for _ in range(2))
    assert np.array_equal(one.X, two.X)
    assert np.array_equal(one.copy.coef_, two.copy.coef_)


def test_running_on_does_not_flip_the_sign():
    """A version space shrunk to rounding must not turn the copy inside out."""
    found = extract(linear, POOL, budget=250, family=Linear(tol=0.0), rng=1)
    assert found.spent == 250
    assert agreement(found, linear) > 0.999


@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_noise_is_found_out(rate):
    flips = np.random.default_rng(7)

    def noisy(X):
        return np.where(flips.random(len(X)) < rate, 1 - linear(X), linear(X))

    found = extract(noisy, POOL, budget=80, family="linear", rng=0)
    assert agreement(found, linear) > (0.98 if rate < 0.05 else 0.93)


def test_labels_may_be_words_and_several():
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    victim = LogisticRegression(max_iter=500).fit(X, np.array(["a", "b", "c"])[y])
    found = extract(victim, X, budget=90, family="linear", rng=0)
    assert set(found.copy.classes_) == {"a", "b", "c"}
    assert np.mean(found.copy.predict(X) == victim.predict(X)) > 0.97


def test_a_grid_is_kept_to():
    pool = np.round(POOL * 2) / 2
    victim = Counted(linear)
    grid = [np.arange(-10, 10.5, 0.5)] * 3 + [None]
    extract(victim, pool, budget=60, family="linear", grid=grid, rng=0)
    asked = np.array(victim.rows)[:, :3]
    assert np.array_equal(asked, np.round(asked * 2) / 2)
    with pytest.raises(InputError, match="not on its grid"):
        extract(linear, POOL, budget=60, grid=grid)


def test_constant_features_are_left_alone():
    pool = np.column_stack([POOL, np.full(len(POOL), 7.0)])
    victim = Counted(lambda X: linear(X[:, :4]))
    found = extract(victim, pool, budget=80, family="linear", rng=0)
    assert {row[4] for row in victim.rows} == {7.0}
    assert found.copy.coef_[0, 4] == 0


def test_a_tree_is_walked_out():
    found = extract(square, POOL, budget=120, family="tree", rng=0)
    assert agreement(found, square) > 0.99
    assert found.rows["walk"] > 10


def test_a_walk_finds_the_wall():
    """Between two rows on both sides of x0 = .25 a walk names feature 0 and its value."""
    space, _ = spaced(POOL, None, None, 0, 0)
    answers = Answers(space)
    walls = Walls(space, answers, np.random.default_rng(0))
    a, b = np.array([-1.0, 0.3, 0.5, 0.1]), np.array([1.0, -0.4, 0.7, 0.2])
    answers.add(np.stack([a, b]), [0, 1], False)
    steps = walls.walk(a, b)
    try:
        question = next(steps)
        while True:
            labels = square(question.X).tolist()
            answers.add(question.X, labels, True)
            question = steps.send(labels)
    except StopIteration:
        pass
    assert [len(each) for each in walls.thresholds] == [1, 0, 0, 0]
    assert walls.thresholds[0][0] == pytest.approx(0.25, abs=2 * 2.0**-10 * np.ptp(POOL[:, 0]))


@pytest.mark.parametrize(("victim", "axis"), [(linear, False), (square, True)])
def test_structure_tells_walls_from_others(victim, axis):
    space, _ = spaced(POOL, None, None, 0, 0)
    answers = Answers(space)
    answers.add(POOL[:20], victim(POOL[:20]).tolist(), False)
    test = structure(space, answers, 0, lambda: None)
    asked = 0
    try:
        question = next(test)
        while True:
            asked += len(question.X)
            labels = victim(question.X).tolist()
            answers.add(question.X, labels, True)
            question = test.send(labels)
    except StopIteration as stop:
        found = stop.value
    assert found.axis_aligned is axis
    assert found.rows == asked <= 90


@pytest.mark.parametrize(
    ("victim", "family"), [(linear, "linear"), pytest.param(square, "tree", marks=pytest.mark.slow)]
)
def test_auto_names_the_family(victim, family):
    found = extract(victim, POOL, budget=260, measure=40, rng=0)
    assert found.family == family
    assert found.agreement["held-out"].share >= 0.9
    assert found.agreement["held-out"].n == 20


def test_none_is_an_answer():
    """Labels that follow nothing are not given a family."""

    def hashed(X):
        return (np.floor(X.sum(axis=1) * 1e4).astype(int) % 2).astype(int)

    found = extract(hashed, POOL, budget=120, measure=120, rng=0)
    assert found.family == "none"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_every_family_takes_every_victim(name):
    """No rule fails on a victim of another family, passes its budget, or ends below chance."""
    X = POOL[:, :3]
    for make in (SVC(), DecisionTreeClassifier(max_depth=3), KNeighborsClassifier(1)):
        model = make.fit(X, (np.hypot(X[:, 0], X[:, 1]) < 1).astype(int))
        victim = Counted(model.predict)
        found = extract(victim, X, budget=70, family=name, rng=0)
        assert len(victim.rows) <= 70
        truth = model.predict(TEST[:, :3])
        assert (
            np.mean(found.copy.predict(TEST[:, :3]) == truth) > max(np.mean(truth), np.mean(1 - truth)) - 0.1
        )


def test_one_label_only_is_said():
    found = extract(lambda X: np.zeros(len(X), dtype=int), POOL, budget=30, rng=0)
    assert set(found.copy.predict(TEST)) == {0}


def test_a_broken_twin_without_the_guard_is_noticed():
    """Without noise in the likelihood one early flip ruins the rule: what the test of noise is there to catch."""
    flipped = iter([False] * 12 + [True] + [False] * 500)

    def one_flip(X):
        return np.array([label ^ next(flipped) for label in linear(X).tolist()])

    assert agreement(extract(one_flip, POOL, budget=100, family=Linear(noise=0.0), rng=0), linear) < 0.99


def test_the_score_prefers_what_lowers_risk():
    """Of a row on the boundary and one far from it, the one on the boundary is picked."""
    space = Space(POOL, ew.Box(POOL.min(axis=0), POOL.max(axis=0)), (None,) * 4)
    answers = Answers(space)
    answers.add(POOL[:60], linear(POOL[:60]).tolist(), False)
    rule = HalfSpaces(space, answers, with_constant, 0.0, linear=True)
    margin = np.abs(POOL @ NORMAL - 0.3)
    rows = np.array([np.argmax(margin), np.argmin(margin[60:]) + 60])
    picked = rule.pick(POOL[rows], rows, np.random.default_rng(0), 1)
    assert picked[0] == 1
