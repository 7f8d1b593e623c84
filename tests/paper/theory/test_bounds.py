"""Every statement against a case solved by hand, to 1e-9, and against what it claims, by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.arrays import InputError
from edgewise.models.kernels import kernel
from edgewise.paper.theory.bounds import (
    deviation,
    mass_needed,
    printed_3_1,
    printed_3_2,
    printed_3_2_exponent,
    printed_3_3,
    theorem_a,
    theorem_b,
    theorem_c,
    theorem_c_uniform,
    theorem_d,
    theorem_e,
    theorem_f,
    theorem_g,
    theorem_g_norm,
)
from edgewise.paper.theory.bounds.constants import gamma, log_shatter
from edgewise.paper.theory.density.ball_mass import Balls


EXACT = 1e-9


def one(radius, mass, agreement):
    return Balls(np.atleast_2d(radius), np.atleast_2d(mass), np.atleast_2d(agreement))


def test_a_by_hand():
    # S(4) in d = 2: 1 + 4 + 6 + 4 = 15; S(8) = 1 + 8 + 28 + 56 = 93.
    assert math.exp(log_shatter(4, 2)) == pytest.approx(15, abs=EXACT)
    assert deviation(4, 2, 2, 0.5) == pytest.approx(math.sqrt(math.log(2 * 15 * 2) / 4), abs=EXACT)
    # One dimension: n - k + 1 = 3 windows.
    assert deviation(4, 2, 1, 0.5) == pytest.approx(math.sqrt(math.log(2 * 3 * 2) / 4), abs=EXACT)
    big = math.log(4 * 93 * 2)
    assert gamma(4, 2, 0.5) == pytest.approx(big, abs=EXACT)
    p = 0.5 + (2 * big + 2 * math.sqrt(big**2 + 2 * big)) / 4
    assert mass_needed(4, 2, 2, 0.5) == pytest.approx(p, abs=EXACT)
    # p solves √p = ε/2 + √(ε²/4 + k/n), ε = 2√(Γ/n).
    epsilon = 2 * math.sqrt(big / 4)
    assert math.sqrt(p) == pytest.approx(epsilon / 2 + math.sqrt(epsilon**2 / 4 + 0.5), abs=EXACT)


def test_a_takes_the_first_radius_with_enough_mass():
    n, k = 5000, 400
    need, epsilon = mass_needed(n, k, 1, 0.1), deviation(n, k, 1, 0.1)
    mass = [need - EXACT, need, 1.0]
    just, short = 0.5 + epsilon + EXACT, 0.5 + epsilon - EXACT
    assert theorem_a(one([1, 2, 3], mass, [1.0, just, 0.5]), n, k, 1, 0.1).tolist() == [True]
    assert theorem_a(one([1, 2, 3], mass, [1.0, short, 0.5]), n, k, 1, 0.1).tolist() == [False]
    assert theorem_a(one([1], [need - EXACT], [1.0]), n, k, 1, 0.1).tolist() == [False]


@given(n=st.integers(1, 10**6), dim=st.integers(1, 10))
def test_a_is_always_empty_at_k_1(n, dim):
    assert not theorem_a(one([1.0], [1.0], [1.0]), n, 1, dim, 0.5).any()


def test_b_by_hand():
    # n = 2, k = 1: (1 - p)² + (1 - m).
    assert theorem_b(one([1.0], [0.5], [0.9]), 2, 1)[0] == pytest.approx(0.35, abs=EXACT)
    # n = 2, k = 2 votes tie to "wrong": P(Bin(2, .5) < 2) + 1 - .9² = .75 + .19 = .94.
    assert theorem_b(one([1.0], [0.5], [0.9]), 2, 2)[0] == pytest.approx(0.94, abs=EXACT)
    # n = 3, k = 3, p = 1: P(Bin(3, .9) ≤ 1) = .001 + 3 * .9 * .01 = .028; the worse radius is passed over.
    assert theorem_b(one([1.0, 2.0], [0.1, 1.0], [1.0, 0.9]), 3, 3)[0] == pytest.approx(0.028, abs=EXACT)


def test_c_by_hand():
    assert theorem_c(np.array([0.5]), 3, 1)[0] == pytest.approx(0.125, abs=EXACT)
    # k = 3 needs 2 of 4 points: (1/2)^4 + 4 (1/2)^4.
    assert theorem_c(np.array([0.5]), 4, 3)[0] == pytest.approx(5 / 16, abs=EXACT)
    need = mass_needed(1000, 2, 2, 0.1)
    assert theorem_c_uniform(np.array([need - EXACT, need]), 1000, 3, 2, 0.1).tolist() == [False, True]


def test_d_by_hand():
    # n = 5000, d = 1, δ = 1/2, at p = 4 ε²: p - ε√p = 2 ε².
    n = 5000
    pairs = 1 + n + math.comb(n, 2)
    epsilon = 2 * math.sqrt(math.log(8 * (1 + 2 * n + math.comb(2 * n, 2))) / n)
    expected = math.sqrt(math.log(4 * pairs) / (2 * n * 2 * epsilon**2))
    assert theorem_d(np.array([4 * epsilon**2]), n, 1, 0.5)[0] == pytest.approx(expected, abs=EXACT)
    assert theorem_d(np.array([epsilon**2 * (1 - EXACT)]), n, 1, 0.5)[0] == math.inf


def test_e_by_hand():
    assert theorem_e(np.array([0.5]), np.array([0.9]), 2)[0] == pytest.approx(0.64, abs=EXACT)
    # Noise-free: the chance of an empty ball. A coin: nothing.
    assert theorem_e(np.array([0.5]), np.array([1.0]), 3)[0] == pytest.approx(0.125, abs=EXACT)
    assert theorem_e(np.array([0.5, 0.5]), np.array([0.5, 0.2]), 3).tolist() == [1, 1]


def test_f_by_hand():
    # (1 + 2*1)*.1 + |.5*.2|/.5 + .5*3*1/.5 = .3 + .2 + 3.
    bound = theorem_f(
        np.array([0.2]),
        np.array([[0.5]]),
        0.1,
        lam=0.5,
        norm=1.0,
        lipschitz=(1.0, 2.0),
        bump_norm=3.0,
    )
    assert bound[0] == pytest.approx(3.5, abs=EXACT)
    empty = theorem_f(
        np.array([0.2]),
        np.array([[0.0]]),
        0.1,
        lam=0.5,
        norm=1.0,
        lipschitz=(1.0, 2.0),
        bump_norm=3.0,
    )
    assert empty[0] == math.inf


def test_f_holds_for_kernel_ridge_with_the_laplacian():
    rng = np.random.default_rng(0)
    n, ell, lam, h = 300, 0.5, 0.1, 0.15
    x = np.sort(rng.uniform(-1, 1, n))
    eta = 0.5 + 0.3 * np.exp(-np.abs(x) / ell)
    y = (rng.random(n) < eta).astype(float)
    K = np.exp(-np.abs(x[:, None] - x) / ell)
    alpha = np.linalg.solve(K + lam * np.eye(n), y)
    norm = math.sqrt(alpha @ K @ alpha)
    z = np.linspace(-0.8, 0.8, 50)
    fit = np.exp(-np.abs(z[:, None] - x) / ell) @ alpha
    bump = np.maximum(1 - np.abs(z[:, None] - x) / h, 0)
    # The Laplacian RKHS is 1/2-Hölder: its modulus at h takes the place of L_H h.
    modulus = math.sqrt(2 * (1 - math.exp(-h / ell))) / h
    bound = theorem_f(
        y - eta,
        bump,
        h,
        lam=lam,
        norm=norm,
        lipschitz=(0.6, modulus),
        bump_norm=math.sqrt(ell / h + h / (3 * ell)),
    )
    truth = 0.5 + 0.3 * np.exp(-np.abs(z) / ell)
    assert (np.abs(fit - truth) <= bound).all()


def test_triangle_norm_in_the_laplacian_space():
    # ‖φ‖² = (ℓ ∫φ'² + ∫φ²/ℓ)/2 = ℓ/h + h/(3ℓ), by the norm of the space of exp(-|x|/ℓ).
    ell, h = 0.7, 0.2
    x = np.linspace(-h, h, 200_001)
    phi = 1 - np.abs(x) / h
    step = x[1] - x[0]
    exact = (ell * np.sum(np.diff(phi) ** 2) / step + np.sum(phi**2) * step / ell) / 2
    assert exact == pytest.approx(ell / h + h / (3 * ell), rel=1e-4)


def test_g_by_hand():
    one_vote = theorem_g(np.array([[1.0]]), np.array([0.4]), np.array([1.0]))
    assert one_vote[0] == pytest.approx(0.6, abs=EXACT)
    # k equal votes with probability m: (2√(m(1-m)))^k.
    three = theorem_g(np.full((1, 3), 1 / 3), np.full(3, 0.4), np.array([1.0]))
    assert three[0] == pytest.approx(0.6**3, abs=EXACT)
    assert theorem_g(np.array([[1.0]]), np.array([0.4]), np.array([-1.0]))[0] == 1
    clean = theorem_g(np.array([[0.6, 0.5], [0.4, 0.5]]), np.array([0.5, -0.5]), np.ones(2), clean=True)
    assert clean.tolist() == [0, 1]
    # Six votes of 1/6 summed in this order leave 1e-17: a tie must not pass for a majority.
    tie = theorem_g(
        np.full((1, 6), 1 / 6), np.array([0.5, 0.5, 0.5, -0.5, -0.5, -0.5]), np.ones(1), clean=True
    )
    assert tie.tolist() == [1]


@given(seed=st.integers(0, 200))
def test_g_is_at_most_hoeffding(seed):
    rng = np.random.default_rng(seed)
    w, c = rng.normal(size=(1, 20)), rng.uniform(-0.5, 0.5, 20)
    side = np.sign(w @ c)
    bound = theorem_g(w, c, side)[0]
    assert bound <= math.exp(-2 * float((w @ c)[0]) ** 2 / float(np.sum(w**2))) * (1 + 1e-9)


def test_g_norm_by_hand():
    # w = 1/2, k = 1 everywhere: P² = 1 - 1 + 1/4; noise term 1/2 √(log(2·1/δ)/2) = 1/2 at δ = 2/e².
    bound = theorem_g_norm(
        np.array([[0.5]]),
        np.ones((1, 1)),
        np.ones((1, 1)),
        np.ones(1),
        norm=1.0,
        points=1,
        delta=2 / math.e**2,
    )
    assert bound[0] == pytest.approx(1.0, abs=EXACT)


def test_printed_3_1_by_hand():
    # √((2 log 2 + log(n^(d+1) + 1) - log δ) / 2k): n = 2, d = 1, δ = 1/2, k = 2: √(log(4·5·2)/4).
    c0 = math.sqrt(math.log(40) / 4)
    ball = one([0.1], [1.0], [1.0])
    for distance, held in ((c0 + 0.2 + EXACT, True), (c0 + 0.2 - EXACT, False)):
        assert printed_3_1(ball, np.array([distance]), 2, 2, 1, 0.5, lipschitz=2.0, mass=0.5).tolist() == [
            held
        ]
    assert not printed_3_1(ball, np.array([9.0]), 2, 2, 1, 0.5, lipschitz=2.0, mass=1.1).any()


def test_printed_3_2_by_hand():
    value = printed_3_2(np.array([200.0, 0.01]), 100, 0.5, 2, lipschitz=3.0, constant=4.0)
    seen = math.log(100) ** 2
    assert value[0] == pytest.approx(1.5 + 2 * seen / (4 * 100 * 0.25 * 200 - seen), abs=EXACT)
    assert value[1] == np.inf
    assert printed_3_2_exponent(2, 0.75) == pytest.approx(-1 / 3.75, abs=EXACT)


def test_printed_3_3_by_hand_and_that_it_rewards_any_penalty():
    def value(lam, density=2.0):
        return printed_3_3(np.array([density]), 100, 0.5, lam, 1, lipschitz=2.0, t=3.0, constant=4.0)[0]

    assert value(25.0) == pytest.approx(6 / (4 * 50 * 2 - 3) + 1 + 4 / (0.5 * (4 * 50 - 3)) * 2, abs=EXACT)
    assert value(1e12) < value(1.0)
    assert value(25.0, density=0.01) == np.inf


def test_printed_3_3_is_false_for_one_fixed_h():
    # A Matérn-3/2 space, all labels 1 (η = 1) and λ = n²: the fit vanishes, the printed bound does as well.
    n, h = 400, 0.5
    X = np.linspace(-1, 1, n)[:, None]
    k = kernel("matern-3/2", 1.0)
    fit = k(np.zeros((1, 1)), X) @ np.linalg.solve(k(X, X) + n**2 * np.eye(n), np.ones(n))
    error = abs(1 - float(fit[0]))
    printed = printed_3_3(np.array([0.5]), n, h, n**2, 1, lipschitz=0.2, t=math.log(n), constant=1.0)[0]
    assert printed < 0.5 < 0.99 < error


@pytest.mark.parametrize(("p", "m", "n", "k"), [(0.3, 0.8, 30, 5), (0.6, 0.95, 10, 3), (0.5, 0.7, 50, 15)])
def test_b_and_e_bound_what_they_bound(p, m, n, k):
    rng = np.random.default_rng(0)
    runs = 20_000
    inside = rng.binomial(n, p, runs)
    # Outside the ball every label is wrong: the worst case the proofs allow.
    near = np.minimum(inside, k)
    right = rng.binomial(near, m)
    wrong = np.mean(right <= k / 2)
    assert wrong <= theorem_b(one([1.0], [p], [m]), n, k)[0] + 0.01
    votes = rng.binomial(inside, m)
    box_wrong = np.mean(2 * votes <= inside)
    assert box_wrong <= theorem_e(np.array([p]), np.array([m]), n)[0] + 0.01


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theorem_b(one([1], [1], [1]), 3, 4), "at most n"),
        (lambda: theorem_c(np.ones(1), 3, 0), "at least 1"),
        (lambda: theorem_a(one([1], [1], [1]), 5, 1, 1, 0.0), "strictly between"),
        (lambda: theorem_a(one([1], [1], [1]), 5, 1, 1, 1.0), "strictly between"),
        (lambda: theorem_c_uniform(np.ones(1), 5, 1, 1, math.nan), "strictly between"),
        (lambda: theorem_d(np.ones(1), 5, 1, -1), "strictly between"),
        (
            lambda: theorem_f(
                np.ones(1),
                np.ones((1, 1)),
                0.0,
                lam=1,
                norm=1,
                lipschitz=(1, 1),
                bump_norm=1,
            ),
            "h must be positive",
        ),
        (
            lambda: theorem_f(
                np.ones(1),
                np.ones((1, 1)),
                1.0,
                lam=0,
                norm=1,
                lipschitz=(1, 1),
                bump_norm=1,
            ),
            "lam must be positive",
        ),
        (
            lambda: theorem_f(
                np.ones(1),
                2 * np.ones((1, 1)),
                1.0,
                lam=1,
                norm=1,
                lipschitz=(1, 1),
                bump_norm=1,
            ),
            r"\[0, 1\]",
        ),
        (lambda: printed_3_2(np.ones(1), 5, -1, 1, lipschitz=1), "h must be positive"),
        (
            lambda: printed_3_3(np.ones(1), 5, 1, -1, 1, lipschitz=1, t=1),
            "lam",
        ),
        (lambda: theorem_e(np.ones(1), np.ones(1), 0), "at least 1"),
    ],
)
def test_bad_input_names_the_range(call, words):
    with pytest.raises(InputError, match=words):
        call()
