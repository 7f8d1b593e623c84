"""Intervals and tests against SciPy and hand calculation."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgewise.arrays import InputError
from edgewise.stats import EXACT_PAIRS, Estimate, Paired, estimate, holm, paired, signed_rank_p, wilson


def test_interval_is_students():
    x = np.array([1.0, 2.0, 4.0, 7.0])
    low, high = stats.t.interval(0.95, 3, x.mean(), stats.sem(x))
    ours = estimate(x)
    assert (ours.low, ours.high) == pytest.approx((low, high))


def test_one_seed_has_no_interval():
    assert np.isnan(estimate([3.0]).low)


def test_equal_runs_are_undecided():
    assert paired([1, 2, 3], [1, 2, 3]).verdict() == "undecided"


def test_a_run_without_a_figure_decides_nothing():
    made = paired([np.nan, *range(1, 10)], [0.0] * 10)
    assert (made.p, made.verdict()) == (1.0, "undecided")


def test_six_seeds_can_decide_and_five_cannot():
    assert paired(np.arange(1, 7), np.zeros(6)).verdict() == "better"
    assert paired(np.arange(1, 6), np.zeros(5)).verdict() == "undecided"
    assert paired(np.zeros(6), np.arange(1, 7)).verdict() == "worse"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-3, 5), min_size=1, max_size=6))
def test_signed_rank_with_ties_and_zeros_is_scipys_permutation_test(steps):
    difference = np.array(steps, float)
    theirs = stats.wilcoxon(difference, zero_method="pratt").pvalue if difference.any() else 1.0
    assert signed_rank_p(difference) == pytest.approx(theirs)


@given(st.integers(0, 2**32 - 1), st.integers(1, EXACT_PAIRS))
def test_signed_rank_without_ties_is_scipys_exact_test(seed, n):
    difference = np.random.default_rng(seed).normal(0.4, 1, n)
    assert signed_rank_p(difference) == pytest.approx(stats.wilcoxon(difference, method="exact").pvalue)


def test_signed_rank_by_every_sign_of_the_ranks():
    difference = np.array([0.0, 0.5, -0.5, 1, 1, 1, 2, -2, 3, 3, 4, 0, -0.5])
    ranks, signs = stats.rankdata(np.abs(difference)), np.array(list(itertools.product((0, 1), repeat=11)))
    sums = signs @ ranks[difference != 0]
    seen = ranks[difference > 0].sum()
    by_hand = 2 * min(np.mean(sums >= seen), np.mean(sums <= seen))
    assert signed_rank_p(difference) == pytest.approx(by_hand)
    assert signed_rank_p(-difference) == pytest.approx(by_hand)


def test_the_surest_answer_with_ties_is_two_in_all_signs():
    assert signed_rank_p(np.repeat([1.0, 2.0], 10)) == pytest.approx(2.0**-19)


def test_many_pairs_are_scipys():
    difference = np.random.default_rng(0).integers(-3, 6, EXACT_PAIRS + 1).astype(float)
    assert signed_rank_p(difference) == stats.wilcoxon(difference, zero_method="pratt").pvalue


def test_holm_by_hand():
    family = [Paired(Estimate(1, 0, 2, 9), p, p) for p in (0.03, 0.01, 0.04)]
    assert [r.p_holm for r in holm(family)] == pytest.approx([0.06, 0.03, 0.06])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_and_keeps_order(ps):
    corrected = [r.p_holm for r in holm([Paired(Estimate(1, 0, 2, 9), p, p) for p in ps])]
    assert all(c >= p and c <= 1 for p, c in zip(ps, corrected, strict=True))
    assert all(corrected[i] <= corrected[j] for i in range(len(ps)) for j in range(len(ps)) if ps[i] < ps[j])


def test_wilson_contains_the_share():
    low, high = wilson(0, 20)
    assert low == 0
    assert 0 < high < 0.2


def test_bad_input():
    with pytest.raises(InputError, match="at least one value"):
        estimate([])
    with pytest.raises(InputError, match="same length"):
        paired([1, 2], [1])
    with pytest.raises(InputError, match="0 <= hits <= n"):
        wilson(3, 2)
