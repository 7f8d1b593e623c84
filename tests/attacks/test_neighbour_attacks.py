"""Direct, kernel-substitution and label-only attacks against answers known in closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_moons
from sklearn.neighbors import KNeighborsClassifier

from edgewise import InputError, attack
from edgewise.attacks.direct import Direct
from edgewise.attacks.kernel_substitute import KernelSubstitute
from edgewise.attacks.opt import Opt


two = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0]], ["left", "right"])
METHODS = ("direct", "kernel-substitute", "opt")


def moons(n=200, k=1):
    X, y = make_moons(n + 30, noise=0.25, random_state=3)
    return KNeighborsClassifier(k).fit(X[:n], y[:n]), X[n:]


@pytest.mark.parametrize("method", METHODS)
def test_two_points_are_separated_by_their_bisector(method):
    method = Opt(starts=([[2.0, 0.0]], ["right"])) if method == "opt" else method
    adv = attack(two, [[0.5, 0.3], [-1.0, 0.0]], method, rng=0)
    assert adv.found.all()
    assert (adv.points[:, 0] >= 1).all()
    # No crossing is nearer than the bisector x = 1, and the way straight to the other point is not far off.
    assert (adv.distance >= [0.5, 2.0]).all()
    assert np.allclose(adv.distance, [0.5, 2.0], rtol=0.15)


def test_direct_crosses_exactly_where_the_segment_meets_the_bisector():
    x = np.array([[0.5, 0.3]])
    adv = attack(two, x, "direct", rng=0)
    t = 0.5 / 1.5
    assert np.allclose(adv.points, x + t * (np.array([2.0, 0.0]) - x), atol=1e-6)


def test_direct_towards_the_mean_of_k():
    model = KNeighborsClassifier(1).fit([[0.0], [3.0], [5.0]], [0, 1, 1])
    assert attack(model, [[0.0]], Direct(k=2), rng=0).found[0]
    assert attack(model, [[0.0]], Direct(k=2), rng=0).points[0, 0] == pytest.approx(1.5, abs=1e-6)


def test_direct_falls_back_when_the_mean_does_not_cross():
    model = KNeighborsClassifier(1).fit([[0.0], [-2.0], [2.0]], [0, 1, 1])
    adv = attack(model, [[0.0]], Direct(k=2), rng=0)
    assert adv.found[0]
    assert adv.distance[0] == pytest.approx(1.0, abs=1e-6)


def test_direct_tries_further_points_past_a_conflicting_duplicate():
    model = KNeighborsClassifier(1, algorithm="brute").fit([[0.0], [0.0], [3.0]], [0, 1, 1])
    adv = attack(model, [[0.2]], "direct", rng=0)
    assert adv.found[0]
    assert adv.distance[0] == pytest.approx(1.3, abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_one_class_means_no_adversary(method):
    model = KNeighborsClassifier(1).fit([[0.0], [1.0]], [1, 1])
    assert attack(model, [[0.5]], method, rng=0).status.tolist() == ["failed"]


@pytest.mark.parametrize("k", [1, 3, 4])
@pytest.mark.parametrize("method", METHODS)
def test_the_box_and_k_are_respected_on_moons(method, k):
    model, X = moons(k=k)
    low, high = X.min(axis=0) - 0.05, X.max(axis=0) + 0.05
    adv = attack(model, X, Opt(budget=400) if method == "opt" else method, box=(low, high), rng=0)
    assert adv.found.mean() > 0.8
    assert (adv.points >= low).all()
    assert (adv.points <= high).all()


def test_no_attack_beats_the_exact_one():
    model, X = moons()
    exact = attack(model, X, "region-exact", rng=0).distance
    for method in (*METHODS, "region-approx"):
        assert (attack(model, X, method, rng=0).distance >= exact * (1 - 1e-7)).all(), method


def test_opt_comes_close_to_the_exact_radius_in_two_dimensions():
    model, X = moons()
    exact = attack(model, X, "region-exact", rng=0).distance
    found = attack(model, X, Opt(budget=2000, starts=model_points(model)), rng=0).distance
    assert np.median(found / exact) < 1.02


def model_points(model):
    return model._fit_X, model.classes_[model._y]


@given(budget=st.integers(3, 120), directions=st.integers(1, 12), tries=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_opt_never_exceeds_its_budget_by_one(budget, directions, tries):
    model, X = moons(60)
    adv = attack(model, X[:5], Opt(budget=budget, directions=directions, tries=tries), rng=0)
    assert adv.queries.max() <= budget


def test_opt_needs_labels_only_and_improves_on_its_start():
    def circle(X):
        return np.where(np.hypot(X[:, 0], X[:, 1]) > 1, "out", "in")

    adv = attack(circle, [[0.5, 0.0]], Opt(budget=1500, starts=([[0.0, 3.0]], ["out"])), rng=1)
    assert adv.distance[0] == pytest.approx(0.5, rel=0.02)


def test_substitute_reports_when_it_cannot_cross():
    model, X = moons()
    adv = attack(model, X, KernelSubstitute(steps=1, step=1e-6), rng=0)
    assert not adv.found[adv.status != "already"].any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Direct(k=0), "k must be at least 1; got 0"),
        (lambda: Opt(budget=2), "budget must be at least 3; got 2"),
        (lambda: Opt(smoothing=1.5), "smoothing must lie in"),
        (lambda: KernelSubstitute(step=-1), "step must be a finite number above 0; got -1"),
        (lambda: KernelSubstitute(c=0), "c must be a finite number above 0"),
    ],
)
def test_settings_are_checked(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_starts_are_checked():
    with pytest.raises(InputError, match="starts has 1 features; expected 2"):
        attack(two, [[0.5, 0.3]], Opt(starts=([[1.0]], [0])), rng=0)
