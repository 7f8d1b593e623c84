"""Kernel models: scikit-learn's own contract, brute force, scikit-learn as oracle, finite differences."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Matern
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel
from sklearn.utils.estimator_checks import check_estimator

import edgewise
from edgewise.arrays import InputError
from edgewise.models import kernels
from edgewise.models.access import class_scores
from edgewise.models.kernel_ridge import KernelRidgeClassifier
from edgewise.models.kernels import KERNELS, SMOOTHING, kernel
from edgewise.models.nadaraya_watson import NadarayaWatsonClassifier, soft_neighbours


WINDOWS = {
    "box": lambda u: float(u <= 1),
    "epanechnikov": lambda u: max(0.0, 1 - u**2),
    "gaussian": lambda u: float(np.exp(-(u**2) / 2)),
}
MODELS = [NadarayaWatsonClassifier(name, 0.9) for name in SMOOTHING] + [
    KernelRidgeClassifier(name, 0.7, 0.3) for name in KERNELS
]


def problem(classes=2, n=40, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), np.arange(n) % classes, rng.normal(size=(15, d))


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_they_are_scikit_learn_estimators(model):
    check_estimator(clone(model), on_skip=None)


def test_check_estimator_rejects_a_broken_twin():
    class Mutating(NadarayaWatsonClassifier):
        def fit(self, X, y, sample_weight=None):
            self.bandwidth = 2 * self.bandwidth
            return super().fit(X, y, sample_weight)

    with pytest.raises(AssertionError):
        check_estimator(Mutating(), on_skip=None)


def brute_nadaraya_watson(window, h, X, y, weights, x, classes):
    votes = np.zeros(classes)
    for z, label, weight in zip(X, y, weights, strict=True):
        votes[label] += weight * window(np.sqrt(np.sum((x - z) ** 2)) / h)
    if votes.sum() == 0:
        votes = np.bincount(y, weights, minlength=classes)
    return votes / votes.sum()


@pytest.mark.parametrize("name", SMOOTHING)
@pytest.mark.parametrize("classes", [2, 4])
def test_nadaraya_watson_is_the_sum_written_out(name, classes):
    X, y, asked = problem(classes)
    asked = np.concatenate([asked, X[:3], X[:1] + 1e3])
    weights = np.random.default_rng(5).uniform(0, 2, len(X))
    model = NadarayaWatsonClassifier(name, 0.8).fit(X, y, weights)
    expected = np.array([brute_nadaraya_watson(WINDOWS[name], 0.8, X, y, weights, x, classes) for x in asked])
    if name == "gaussian":
        nearest = np.argmin(np.sum((X - asked[-1]) ** 2, axis=1))
        expected[-1] = np.eye(classes)[y[nearest]]
    np.testing.assert_allclose(model.predict_proba(asked), expected, rtol=1e-9, atol=1e-12)
    regressed = expected[:, 1] if classes == 2 else expected
    np.testing.assert_allclose(model.regress(asked), regressed, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(model.predict(asked), np.argmax(expected, axis=1))


def test_an_empty_window_answers_the_prior_and_the_edge_of_the_box_counts():
    X, y = [[0.0], [1.0], [2.0]], ["b", "a", "a"]
    for name in ("box", "epanechnikov"):
        model = NadarayaWatsonClassifier(name, 0.5).fit(X, y)
        np.testing.assert_allclose(model.predict_proba([[9.0]]), [[2 / 3, 1 / 3]])
        assert model.predict([[9.0]]).tolist() == ["a"]
        assert np.all(model.scores_and_pullback([[9.0]])[1](np.ones((1, 2))) == 0)
    at_edge = NadarayaWatsonClassifier("box", 0.5).fit(X, y).predict_proba([[-0.5]])
    np.testing.assert_array_equal(at_edge, [[0, 1]])
    far = NadarayaWatsonClassifier("gaussian", 1e-3).fit(X, y).predict_proba([[1e6], [-1e6]])
    np.testing.assert_array_equal(far, [[1, 0], [0, 1]])


def test_weights_are_votes_and_a_weight_of_nought_leaves_a_point_out():
    X, y, asked = problem()
    doubled = NadarayaWatsonClassifier("epanechnikov").fit(np.repeat(X, 2, axis=0), np.repeat(y, 2))
    weighted = NadarayaWatsonClassifier("epanechnikov").fit(X, y, np.full(len(X), 2.0))
    np.testing.assert_allclose(weighted.regress(asked), doubled.regress(asked))
    votes = np.arange(len(X)) >= 5
    for model in MODELS:
        np.testing.assert_allclose(
            clone(model).fit(X, y, votes).regress(asked),
            clone(model).fit(X[5:], y[5:]).regress(asked),
            atol=1e-12,
        )


def test_the_soft_neighbours_are_equation_10():
    X, y, asked = problem()
    c = 0.37
    votes = np.exp(-((asked[:, None] - X) ** 2).sum(axis=2) / c)
    np.testing.assert_allclose(soft_neighbours(c).fit(X, y).regress(asked), votes @ y / votes.sum(axis=1))


def sklearn_matrix(name, scale, X, Z):
    if name == "linear":
        return X @ Z.T
    if name == "rbf":
        return rbf_kernel(X, Z, gamma=1 / (2 * scale**2))
    if name == "laplacian":
        return laplacian_kernel(X, Z, gamma=1 / scale)
    return Matern(scale, nu={"1": 0.5, "3": 1.5, "5": 2.5}[name[7]])(X, Z)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("classes", [2, 3])
def test_kernel_ridge_is_scikit_learns_on_labels_less_a_half(name, classes):
    X, y, asked = problem(classes)
    np.testing.assert_allclose(kernel(name, 0.7)(asked, X), sklearn_matrix(name, 0.7, asked, X), atol=1e-12)
    weights = np.random.default_rng(1).uniform(0.1, 2, len(X))
    targets = (y[:, None] == (np.arange(classes) if classes > 2 else [1])) - 0.5
    oracle = KernelRidge(alpha=0.3, kernel="precomputed")
    oracle.fit(sklearn_matrix(name, 0.7, X, X), targets, weights)
    expected = 0.5 + oracle.predict(sklearn_matrix(name, 0.7, asked, X))
    model = KernelRidgeClassifier(name, 0.7, 0.3).fit(X, y, weights)
    np.testing.assert_allclose(model.regress(asked), expected if classes > 2 else expected[:, 0], atol=1e-9)
    labels = np.argmax(expected, axis=1) if classes > 2 else (expected[:, 0] > 0.5).astype(int)
    np.testing.assert_array_equal(model.predict(asked), labels)


def test_a_large_ridge_shrinks_to_a_half_and_keeps_the_order():
    X, y, asked = problem()
    model = KernelRidgeClassifier("rbf", 1.0, 1e9).fit(X, y)
    np.testing.assert_allclose(model.regress(asked), 0.5, atol=1e-6)
    assert set(model.predict(asked)) == {0, 1}
    # Without the half, every estimate would be below it: the broken twin answers one class everywhere.
    twin = KernelRidge(alpha=1e9, kernel="rbf", gamma=0.5).fit(X, y)
    assert set(twin.predict(asked) > 0.5) == {False}


def finite_differences(model, x, weights, step=1e-6):
    up, down = (model.scores_and_pullback(x + sign * step * np.eye(x.shape[1]))[0] for sign in (1, -1))
    return (up - down) @ weights / (2 * step)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("model", MODELS, ids=str)
def test_the_pullback_is_the_gradient_of_the_scores(model, classes):
    X, y, asked = problem(classes)
    fitted = clone(model).fit(X, y)
    weights = np.random.default_rng(2).normal(size=(len(asked), classes))
    scores, pullback = fitted.scores_and_pullback(asked)
    gradient = pullback(weights)
    assert gradient.shape == asked.shape
    expected = np.array([finite_differences(fitted, x[None], w) for x, w in zip(asked, weights, strict=True)])
    np.testing.assert_allclose(gradient, expected, atol=2e-8, rtol=1e-6)
    np.testing.assert_allclose(scores, class_scores(fitted, asked))
    np.testing.assert_array_equal(fitted.classes_[np.argmax(scores, axis=1)], fitted.predict(asked))
    if model.kernel != "box":
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(2 * gradient, expected, atol=2e-8, rtol=1e-6)


@pytest.mark.parametrize("name", [*SMOOTHING, "matern-1/2", "laplacian"])
def test_the_gradient_at_a_training_point_is_finite(name):
    X, y, _ = problem()
    kind = NadarayaWatsonClassifier if name in SMOOTHING else KernelRidgeClassifier
    gradient = kind(name).fit(X, y).scores_and_pullback(X)[1](np.ones((len(X), 2)) * [1.0, -1.0])
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_blocks_change_nothing(model, monkeypatch):
    X, y, asked = problem(3)
    weights = np.ones((len(asked), 3)) * [1.0, 0.5, -1.0]
    whole = clone(model).fit(X, y)
    scores, pullback = whole.scores_and_pullback(asked)
    gradient = pullback(weights)
    monkeypatch.setattr(kernels, "BLOCK_BYTES", 8 * len(X) * 2)
    assert len(kernels.blocks(len(asked), len(X))) == 8
    cut = clone(model).fit(X, y).scores_and_pullback(asked)
    np.testing.assert_allclose(cut[0], scores, atol=1e-12)
    np.testing.assert_allclose(cut[1](weights), gradient, atol=1e-12)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_strings_integers_and_float32_are_taken_and_nothing_is_changed(model):
    X, y, asked = problem()
    names = np.array(["left", "right"])[y]
    before = X.copy()
    fitted = clone(model).fit(X, names)
    expected = fitted.predict(asked)
    np.testing.assert_array_equal(X, before)
    assert set(expected) <= {"left", "right"}
    single = clone(model).fit(X.astype(np.float32), names)
    np.testing.assert_allclose(single.regress(asked.astype(np.float32)), fitted.regress(asked), atol=1e-4)
    whole = clone(model).fit((10 * X).astype(int), names)
    assert np.isfinite(whole.regress((10 * asked).astype(int))).all()


@given(st.integers(0, 10**6), st.sampled_from(list(SMOOTHING)), st.floats(0.01, 100))
@settings(max_examples=40, deadline=None)
def test_shares_are_probabilities_wherever_one_asks(seed, name, bandwidth):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(12, 2)) * 10.0 ** rng.integers(-3, 4)
    model = NadarayaWatsonClassifier(name, bandwidth).fit(X, np.arange(12) % 3)
    shares = model.predict_proba(rng.normal(size=(6, 2)) * 10.0 ** rng.integers(-3, 7))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert ((shares >= 0) & (shares <= 1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel": "gausian"}, "did you mean 'gaussian'"),
        ({"bandwidth": 0.0}, "bandwidth must be a positive"),
        ({"bandwidth": float("nan")}, "bandwidth must be a positive"),
    ],
)
def test_nadaraya_watson_refuses_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        NadarayaWatsonClassifier(**settings).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel": "matern"}, "did you mean 'matern-"),
        ({"scale": -1.0}, "scale must be a positive"),
        ({"alpha": -1.0}, "alpha must be a finite number"),
    ],
)
def test_kernel_ridge_refuses_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        KernelRidgeClassifier(**settings).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("model", [NadarayaWatsonClassifier(), KernelRidgeClassifier()], ids=str)
def test_bad_data_are_refused(model):
    X, y = [[0.0], [1.0]], [0, 1]
    for given_X, given_y, weights, message in [
        (X, [1, 1], None, "at least two classes"),
        (X, y, [1.0, 0.0], "at least two classes"),
        (X, y, [1.0, -1.0], "of at least 0"),
        (X, y, [1.0], "one number per row"),
        ([[np.nan], [1.0]], y, None, "NaN"),
        ([[0.0]], y, None, "inconsistent"),
    ]:
        with pytest.raises(ValueError, match=message):
            clone(model).fit(given_X, given_y, weights)
    with pytest.raises(ValueError, match="features"):
        clone(model).fit(X, y).regress([[0.0, 1.0]])


def test_a_singular_matrix_and_too_little_memory_say_what_to_do(monkeypatch):
    with pytest.raises(InputError, match="larger alpha"):
        KernelRidgeClassifier("linear", alpha=0.0).fit([[0.0], [1.0], [2.0]], [0, 1, 1])
    monkeypatch.setattr(os, "sysconf", lambda name: 1)
    with pytest.raises(InputError, match="train on a subset"):
        KernelRidgeClassifier().fit([[0.0], [1.0]], [0, 1])


def test_they_are_public_and_registered():
    from edgewise.models import MODELS as ROWS

    assert edgewise.models.NadarayaWatsonClassifier is NadarayaWatsonClassifier
    assert edgewise.models.KernelRidgeClassifier is KernelRidgeClassifier
    assert isinstance(ROWS["nadaraya-watson"].make(kernel="box"), NadarayaWatsonClassifier)
    assert ROWS["kernel-ridge"].make(kernel="linear").kernel == "linear"
    assert ROWS["k-nn"].make(n_neighbors=1).n_neighbors == 1
    with pytest.raises(InputError, match="did you mean 'kernel'"):
        ROWS["kernel-ridge"].make(kernl="linear")
