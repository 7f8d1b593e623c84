"""Near points without a proof: never nearer than the optimum, mostly at it, and what a stopped search returns."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import edgewise as ew
from edgewise.arrays import Box
from edgewise.attacks.region import RegionExact, RegionIndex
from edgewise.attacks.region.k_neighbours import descents, vote
from edgewise.models.access import Access


def problem(seed, n_classes, d=3, n=60):
    draw = np.random.default_rng(seed)
    return draw.random((n, d)), draw.integers(0, n_classes, n), draw.random((6, d))


def elected(X, y, x, k):
    return np.bincount(
        y[np.argsort(np.square(X - x).sum(axis=1), kind="stable")[:k]], minlength=y.max() + 1
    ).argmax()


@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize(("k", "n_classes"), [(2, 2), (3, 2), (3, 3), (5, 2)])
def test_never_nearer_than_the_optimum_and_mostly_there(k, n_classes, boxed):
    ratios, box = [], Box(np.zeros(3), np.ones(3)) if boxed else None
    for seed in range(6):
        X, y, Q = problem(seed, n_classes)
        own = np.array([elected(X, y, x, k) for x in Q])
        index = RegionIndex.of(X, y, n_classes)
        best = vote(index, k, Q, own, box, nodes=50_000)
        near = descents(index, k, Q, own, box, 1e-9)
        there = np.isfinite(near).all(axis=1)
        assert best.found[there].all()
        away = np.linalg.norm(near - Q, axis=1)[there]
        assert (away >= np.sqrt(best.lower[there]) * (1 - 1e-9)).all()
        ratios += list(away / np.sqrt(best.lower[there]))
        assert [elected(X, y, z, k) != c for z, c in zip(near[there], own[there], strict=True)] == [
            True
        ] * there.sum()
        assert box is None or ((near[there] >= 0) & (near[there] <= 1)).all()
    assert len(ratios) > 30
    assert np.median(ratios) < 1.001
    # With three classes one may win with fewer than most of the neighbours, which a descent does not try.
    assert np.quantile(ratios, 0.9) < (1.2 if n_classes == 2 else 2.0)


def test_too_few_points_of_another_class_lead_nowhere():
    X = np.array([[0.0], [0.1], [0.2], [5.0]])
    index = RegionIndex.of(X, np.array([0, 0, 0, 1]), 2)
    assert np.isnan(descents(index, 3, np.array([[0.0]]), np.array([0]), None)).all()


@pytest.mark.parametrize("k", [9, 15])
def test_where_the_search_stops_the_point_is_about_as_near_as_by_labels_or_nearer(k):
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(k)).fit(X[4:], y[4:])
    found = ew.attack(model, X[:4], RegionExact(nodes=300), rng=0)
    assert found.found.all()
    assert (found.lower <= found.distance).all()
    labels = ew.attack(model, X[:4], ew.attacks.Race(budget=300), rng=0)
    assert np.median(found.distance / labels.distance) < 1
    assert (found.distance < 2 * labels.distance).all()
    answer = ew.radius(model, X[:4], nodes=300)
    assert answer.distance == pytest.approx(found.distance, rel=1e-3)
    assert ew.attack(model, X[:4], RegionExact(nodes=300), rng=0).points == pytest.approx(found.points, abs=0)


def test_a_feature_that_hardly_varies_is_a_short_way():
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(5)).fit(X[3:], y[3:])
    best = ew.radius(model, X[:3])
    stopped = ew.attack(model, X[:3], RegionExact(nodes=50), rng=0)
    assert (best.lower == best.distance).all()
    assert not stopped.counts["exact"].all()
    assert (stopped.distance < 1.3 * best.distance).all()


def test_progress_counts_a_row_when_its_point_is_there():
    X, y, Q = problem(0, 2)
    model = KNeighborsClassifier(5).fit(X, y)
    access = Access.to(model, len(Q))
    own, told = access.labels(Q), [0, 0]

    def advance(n):
        told[0] += n
        told[1] = int(access.queries.sum())

    for nodes, early in ((50_000, True), (1, False)):
        told[:], before = [0, 0], int(access.queries.sum())
        RegionExact(nodes=nodes)(access, Q, own, box=None, seed=0, advance=advance)
        assert told[0] == len(Q)
        # The model is asked for points of stopped searches before the last of them is done, else after all are.
        assert (told[1] == before) == early
