"""The attack frame verifies, counts, and refuses bad input with a sentence that helps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise import InputError, attack, radius
from edgewise.attacks.frame import Proposal
from edgewise.models.access import Access, BudgetError


knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [1.0, 0.0]], [0, 1])


def step(X):
    """A callable victim: 1 to the right of 0."""
    return (X[:, 0] > 0).astype(int)


def test_what_does_not_cross_is_never_reported_as_if_it_did():
    adv = attack(step, [[-1.0, 0.0], [-0.05, 0.0]], lambda model, X, y: X + np.array([0.1, 0]), rng=0)
    assert adv.found.tolist() == [False, True]
    assert adv.status.tolist() == ["failed", "crossed"]
    assert adv.distance[0] == np.inf
    assert adv.distance[1] == pytest.approx(0.1)
    assert adv.points[0].tolist() == [-1.0, 0.0]


def test_nan_points_are_failures():
    adv = attack(step, [[-1.0, 0.0]], lambda model, X, y: X * np.nan, rng=0)
    assert not adv.found[0]
    assert np.isfinite(adv.points).all()


def test_points_are_clipped_to_the_box_before_they_are_verified():
    adv = attack(step, [[-1.0, 0.0]], lambda model, X, y: X + 5, box=([-2, 0], [-0.5, 1]), rng=0)
    assert adv.status.tolist() == ["failed"]


def test_queries_count_source_label_method_and_verification():
    adv = attack(knn, [[0.2, 0.0]], ew.attacks.Direct(steps=5), rng=0)
    assert adv.queries.tolist() == [1 + 1 + 5 + 1]


def test_all_already_wrong_asks_nothing_more():
    adv = attack(knn, [[0.2, 0.0]], "direct", y=[1], rng=0)
    assert adv.status.tolist() == ["already"]
    assert adv.queries.tolist() == [1]
    assert adv.distance.tolist() == [0.0]


def test_scale_moves_along_the_same_line():
    adv = attack(knn, [[0.2, 0.0]], "direct", rng=0)
    assert np.allclose(adv.at(0.5), [[0.35, 0.0]], atol=1e-6)
    assert np.allclose(adv.at(0), [[0.2, 0.0]])
    assert adv.at(10, box=(0, 1)).max() <= 1
    with pytest.raises(InputError, match="scale must be a finite number of at least 0; got -1"):
        adv.at(-1)


def test_labels_may_be_strings_and_integers_become_floats():
    model = KNeighborsClassifier(1).fit([[0], [4]], ["no", "yes"])
    adv = attack(model, np.array([[1]]), "direct", rng=0)
    assert adv.source_label.tolist() == ["no"]
    assert adv.label.tolist() == ["yes"]
    assert adv.points.dtype == np.float64


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[np.nan, 0.0]], "NaN or infinite values in 1 of 1 rows"),
        ([[np.inf, 0.0]], "NaN or infinite"),
        ([0.0, 1.0], "must be 2-d"),
        (np.zeros((0, 2)), "is empty"),
        ([["a", "b"]], "must hold real numbers"),
    ],
)
def test_bad_samples(X, message):
    with pytest.raises(InputError, match=message):
        attack(knn, X, "direct", rng=0)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"y": [0, 1]}, r"one label per row, shape \(1,\)"),
        ({"y": [7]}, r"labels the model does not know: \[7\]; it knows \[0, 1\]"),
        ({"box": (1, 0)}, "low <= high"),
        ({"box": (0.5, 1)}, "lie outside the box"),
        ({"box": 3}, "None or a pair"),
        ({"box": ([0, 0, 0], 1)}, "one number for each of the 2 features"),
        ({"rng": -1}, "non-negative integer seed"),
    ],
)
def test_bad_arguments(keywords, message):
    with pytest.raises(InputError, match=message):
        attack(knn, [[0.2, 0.0]], "direct", **keywords)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (KNeighborsClassifier(1), "KNeighborsClassifier is not fitted; call its fit"),
        (KNeighborsClassifier, "not the class KNeighborsClassifier"),
        (3, "must be a fitted classifier"),
        (lambda X: np.zeros((len(X), 2, 2)), "expected one label per row, shape"),
        (lambda X: np.full(len(X), np.nan), "NaN or infinite"),
    ],
)
def test_bad_models(model, message):
    with pytest.raises(InputError, match=message):
        attack(model, [[0.2, 0.0]], "opt", rng=0)


@pytest.mark.parametrize(
    "model",
    [
        LinearSVC(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        DecisionTreeClassifier(),
        KNeighborsClassifier(1),
        GaussianNB(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_that_is_not_fitted_is_named_before_an_attack_is_chosen(model):
    for call in (attack, radius):
        with pytest.raises(InputError, match="is not fitted; call its fit"):
            call(model, [[0.2, 0.0]])


def test_unknown_attack_names_the_nearest():
    with pytest.raises(InputError, match="unknown attack 'regionexact'; did you mean 'region-exact'"):
        attack(knn, [[0.2, 0.0]], "regionexact", rng=0)


def test_an_attack_that_needs_more_says_which_question_went_unanswered():
    svc = LinearSVC().fit([[0.0, 0.0], [1.0, 0.0]], [0, 1])
    with pytest.raises(InputError, match=r"training points of a KNeighborsClassifier, alone.*got LinearSVC"):
        attack(svc, [[0.2, 0.0]], "direct", rng=0)
    with pytest.raises(InputError, match="knows the Euclidean metric only"):
        attack(
            KNeighborsClassifier(1, metric="manhattan").fit([[0.0], [1.0]], [0, 1]), [[0.2]], "direct", rng=0
        )


def test_a_foreign_attack_must_keep_the_shape():
    with pytest.raises(InputError, match="returned shape"):
        attack(step, [[-1.0, 0.0]], lambda model, X, y: X[:, :1], rng=0)


def test_a_budget_is_refused_before_it_is_passed():
    access = Access.to(step, 1, budget=3)
    access.labels(np.zeros((3, 2)), np.zeros(3, dtype=int))
    with pytest.raises(BudgetError):
        access.labels(np.zeros((1, 2)))
    assert access.queries.tolist() == [3]


def test_a_proposal_cannot_lie_about_crossing():
    class Liar:
        norm = 2

        def __call__(self, model, X, y, *, box, seed, advance):
            return Proposal(X, lower=np.zeros(len(X)))

    assert not attack(step, [[-1.0, 0.0]], Liar(), rng=0).found.any()


@given(arrays(float, (6, 2), elements=st.floats(-5, 5, width=32)), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_whatever_is_proposed_the_result_is_true(moved, seed):
    X = np.random.default_rng(seed).normal(size=(6, 2))
    adv = attack(step, X, lambda model, X, y: moved, box=(-9, 9), rng=0)
    answered = step(adv.points)
    assert (answered == adv.label).all()
    assert (adv.found == (answered != adv.source_label)).all()
    assert np.isfinite(adv.distance[adv.found]).all()
