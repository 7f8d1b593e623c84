"""Every check rejects its broken twin: a component that breaks just the promise the check is about."""

import dataclasses
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from edgewise.attacks import attack
from edgewise.data import load
from edgewise.data.dataset import Split
from edgewise.strategies.selecting import query
from edgewise.testing import ATTACK_CHECKS, DATASET_CHECKS, MODEL_CHECKS, STRATEGY_CHECKS, AttackProblem


good_attack = partial(attack, attack="direct")
good_load = partial(load, "halfmoon", train=30, held_out=5, test=10)
good_query = partial(query, strategy="margin")


def changed(**changes):
    """Tamper with the result of a good attack."""

    def tampered(model, X, **keywords):
        adv = good_attack(model, X, **keywords)
        return dataclasses.replace(adv, **{name: change(adv) for name, change in changes.items()})

    return tampered


def unseeded(model, X, **keywords):
    adv = good_attack(model, X, **keywords)
    return dataclasses.replace(adv, points=adv.points + np.random.default_rng().normal(0, 1e-9, X.shape))


def scribbling(model, X, **keywords):
    adv = good_attack(model, X.copy(), **keywords)
    X += 1
    return adv


def batch_bound(model, X, **keywords):
    adv = good_attack(model, X, **keywords)
    return dataclasses.replace(adv, points=adv.points + X.mean())


def shape_losing(model, X, **keywords):
    adv = good_attack(model, X, **keywords)
    return dataclasses.replace(adv, points=adv.points[0]) if len(X) == 1 else adv


ATTACK_TWINS = {
    "crosses": changed(points=lambda adv: adv.source),
    "fails_openly": changed(found=lambda adv: np.append(False, adv.found[1:])),
    "measures": changed(distance=lambda adv: adv.distance * 0.9),
    "stays_in_box": changed(points=lambda adv: adv.points + 2),
    "repeats": unseeded,
    "touches_nothing": scribbling,
    "counts": changed(queries=lambda adv: adv.queries - 1),
    "skips_the_already_wrong": changed(status=lambda adv: np.full(len(adv.found), "crossed")),
    "keeps_the_dtype": changed(points=lambda adv: adv.points.astype(float)),
    "takes_one": shape_losing,
    "ignores_batch_mates": batch_bound,
}


@pytest.mark.parametrize("check", ATTACK_CHECKS, ids=lambda check: check.__name__)
def test_attack_checks_reject_their_twin(check):
    with pytest.raises(AssertionError):
        check(ATTACK_TWINS[check.__name__], AttackProblem.neighbours())


def data_with(**changes):
    def tampered(rng):
        data = good_load(rng=rng)
        plain = SimpleNamespace(
            **{field.name: getattr(data, field.name) for field in dataclasses.fields(data)}
        )
        for name, change in changes.items():
            setattr(plain, name, change(data))
        return plain

    return tampered


def poisoned(data):
    X = data.test.X.copy()
    X[0] = np.nan
    return Split(X, data.test.y)


DATA_TWINS = {
    "is_finite_and_labelled": data_with(test=poisoned),
    "names_every_class": data_with(classes=lambda data: data.classes[:1]),
    "is_read_only": data_with(train=lambda data: Split(data.train.X.copy(), data.train.y)),
    "obeys_its_box": data_with(box=lambda data: AttackProblem.neighbours().box),
    "repeats": lambda rng: good_load(rng=np.random.default_rng().integers(2**31)),
    "says_where_it_is_from": data_with(licence=lambda data: ""),
}


@pytest.mark.parametrize("check", DATASET_CHECKS, ids=lambda check: check.__name__)
def test_dataset_checks_reject_their_twin(check):
    check(lambda rng: good_load(rng=rng))
    with pytest.raises(AssertionError):
        check(DATA_TWINS[check.__name__])


class Constant(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Forgetful(KNeighborsClassifier):
    """Its clones differ from it."""

    made = 0

    def fit(self, X, y):
        type(self).made += 1
        return super().fit(X, np.roll(y, type(self).made))


class Scribbler(KNeighborsClassifier):
    def fit(self, X, y):
        super().fit(X.copy(), y.copy())
        X += 1
        return self


class Steep(KNeighborsClassifier):
    def scores_and_pullback(self, X):
        return np.asarray(X[:, :2]), lambda weights: np.zeros(X.shape)


MODEL_TWINS = {"learns": Constant, "clones": Forgetful, "leaves_data_alone": Scribbler, "pulls_back": Steep}


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_model_checks_reject_their_twin(check):
    check(partial(KNeighborsClassifier, 3))
    with pytest.raises(AssertionError):
        check(MODEL_TWINS[check.__name__])


def asked_with(**changes):
    def tampered(*args, **keywords):
        answer = good_query(*args, **keywords)
        return dataclasses.replace(answer, **{name: change(answer) for name, change in changes.items()})

    return tampered


def moody(*args, **keywords):
    return query(*args, **(keywords | {"strategy": "random", "rng": np.random.default_rng().integers(2**31)}))


def pool_eater(model, pool, n, **keywords):
    answer = good_query(model, pool.copy(), n, **keywords)
    pool[:] = 0
    return answer


STRATEGY_TWINS = {
    "picks_distinct_rows": asked_with(index=lambda answer: np.zeros_like(answer.index)),
    "gives_fields_of_one_length": asked_with(score=lambda answer: answer.score[:1]),
    "repeats": moody,
    "touches_nothing": pool_eater,
}


@pytest.mark.parametrize("check", STRATEGY_CHECKS, ids=lambda check: check.__name__)
def test_strategy_checks_reject_their_twin(check):
    check(good_query)
    with pytest.raises(AssertionError):
        check(STRATEGY_TWINS[check.__name__])
