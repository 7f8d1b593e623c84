"""Equal values have equal digests, in any process; what has no value is refused."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from edgewise.digests import NoValueError, digest


X = np.random.default_rng(0).normal(size=(50, 3))
Y = (X[:, 0] > 0).astype(int)

CODE = """
import numpy as np
from types import SimpleNamespace
from sklearn.ensemble import RandomForestClassifier
from edgewise.digests import digest
W = np.arange(3.0)
class Model:
    classes_ = np.array([0, 1])
    def predict(self, X): return (X @ W > 0).astype(int)
def function(model, X): return Model().predict(X)
X = np.random.default_rng(0).normal(size=(50, 3))
y = (X[:, 0] > 0).astype(int)
for thing in (Model(), Model, function, lambda m, X: X[:, 0], SimpleNamespace(words={"alpha", "beta", "gamma"}),
              RandomForestClassifier(3, random_state=0).fit(X, y), {1: None, "a": (1.5, b"x")}):
    print(digest(thing))
"""


def test_digests_are_the_same_in_another_process():
    said = [
        subprocess.run(
            [sys.executable, "-c", CODE],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": s},
        ).stdout.split()
        for s in ("1", "2")
    ]
    assert said[0] == said[1]
    assert len(set(said[0])) == 7
    assert all(text[0] == "d" and len(text) == 33 for text in said[0])


def test_values_count_and_their_reprs_do_not():
    def vote(C):
        return VotingClassifier(
            [(f"member{i}", LogisticRegression(C=C if i == 30 else 1.0)) for i in range(40)]
        )

    assert repr(vote(1e-9)) == repr(vote(1e9))
    assert digest(vote(1e-9), settings=True) != digest(vote(1e9), settings=True)
    long = np.ones(5000)
    other = long.copy()
    other[2500] = 2
    assert digest(long) == digest(long.copy()) != digest(other)
    assert digest([1]) != digest([1.0]) != digest(["1"]) != digest([True])
    assert digest({1, 2}) == digest({2, 1}) != digest([1, 2])


def test_a_model_that_was_asked_is_the_same_and_one_that_was_fitted_again_is_not():
    for model in (KNeighborsClassifier(3), RandomForestClassifier(3, random_state=0)):
        before = digest(model.fit(X, Y))
        model.predict(X)
        assert digest(model) == before
        assert digest(model, settings=True) == digest(type(model)(**model.get_params()), settings=True)
        assert digest(model.fit(X, 1 - Y)) != before


def test_what_has_no_value_is_refused():
    seen, count = [], 0

    def remembers(x):
        seen.append(x)

    def counts():
        nonlocal count
        count += 1

    for thing in (remembers, counts, (x for x in "ab"), threading.Lock()):
        with pytest.raises(NoValueError):
            digest(thing)
    loop = []
    loop.append(loop)
    assert digest(loop) == digest(loop)
