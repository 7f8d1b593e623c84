"""The points that decide where the boundary is: the same labels everywhere, the same radii, and few of them."""

import numpy as np
import pytest
from scipy.spatial import KDTree
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.attacks.region import RegionIndex, find
from edgewise.attacks.region.condensed import deciding


def points(kind, n, d, seed):
    rng = np.random.default_rng(seed)
    if kind == "grid":
        return rng.integers(0, 25, (n, d)) / 7
    if kind == "clusters":
        return rng.random((20, d))[rng.integers(0, 20, n)] + 1e-7 * rng.normal(size=(n, d))
    if kind == "offset":
        return 1e6 + rng.random((n, d))
    if kind == "circle":
        angle = 2 * np.pi * rng.random(n)
        return np.column_stack([np.cos(angle), np.sin(angle), rng.random((n, d))])[:, :d]
    if kind == "stretched":
        return rng.random((n, d)) * np.array([1e4, 1, 1e-3])[:d]
    if kind == "flat":
        return np.column_stack([rng.random((n, d)), np.full(n, 0.3)])
    return rng.random((n, d))


def wavy(X):
    """Two classes with a smooth boundary."""
    z = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-300)
    return (z[:, 0] > 0.3 * np.sin(3 * z[:, -1 if X.shape[1] > 1 else 0])).astype(int)


def coloured(X, seed):
    """Return three classes at random, one a place."""
    _, place = np.unique(X, axis=0, return_inverse=True)
    return np.random.default_rng(seed).integers(0, 3, place.max() + 1)[place]


def asked(X, n, seed):
    """Return points around the data and among them."""
    rng, wide = np.random.default_rng(seed), np.ptp(X, axis=0)
    around = rng.uniform(X.min(axis=0) - wide, X.max(axis=0) + wide, (n, X.shape[1]))
    return np.concatenate(
        [around, X[rng.integers(0, len(X), n)] + 0.02 * wide * rng.normal(size=around.shape)]
    )


def wrong(X, y, rows, Q):
    """Return how many points the nearest of ``rows`` labels otherwise than the nearest of all."""
    return int((y[KDTree(X).query(Q)[1]] != y[rows][KDTree(X[rows]).query(Q)[1]]).sum())


KINDS = ("uniform", "grid", "clusters", "offset", "circle", "stretched", "flat")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_nearest_deciding_point_has_the_class_of_the_nearest_point(kind, d):
    X = points(kind, 800, d, seed=d)
    for y in (wavy(X), coloured(X, seed=d)):
        rows = deciding(X, y)
        assert (np.diff(rows) > 0).all()
        assert wrong(X, y, rows, asked(X, 5000, seed=1)) == 0


@pytest.mark.parametrize(("d", "most", "needed"), [(2, 0.12, 0.5), (3, 0.35, 0.2)])
def test_few_decide_and_many_of_them_are_needed(d, most, needed):
    X = points("uniform", 2000, d, seed=0)
    y = wavy(X)
    rows, Q = deciding(X, y), asked(X, 20_000, seed=2)
    assert len(rows) < most * len(X)
    lost = [wrong(X, y, np.delete(rows, at), Q) for at in range(0, len(rows), 27)]
    assert np.mean([n > 0 for n in lost]) > needed


def test_what_rounding_leaves_in_doubt_is_kept():
    angle = np.linspace(0, 2 * np.pi, 600, endpoint=False)
    X = np.column_stack([np.cos(angle), np.sin(angle)])  # every triangulation of them is Delaunay's
    assert len(deciding(X, (angle < 1).astype(int))) == 600


@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("kind", ["uniform", "grid", "flat"])
def test_radii_are_those_of_all_points(kind, boxed):
    X = points(kind, 700, 2, seed=3)
    y, box = coloured(X, seed=4), (X.min(axis=0), X.max(axis=0)) if boxed else None
    knn = KNeighborsClassifier(1).fit(X, y)
    Q = np.clip(asked(X, 40, seed=5), X.min(axis=0), X.max(axis=0))
    own = knn.predict(Q)
    whole = find(RegionIndex.of(X, y, 3), Q, own, ew.Box(*box) if boxed else None)
    found = ew.attack(knn, Q, box=box, rng=0)
    assert found.lower == pytest.approx(np.sqrt(whole.lower), rel=1e-9, abs=1e-12)
    assert (knn.predict(found.points) != own).all()
    assert ew.radius(knn, Q, box=box).lower == pytest.approx(found.lower)


def test_the_nearest_regions_are_those_of_all_points():
    X = points("uniform", 600, 2, seed=6)
    y = wavy(X)
    knn = KNeighborsClassifier(1).fit(X, y)
    Q = X[:20] + 1e-3
    own, far = knn.predict(Q), KDTree(X[y == 1])
    found = ew.attack(knn, Q, ew.attacks.RegionApprox(1), rng=0)
    for x, point, label, ok in zip(Q, found.points, own, found.found, strict=True):
        if ok and label == 0:
            nearest = X[y == 1][far.query(x)[1]]
            assert np.linalg.norm(point - nearest) <= np.linalg.norm(X[y == 0] - point, axis=1).min() + 1e-6
