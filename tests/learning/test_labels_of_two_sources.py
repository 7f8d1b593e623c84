"""Start labels, answers and a victim's labels meet: one class where equal, refused where they cannot be."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.learning.answer import OracleError
from edgewise.learning.metrics import agreement
from edgewise.learning.oracle import Callback, GroundTruth, ask


X = np.random.default_rng(0).normal(size=(100, 2))
Y = (X[:, 0] > 0).astype(int)


def learned(oracle, start, model=None):
    model = LogisticRegression() if model is None else model
    return list(ew.learn(model, X, oracle, "random", batch=10, budget=20, rng=0, start=(X[:10], start)))[-1]


@pytest.mark.parametrize(
    "answers", [Y.astype(float), Y.astype(np.int8), Y > 0, Y.astype(object), pd.Series(Y, dtype="Int64")]
)
def test_equal_numbers_are_one_class(answers):
    assert len(learned(GroundTruth(answers), Y[:10]).model.classes_) == 2


@pytest.mark.parametrize(
    ("start", "answers", "said"),
    [
        (Y[:10], np.where(Y, "pos", "neg"), "words and numbers"),
        (Y[:10].astype(str), Y.astype(float), "words and numbers"),
        (np.where(Y[:10], "Stay", "Go"), np.where(Y, "stay", "go"), "case or spaces"),
        (np.where(Y[:10], "a", None), np.where(Y, "a", "b"), "missing"),
        (Y[:10] + 0.5, Y, "real numbers"),
    ],
)
def test_labels_that_cannot_be_joined_are_refused(start, answers, said):
    with pytest.raises(InputError, match=said):
        learned(GroundTruth(answers), start)


def test_a_longer_word_comes_whole_whenever_it_comes():
    late = np.where(np.arange(100) < 90, "no", "perhaps")
    final = learned(GroundTruth(late), late[:10])
    assert set(final.balance) <= {"no", "perhaps"}


def test_a_model_needs_fit_and_predict_alone():
    class Mean:
        def fit(self, X, y):
            self.labels = np.unique(y)
            return self

        def predict(self, X):
            return self.labels[(X[:, 0] > 0).astype(int)]

    model = Mean()
    assert learned(GroundTruth(Y), Y[:10], model).n_labelled == 30
    assert not hasattr(model, "labels")
    data = ew.Dataset("m", ew.Split(X, Y), ew.Split(X[:0], Y[:0]), ew.Split(X, Y), None, ("0", "1"), "s", "l")
    out = ew.retrain(
        Mean().fit(X, Y), Mean(), data, attack=ew.attacks.Opt(budget=40), budget=20, base=data.train, rng=0
    )
    assert out.accuracy == 1


def test_a_victim_of_words_and_data_of_numbers_are_refused():
    words = np.array(["no", "yes"])
    data = ew.Dataset("m", ew.Split(X, Y), ew.Split(X[:0], Y[:0]), ew.Split(X, Y), None, ("0", "1"), "s", "l")
    with pytest.raises(InputError, match="the victim's labels"):
        ew.retrain(
            lambda Z: words[(Z[:, 0] > 0).astype(int)],
            LogisticRegression(),
            data,
            attack=ew.attacks.Opt(budget=40),
            budget=20,
            rng=0,
        )
    with pytest.raises(InputError, match="words and numbers"):
        agreement(lambda Z: words[(Z[:, 0] > 0).astype(int)], lambda Z: (Z[:, 0] > 0).astype(int), X)
    with pytest.raises(InputError, match="words and numbers"):
        ew.attack(
            lambda Z: words[(Z[:, 0] > 0).astype(int)], X[:5], ew.attacks.Opt(budget=30), y=Y[:5], rng=0
        )


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(["a", "b", pd.NA] * 2, dtype="string"),
        pd.Series([True, False, None] * 2, dtype="boolean"),
        ["a", "b", None] * 2,
        np.ma.array([1, 2, 3] * 2, mask=[0, 0, 1] * 2),
        [1, 2, float("nan")] * 2,
    ],
    ids=lambda labels: type(labels).__name__,
)
def test_missing_labels_are_not_answered_and_not_paid(labels):
    for oracle, index in ((GroundTruth(labels), np.arange(6)), (Callback(lambda Z: labels), None)):
        answer = ask(oracle, X[:6], index)
        assert answer.rows.tolist() == [0, 1, 3, 4]
        assert answer.cost.labels == 4


def test_an_answer_of_another_kind_keeps_what_was_paid_before():
    given = iter([[0, 1], ["a", "b"]])
    with pytest.raises(OracleError, match="words") as caught:
        ask(Callback(lambda Z: next(given), chunk=2), X[:4])
    assert caught.value.answer.labels.tolist() == [0, 1]
