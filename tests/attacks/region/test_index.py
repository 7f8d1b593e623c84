"""The index: what it leaves out, what it keeps resident, and that neither changes an answer."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.arrays import Box
from edgewise.attacks.region import RegionIndex, find
from edgewise.attacks.region import batch as engine
from edgewise.attacks.region.batch import FILTERS
from edgewise.attacks.region.k_neighbours import vote
from edgewise.attacks.region.search import search_block


_spec = importlib.util.spec_from_file_location("region_oracles", Path(__file__).parent / "oracles.py")
oracles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracles)


def problem(seed, kind, n=40, queries=4):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 7))
    if kind == "grid":
        X, Q = rng.integers(0, 4, (n, d)) / 3.0, rng.integers(0, 4, (queries, d)) / 3.0
    elif kind == "duplicates":
        X = rng.random((7, d))[rng.integers(0, 7, n)]
        Q = np.vstack([X[:2], rng.random((queries - 2, d))])
    elif kind == "clusters":
        X = rng.integers(0, 2, (n, d)) + 1e-5 * rng.random((n, d))
        Q = rng.integers(0, 2, (queries, d)) + 1e-5 * rng.random((queries, d))
    else:
        X, Q = rng.random((n, d)), rng.random((queries, d))
    y = oracles.untied(X, rng.integers(0, int(rng.integers(2, 5)), n))
    return X, y, Q, y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]


@given(
    st.integers(0, 10**6),
    st.sampled_from(["random", "grid", "duplicates", "clusters"]),
    st.booleans(),
    st.sampled_from([2, 1, np.inf]),
)
@settings(max_examples=100, deadline=None)
def test_resident_distances_change_no_radius(seed, kind, boxed, norm):
    X, y, Q, own = problem(seed, kind)
    box = Box(np.full(X.shape[1], -0.1), np.full(X.shape[1], 1.1)) if boxed else None
    kept, none = (RegionIndex.of(X, y, int(y.max()) + 1, resident=limit) for limit in (2048, 0))
    assert kept.apart2.size
    assert not none.apart2.size
    with_, without = find(kept, Q, own, box, norm=norm), find(none, Q, own, box, norm=norm)
    assert with_.squares == pytest.approx(without.squares, rel=1e-12, abs=1e-24)
    assert (with_.lower <= with_.squares).all()
    assert with_.lower == pytest.approx(with_.squares, rel=1e-5)
    if norm == 2:
        expected = [oracles.one_neighbour(X, y, x, c, box) for x, c in zip(Q, own, strict=True)]
        assert np.sqrt(with_.squares) == pytest.approx(
            expected, rel=1e-7 if kind == "clusters" else 1e-9, abs=1e-9
        )


def test_resident_distances_bound_the_true_ones():
    rng = np.random.default_rng(0)
    for scale in (1e-25, 1e-3, 1.0, 1e6):
        X = rng.random((90, 12)) * scale + 3 * scale
        index = RegionIndex.of(X, rng.integers(0, 2, 90), 2)
        true = ((index.X[:, None] - index.X) ** 2).sum(2)
        assert (index.apart2 >= true).all()
        if scale > 1e-20:
            assert (index.apart2 <= true * (1 + 1e-6) + 1e-12 * scale**2).all()


def test_distances_rounded_down_would_be_noticed():
    rng = np.random.default_rng(2)
    X, y, Q = rng.random((400, 6)), rng.integers(0, 2, 400), rng.random((40, 6))
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    index = RegionIndex.of(X, y, 2)
    broken = replace(index, apart2=(0.5 * index.apart2).astype(np.float32))
    assert (find(broken, Q, own, None).squares > find(index, Q, own, None).squares * (1 + 1e-6)).any()


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("boxed", [False, True])
def test_filters_change_nothing_beyond_the_resident_limit_either(name, boxed):
    rng = np.random.default_rng(5)
    X = np.clip(rng.normal(size=(500, 20)) @ rng.normal(size=(20, 40)) / 8 + 0.5, 0, 1)
    y = (X[:, :5].sum(1) > np.median(X[:, :5].sum(1))).astype(int)
    Q = np.clip(X[:20] + rng.normal(scale=0.1, size=(20, 40)), 0, 1)
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    box = Box(np.zeros(40), np.ones(40)) if boxed else None
    index = RegionIndex.of(X, y, 2, p=12, resident=0)
    fast, slow = find(index, Q, own, box), find(index, Q, own, box, without=(name,))
    assert slow.squares == pytest.approx(fast.squares, rel=1e-12)
    if name in ("screen", "interval"):
        assert slow.counts[:, 2].sum() > fast.counts[:, 2].sum()


@pytest.mark.parametrize("norm", [2, 1, np.inf])
@pytest.mark.parametrize("boxed", [False, True])
def test_features_in_which_all_points_agree_bind_nothing(norm, boxed):
    rng = np.random.default_rng(7)
    X = np.full((60, 6), 0.25)
    X[:, [1, 4]] = rng.random((60, 2))
    y = rng.integers(0, 3, 60)
    Q = rng.random((12, 6)) * 1.6 - 0.3
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    box = Box(np.zeros(6), np.ones(6)) if boxed else None
    index = RegionIndex.of(X, y, 3)
    assert index.X.shape[1] == 2
    at = find(index, Q, own, box, norm=norm)
    expected = [oracles.one_neighbour(X, y, x, c, box, norm) for x, c in zip(Q, own, strict=True)]
    assert np.sqrt(at.squares) == pytest.approx(expected, rel=1e-8)
    step = np.linalg.norm(at.points - Q, ord=norm, axis=1)
    assert step == pytest.approx(expected, rel=1e-7)
    assert np.array_equal(
        index.whole(np.arange(len(index.order)))[index.order >= 0], X[index.order[index.order >= 0]]
    )


def test_several_neighbours_leave_features_out_too():
    rng = np.random.default_rng(8)
    X, Q = rng.random((9, 4)), rng.random((3, 4)) * 1.4 - 0.2
    X[:, 2] = 0.5
    y = np.arange(9) % 2
    box = Box(np.zeros(4), np.ones(4))
    own = np.array([np.bincount(y[np.argsort(((X - x) ** 2).sum(1))[:3]]).argmax() for x in Q])
    at = vote(RegionIndex.of(X, y, 2), 3, Q, own, box, nodes=10_000)
    expected = [oracles.several_neighbours(X, y, x, c, 3, 2, box) for x, c in zip(Q, own, strict=True)]
    assert np.sqrt(at.lower) == pytest.approx(expected, rel=1e-9)
    assert np.linalg.norm(at.points - Q, axis=1) == pytest.approx(expected, rel=1e-9)


def test_models_with_constant_pixels_are_crossed_in_the_box():
    rng = np.random.default_rng(9)
    X = np.zeros((80, 30), np.float32)
    X[:, 8:20] = rng.random((80, 12))
    knn = KNeighborsClassifier(1).fit(X, rng.integers(0, 2, 80))
    Q = rng.random((20, 30)).astype(np.float32)
    adv = ew.attack(knn, Q, "region-exact", box=(0, 1), rng=0)
    assert adv.found.all()
    others = np.r_[0:8, 20:30]
    assert adv.points[:, others] == pytest.approx(Q[:, others], abs=1e-5)
    assert ew.attack(knn, Q, "region-approx", box=(0, 1), rng=0).found.all()


def test_one_location_has_no_other_region():
    at = find(RegionIndex.of(np.ones((5, 3)), np.zeros(5, int), 2), np.zeros((2, 3)), np.zeros(2, int), None)
    assert np.isinf(at.lower).all()
    assert np.isnan(at.points).all()


def test_all_features_are_indexed_where_few_directions_do_not_hold_the_distances():
    rng = np.random.default_rng(10)
    y = rng.integers(0, 2, 1200)
    spread, flat = rng.random((1200, 400)), rng.random((1200, 5)) @ rng.random((5, 400))
    assert RegionIndex.of(spread, y, 2).axes.shape == (400, 400)
    assert RegionIndex.of(flat, y, 2).axes.shape == (400, 128)


def test_compiled_kernels_follow_every_file_of_the_folder():
    stamp = search_block._cache._cache_file._source_stamp
    assert {name for name, _, _ in stamp} == {path.name for path in Path(engine.__file__).parent.glob("*.py")}
