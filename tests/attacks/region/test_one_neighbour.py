"""1-NN: closed forms, every cell by another solver, and filters that change nothing."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.arrays import Box, InputError
from edgewise.attacks.region import RegionApprox, RegionExact, RegionIndex, find
from edgewise.attacks.region.batch import FILTERS


_spec = importlib.util.spec_from_file_location("region_oracles", Path(__file__).parent / "oracles.py")
oracles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracles)


def problem(seed, kind, n=18, queries=4):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 6))
    if kind == "grid":
        X, Q = rng.integers(0, 4, (n, d)) / 3.0, rng.integers(0, 4, (queries, d)) / 3.0
    elif kind == "duplicates":
        X = rng.random((5, d))[rng.integers(0, 5, n)]
        Q = np.vstack([X[:2], rng.random((queries - 2, d))])
    elif kind == "flat":
        X, Q = rng.random((n, d)), rng.random((queries, d))
        X[:, 0], X[:, -1] = 0.5, X[:, 0]
    else:
        X, Q = rng.random((n, d)), rng.random((queries, d))
    y = oracles.untied(X, rng.integers(0, int(rng.integers(2, 5)), n))
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    return X, y, Q, own


@example(1632, "grid", True, True)  # where SciPy's NNLS answers 2.6 for .66
@given(
    st.integers(0, 10**6),
    st.sampled_from(["random", "grid", "duplicates", "flat"]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_radius_is_that_of_all_cells_with_all_constraints(seed, kind, boxed, outside):
    X, y, Q, own = problem(seed, kind)
    d = X.shape[1]
    box = Box(np.zeros(d), np.ones(d)) if boxed else None
    if outside and boxed:
        Q = Q * 1.6 - 0.3
        own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    at = find(RegionIndex.of(X, y, int(y.max()) + 1), Q, own, box)
    expected = [oracles.one_neighbour(X, y, x, c, box) for x, c in zip(Q, own, strict=True)]
    assert np.sqrt(at.squares) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert np.array_equal(at.lower, at.squares)


def test_oracle_sees_a_wrong_radius():
    X, y, Q, own = problem(3, "random")
    index = RegionIndex.of(X, y, int(y.max()) + 1)
    away = np.where((index.order >= 0) & (y[index.order] != own[0]), ((index.X - Q[0]) ** 2).sum(1), 0)
    at = find(index, Q[:1], own[:1], None, allowed=np.array([[away.argmax()]]))
    expected = oracles.one_neighbour(X, y, Q[0], own[0], None)
    assert np.sqrt(at.squares[0]) > expected * (1 + 1e-3)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("boxed", [False, True])
def test_filters_change_nothing_but_work(name, boxed):
    rng = np.random.default_rng(5)
    X = np.clip(rng.normal(size=(400, 30)) @ rng.normal(size=(30, 60)) / 8 + 0.5, 0, 1)
    y = (X[:, :5].sum(1) > np.median(X[:, :5].sum(1))).astype(int)
    Q = np.clip(X[:20] + rng.normal(scale=0.1, size=(20, 60)), 0, 1)
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    box = Box(np.zeros(60), np.ones(60)) if boxed else None
    index = RegionIndex.of(X, y, 2, p=16)
    fast, slow = find(index, Q, own, box), find(index, Q, own, box, without=(name,))
    assert slow.squares == pytest.approx(fast.squares, rel=1e-12)
    if name in ("screen", "interval"):
        assert slow.counts[:, 2].sum() > fast.counts[:, 2].sum()


def test_many_half_spaces_outgrow_the_first_room():
    rng = np.random.default_rng(0)
    ring = rng.normal(size=(60, 40))
    ring /= np.linalg.norm(ring, axis=1, keepdims=True)
    X, y = np.vstack([ring, np.full((1, 40), 0.01)]), np.r_[np.zeros(60, int), 1]
    x = np.full((1, 40), 3.0)
    own = np.zeros(1, int)
    at = find(RegionIndex.of(X, y, 2), x, own, None)
    assert np.sqrt(at.squares[0]) == pytest.approx(oracles.one_neighbour(X, y, x[0], 0, None), rel=1e-9)


def test_two_points_have_a_bisector():
    knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0]], ["a", "b"])
    adv = ew.attack(knn, [[0.5, 7.0]], "region-exact", rng=0)
    assert adv.distance[0] == pytest.approx(0.5)
    assert adv.label[0] == "b"
    assert adv.lower[0] == pytest.approx(0.5)
    assert ew.radius(knn, [[0.5, 7.0]]).distance[0] == pytest.approx(0.5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ["random", "grid", "duplicates", "flat"])
@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_every_point_crosses_in_the_models_own_arithmetic(dtype, kind, algorithm):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, _, Q, _ = problem(seed, kind, n=60, queries=12)
        y = rng.integers(0, 3, len(X))
        knn = KNeighborsClassifier(1, algorithm=algorithm).fit(X.astype(dtype), y)
        for box in (None, (0, 1)):
            adv = ew.attack(knn, Q.astype(dtype), "region-exact", box=box, rng=0)
            assert (adv.found | (adv.status == "none-exists")).all()
            assert (knn.predict(adv.points)[adv.found] != adv.source_label[adv.found]).all()
            slack = 1e-3 if dtype == np.float32 else 1e-6
            assert (adv.distance[adv.found] <= adv.lower[adv.found] + slack).all()
            assert adv.points.dtype == dtype
            if box:
                assert ((adv.points >= 0) & (adv.points <= 1)).all()


def test_nothing_nearer_than_the_bound_is_labelled_otherwise():
    rng = np.random.default_rng(1)
    for seed in range(8):
        X, _, Q, _ = problem(seed, "duplicates", n=25, queries=6)
        knn = KNeighborsClassifier(1).fit(X, rng.integers(0, 2, len(X)))
        radius = ew.radius(knn, Q).distance
        own = knn.predict(Q)
        for x, c, r in zip(Q, own, radius, strict=True):
            way = rng.normal(size=(300, len(x)))
            way /= np.linalg.norm(way, axis=1, keepdims=True)
            way *= rng.random((300, 1)) * min(r, 3.0) * (1 - 1e-6)
            assert (knn.predict(x + way) == c).all()


def test_one_class_has_no_adversary():
    knn = KNeighborsClassifier(1).fit([[0.0], [1.0]], [3, 3])
    adv = ew.attack(knn, [[0.5]], "region-exact", rng=0)
    assert adv.status[0] == "none-exists"
    assert adv.distance[0] == np.inf
    assert adv.lower[0] == np.inf


def test_a_box_can_hold_no_adversary():
    knn = KNeighborsClassifier(1).fit([[0.0], [10.0]], [0, 1])
    assert ew.attack(knn, [[0.5]], "region-exact", box=(0, 1), rng=0).status[0] == "none-exists"
    assert ew.attack(knn, [[0.5]], "region-exact", box=(0, 6), rng=0).distance[0] == pytest.approx(4.5)


def test_training_points_outside_an_endless_box_are_refused():
    knn = KNeighborsClassifier(1).fit([[0.0], [10.0]], [0, 1])
    with pytest.raises(InputError, match="outside the box"):
        ew.attack(knn, [[0.5]], "region-exact", box=(-np.inf, 1), rng=0)


def test_one_sided_and_frozen_features():
    rng = np.random.default_rng(2)
    X, y = rng.random((40, 4)), rng.integers(0, 2, 40)
    Q = rng.random((6, 4))
    box = Box(np.array([0.0, -np.inf, 0.0, -np.inf]), np.array([np.inf, 1.0, 1.0, np.inf]))
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    at = find(RegionIndex.of(X, y, 2), Q, own, box)
    expected = [oracles.one_neighbour(X, y, x, c, box) for x, c in zip(Q, own, strict=True)]
    assert np.sqrt(at.squares) == pytest.approx(expected, rel=1e-9)
    frozen = Box(np.r_[Q[0, :2], 0, 0], np.r_[Q[0, :2], 1, 1])
    knn = KNeighborsClassifier(1).fit(X, y)
    adv = ew.attack(knn, Q[:1], "region-exact", box=frozen, rng=0)
    assert adv.found[0] is np.False_ or np.array_equal(adv.points[0, :2], Q[0, :2])


def test_threads_and_batches_give_the_same_answers():
    rng = np.random.default_rng(4)
    X, y = rng.random((300, 40)), rng.integers(0, 3, 300)
    knn = KNeighborsClassifier(1).fit(X, y)
    Q = rng.random((300, 40))
    one = ew.attack(knn, Q, RegionExact(), box=(0, 1), rng=0)
    two = ew.attack(knn, Q, RegionExact(threads=2), box=(0, 1), rng=0)
    assert np.array_equal(one.points, two.points)
    assert np.array_equal(one.lower, two.lower)
    alone = ew.attack(knn, Q[7:8], RegionExact(), box=(0, 1), rng=0)
    assert alone.distance[0] == pytest.approx(one.distance[7], rel=1e-12)


def test_nearest_regions_are_an_upper_bound_with_a_proved_lower_one():
    rng = np.random.default_rng(6)
    X, y = rng.random((200, 3)), rng.integers(0, 2, 200)
    knn = KNeighborsClassifier(1).fit(X, y)
    Q = rng.random((40, 3))
    best = ew.attack(knn, Q, "region-exact", rng=0)
    few, most = ew.attack(knn, Q, RegionApprox(1), rng=0), ew.attack(knn, Q, RegionApprox(10**6), rng=0)
    assert (few.distance >= best.distance - 1e-9).all()
    assert (few.distance > best.distance + 1e-6).any()
    assert (few.lower <= best.lower + 1e-12).all()
    assert most.distance == pytest.approx(best.distance, rel=1e-9)


def test_the_index_follows_the_model_when_it_is_fitted_again():
    knn = KNeighborsClassifier(1).fit([[0.0], [2.0]], [0, 1])
    assert ew.radius(knn, [[0.5]]).distance[0] == pytest.approx(0.5)
    knn.fit([[0.0], [4.0]], [0, 1])
    assert ew.radius(knn, [[0.5]]).distance[0] == pytest.approx(1.5)
