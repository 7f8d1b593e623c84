import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from edgewise.arrays import InputError
from edgewise.paper.theory.problems.islands_moons_rkhs import HalfMoons, Islands, RkhsExact
from edgewise.paper.theory.problems.protocol import (
    Charted,
    bayes,
    distance_from_half,
    draw_labels,
    eta,
    excess_risk,
)
from edgewise.paper.theory.problems.ridge_ball_wave import Ball, Ridge, Wave


PROBLEMS = [
    Ridge(1),
    Ridge(3, 12.0),
    Ridge(2, 1.0, "linear"),
    Ball(2),
    Ball(5),
    Wave(),
    Islands(),
    Islands(3),
    HalfMoons(),
    RkhsExact(),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_eta_margin_and_bayes_agree(problem):
    X = problem.uniform(500, np.random.default_rng(0))
    probability = eta(problem, X)
    assert X.shape == (500, problem.dim)
    assert problem.box.contains(X).all()
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (bayes(problem, X) == (probability > 0.5)).all()
    assert np.allclose(distance_from_half(problem, X), np.abs(probability - 0.5))
    assert 0.1 < bayes(problem, X).mean() < 0.9


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1))
def test_margins_are_lipschitz(problem, seed, scale):
    rng = np.random.default_rng(seed)
    X = problem.uniform(50, rng)
    Z = X + scale * rng.normal(size=X.shape)
    change = np.abs(problem.margin(X) - problem.margin(Z))
    assert (change <= problem.lipschitz * np.linalg.norm(X - Z, axis=1) * (1 + 1e-9) + 1e-12).all()


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if isinstance(p, Charted)], ids=lambda p: p.name)
def test_charts_place_points_at_their_margin(problem):
    rng = np.random.default_rng(1)
    low, high = problem.span
    t = rng.uniform(low, high, 200)
    X = problem.place(t, rng)
    assert np.allclose(problem.margin(X), t, atol=1e-12)
    total = integrate.quad(lambda s: float(problem.margin_density(np.array([s]))[0]), low, high)[0]
    assert total == pytest.approx(1)
    shares = np.mean(problem.margin(problem.uniform(50_000, rng)) > 0)
    positive = integrate.quad(lambda s: float(problem.margin_density(np.array([s]))[0]), 0, high)[0]
    assert shares == pytest.approx(positive, abs=0.01)


def test_moons_density_against_quadrature():
    moons, x = HalfMoons(), np.array([[0.3, 0.4], [1.5, -0.2]])
    for row in x:
        exact = []
        for arc in (lambda a: (np.cos(a), np.sin(a)), lambda a: (1 - np.cos(a), 0.5 - np.sin(a))):

            def gaussian(a, arc=arc, row=row):
                c = np.array(arc(a))
                return np.exp(-np.sum((row - c) ** 2) / (2 * 0.09)) / (2 * np.pi * 0.09) / np.pi

            exact.append(integrate.quad(gaussian, 0, np.pi, epsabs=1e-13)[0])
        assert np.exp(moons.log_densities(row[None])[0]) == pytest.approx(exact, rel=1e-9)
        assert float(eta(moons, row[None])[0]) == pytest.approx(exact[1] / sum(exact), abs=1e-12)


def test_moons_own_law_has_their_density():
    moons, rng = HalfMoons(), np.random.default_rng(0)
    X = moons.own(200_000, rng)
    cell = (np.abs(X - [0.0, 1.0]) < 0.1).all(axis=1).mean()
    grid = np.stack(
        np.meshgrid(np.linspace(-0.095, 0.095, 20), np.linspace(0.905, 1.095, 20)), axis=-1
    ).reshape(-1, 2)
    density = np.exp(moons.log_densities(grid)).mean(axis=1).mean() * 0.04
    assert cell == pytest.approx(density, rel=0.08)


def test_rkhs_norm_and_lipschitz_constant():
    problem = RkhsExact(((0.0,),), (0.3,), length=0.5)
    assert problem.norm == pytest.approx(0.3)
    x = np.linspace(-1, 1, 2001)[:, None]
    steepest = np.abs(np.diff(problem.margin(x))).max() / 0.001
    assert steepest <= problem.lipschitz
    assert steepest > 0.3 * problem.lipschitz


@pytest.mark.parametrize("kind", ["clean", "noisy"])
def test_labels_follow_eta(kind):
    problem, rng = Ridge(1, 2.0), np.random.default_rng(0)
    X = np.full((20_000, 1), 0.3)
    share = draw_labels(problem, X, kind, rng).mean()
    assert share == (1 if kind == "clean" else pytest.approx(float(eta(problem, X[:1])[0]), abs=0.012))


def test_labels_stay_right_where_eta_rounds_to_one_half():
    X = np.array([[1e-30], [-1e-30]])
    assert eta(Ridge(1), X).tolist() == [0.5, 0.5]
    assert bayes(Ridge(1), X).tolist() == [1, 0]


def test_excess_risk_by_hand():
    X = np.array([[0.5], [-0.5]])
    problem = Ridge(1, 1.0, "linear")
    assert excess_risk(problem, X, np.array([1.0, 0.0])) == pytest.approx(0.25)
    assert excess_risk(problem, X, np.array([1.0, 0.0]), np.array([3.0, 1.0])) == pytest.approx(0.375)


def test_unknown_labels_are_named():
    with pytest.raises(InputError, match="clean"):
        draw_labels(Ridge(1), np.zeros((1, 1)), "fuzzy", np.random.default_rng(0))


def test_reach_of_the_wave_is_just_below_the_distance_to_its_boundary():
    wave, rng = Wave(), np.random.default_rng(0)
    X = wave.uniform(60, rng)
    x = np.linspace(-1, 1, 100_001)
    curve = np.column_stack([x, wave.height(x)])
    exact = np.array([np.min(np.linalg.norm(curve - row, axis=1)) for row in X])
    reach = wave.reach(X)
    assert (reach <= exact).all()
    assert (exact - reach).max() < 3e-4
