"""The label-only race against distances in closed form, an outside counter, and runs of single samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_moons
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from edgewise import InputError, attack
from edgewise.attacks import Opt, Race
from edgewise.attacks.auto import choose
from edgewise.attacks.race.noise import Picture, masked, picture_of, smooth


RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def _own_draws(monkeypatch):
    """Give each test the same numbers, whichever ran before it."""
    monkeypatch.setitem(globals(), "RNG", np.random.default_rng(7))


STEPS = ("circles", "coordinates", "both")


class Counter:
    """A model that answers labels, and notes every row it is asked about."""

    def __init__(self, label):
        self.label, self.rows = label, []

    def __call__(self, Z):
        self.rows.append(Z.copy())
        return self.label(Z)


def plane(d, offset=1.0):
    """A hyperplane with a normal of unit length: the distance is the score."""
    normal = RNG.normal(size=d)
    normal /= np.linalg.norm(normal)
    return normal, lambda Z: (Z @ normal > offset).astype(int)


def around(label, d, n=60, spread=3.0):
    X = RNG.normal(size=(n, d)) * spread
    return X, label(X)


@pytest.mark.parametrize("d", [3, 12])
def test_the_distance_to_a_hyperplane_is_the_score(d):
    normal, label = plane(d)
    X = RNG.normal(size=(6, d)) * 0.3
    adv = attack(label, X, Race(budget=700, starts=around(label, d)), rng=0)
    exact = 1 - X @ normal
    assert (adv.distance >= exact * (1 - 1e-12)).all()
    assert np.median(adv.distance / exact) < 1.05


@pytest.mark.parametrize("scale", [1e-15, 1e9, 1e15])
@pytest.mark.parametrize("norm", [2, np.inf])
def test_numbers_may_be_of_any_size(norm, scale):
    X = RNG.normal(size=(6, 4))
    forest = RandomForestClassifier(5, random_state=0).fit(RNG.normal(size=(99, 4)), RNG.integers(0, 2, 99))
    one = attack(forest, X, Race(budget=300, norm=norm), rng=0)
    far = attack(lambda Z: forest.predict(Z / scale), X * scale, Race(budget=300, norm=norm), rng=0)
    assert (far.found & np.isfinite(far.points).all(axis=1)).all()
    assert np.median(far.distance / scale / one.distance) < 1.2


def test_the_largest_change_to_a_hyperplane_is_the_score_over_the_sum_of_weights():
    normal, label = plane(12)
    X = RNG.normal(size=(6, 12)) * 0.3
    adv = attack(label, X, Race(budget=1200, norm=np.inf, steps="circles", starts=around(label, 12)), rng=0)
    exact = (1 - X @ normal) / np.abs(normal).sum()
    assert adv.norm == np.inf
    assert np.allclose(adv.distance, np.abs(adv.points - X).max(axis=1), rtol=1e-12)
    assert (adv.distance >= exact * (1 - 1e-12)).all()
    assert np.median(adv.distance / exact) < 1.3


@pytest.mark.parametrize("steps", STEPS)
def test_a_ball_is_left_along_its_radius(steps):
    def label(Z):
        return (np.linalg.norm(Z, axis=1) > 1).astype(int)

    X = np.array([[0.3, 0.4, 0.0], [0.0, -0.2, 0.1]])
    adv = attack(label, X, Race(budget=900, steps=steps, starts=around(label, 3)), rng=1)
    exact = 1 - np.linalg.norm(X, axis=1)
    assert (adv.distance >= exact).all()
    assert (adv.distance <= exact * (1.02 if steps != "coordinates" else 1.3)).all()


@pytest.mark.parametrize("steps", ["coordinates", "both"])
def test_a_tree_of_two_leaves_is_crossed_along_its_one_feature(steps):
    X = RNG.uniform(size=(80, 8))
    tree = DecisionTreeClassifier(max_depth=1).fit(X, X[:, 3] > 0.4)
    adv = attack(tree.predict, X[:5], Race(budget=300, steps=steps, starts=(X, tree.predict(X))), rng=0)
    exact = np.abs(X[:5, 3] - tree.tree_.threshold[0])
    assert np.allclose(adv.distance, exact, rtol=0.02, atol=1e-6)
    assert ((adv.points != X[:5]).sum(axis=1) == 1).all()


def test_forests_are_crossed_nearer_than_by_opt_and_never_nearer_than_exactly():
    X, y = make_moons(200, noise=0.25, random_state=0)
    X = np.hstack([X, RNG.normal(size=(200, 4))])
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    starts = X, forest.predict(X)
    found = {
        name: attack(forest.predict, X[:5], method, rng=0).distance
        for name, method in (
            ("race", Race(budget=250, starts=starts)),
            ("opt", Opt(budget=250, starts=starts)),
        )
    }
    exact = attack(forest, X[:5], "trees", rng=0).distance
    assert (found["race"] >= exact * (1 - 1e-9)).all()
    assert np.median(found["race"] / exact) < np.median(found["opt"] / exact)


@given(budget=st.integers(3, 350), steps=st.sampled_from(STEPS), norm=st.sampled_from([2, np.inf]))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_the_budget_is_spent_to_the_last_question_as_an_outside_counter_sees_it(budget, steps, norm):
    _, label = plane(4)
    model = Counter(label)
    X = np.zeros((3, 4))
    adv = attack(model, X, Race(budget=budget, norm=norm, steps=steps, starts=around(label, 4)), rng=0)
    assert adv.queries.tolist() == [budget] * 3
    assert sum(len(rows) for rows in model.rows) == 3 * budget


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_point_asked_lies_in_the_box(steps, dtype):
    model = Counter(lambda Z: (Z.sum(axis=1) > 2.9).astype(int))
    X = RNG.uniform(0.1, 0.6, size=(4, 5)).astype(dtype)
    adv = attack(model, X, Race(budget=300, steps=steps), box=(0.1, 0.9), rng=0)
    asked = np.concatenate(model.rows)
    assert asked.dtype == dtype
    assert ((asked >= dtype(0.1)) & (asked <= 0.9)).all()
    assert adv.found.all()


@pytest.mark.parametrize("norm", [2, np.inf])
def test_a_sample_is_answered_alike_alone_and_in_a_batch(norm):
    _, label = plane(6)
    X = RNG.normal(size=(5, 6)) * 0.2
    method = Race(budget=250, norm=norm, starts=around(label, 6))
    whole, alone = attack(label, X, method, rng=3), attack(label, X[2:3], method, rng=3)
    assert whole.points[2].tobytes() == alone.points[0].tobytes()
    other = attack(label, X, method, rng=4)
    assert whole.points.tobytes() != other.points.tobytes()


def test_all_samples_ask_in_one_call_a_step():
    _, label = plane(4)
    model = Counter(label)
    attack(model, np.zeros((30, 4)), Race(budget=100, starts=around(label, 4)), rng=0)
    assert len(model.rows) <= 100


def test_one_sample_with_nothing_to_start_from_finds_a_crossing():
    adv = attack(lambda Z: (np.hypot(*Z.T) > 5).astype(int), [[0.5, 0.0]], Race(budget=400), rng=0)
    assert adv.distance[0] == pytest.approx(4.5, rel=0.02)


def test_a_model_of_one_label_is_never_said_to_be_crossed():
    adv = attack(lambda Z: np.zeros(len(Z), int), np.zeros((2, 3)), Race(budget=200), rng=0)
    assert adv.status.tolist() == ["failed", "failed"]


def test_auto_takes_it_for_models_that_only_answer_and_says_why():
    _, label = plane(3)
    adv = attack(label, np.zeros((1, 3)), rng=0)
    assert adv.attack.startswith("Race(")
    assert adv.attack.endswith("the model only answers")
    manhattan = KNeighborsClassifier(1, p=1).fit([[0.0, 0.0], [2.0, 0.0]], [0, 1])
    assert choose(manhattan)[0] == "race"


def test_auto_takes_it_in_l_infinity_too_and_nothing_in_l1():
    for model in (plane(3)[1], KNeighborsClassifier(1, p=1).fit([[0.0, 0.0], [2.0, 0.0]], [0, 1])):
        assert choose(model, np.inf)[0] == "race"
        with pytest.raises(InputError, match=r"norm 1 on this model.*Take norm 2 or inf"):
            choose(model, 1)
    tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    assert [choose(tree, norm)[0] for norm in (1, 2, np.inf)] == ["trees"] * 3


def test_pictures_are_known_by_their_shape_or_their_smoothness():
    wave = np.cos(np.pi * np.arange(28) / 28)
    rows = RNG.normal(size=(40, 1)) * np.outer(wave, wave).ravel()
    assert picture_of((784,), rows) == Picture(1, 28, 28)
    assert picture_of((784,), RNG.normal(size=(40, 784))) is None
    assert picture_of((3, 32, 32), rows) == Picture(3, 32, 32)
    assert picture_of((32, 32, 3), rows) == Picture(3, 32, 32, last=True)
    assert picture_of((12,), RNG.normal(size=(40, 12))) is None


def test_waves_are_smooth_and_as_large_as_data_differ():
    picture = Picture(1, 28, 28)
    rough = [
        np.abs(np.diff(noise(np.random.default_rng(0), 50, np.zeros(784)).reshape(50, 28, 28))).mean()
        for noise in smooth(picture)
    ]
    assert rough == sorted(rough)
    rows = np.zeros((6, 784))
    rows[::2, 100] = 1
    drawn = masked(picture, rows)(np.random.default_rng(0), 200, np.zeros(784))
    assert np.abs(drawn[:, 100]).mean() > 5 * np.abs(drawn[:, 101]).mean()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Race(budget=2), "budget must be at least 3; got 2"),
        (lambda: Race(norm=1), "norm must be 2 or numpy.inf"),
        (lambda: Race(steps="circle"), "steps must be one of auto, circles, coordinates, both"),
    ],
)
def test_settings_are_checked(make, message):
    with pytest.raises(InputError, match=message):
        make()
