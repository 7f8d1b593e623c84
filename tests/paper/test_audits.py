"""Audits find what they look for when it is there, and only then."""

from types import SimpleNamespace

import numpy as np
import pytest

from edgewise.attacks import RegionExact
from edgewise.data.dataset import Dataset, Split
from edgewise.paper import audits
from edgewise.paper.audits import CHANCE, EXACT, GRADIENT, LEAK, cells, work
from edgewise.store import Cell


def leaky(name, *, rng, **_):
    X = np.arange(24.0).reshape(12, 2)
    y = np.arange(12) % 2
    return Dataset(
        name,
        Split(X[:6], y[:6]),
        Split(X[5:9], y[5:9]),
        Split(X[[0, 8, 9, 10]], y[:4]),
        None,
        ("a", "b"),
        "made",
        "none",
    )


def test_shared_rows_are_counted(monkeypatch):
    monkeypatch.setattr(audits, "load", leaky)
    figures = work(Cell(LEAK, {"data": "toy"}, 0))
    assert (figures["test_in_train"], figures["test_in_held_out"], figures["held_out_in_train"]) == (1, 1, 1)
    assert figures["rows"] == {"train": 6, "held_out": 4, "test": 4}


def test_generated_data_share_no_row_and_have_one_hash():
    first, again = (work(Cell(LEAK, {"data": "halfmoon"}, 0)) for _ in range(2))
    assert first == again
    assert first["test_in_train"] == first["test_in_held_out"] == first["held_out_in_train"] == 0
    assert work(Cell(LEAK, {"data": "halfmoon"}, 1))["sha256"] != first["sha256"]


class Moody:
    """Answers by the clock of its own calls."""

    def __init__(self, bias=0):
        self.bias = bias

    def get_params(self, deep=True):
        return {"bias": self.bias}

    def set_params(self, **_):
        return self

    def fit(self, X, y):
        self.asked_ = 0
        return self

    def predict(self, X):
        self.asked_ += 1
        return np.full(len(X), self.asked_ % 2)


def test_a_model_that_changes_its_mind_is_found(monkeypatch):
    monkeypatch.setattr(audits, "MODELS", {"moody": SimpleNamespace(small={}, make=Moody)})
    monkeypatch.setattr(audits, "predict", lambda model, X: model.predict(X))
    figures = work(Cell(CHANCE, {"model": "moody"}, 0))
    assert figures["asked_twice"] == figures["n"] > 0


def test_the_models_that_ship_repeat_themselves():
    for cell in cells(["halfmoon"], torch=False):
        if cell.what == CHANCE:
            figures = work(cell)
            assert figures["asked_twice"] == figures["fitted_twice"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("model", ["forest", "boosting"])
def test_no_heuristic_beats_the_exact_attack_on_trees(model):
    figures = work(Cell(EXACT, {"data": "halfmoon", "model": model}, 0))
    assert set(figures["beaten"]) == {"opt"}
    assert set(figures["beaten"].values()) == {0}


def test_no_heuristic_beats_the_exact_attack_and_one_that_did_would_be_seen(monkeypatch):
    cell = Cell(EXACT, {"data": "halfmoon"}, 0)
    figures = work(cell)
    assert set(figures["beaten"].values()) == {0}
    assert all(ratio >= 1 - 1e-9 for ratio in figures["median_ratio"].values())
    true = audits.attack

    def far(model, X, method, **settings):
        answer = true(model, X, method, **settings)
        if isinstance(method, RegionExact):
            from dataclasses import replace

            return replace(answer, distance=answer.distance * 2)
        return answer

    monkeypatch.setattr(audits, "attack", far)
    assert work(cell)["beaten"]["region-approx"] == figures["n"]


@pytest.mark.slow
def test_the_networks_gradients_do_not_vanish():
    pytest.importorskip("torch", reason="torch is an extra")
    figures = work(Cell(GRADIENT, {"data": "digits-1v7"}, 0))
    assert all(lines == [] for lines in figures["warnings"].values())
    assert min(figures["found"].values()) > 0.9
