"""What a fitted model says about itself: refits, changed arrays, metrics, sparse fits, weights."""

import copy
import functools
import gc
import weakref

import numpy as np
import pytest
from scipy import sparse
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks.region.first_label import first_labels
from edgewise.attacks.region.fitted import fitted
from edgewise.models.access import Access
from edgewise.models.heard import Heard


def data(seed=0, n=120, d=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, (X[:, 0] > 0).astype(int), rng.normal(size=(20, d)), rng


def like_new(knn, X, y, Q, **settings):
    fresh = KNeighborsClassifier(knn.n_neighbors, **settings).fit(X.copy(), y)
    assert np.array_equal(ew.radius(knn, Q).distance, ew.radius(fresh, Q).distance)
    adv = ew.attack(knn, Q, "region-exact", rng=0)
    assert adv.found.all()
    assert (adv.lower <= adv.distance * (1 + 1e-9)).all()


@pytest.mark.parametrize("k", [1, 3])
def test_refit_on_the_same_rows_with_other_labels(k):
    X, y, Q, rng = data()
    knn = KNeighborsClassifier(k).fit(X, y)
    ew.radius(knn, Q)
    for labels in (rng.permutation(y), 1 - y, np.roll(y, 1)):
        knn.fit(X, labels)
        like_new(knn, X, labels, Q)


def test_refit_after_the_rows_changed_in_place():
    X, y, Q, _ = data()
    knn = KNeighborsClassifier(1).fit(X, y)
    ew.radius(knn, Q)
    X[[0, 1]] = X[[1, 0]]
    knn.fit(X, y)
    like_new(knn, X, y, Q)
    X[:] = X[::-1].copy()
    knn.fit(X, y)
    like_new(knn, X, y, Q)


def test_rows_changed_under_a_brute_force_model():
    X, y, Q, _ = data()
    knn = KNeighborsClassifier(1, algorithm="brute").fit(X, y)
    ew.radius(knn, Q)
    knn._fit_X[:, [0, 1]] = knn._fit_X[:, [1, 0]]
    like_new(knn, knn._fit_X, y, Q, algorithm="brute")


def test_another_number_of_neighbours_without_a_fit():
    X, y, Q, _ = data(n=30)
    knn = KNeighborsClassifier(1).fit(X, y)
    ew.radius(knn, Q)
    knn.set_params(n_neighbors=3)
    like_new(knn, X, y, Q)


def test_a_copy_fitted_apart_has_its_own_index():
    X, y, Q, _ = data()
    knn = KNeighborsClassifier(1).fit(X, y)
    first = ew.radius(knn, Q).distance
    twin = copy.deepcopy(knn).fit(X, 1 - y[::-1])
    like_new(twin, X, 1 - y[::-1], Q)
    assert np.array_equal(ew.radius(knn, Q).distance, first)


def test_the_index_is_used_again_while_nothing_changes():
    X, y, _, _ = data()
    knn = KNeighborsClassifier(1).fit(X, y)
    assert fitted(Access.to(knn, 1))[0] is fitted(Access.to(knn, 1))[0]


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("scaled", [False, True])
def test_what_is_kept_goes_with_the_model(k, scaled):
    X, y, Q, _ = data()
    knn = KNeighborsClassifier(k)
    model = (make_pipeline(StandardScaler(), knn) if scaled else knn).fit(X, y)
    ew.radius(model, Q)
    alive = weakref.ref(model)
    del model, knn
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize(
    "settings",
    [
        {"metric": "minkowski", "p": 1},
        {"metric": "minkowski", "p": 3},
        {"metric": "manhattan"},
        {"metric": "l1"},
        {"metric": "chebyshev"},
        {"metric": "cosine", "algorithm": "brute"},
        {"metric": lambda a, b: float(np.abs(a - b).sum())},
    ],
)
@pytest.mark.parametrize("attack", ["region-exact", "region-approx"])
def test_another_metric_is_refused_by_name(settings, attack):
    X, y, Q, _ = data(n=30)
    knn = KNeighborsClassifier(1, **settings).fit(X, y)
    with pytest.raises(InputError, match="Euclidean"):
        ew.attack(knn, Q, attack, rng=0)
    with pytest.raises(InputError, match="Euclidean"):
        ew.radius(knn, Q)


@pytest.mark.parametrize(
    "settings",
    [
        {"metric": "l2"},
        {"metric": "euclidean"},
        {"metric": "sqeuclidean", "algorithm": "brute"},
        {"metric": "minkowski", "p": 2, "metric_params": {}},
        {"metric": "l2", "algorithm": "ball_tree"},
    ],
)
def test_other_words_for_euclidean_are_taken(settings):
    X, y, Q, _ = data(n=60)
    knn = KNeighborsClassifier(1, **settings).fit(X, y)
    assert ew.radius(knn, Q).distance == pytest.approx(
        ew.radius(KNeighborsClassifier(1).fit(X, y), Q).distance, rel=1e-12
    )
    assert ew.attack(knn, Q, "region-exact", rng=0).found.all()


def test_precomputed_distances_and_sparse_points_are_refused():
    X, y, Q, _ = data(n=30)
    away = np.sqrt(((X[:, None] - X) ** 2).sum(2))
    knn = KNeighborsClassifier(1, metric="precomputed").fit(away, y)
    with pytest.raises(InputError, match="precomputed"):
        ew.radius(knn, away[:3])
    for kind in (sparse.csr_array, sparse.csc_matrix):
        knn = KNeighborsClassifier(1).fit(kind(X), y)
        with pytest.raises(InputError, match="dense"):
            ew.radius(knn, Q)


def test_unequal_votes_are_taken_for_one_neighbour_only():
    X, y, Q, _ = data(n=40)
    knn = KNeighborsClassifier(1, weights="distance").fit(X, y)
    assert ew.radius(knn, Q).distance == pytest.approx(ew.radius(KNeighborsClassifier(1).fit(X, y), Q))
    for weights in ("distance", lambda away: 1 / (1 + away)):
        knn = KNeighborsClassifier(3, weights=weights).fit(X, y)
        with pytest.raises(InputError, match="weights"):
            ew.radius(knn, Q)


@pytest.mark.parametrize("k", [2, 4])
def test_tied_votes_go_where_the_model_sends_them(k):
    X, y, Q, rng = data(n=40, d=2)
    knn = KNeighborsClassifier(k).fit(X, y)
    radius, own = ew.radius(knn, Q).distance, knn.predict(Q)
    way = rng.normal(size=(400, 2))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    for x, c, r in zip(Q, own, radius, strict=True):
        assert (knn.predict(x + way * rng.random((400, 1)) * r * (1 - 1e-6)) == c).all()
        assert (knn.predict(x + way * r * 1.5) != c).any()


class Counted(KNeighborsClassifier):
    """Counts the rows it is asked about; its own class, so that its first labels are not taken from the index."""

    @functools.wraps(KNeighborsClassifier.predict)
    def predict(self, X):
        self.asked_ = getattr(self, "asked_", 0) + len(X)
        return super().predict(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_first_labels_are_the_models_own_and_ask_only_at_ties(dtype):
    X, y, Q, _ = data(n=60)
    knn = KNeighborsClassifier(1).fit(X.astype(dtype), y)
    middle = (X[:1] + X[np.flatnonzero(y != y[0])[:1]]) / 2  # as near to two classes
    rows = np.concatenate([Q, X, middle]).astype(dtype)
    access = Access.to(knn, len(rows))
    assert np.array_equal(first_labels(access, rows), knn.predict(rows))
    assert access.queries[: len(Q)].sum() == 0
    tied = KNeighborsClassifier(1).fit([[0.0], [2.0]], [0, 1])
    access = Access.to(tied, 2)
    assert first_labels(access, np.array([[1.0], [0.5]])).tolist() == tied.predict([[1.0], [0.5]]).tolist()
    assert access.queries.tolist() == [1, 0]


def test_the_model_is_asked_once_about_what_is_returned():
    X, y, Q, _ = data(n=60)
    adv = ew.attack(KNeighborsClassifier(1).fit(X, y), Q, "region-exact", rng=0)
    assert (adv.queries == 1).all()
    assert adv.found.all()
    counted = Counted(1).fit(X, y)
    again = ew.attack(counted, Q, "region-exact", rng=0)
    assert counted.asked_ == again.queries.sum() == 2 * len(Q)
    assert np.array_equal(again.points, adv.points)


def test_an_attack_cannot_pass_off_another_row_as_answered():
    heard = Heard(2)
    heard.put(np.arange(2), np.array([[1.0], [np.nan]]), np.array(["a", "b"]))
    assert heard.same(np.arange(2), np.array([[1.0], [np.nan]])).all()
    assert not heard.same(np.arange(1), np.array([[np.nextafter(1.0, 2)]])).any()
    assert not heard.same(np.arange(1), np.array([[1.0]], np.float32)).any()
    assert heard.same(np.array([1, 0]), np.array([[1.0], [1.0]])).tolist() == [False, True]


def test_rows_already_labelled_otherwise_change_nothing_for_the_others():
    rng = np.random.default_rng(4)
    X, Q = rng.random((300, 30)), rng.random((40, 30))
    knn = KNeighborsClassifier(1).fit(X, rng.integers(0, 3, 300))
    wanted = knn.predict(Q)
    wanted[::3] = (wanted[::3] + 1) % 3
    some, alone = ew.attack(knn, Q, y=wanted, rng=0), ew.attack(knn, Q, rng=0)
    rest = np.arange(40) % 3 > 0
    assert (some.status[~rest] == "already").all()
    assert np.array_equal(some.points[rest], alone.points[rest])
    assert np.array_equal(some.lower[rest], alone.lower[rest])
    assert ew.radius(knn, Q).lower == pytest.approx(alone.lower, rel=1e-12)
