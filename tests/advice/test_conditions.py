import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewise.advice.advise import advise
from edgewise.advice.conditions import (
    best_exponent,
    boundary_can_help,
    effective_dimension,
    label_noise,
    labels_needed,
)
from edgewise.arrays import InputError


@pytest.mark.parametrize(
    ("dim", "noisy", "about"),
    [
        (2, False, 24),
        (5, False, 1030),
        (10, False, 276_000),
        (1, True, 90),
        (2, True, 315),
        (5, True, 1e4),
        (10, True, 2.4e6),
    ],
)
def test_budgets_of_section_6_5(dim, noisy, about):
    assert labels_needed(dim, noisy=noisy) == pytest.approx(about, rel=0.035)


@given(dim=st.floats(0, 12), noisy=st.booleans())
def test_labels_needed_is_where_the_condition_turns(dim, noisy):
    n = labels_needed(dim, noisy=noisy)
    assert boundary_can_help(n, dim, noisy=noisy)
    assert n == 1 or not boundary_can_help(n - 1, dim, noisy=noisy) or n - 1 <= 3


@given(n=st.integers(1, 10**7), dim=st.floats(0, 12), noisy=st.booleans())
def test_best_exponent_is_positive_exactly_when_help_is_possible(n, dim, noisy):
    beta = best_exponent(n, dim, noisy=noisy)
    assert 0 <= beta < 1
    if not boundary_can_help(n, dim, noisy=noisy):
        assert beta == 0


def test_best_exponent_solves_its_equation_and_matches_the_page():
    beta = best_exponent(5000, 5, noisy=False)
    b, A = 1 - beta, math.log(5000 / math.log(5000))
    assert 4 / b + 1 == pytest.approx(A + math.log(b), abs=1e-9)
    assert round(beta, 2) == 0.22
    assert [round(best_exponent(n, 2, noisy=True), 2) for n in (50, 200, 1000, 5000)] == [0, 0, 0.20, 0.39]


@pytest.mark.parametrize("d", [1, 2, 5])
def test_effective_dimension_of_a_cube_and_of_its_embedding(d):
    rng = np.random.default_rng(d)
    Z = rng.uniform(size=(2000, d))
    frame = np.linalg.qr(rng.normal(size=(d + 3, d + 3)))[0][:d]
    assert effective_dimension(Z) == pytest.approx(d, rel=0.2)
    # Features that say nothing new must not count: a broken twin is the number of columns.
    assert effective_dimension(Z @ frame) == pytest.approx(d, rel=0.2)
    assert effective_dimension(np.repeat(Z[:500], 3, axis=0)) == effective_dimension(Z[:500])


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("c", [2, 4])
def test_label_noise_finds_the_rate(rate, c):
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 1, (4000, 2))
    clean = np.minimum((np.arctan2(X[:, 1], X[:, 0]) + np.pi) / (2 * np.pi) * c, c - 1).astype(int)
    flip = rng.random(4000) < rate
    y = np.where(flip, (clean + rng.integers(1, c, 4000)) % c, clean)
    estimate = label_noise(X, y)
    assert estimate.rate == pytest.approx(rate, abs=0.03)
    assert estimate.noisy == (rate > 0)
    one_nn_disagreement = 2 * rate * (1 - rate)
    assert rate == 0 or abs(one_nn_disagreement - rate) > 0.03


def test_label_noise_survives_repeated_rows():
    X = np.zeros((50, 1))
    assert label_noise(X, np.zeros(50)).rate == 0
    assert label_noise(X, np.arange(50) % 2).rate > 0.3


@settings(max_examples=20, deadline=None)
@given(shift=st.floats(-10, 10), scale=st.floats(0.01, 100))
def test_estimates_do_not_depend_on_units(shift, scale):
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(200, 2))
    y = X[:, 0] + 0.2 * rng.normal(size=200) > 0.5
    assert effective_dimension(X * scale + shift) == pytest.approx(effective_dimension(X), rel=1e-6)
    assert label_noise(X * scale + shift, y).rate == pytest.approx(label_noise(X, y).rate, rel=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: advise(np.random.default_rng(0).normal(size=(50, 2)), ["a"] * 50),
        lambda: boundary_can_help(0, 2, noisy=False),
        lambda: boundary_can_help(10, -1, noisy=False),
        lambda: boundary_can_help(10, math.inf, noisy=False),
        lambda: labels_needed(900, noisy=True),
        lambda: effective_dimension(np.zeros((10, 2))),
        lambda: effective_dimension(np.full((10, 2), np.nan)),
        lambda: label_noise(np.zeros((10, 2)), np.zeros(10)),
        lambda: label_noise(np.zeros((30, 2)), np.zeros(29)),
    ],
)
def test_bad_input_is_named(call):
    with pytest.raises(InputError):
        call()
