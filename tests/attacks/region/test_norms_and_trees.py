"""L1 and L-infinity against a generic LP; trees against every leaf and every small step."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.arrays import Box, InputError
from edgewise.attacks.region import RegionIndex, find
from edgewise.models.access import UnansweredError


_spec = importlib.util.spec_from_file_location("region_oracles", Path(__file__).parent / "oracles.py")
oracles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracles)


@given(st.integers(0, 10**6), st.sampled_from([1.0, np.inf]), st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_radius_is_that_of_all_linear_programs(seed, norm, boxed, grid):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 6))
    X, Q = (
        (rng.integers(0, 4, (12, d)) / 3, rng.integers(0, 4, (2, d)) / 3)
        if grid
        else (rng.random((12, d)), rng.random((2, d)))
    )
    y = oracles.untied(X, rng.integers(0, 3, 12))
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    box = Box(np.zeros(d), np.ones(d)) if boxed else None
    at = find(RegionIndex.of(X, y, 3), Q, own, box, norm=norm)
    expected = [oracles.one_neighbour(X, y, x, c, box, norm) for x, c in zip(Q, own, strict=True)]
    assert np.sqrt(at.squares) == pytest.approx(expected, rel=1e-8, abs=1e-9)
    assert np.sqrt(at.lower) == pytest.approx(expected, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("norm", [1, np.inf])
def test_norms_are_ordered_and_points_cross(norm):
    rng = np.random.default_rng(0)
    X, y = rng.random((300, 20)), rng.integers(0, 2, 300)
    knn = KNeighborsClassifier(1).fit(X, y)
    Q = rng.random((30, 20))
    adv = ew.attack(knn, Q, ew.attacks.RegionExact(norm=norm), box=(0, 1), rng=0)
    euclid = ew.radius(knn, Q, box=(0, 1)).distance
    assert adv.found.all()
    assert adv.distance == pytest.approx(adv.lower, rel=1e-6)
    assert ((adv.lower >= euclid - 1e-12) if norm == 1 else (adv.lower <= euclid + 1e-12)).all()
    most = 20**0.5 if norm == 1 else 1
    assert (adv.lower <= ew.attack(knn, Q, "region-exact", box=(0, 1), rng=0).distance * most + 1e-9).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("norm", [1, 2, np.inf])
@pytest.mark.parametrize("box", [None, (0, 1)])
def test_tree_is_exact(dtype, norm, box):
    rng = np.random.default_rng(3)
    X = rng.random((200, 2))
    y = (np.sin(9 * X[:, 0]) > X[:, 1]).astype(int)
    tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    Q = rng.random((25, 2)).astype(dtype)
    adv = ew.attack(tree, Q, ew.attacks.RegionExact(norm=norm), box=box, rng=0)
    assert adv.found.all()
    assert adv.distance == pytest.approx(adv.lower, abs=1e-6)
    steps = rng.random((2000, 2)) * 2 - 1
    sizes = np.linalg.norm(steps, ord=norm, axis=1, keepdims=True)
    for x, r, c in zip(Q.astype(float), adv.lower, adv.source_label, strict=True):
        inside = x + steps / np.maximum(sizes, 1) * r * (1 - 1e-6)
        assert (tree.predict(inside) == c).all()


def test_tree_thresholds_are_compared_in_float32():
    tree = DecisionTreeClassifier().fit([[0.1], [0.3]], [0, 1])
    adv = ew.attack(tree, [[0.1]], "region-exact", rng=0)
    assert adv.found[0]
    assert tree.predict(adv.points)[0] == 1
    assert adv.distance[0] == pytest.approx(tree.tree_.threshold[0] - 0.1, abs=1e-7)


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
def test_forest_regions_cross_and_shrink_with_more_of_them(kind):
    rng = np.random.default_rng(5)
    X = rng.random((150, 4))
    y = (X.sum(1) > 2).astype(int) + (X[:, 0] > 0.8)
    forest = kind(15, random_state=0).fit(X, y)
    Q = rng.random((20, 4))
    one = ew.attack(forest, Q, ew.attacks.RegionApprox(training=X, regions=1), box=(0, 1), rng=0)
    all_ = ew.attack(forest, Q, ew.attacks.RegionApprox(training=X, regions=150), box=(0, 1), rng=0)
    assert one.found.all()
    assert all_.found.all()
    assert one.lower is None
    assert (all_.distance <= one.distance + 1e-12).all()
    assert (all_.distance < one.distance - 1e-6).any()


def test_refusals_say_what_to_do():
    X, y = [[0.0], [1.0], [2.0]], [0, 1, 1]
    with pytest.raises(InputError, match="training=X_train"):
        ew.attack(RandomForestClassifier(3).fit(X, y), [[0.2]], "region-approx", rng=0)
    forest = RandomForestClassifier(3, random_state=0).fit(X, y)
    assert ew.attack(forest, [[0.2]], "region-exact", rng=0).found.all()
    with pytest.raises(UnansweredError, match="1 neighbour"):
        ew.attack(KNeighborsClassifier(3).fit(X, y), [[0.2]], "region-approx", rng=0)
    with pytest.raises(InputError, match="norm"):
        ew.attack(KNeighborsClassifier(1).fit(X, y), [[0.2]], ew.attacks.RegionExact(norm=3), rng=0)
    with pytest.raises(InputError, match="norm must be 2"):
        ew.attack(KNeighborsClassifier(3).fit(X, y), [[0.2]], ew.attacks.RegionExact(norm=1), rng=0)


@given(st.integers(0, 10**6), st.sampled_from([1.0, np.inf]))
@settings(max_examples=40, deadline=None)
def test_training_points_may_lie_outside_the_box(seed, norm):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 6))
    X, Q = rng.random((14, d)) * 2 - 0.5, rng.random((2, d)) * 1.4 - 0.2
    y = rng.integers(0, 3, 14)
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    box = Box(np.zeros(d), np.ones(d))
    at = find(RegionIndex.of(X, y, 3), Q, own, box, norm=norm)
    expected = [oracles.one_neighbour(X, y, x, c, box, norm) for x, c in zip(Q, own, strict=True)]
    assert np.sqrt(at.squares) == pytest.approx(expected, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_points_cross_where_training_points_lie_outside_the_box(norm):
    rng = np.random.default_rng(3)
    X, y = rng.random((80, 4)) * 2 - 0.5, rng.integers(0, 2, 80)
    knn = KNeighborsClassifier(1).fit(X, y)
    adv = ew.attack(knn, rng.random((30, 4)), ew.attacks.RegionExact(norm=norm), box=(0, 1), rng=0)
    assert adv.found.all()
    assert ((adv.points >= 0) & (adv.points <= 1)).all()
    assert adv.distance == pytest.approx(adv.lower, rel=1e-4, abs=1e-6)
