import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.data.dataset import Split
from edgewise.pools.pool import Pool
from edgewise.strategies.edge_mix import EdgeMix, by_turns, quota_chances, unresolved
from edgewise.strategies.frame import Request
from edgewise.strategies.model_scores import margins


RNG = np.random.default_rng(2)
POOL = RNG.uniform(-1, 1, (1000, 2))
KNOWN = RNG.uniform(-1, 1, (60, 2))
TRUTH = (KNOWN[:, 0] > 0).astype(int)
LINE = LogisticRegression(C=100).fit(KNOWN, TRUTH)


def pick(n=20, model=LINE, known=(KNOWN, TRUTH), rng=0, pool=POOL, repeatable=None, **settings):
    return ew.query(model, pool, n, EdgeMix(**settings), labelled=known, rng=rng, repeatable=repeatable)


def test_a_share_is_uniform_and_the_rest_is_in_the_slab():
    answer = pick(share=0.75, greedy=False)
    assert answer.uniform.sum() in (5, 6)
    margin = margins(LINE, POOL)
    edge = answer.index[~answer.uniform]
    # The slab is a fifth of the pool, a little more where the uniform share took rows out of it.
    assert (margin[edge] <= np.sort(margin)[210]).all()


def test_the_greedy_share_takes_the_smallest_margins():
    answer = pick(share=0.75, repeatable=True)
    edge = answer.index[~answer.uniform]
    rest = np.setdiff1d(np.arange(1000), answer.index)
    margin = margins(LINE, POOL)
    assert margin[edge].max() <= margin[rest].min() + 1e-12
    assert np.isnan(answer.propensity[~answer.uniform]).all()
    assert (answer.propensity[answer.uniform] == 1).all()


@pytest.mark.slow
def test_propensities_are_the_rates_at_which_rows_are_drawn():
    small, runs = POOL[:60], 600
    weight = np.zeros(60)
    for seed in range(runs):
        answer = pick(10, pool=small, rng=seed, greedy=False, share=0.5)
        weight[answer.index] += 60 / (10 * answer.propensity) / runs
    order = np.argsort(margins(LINE, small))
    # Each row adds up to 1; the rows at the rim of the slab (the 12 smallest margins) are in it by chance.
    for rows in (order[:9], order[18:]):
        assert weight[rows].mean() == pytest.approx(1, abs=0.1)
    assert weight.sum() == pytest.approx(60, rel=0.05)


def test_weighted_averages_over_the_picks_are_unbiased_and_plain_ones_are_not():
    value = margins(LINE, POOL)
    weighted, plain = [], []
    for seed in range(150):
        answer = pick(50, rng=seed, greedy=False)
        weighted.append(np.mean(value[answer.index] / answer.propensity))
        plain.append(value[answer.index].mean())
    assert abs(np.mean(weighted) - value.mean()) < 4 * np.std(weighted) / np.sqrt(150)
    assert np.mean(plain) < 0.85 * value.mean()


def test_an_unresolved_local_average_gets_the_rows_of_random():
    X = RNG.uniform(-1, 1, (500, 10))
    known = X[:60], RNG.integers(0, 2, 60)
    knn = KNeighborsClassifier(1).fit(*known)
    answer = pick(model=knn, known=known, pool=X, rng=3, guard=True)
    assert answer.index.tolist() == ew.query(knn, X, 20, "random", rng=3).index.tolist()
    assert "guard" in answer.notes[0]
    free = pick(model=knn, known=known, pool=X, rng=3)
    assert not free.uniform.all()


def test_a_resolved_local_average_goes_to_the_boundary():
    knn = KNeighborsClassifier(1).fit(KNOWN, TRUTH)
    assert not pick(model=knn, guard=True).uniform.all()


def test_what_the_labels_show_decides_between_greedy_and_drawn():
    noise = RNG.integers(0, 2, 60)
    assert np.isnan(pick().propensity).any()
    assert not np.isnan(pick(known=(KNOWN, noise)).propensity).any()
    assert not np.isnan(pick(known=(KNOWN[:4], TRUTH[:4])).propensity).any()


def test_cold_start_is_all_uniform():
    assert pick(known=None, n=20).uniform.all()
    assert pick(model=None, known=None, n=20).uniform.all()
    # Two classes at ten labels each stay uniform; of the other 80 half goes to the boundary.
    assert 39 <= (~pick(known=None, n=100).uniform).sum() <= 41


def test_rare_pairs_of_classes_get_their_quota():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal([0, 0], 0.3, (900, 2)), rng.normal([8, 8], 0.3, (100, 2))])
    centres = np.array([[-0.3, 0], [0.3, 0], [7.7, 8], [8.3, 8]])

    def scores(points):
        return -np.square(points[:, None] - centres).sum(axis=2)

    answer = ew.query(scores, X, 40, EdgeMix(cold=0, greedy=False), rng=0)
    edge = answer.index[~answer.uniform]
    # Sizes of about 9 to 1 share 3 to 1 by their roots: a quarter, to within a row of 20.
    assert 0.2 <= np.mean(edge >= 900) <= 0.4
    plain = ew.query(scores, X, 40, "margin", rng=0)
    assert (plain.index >= 900).sum() < 9


def testquota_chances_add_up_and_none_is_above_one():
    pair = np.repeat([0, 1, 2], [100, 25, 1])
    chance = quota_chances(pair, 32)
    assert chance.sum() == pytest.approx(32)
    assert chance.max() <= 1
    # Roots of the sizes are 10, 5 and 1: the lone row is sure, the rest shares two to one.
    assert chance[pair == 0].sum() == pytest.approx(2 * chance[pair == 1].sum())
    assert quota_chances(np.zeros(5, dtype=np.intp), 5).tolist() == [1.0] * 5


def test_greedy_takes_each_pair_from_its_smallest_margin_up():
    pair = np.array([0, 0, 0, 0, 1, 0, 0, 0, 1])
    rows = by_turns(quota_chances(pair, 4), pair, 4)
    assert rows.tolist() == [0, 1, 2, 4]


def test_unresolved_is_near_zero_for_separate_classes_and_near_one_for_coins():
    def asked(y, uniform=None):
        return Request(None, Pool.of(POOL), 1, np.arange(1000), Split(KNOWN, y), None, 0, uniform=uniform)

    blobs = (KNOWN[:, 0] > 0).astype(int)
    assert unresolved(asked(blobs)) < 0.3
    assert unresolved(asked(RNG.integers(0, 2, 60))) > 0.6
    assert unresolved(asked(np.zeros(60))) is None
    assert unresolved(asked(blobs, np.arange(60) < 5)) is None


def test_the_boundary_share_by_distance_is_that_of_the_exact_attack():
    rng = np.random.default_rng(0)
    X = rng.random((60, 2))
    y = (X[:, 0] + X[:, 1] > 1).astype(int)
    forest = RandomForestClassifier(20, max_depth=4, random_state=0).fit(X, y)
    pool = rng.random((200, 2))
    exact = ew.radius(forest, pool, box=(0, 1)).distance
    method = EdgeMix(margin="distance", greedy=True)
    query = ew.query(forest, pool, 20, method, labelled=(X, y), box=(0, 1), rng=0)
    edge = query.index[~query.uniform]
    assert len(edge) > 0
    assert np.allclose(-query.score[~query.uniform], exact[edge])
    rest = np.setdiff1d(np.arange(200), query.index)
    assert exact[edge].mean() < np.sort(exact[rest])[: len(edge)].mean() + 1e-12
