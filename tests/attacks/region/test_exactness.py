"""Close points in wide boxes, ties, flat boxes, offsets: two independent solvers, every cell."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.arrays import Box
from edgewise.attacks.region import RegionExact, RegionIndex, find
from edgewise.attacks.region.careful import careful
from edgewise.attacks.region.cell_arrays import Query
from edgewise.attacks.region.k_neighbours import vote


_spec = importlib.util.spec_from_file_location("region_oracles", Path(__file__).parent / "oracles.py")
oracles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracles)

KINDS = ("plain", "ties", "flat", "offset", "clusters", "outside", "slivers", "pairs")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spread", [1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_distance_is_that_of_two_other_solvers(d, spread, kind):
    X, y, Q, own, box = oracles.close_points(
        np.random.default_rng([7, d, KINDS.index(kind)]), d, spread, kind, n=16, queries=3
    )
    index = RegionIndex.of(X, y, int(y.max()) + 1)
    for bounds in (box, None):
        at = find(index, Q, own, bounds)
        for b, x in enumerate(Q):
            answers = [
                oracles.nearest_cell(X, y, x, own[b], bounds, solve)
                for solve in (oracles.by_nnls, oracles.by_quadratic_program)
            ]
            distance, lower = np.sqrt(at.squares[b]), np.sqrt(at.lower[b])
            assert lower <= distance
            assert lower <= max(answers) * (1 + 1e-9)
            if np.isfinite(max(answers)):
                assert np.isfinite(distance)
            if lower == distance and np.isfinite(distance) and np.isfinite(min(answers)):
                error = min(abs(distance - answer) for answer in answers)
                assert error <= 1e-9 * min(answers) + 1e-15


def test_oracles_see_a_wrong_distance():
    X, y, Q, own, _ = oracles.close_points(np.random.default_rng(3), 2, 1e-5, "plain")
    index = RegionIndex.of(X, y, int(y.max()) + 1)
    away = np.where((index.order >= 0) & (y[index.order] != own[0]), ((index.X - Q[0]) ** 2).sum(1), 0)
    at = find(index, Q[:1], own[:1], None, allowed=np.array([[away.argmax()]]))
    for solve in (oracles.by_nnls, oracles.by_quadratic_program):
        assert np.sqrt(at.squares[0]) > oracles.nearest_cell(X, y, Q[0], own[0], None, solve) * (1 + 1e-3)


@pytest.mark.parametrize("norm", [2, 1, np.inf])
@pytest.mark.parametrize("boxed", [False, True])
def test_the_careful_search_finds_what_the_fast_one_finds(norm, boxed):
    rng = np.random.default_rng(11)
    X, Q = rng.random((30, 3)), rng.random((6, 3))
    y = rng.integers(0, 3, 30)
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    box = Box(np.zeros(3), np.ones(3)) if boxed else None
    bounds = (np.zeros(3), np.ones(3)) if boxed else (np.full(3, -np.inf), np.full(3, np.inf))
    index = RegionIndex.of(X, y, 3)
    at = find(index, Q, own, box, norm=norm)
    for b, x in enumerate(Q):
        moves = (bounds[0] - x, bounds[1] - x)
        query = Query(x, own[b], *moves, True, 0.0, -1.0, 0.0, np.empty(0, np.intp))
        again = careful(index, query, norm)
        assert again.length == pytest.approx(np.sqrt(at.squares[b]), rel=1e-8)
        assert again.lower <= again.length
        assert again.lower == pytest.approx(again.length, rel=1e-8)


def test_points_a_ten_thousandth_of_the_box_apart():
    X = np.array([[0.9998818420420131], [0.9999832595449467], [0.9987942121585673], [0.9999521974866299]])
    knn = KNeighborsClassifier(1).fit(X, [0, 1, 0, 1])
    for box in (None, (0, 2)):
        adv = ew.attack(knn, X[:1], "region-exact", box=box, rng=0)
        assert adv.found.all()
        assert adv.distance[0] == pytest.approx((X[3, 0] - X[0, 0]) / 2, rel=1e-9)


@pytest.mark.parametrize("norm", [2, 1, np.inf])
def test_a_region_that_only_touches_the_box_does_not_hide_another(norm):
    X = [[1.0, 1.0], [2.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [2.0, 1.0], [1.0, 2.0]]
    knn = KNeighborsClassifier(1).fit(X, [0, 1, 2, 0, 0, 2, 1])
    x = np.array([[1.0, -0.6145545178493064]])
    adv = ew.attack(knn, x, RegionExact(norm=norm), box=([1.0, -1.0], [1.0, 3.0]), rng=0)
    assert adv.found.all()
    assert adv.distance[0] == pytest.approx(0.6145545178493064, rel=1e-9)
    assert adv.lower[0] <= adv.distance[0]
    assert not adv.counts["exact"][0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_attack_never_says_none_where_the_model_changes_its_mind(kind):
    for d in (1, 2):
        rng = np.random.default_rng([5, d])
        X, y, Q, _, box = oracles.close_points(rng, d, 1e-3, kind, n=12, queries=4)
        knn = KNeighborsClassifier(1, algorithm="kd_tree").fit(X, y)
        adv = ew.attack(knn, Q, "region-exact", box=box, rng=0)
        seen = rng.uniform(box.low, box.high, (4000, d))
        near = box.clip(X[rng.integers(0, 12, 4000)] + 3e-3 * rng.normal(size=(4000, d)))
        points = np.vstack([seen, near])
        labels = knn.predict(points)
        for b in range(len(Q)):
            other = labels != adv.source_label[b]
            if other.any():
                assert adv.status[b] != "none-exists"
                assert adv.lower[b] <= np.linalg.norm(points[other] - Q[b], axis=1).min() * (1 + 1e-9)
        assert (adv.lower <= adv.distance * (1 + 1e-12)).all()
        assert (knn.predict(adv.points)[adv.found] != adv.source_label[adv.found]).all()


@pytest.mark.parametrize("boxed", [False, True])
def test_several_neighbours_close_together(boxed):
    for seed in range(6):
        X, y, Q, _, box = oracles.close_points(np.random.default_rng(seed), 2, 1e-5, "plain", n=8, queries=2)
        own = np.array([np.bincount(y[np.argsort(((X - x) ** 2).sum(1))[:3]]).argmax() for x in Q])
        n_classes = int(y.max()) + 1
        shift, scale = X.mean(0), 1e-5
        small = [(A - shift) / scale for A in (X, Q, box.low[None], box.high[None])]
        bounds = Box(small[2][0], small[3][0]) if boxed else None
        at = vote(RegionIndex.of(X, y, n_classes), 3, Q, own, box if boxed else None, nodes=20_000)
        for b in range(len(Q)):
            truth = oracles.several_neighbours(small[0], y, small[1][b], own[b], 3, n_classes, bounds) * scale
            assert np.sqrt(at.lower[b]) == pytest.approx(truth, rel=1e-8)


@pytest.mark.parametrize("norm", [1, 2, np.inf])
@pytest.mark.parametrize("d", [1, 2, 30])
def test_what_is_known_to_be_near_spares_the_careful_search_work_and_changes_nothing(norm, d):
    rng = np.random.default_rng(d)
    X, y = rng.random((80, d)), rng.integers(0, 3, 80)
    index, none = RegionIndex.of(X, y, 3), np.empty(0, np.intp)
    for x in rng.random((6, d)):
        own = int(y[((X - x) ** 2).sum(axis=1).argmin()])
        q = Query(x, own, -x, 1 - x, True, 0.0, -1.0, 0.0, none)
        plain = careful(index, q, norm)
        for within in (plain.length * (1 + 1e-6), plain.length * 0.9, plain.length * 2):
            again = careful(index, q, norm, within)
            assert again.length == pytest.approx(plain.length, rel=1e-9)
            assert again.lower == pytest.approx(plain.lower, rel=1e-9)
            assert again.winner == plain.winner
