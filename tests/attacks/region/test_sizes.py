"""Very large and very small numbers, numbers far from 0, and a training point far from the rest."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import edgewise as ew
from edgewise.attacks.frame import InputError
from edgewise.models.answers import UnansweredError


def problem(d=4, n=200):
    draw = np.random.default_rng(0)
    X, Q = draw.normal(size=(n, d)), draw.normal(size=(8, d))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int), Q


def models(X, y, algorithm="auto"):
    plain = (KNeighborsClassifier(k, algorithm=algorithm) for k in (1, 3))
    scaled = (make_pipeline(StandardScaler(), KNeighborsClassifier(k, algorithm=algorithm)) for k in (1, 3))
    return [model.fit(X, y) for model in (*plain, *scaled)]


@pytest.mark.parametrize("scale", [1e-17, 1e-9, 1e9, 1e16])
def test_distances_grow_with_the_numbers(scale):
    X, y, Q = problem()
    for model, larger in zip(models(X, y), models(X * scale, y), strict=True):
        known = ew.radius(model, Q).distance
        assert ew.radius(larger, Q * scale).distance == pytest.approx(known * scale, rel=1e-9)
        found = ew.attack(larger, Q * scale, rng=0)
        assert found.distance == pytest.approx(known * scale, rel=1e-8)
        assert found.counts["exact"].all()


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e8])
def test_numbers_far_from_zero_cost_what_their_rounding_costs(offset):
    X, y, Q = problem()
    for model, moved in zip(models(X, y)[:2], models(X + offset, y)[:2], strict=True):
        known = ew.radius(model, Q).distance
        assert ew.radius(moved, Q + offset).distance == pytest.approx(known, rel=1e-6)
        assert ew.attack(moved, Q + offset, rng=0).distance == pytest.approx(known, rel=1e-4)


@pytest.mark.parametrize("algorithm", ["auto", "brute"])
@pytest.mark.parametrize("far", [1e6, 1e10, 1e17])
@pytest.mark.parametrize("d", [2, 20])
def test_a_training_point_far_from_the_rest_changes_nothing(d, far, algorithm):
    X, y, Q = problem(d)
    Z = np.vstack([X, np.eye(1, d) * far])
    pairs = zip(models(X, y, algorithm)[:2], models(Z, np.append(y, 1), algorithm)[:2], strict=True)
    for model, with_it in pairs:
        known = ew.radius(model, Q).distance
        assert ew.radius(with_it, Q).distance == pytest.approx(known, rel=1e-12)
        found = ew.attack(with_it, Q, rng=0)
        assert found.distance == pytest.approx(known, rel=1e-5)
        assert found.counts["exact"].all()


@pytest.mark.parametrize("scale", [1e-24, 1e20, 1e150])
def test_what_the_search_cannot_compare_is_refused(scale):
    X, y, Q = problem()
    for model in models(X * scale, y):
        for ask in (ew.radius, ew.attack):
            with pytest.raises(UnansweredError, match="exact search takes 1e-18 to 1e"):
                ask(model, Q * scale)


@pytest.mark.parametrize("far", [1e19, 1e200])
def test_a_row_that_is_too_large_is_named(far):
    X, y, Q = problem()
    Q[3, 1] = -far
    for model in models(X, y):
        for ask in (ew.radius, ew.attack):
            with pytest.raises(InputError, match=r"1 of the rows .*first: row 3\)"):
                ask(model, Q)


@pytest.mark.parametrize("far", [1e8, 1e12, 1e17])
def test_a_row_far_from_all_training_points_gets_an_interval(far):
    X, y, Q = problem()
    Q[3] = [far, 0, 0, 0]
    for model in models(X, y)[:2]:
        answer, found = ew.radius(model, Q), ew.attack(model, Q, rng=0)
        assert found.found.all()
        assert (found.lower <= found.distance * (1 + 1e-9)).all()
        assert found.distance[3] <= 1.01 * far
        if far < 1e16:  # beyond, the model's own rounding is larger than the training points are apart
            assert (answer.lower <= found.distance * (1 + 1e-9)).all()
            assert 0 < answer.distance[3] <= found.distance[3] * (1 + 1e-9)
