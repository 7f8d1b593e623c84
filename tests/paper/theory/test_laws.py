"""μ_β: normaliser, CDF, sampler, propensities, and what is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from edgewise.arrays import InputError
from edgewise.paper.theory.density.boundary_density import BoundaryDensity, Mixture
from edgewise.paper.theory.density.grid_rejection import CellSampler, cell_sampler
from edgewise.paper.theory.density.margin_cdf import margin_law
from edgewise.paper.theory.problems.islands_moons_rkhs import HalfMoons, Islands, RkhsExact
from edgewise.paper.theory.problems.protocol import distance_from_half
from edgewise.paper.theory.problems.ridge_ball_wave import Ball, Ridge, Wave


LINE = RkhsExact(((-0.3,), (0.6,)), (-0.2, 0.25))


@given(beta=st.floats(0, 0.95), x=st.floats(-1, 1))
def test_linear_ridge_has_the_closed_form(beta, x):
    law = margin_law(Ridge(1, 1.0, "linear"), beta, 0.0)
    assert law.normaliser == pytest.approx((1 - beta) * 2**-beta, rel=1e-10)
    assert float(law.cdf(np.array([x]))[0]) == pytest.approx(
        0.5 + np.sign(x) * abs(x) ** (1 - beta) / 2, abs=1e-11
    )


@given(beta=st.floats(0, 0.9), q=st.floats(1e-9, 1 - 1e-9))
def test_quantiles_keep_relative_precision_at_the_boundary(beta, q):
    t = float(margin_law(Ridge(1, 1.0, "linear"), beta, 0.0).quantile(np.array([q]))[0])
    exact = np.sign(q - 0.5) * abs(2 * (q - 0.5)) ** (1 / (1 - beta))
    assert t == pytest.approx(exact, rel=1e-8, abs=1e-300)


def test_normalisers_of_the_page():
    values = [margin_law(Ridge(1, 4.0), beta, 0.0).normaliser for beta in (0, 0.25, 0.5, 0.75, 0.9)]
    assert np.round(values, 3).tolist() == [1, 0.703, 0.453, 0.229, 0.095]


def test_mass_at_the_boundary_of_the_page():
    for beta, share in ((0, 0.001), (0.25, 0.005), (0.5, 0.029), (0.75, 0.163), (0.9, 0.477)):
        law = margin_law(Ridge(1, 4.0), beta, 0.0)
        t = np.array([np.arctanh(0.002) / 2])
        assert float((law.cdf(t) - law.cdf(-t))[0]) == pytest.approx(share, abs=6e-4)


@pytest.mark.parametrize(("beta", "tau"), [(0.0, 0.0), (0.7, 0.0), (1.0, 0.05), (4.0, 0.05), (0.5, 0.5)])
@pytest.mark.parametrize("problem", [Ridge(1), Ball(3), Ridge(1, 3.0, "linear")], ids=lambda p: p.name)
def test_cdf_against_quadrature(problem, beta, tau):
    law = margin_law(problem, beta, tau)

    def density(t):
        u = max(abs(float(problem.half(np.array([t]))[0])), tau)
        return float(problem.margin_density(np.array([t]))[0]) * u**-beta

    low, high = problem.span
    kinks = sorted({0.0, *(s * k for s in (-1, 1) for k in np.linspace(0.01, 0.7, 8))})
    points = [low, *[k for k in kinks if low < k < high], high]
    pieces = [integrate.quad(density, a, b, limit=200)[0] for a, b in pairwise(points)]
    assert law.normaliser == pytest.approx(1 / sum(pieces), rel=1e-5)
    at = points[len(points) // 3]
    below = sum(p for p, b in zip(pieces, points[1:], strict=True) if b <= at)
    assert float(law.cdf(np.array([at]))[0]) == pytest.approx(below / sum(pieces), abs=1e-5)


CASES = [
    (Ridge(1), 0.9, 0.0),
    (Ridge(1), 4.0, 0.05),
    (Ridge(5), 0.25, 0.0),
    (Ball(2), 0.5, 0.0),
    (Ball(3), 0.75, 0.0),
    (Ball(5), 2.0, 0.05),
    (Wave(), 0.25, 0.0),
    (Wave(), 0.75, 0.0),
    (Wave(), 2.0, 0.05),
    (Ridge(1, 1.0, "linear"), 0.75, 0.0),
    (Ridge(2, 1.0, "linear"), 1.0, 0.1),
    (Ridge(2), 1.0, 0.05),
]


@pytest.mark.parametrize(("problem", "beta", "tau"), CASES, ids=lambda v: getattr(v, "name", str(v)))
def test_sampler_follows_its_law(problem, beta, tau):
    law = BoundaryDensity(problem, beta, tau)
    X = law.sample(100_000, np.random.default_rng(7))
    assert X.shape == (100_000, problem.dim)
    assert problem.box.contains(X).all()
    assert stats.kstest(problem.margin(X), law.margin_law.cdf).pvalue > 0.01


def test_a_silent_cap_would_be_noticed():
    law = BoundaryDensity(Ridge(1), 0.9)
    capped = BoundaryDensity(Ridge(1), 0.9, 1e-3).sample(100_000, np.random.default_rng(7))
    assert stats.kstest(capped[:, 0], law.margin_law.cdf).pvalue < 1e-6


@pytest.mark.parametrize(("beta", "tau"), [(0.5, 0.0), (0.75, 0.0), (1.0, 0.05)])
def test_cells_in_one_dimension_against_quadrature(beta, tau):
    grid = np.linspace(-1, 1, 400_001)
    middle = ((grid[1:] + grid[:-1]) / 2)[:, None]
    weight = np.maximum(distance_from_half(LINE, middle), tau) ** -beta
    law = BoundaryDensity(LINE, beta, tau)
    # A midpoint rule misses little of an integrable singularity at 5e-6 spacing.
    assert law.normaliser == pytest.approx(1 / weight.mean(), rel=0.05 if beta == 0.75 else 3e-3)
    X = law.sample(20_000, np.random.default_rng(1))[:, 0]
    away = np.min(np.abs(X[:, None] - _crossings()[None]), axis=1) > 1e-3
    keep = np.min(np.abs(middle - _crossings()[None]), axis=1) > 1e-3
    cdf = np.concatenate([[0], np.cumsum(np.where(keep, weight, 0))])
    assert stats.kstest(X[away], lambda x: np.interp(x, grid, cdf / cdf[-1])).pvalue > 0.01


def _crossings():
    x = np.linspace(-1, 1, 2_000_001)[:, None]
    sign = LINE.margin(x) > 0
    return x[:-1, 0][sign[1:] != sign[:-1]]


def test_cell_normaliser_equals_the_closed_one():
    sampler = cell_sampler(Ridge(1, 2.0, "linear"), 0.5, 0.0)
    assert sampler.normaliser == pytest.approx(
        margin_law(Ridge(1, 2.0, "linear"), 0.5, 0.0).normaliser, rel=1e-6
    )
    wave = Ball(2)
    inside = cell_sampler(wave, 1.0, 0.1)
    assert inside.normaliser > 0


def test_an_envelope_that_is_too_low_raises():
    good = cell_sampler(LINE, 0.5, 0.0)
    low = CellSampler(
        good.problem, 0.5, 0.0, good.corner, good.size, good.axis, good.level / 10, good.normaliser
    )
    with pytest.raises(RuntimeError, match="too low"):
        low.sample(1000, np.random.default_rng(0))


@pytest.mark.parametrize("problem", [Islands(), RkhsExact()], ids=lambda p: p.name)
def test_cells_in_two_dimensions_against_weighted_uniform(problem):
    rng = np.random.default_rng(3)
    law = BoundaryDensity(problem, 0.5)
    u = distance_from_half(problem, law.sample(20_000, rng))
    uniform = problem.uniform(400_000, rng)
    v, w = distance_from_half(problem, uniform), law.weight(uniform)
    for level in (0.02, 0.05, 0.1, 0.2):
        assert np.mean(u < level) == pytest.approx(np.average(v < level, weights=w), abs=0.012)
    assert law.normaliser == pytest.approx(1 / w.mean(), rel=0.01)


def test_moons_relative_to_their_own_law():
    moons, rng = HalfMoons(), np.random.default_rng(4)
    law = BoundaryDensity(moons, 2.0, 0.05, law="own")
    u = distance_from_half(moons, law.sample(2000, rng))
    v = distance_from_half(moons, moons.own(40_000, rng))
    w = np.maximum(v, 0.05) ** -2.0
    assert np.mean(u < 0.1) == pytest.approx(np.average(v < 0.1, weights=w), abs=0.04)
    assert np.mean(v < 0.1) < 0.1


def test_a_cap_thins_the_uniform_law_above_two_dimensions():
    islands, rng = Islands(4), np.random.default_rng(0)
    law = BoundaryDensity(islands, 1.0, 0.1)
    u = distance_from_half(islands, law.sample(5000, rng))
    uniform = islands.uniform(50_000, rng)
    v = distance_from_half(islands, uniform)
    assert np.mean(u < 0.2) == pytest.approx(
        np.average(v < 0.2, weights=np.maximum(v, 0.1) ** -1.0), abs=0.03
    )
    assert np.mean(u < 0.2) > 1.5 * np.mean(v < 0.2)


@settings(max_examples=20, deadline=None)
@given(share=st.floats(0.05, 1), beta=st.floats(0, 0.6))
def test_propensities_average_to_one(share, beta):
    mix = Mixture(BoundaryDensity(Ridge(2), beta), share)
    X = mix.sample(4000, np.random.default_rng(0))
    assert len(X) == 4000
    # E_q[p/q] = 1, and p/q is bounded by 1/(1 - share) or the density at the far end.
    assert np.mean(1 / mix.propensity(X)) == pytest.approx(1, abs=0.08)


def test_the_boundary_density_alone_is_no_propensity():
    mix = Mixture(BoundaryDensity(Ridge(2), 0.75), 0.5)
    X = mix.sample(20_000, np.random.default_rng(0))
    assert np.mean(1 / mix.density.density(X)) > 1.2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: BoundaryDensity(Ridge(), -0.1), "at least 0"),
        (lambda: BoundaryDensity(Ridge(), np.inf, 0.1), "slab"),
        (lambda: BoundaryDensity(Ridge(), np.nan), "beta"),
        (lambda: BoundaryDensity(Ridge(), 0.5, 0.6), "1/2"),
        (lambda: BoundaryDensity(Ridge(), 0.5, -0.1), "1/2"),
        (lambda: BoundaryDensity(Ridge(), 1.0), "diverges"),
        (lambda: BoundaryDensity(HalfMoons(), 0.5, law="own"), "thinning"),
        (lambda: BoundaryDensity(Ridge(), 0.5, law="other"), "uniform"),
        (lambda: BoundaryDensity(Ridge()).sample(0, np.random.default_rng(0)), "at least 1"),
        (lambda: BoundaryDensity(Islands(3), 0.5).sample(3, np.random.default_rng(0)), "one or two"),
        (lambda: Mixture(BoundaryDensity(Ridge()), 1.5), "share"),
        (lambda: Ridge(0), "dim"),
        (lambda: Ridge(1, 0.0), "slope"),
        (lambda: HalfMoons(half_width=np.inf), "unbounded"),
        (lambda: HalfMoons(sigma=0.001), "sigma"),
        (lambda: Wave(amplitude=np.inf), "unbounded"),
        (lambda: RkhsExact(weights=(0.9, 0.1, 0.1)), "1/2"),
        (lambda: RkhsExact(weights=(0.1,)), "centres"),
        (lambda: RkhsExact(length=0), "length"),
    ],
)
def test_bad_input_names_the_range(call, words):
    with pytest.raises(InputError, match=words):
        call()
