"""What people bring as a model: read rightly, or refused with a sentence."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.svm import SVC, NuSVC
from sklearn.tree import DecisionTreeClassifier

from edgewise.arrays import InputError
from edgewise.models.access import Access
from edgewise.models.answers import UnansweredError, check_fitted, class_scores, known_classes, predict


X, Y = make_blobs(120, centers=4, random_state=3, cluster_std=2.5)
TWO = (X[:, 0] > X[:, 0].mean()).astype(int)
SEVERAL = np.c_[TWO, X[:, 1] > 0].astype(int)


class Answers:
    """No scikit-learn class: a model is what answers ``predict``."""

    def __init__(self, function):
        self.function = function

    def fit(self, X, y):
        return self

    def predict(self, X):
        return self.function(X)


@pytest.mark.parametrize("wrap", [lambda f: f, Answers], ids=["callable", "predict only"])
@pytest.mark.parametrize(
    ("function", "labels"),
    [
        (lambda Z: ["yes" if z[0] > 0 else "no" for z in Z], ["yes", "no"]),
        (lambda Z: (Z[:, 0] > 0).astype(np.int8), [1, 0]),
        (lambda Z: (Z[:, :1] > 0).astype(float), [1.0, 0.0]),
        (lambda Z: np.c_[-Z[:, 0], Z[:, 0]], [1, 0]),
        (lambda Z: np.eye(2, dtype=int)[(Z[:, 0] > 0).astype(int)], [1, 0]),
        (lambda Z: pd.Series(Z[:, 0] > 0, dtype="boolean"), [True, False]),
        (lambda Z: pd.Series(np.where(Z[:, 0] > 0, "yes", "no"), dtype="category"), ["yes", "no"]),
    ],
)
def test_answers_that_are_read(wrap, function, labels):
    assert predict(wrap(function), np.array([[2.0, 0], [-2.0, 0]])).tolist() == labels


@pytest.mark.parametrize("wrap", [lambda f: f, Answers], ids=["callable", "predict only"])
@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda Z: 1 / (1 + np.exp(-Z[:, :1])), "real numbers"),
        (lambda Z: 1 / (1 + np.exp(-Z[:, 0])), "real numbers"),
        (lambda Z: np.ones((len(Z), 2), int), "several labels"),
        (lambda Z: np.full((len(Z), 2), "a"), "labels per row"),
        (lambda Z: ["a", None], "missing"),
        (lambda Z: ["a", 1], "words"),
        (lambda Z: np.full(len(Z), np.nan), "NaN"),
        (lambda Z: Z[:1, 0], "shape"),
        (lambda Z: [[1], [1, 2]], "no labels"),
        (lambda Z: {}["missing"], "KeyError"),
        (lambda Z: None, "shape|no labels"),
    ],
)
def test_answers_that_are_refused(wrap, function, said):
    with pytest.raises(InputError, match=said):
        predict(wrap(function), np.array([[2.0, 0], [-2.0, 0]]))


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression().fit(X, TWO),
        make_pipeline(StandardScaler(), LinearRegression()).fit(X, TWO),
        GridSearchCV(LinearRegression(), {"fit_intercept": [True]}, cv=2).fit(X, TWO),
        KMeans(2, n_init=1, random_state=0).fit(X),
        KNeighborsClassifier(1).fit(X, SEVERAL),
        DecisionTreeClassifier().fit(X, SEVERAL),
        OneVsRestClassifier(LogisticRegression()).fit(X, SEVERAL),
        MLPClassifier((2,), max_iter=300, random_state=0, solver="lbfgs", tol=1).fit(X, SEVERAL),
        RidgeClassifier().fit(X, SEVERAL),
        StandardScaler().fit(X),
        LogisticRegression(),
        LogisticRegression,
        3,
    ],
    ids=lambda model: str(model)[:40],
)
def test_what_is_no_fitted_classifier_of_one_label_is_refused_before_it_is_asked(model):
    with pytest.raises(InputError):
        check_fitted(model)


@pytest.mark.parametrize("kind", [SVC, NuSVC])
@pytest.mark.parametrize("labels", [Y, Y % 3, np.array(["d", "b", "a", "c"])[Y]], ids=["4", "3", "words"])
def test_pairs_of_an_svc_are_votes_for_classes(kind, labels):
    model = kind(nu=0.3) if kind is NuSVC else kind()
    ovo = make_pipeline(StandardScaler(), model.set_params(decision_function_shape="ovo")).fit(X, labels)
    scores = class_scores(ovo, X)
    assert scores.shape == (len(X), len(ovo.classes_))
    assert (known_classes(ovo)[scores.argmax(axis=1)] == ovo.predict(X)).mean() > 0.98


def test_the_columns_of_scores_follow_classes_in_their_own_order():
    class Unsorted(Answers):
        classes_ = ("yes", "no")

    model = Unsorted(lambda Z: np.c_[Z[:, 0], -Z[:, 0]])
    assert predict(model, np.array([[1.0], [-1.0]])).tolist() == ["yes", "no"]
    assert class_scores(model, np.array([[1.0]])).tolist() == [[1, -1]]


@pytest.mark.parametrize(
    ("proba", "said"),
    [
        (lambda Z: np.full((len(Z), 3), 1 / 3), "3 scores per row"),
        (lambda Z: np.full((len(Z), 2), 0.9), "several labels"),
        (lambda Z: [np.full((len(Z), 2), 0.5)] * 2, "several labels"),
        (lambda Z: np.full((len(Z), 2), np.nan), "NaN"),
        (lambda Z: np.full((len(Z), 1), 7.0), "not a probability"),
    ],
)
def test_scores_that_do_not_fit_the_classes_are_refused(proba, said):
    model = Answers(lambda Z: np.zeros(len(Z), int))
    model.classes_, model.predict_proba = np.array([0, 1]), proba
    with pytest.raises(InputError, match=said):
        class_scores(model, X)


def test_one_column_of_probability_is_that_of_the_second_class():
    model = Answers(lambda Z: np.zeros(len(Z), int))
    model.classes_, model.predict_proba = np.array(["no", "yes"]), lambda Z: np.full((len(Z), 1), 0.75)
    assert class_scores(model, X[:1]).tolist() == [[0.25, 0.75]]


def test_a_callable_that_writes_into_its_rows_does_not_reach_the_callers():
    def careless(Z):
        Z -= 1
        return (Z[:, 0] > 0).astype(int)

    rows = X.copy()
    predict(careless, rows)
    assert (rows == X).all()


def test_a_search_is_what_it_found_and_a_pipeline_says_how_to_attack_its_last_step():
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1]}, cv=2).fit(X, TWO)
    assert Access.to(search, 1).neighbours().k == 1
    piped = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(X, TWO)
    assert Access.to(piped, 1).neighbours().seen is not None
    with pytest.raises(UnansweredError, match=r"model\[:-1\]\.transform"):
        Access.to(piped, 1).training_points()
    mixed = make_pipeline(Normalizer(), KNeighborsClassifier(1)).fit(X, TWO)
    with pytest.raises(UnansweredError, match=r"Normalizer is not an affine scaler.*model\[:-1\]\.transform"):
        Access.to(mixed, 1).neighbours()


@pytest.mark.parametrize("settings", [{"metric": "l2"}, {"metric": "euclidean"}, {"p": 2}])
def test_the_euclidean_metric_by_any_name(settings):
    assert Access.to(KNeighborsClassifier(1, **settings).fit(X, TWO), 1).neighbours().k == 1


def test_a_weighted_metric_is_not_euclidean():
    knn = KNeighborsClassifier(1, metric="minkowski", metric_params={"w": np.array([1.0, 9.0])}).fit(X, TWO)
    with pytest.raises(UnansweredError, match="plain Euclidean metric only"):
        Access.to(knn, 1).training_points()


def test_the_errors_of_a_model_come_with_what_it_was_given():
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = LogisticRegression().fit(frame, TWO)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InputError, match="a frame of 120 rows with the columns b, a"):
            predict(model, frame[["b", "a"]])
