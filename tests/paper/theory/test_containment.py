"""Ball masses, estimators and the check that what is guaranteed is measured."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import InputError
from edgewise.models.kernel_ridge import KernelRidgeClassifier
from edgewise.models.nadaraya_watson import NadarayaWatsonClassifier
from edgewise.paper.theory.density.ball_mass import agreement, ball_mass, balls, inner_radii
from edgewise.paper.theory.density.boundary_density import BoundaryDensity, Mixture
from edgewise.paper.theory.problems.islands_moons_rkhs import HalfMoons, Islands
from edgewise.paper.theory.problems.protocol import draw_labels, eta
from edgewise.paper.theory.problems.ridge_ball_wave import Ball, Ridge, Wave
from edgewise.paper.theory.study.containment import Setting, ViolationError, compare, guarantees, measure
from edgewise.paper.theory.study.exam import exam
from edgewise.paper.theory.study.learners import SCORERS, scores, smoother_weights
from edgewise.randomness import stream


module = sys.modules["edgewise.paper.theory.study.containment"]


@pytest.mark.parametrize(
    "problem", [Ridge(1), Ridge(2), Ball(1), Ball(2), Ball(3), Wave(), Ridge(4)], ids=lambda p: p.name
)
@pytest.mark.parametrize(("beta", "tau"), [(0.0, 0.0), (0.5, 0.0), (2.0, 0.1)])
def test_ball_masses_against_counting(problem, beta, tau):
    law = BoundaryDensity(problem, beta, tau)
    rng = np.random.default_rng(0)
    X, centres = law.sample(200_000, rng), problem.uniform(6, rng)
    radius = np.array([[0.1, 0.3, 0.8]] * 6)
    mass = ball_mass(law, centres, radius)
    for c, r, m in zip(centres, radius, mass, strict=True):
        counted = (np.linalg.norm(X - c, axis=1)[:, None] <= r).mean(axis=0)
        assert (m <= counted + 0.004).all()
        if problem.dim <= 2 or isinstance(problem, Ball):
            assert m == pytest.approx(counted, abs=0.012 if isinstance(problem, Ball) else 0.005)


@pytest.mark.parametrize(("beta", "tau"), [(0.0, 0.0), (0.75, 0.0), (0.9, 0.0), (2.0, 0.05)])
def test_masses_in_two_dimensions_are_sharp_lower_bounds(monkeypatch, beta, tau):
    for problem in (Ridge(2, 12.0), Wave()):
        law = BoundaryDensity(problem, beta, tau)
        Z = problem.uniform(25, np.random.default_rng(0))
        radius = inner_radii(problem, Z, 4)
        held = ball_mass(law, Z, radius)
        with monkeypatch.context() as patch:
            patch.setattr("edgewise.paper.theory.density.ball_mass.STRIPS", 6000)
            fine = ball_mass(law, Z, radius)
        assert (held <= fine * (1 + 1e-9)).all()
        assert (held >= 0.85 * fine).all()
        assert np.median(held / fine) > 0.98


def test_mass_of_a_mixture_is_the_mixture_of_masses():
    law = BoundaryDensity(Ridge(1), 0.5)
    X, r = np.array([[0.2]]), np.array([[0.1]])
    plain, boundary = ball_mass(BoundaryDensity(Ridge(1)), X, r), ball_mass(law, X, r)
    assert ball_mass(Mixture(law, 0.25), X, r) == pytest.approx(0.75 * plain + 0.25 * boundary)


def test_agreement_bounds_labels_in_the_ball():
    problem, rng = Wave(), np.random.default_rng(0)
    X = problem.uniform(50, rng)
    radius = inner_radii(problem, X, 3)
    m = agreement(problem, X, "noisy", radius)
    side = np.where(problem.margin(X) > 0, 1, -1)
    for j in range(3):
        step = rng.normal(size=(50, 40, 2))
        step *= (
            radius[:, j, None, None] * rng.random((50, 40, 1)) / np.linalg.norm(step, axis=2, keepdims=True)
        )
        around = (X[:, None] + step).reshape(-1, 2)
        right = 0.5 + np.repeat(side, 40) * (eta(problem, around) - 0.5)
        assert (right.reshape(50, 40).min(axis=1) >= m[:, j] - 1e-12).all()
    assert (agreement(problem, X, "clean", radius) == 1).all()
    assert (agreement(problem, X, "clean", 2 * radius[:, -1:]) == 0).all()


def _data(n=120, d=2):
    rng = np.random.default_rng(5)
    problem = Ridge(d, 4.0)
    X = problem.uniform(n, rng)
    return X, draw_labels(problem, X, "noisy", rng), problem.uniform(60, rng)


def test_knn_scores_are_scikit_learns():
    X, y, Z = _data()
    ours = scores("knn", X, y, Z, [1, 5, 120])
    for row, k in zip(ours, (1, 5, 120), strict=True):
        assert row + 0.5 == pytest.approx(KNeighborsClassifier(k).fit(X, y).predict_proba(Z)[:, 1])


@pytest.mark.parametrize(("name", "smoothing"), [("nw-box", "box"), ("nw-epan", "epanechnikov")])
def test_nw_scores_are_the_packages_own(name, smoothing):
    X, y, Z = _data()
    model = NadarayaWatsonClassifier(kernel=smoothing, bandwidth=0.6).fit(X, y)
    inside = smoother_weights(name, X, Z, 0.6).sum(axis=1) > 0
    assert inside.mean() > 0.9
    assert scores(name, X, y, Z, [0.6])[0][inside] + 0.5 == pytest.approx(model.regress(Z)[inside])


def test_nw_without_a_label_in_reach_is_class_zero():
    assert scores("nw-box", np.array([[0.0]]), np.array([1]), np.array([[5.0]]), [0.1]).tolist() == [[0.0]]


def test_ridge_scores_are_the_packages_own():
    X, y, Z = _data()
    model = KernelRidgeClassifier(kernel="matern-3/2", scale=1.0, alpha=0.5).fit(X, y)
    assert scores("krr-matern32", X, y, Z, [0.5])[0] + 0.5 == pytest.approx(model.regress(Z))


def test_weighted_ridge_repeats_a_point():
    X, y, Z = _data(20)
    twice = scores("krr-rbf", np.vstack([X, X[:1]]), np.append(y, y[0]), Z, [0.3])
    weights = np.ones(20)
    weights[0] = 2
    assert scores("krr-rbf", X, y, Z, [0.3], weights) == pytest.approx(twice)


def test_local_linear_fits_are_weighted_least_squares():
    X, y, Z = _data()
    h = 1.2
    ours = scores("local-linear", X, y, Z, [h])[0]
    for z, value in zip(Z[:10], ours[:10], strict=True):
        w = np.maximum(1 - np.sum((X - z) ** 2, axis=1) / h**2, 0)
        fit = LinearRegression().fit(X, y - 0.5, sample_weight=w)
        assert value == pytest.approx(fit.predict(z[None])[0], abs=1e-4)


def test_weights_undo_the_design_bias_of_an_average():
    law = BoundaryDensity(Ridge(1, 1.0, "linear"), 0.5)
    rng = np.random.default_rng(0)
    X = law.sample(40_000, rng)
    y = draw_labels(law.problem, X, "noisy", rng)
    Z = np.array([[0.3]])
    plain = float(scores("nw-box", X, y, Z, [0.25])[0, 0])
    cured = float(scores("nw-box", X, y, Z, [0.25], 1 / law.density(X))[0, 0])
    assert cured == pytest.approx(0.15, abs=0.008)
    assert plain < 0.142


@pytest.mark.parametrize(
    "learner", ["knn", "nw-box", "nw-epan", "krr-matern32", "krr-linear", "krr-laplacian"]
)
def test_smoother_weights_give_the_scores(learner):
    X, y, Z = _data()
    setting = 7 if learner == "knn" else 0.7
    w = smoother_weights(learner, X, Z, setting)
    assert w @ (y - 0.5) == pytest.approx(scores(learner, X, y, Z, [setting])[0])


@pytest.mark.parametrize("labels", ["clean", "noisy"])
@pytest.mark.parametrize("learner", ["knn", "nw-box"])
@pytest.mark.parametrize(
    "law",
    [BoundaryDensity(Ridge(1, 12.0), 0.5), BoundaryDensity(Ball(2), 1.0, 0.1), BoundaryDensity(Wave(), 0.25)],
    ids=lambda law: law.problem.name,
)
def test_guaranteed_lies_in_measured(law, learner, labels):
    tuning = (1 if labels == "clean" else 61) if learner == "knn" else 0.25
    result = compare(Setting(law, 1000, labels, learner, tuning, points=300), seeds=3, design=True)
    assert all(0 <= share <= 1 for share in result.share.values())
    assert result.share["uniform"] <= result.share["grid"] + 1e-9
    assert result.share["expected"] <= np.mean([run.area for run in result.runs]) + 0.02
    if labels == "clean" and learner == "knn":
        assert result.share["grid"] > 0.5


def test_a_false_guarantee_is_an_error_with_its_seed(monkeypatch):
    setting = Setting(BoundaryDensity(Ridge(1)), 30, "noisy", "knn", 1, points=200)
    everything = {"grid": np.ones(200, bool)}
    monkeypatch.setattr(module, "guarantees", lambda _setting: (everything, {}))
    with pytest.raises(ViolationError, match=r"seed 3\.") as error:
        measure(setting, 3)
    assert "tier grid" in str(error.value)
    assert "ridge d=1" in str(error.value)


def test_clean_nearest_neighbour_guarantees_grow_with_beta():
    shares = [
        guarantees(Setting(BoundaryDensity(Ridge(1), beta), 200, "clean", "knn", 1))[1]
        for beta in (0, 0.25, 0.5, 0.75, 0.9)
    ]
    uniform = [share["uniform"] for share in shares]
    assert (np.diff(uniform) > 0).all()
    assert uniform == pytest.approx([0.682, 0.708, 0.763, 0.869, 0.970], abs=0.04)
    assert [s["grid"] for s in shares] == pytest.approx([0.955, 0.977, 0.994, 1.0, 1.0], abs=0.015)


def test_noisy_tiers_of_the_page():
    shares = [
        guarantees(Setting(BoundaryDensity(Ridge(1), beta, tau), 5000, "noisy", "knn", 293))[1]
        for beta, tau in ((0, 0), (0.5, 0), (2, 0.05))
    ]
    assert [s["grid"] for s in shares] == pytest.approx([0.828, 0.834, 0.787], abs=0.04)
    assert [s["expected"] for s in shares] == pytest.approx([0.929, 0.969, 0.982], abs=0.01)
    assert all(s["paper"] <= s["uniform"] for s in shares)


@pytest.mark.parametrize(("problem", "law"), [(Islands(), "uniform"), (HalfMoons(), "own")])
def test_design_tier_needs_no_ball_masses(problem, law):
    setting = Setting(BoundaryDensity(problem, 1.0, 0.05, law), 200, "noisy", "krr-rbf", 1.0, points=100)
    result = compare(setting, seeds=2, design=True)
    assert result.share == {}
    assert module.design_guarantee(setting, 0).mean() > 0.15


def test_runs_repeat_and_samples_do_not_depend_on_the_learner():
    setting = Setting(BoundaryDensity(Ridge(2), 0.5), 100, "noisy", "knn", 5, points=100)
    assert (measure(setting, 1).correct == measure(setting, 1).correct).all()
    other = replace(setting, learner="krr-rbf", tuning=1.0)
    assert (module.draw(setting, 1)[0] == module.draw(other, 1)[0]).all()
    assert (module.draw(setting, 2)[0] != module.draw(setting, 1)[0]).any()


def test_exam_weights_average_to_the_uniform_law():
    Z, weight = exam(Ridge(2), 40_000, stream(0, "exam"))
    assert np.average(np.abs(Z[:, 0]) < 0.5, weights=weight) == pytest.approx(0.5, abs=0.01)
    assert np.mean(np.abs(Z[:, 0]) < 0.5) > 0.6
    assert (exam(Islands(), 10, stream(0, "exam"))[1] == 1).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scores("knn", np.zeros((3, 1)), np.zeros(3, int), np.zeros((1, 1)), [4]), "at most n"),
        (
            lambda: scores("nw-box", np.zeros((3, 1)), np.zeros(3, int), np.zeros((1, 1)), [0]),
            "h must be positive",
        ),
        (lambda: scores("krr-rbf", np.zeros((3, 1)), np.zeros(3, int), np.zeros((1, 1)), [-1]), "lam"),
        (
            lambda: scores("knnn", np.zeros((3, 1)), np.zeros(3, int), np.zeros((1, 1)), [1]),
            "did you mean 'knn'",
        ),
        (
            lambda: scores("knn", np.zeros((3, 1)), np.zeros(3, int), np.zeros((1, 1)), [1], np.zeros(3)),
            "weights",
        ),
        (lambda: Setting(BoundaryDensity(Ridge()), 10, "clean", "knn", 1, delta=1.0), "strictly between"),
        (lambda: balls(BoundaryDensity(Islands()), np.zeros((1, 2)), "clean", np.ones((1, 1))), "Theorem G"),
        (
            lambda: module.design_guarantee(
                Setting(BoundaryDensity(Ridge()), 10, "clean", "local-linear", 1), 0
            ),
            "linear smoother",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_every_scorer_answers_for_every_setting():
    X, y, Z = _data(40)
    for name in SCORERS:
        out = scores(name, X, y, Z, [3, 5])
        assert out.shape == (2, 60)
        assert np.isfinite(out).all()
