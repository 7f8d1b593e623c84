import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.models.kernel_ridge import KernelRidgeClassifier
from edgewise.strategies.doubt import doubts
from edgewise.strategies.greedy_cover import herd, nearest
from edgewise.strategies.herding import Herding
from edgewise.strategies.measured import hubs


RNG = np.random.default_rng(3)
POOL = RNG.normal(size=(300, 2))
KNOWN = RNG.normal(size=(20, 2))
TRUTH = (KNOWN[:, 0] > 0).astype(int)
LINE = LogisticRegression(C=10).fit(KNOWN, TRUTH)


def ask(*what, rng=0, **more):
    """Ask with a seed: nothing here depends on luck."""
    return ew.query(*what, rng=rng, **more)


def plain_greedy(X, weight, helpers, cover, width, n):
    """The definition, with every gain computed anew at every step."""
    kernel = np.exp(-cdist(X, helpers, "sqeuclidean") / width**2)
    picked = []
    for _ in range(n):
        gain = weight @ np.maximum(kernel - cover[:, None], 0)
        gain[picked] = -1
        picked.append(int(gain.argmax()))
        cover = np.maximum(cover, kernel[:, picked[-1]])
    return picked


@pytest.mark.parametrize("seed", range(5))
def test_lazy_greedy_picks_what_plain_greedy_picks(seed):
    rng = np.random.default_rng(seed)
    X, helpers, weight = rng.normal(size=(150, 3)), rng.normal(size=(90, 3)), rng.random(150)
    cover = rng.random(150) * 0.3
    width = rng.uniform(0.3, 2)
    rows, gain = herd(X, weight, helpers, cover, width, 40)
    assert rows.tolist() == plain_greedy(X, weight, helpers, cover, width, 40)
    assert (np.diff(gain) <= 1e-5).all()


@limits(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 7), st.integers(1, 3))
def test_greedy_reaches_its_share_of_the_best_choice(seed, m, n):
    """Nemhauser et al. 1978: at least 1 - 1/e of the best set, here found by trying all."""
    from itertools import combinations

    rng = np.random.default_rng(seed)
    X, weight, n = rng.normal(size=(m, 2)), rng.random(m), min(n, m)
    kernel = np.exp(-cdist(X, X, "sqeuclidean"))
    best = max(weight @ kernel[:, list(rows)].max(axis=1) for rows in combinations(range(m), n))
    rows, gain = herd(X, weight, X, np.zeros(m), 1.0, n)
    assert weight @ kernel[:, rows].max(axis=1) >= (1 - np.exp(-1)) * best - 1e-6
    assert gain.sum() == pytest.approx(weight @ kernel[:, rows].max(axis=1), abs=1e-5)


def test_nearest_is_zero_for_equal_points_far_from_the_origin():
    X = (RNG.normal(size=(50, 4)) + 1000).astype(np.float32)
    assert nearest(X, X[:7])[:7].tolist() == [0.0] * 7
    far = cdist(X[7:].astype(float), X[:7].astype(float)).min(axis=1) ** 2
    assert nearest(X.astype(float), X[:7].astype(float))[7:] == pytest.approx(far, rel=1e-3)


def by_hand(model, labelled, n, u):
    """The rule of the docstring in float64, without a uniform share."""
    spread = POOL.std(axis=0)
    X, L = POOL / spread, labelled / spread
    gap = cdist(X, L).min(axis=1)
    width = 1.5 * np.median(gap[gap > 0])
    return plain_greedy(X, u**2 + 1e-6, X, np.exp(-((gap / width) ** 2)), width, n)


def test_picks_are_those_of_the_rule():
    answer = ask(LINE, POOL, 12, Herding(share=0), labelled=(KNOWN, TRUTH))
    p = np.sort(LINE.predict_proba(POOL), axis=1)
    assert answer.index.tolist() == by_hand(LINE, KNOWN, 12, 1 - (p[:, -1] - p[:, -2]))
    assert answer.queries == 301
    assert np.isnan(answer.propensity).all()
    # A rule that covers without looking at the model picks other rows.
    assert answer.index.tolist() != by_hand(LINE, KNOWN, 12, np.ones(300))


def test_a_model_of_labels_only_is_covered_for_and_says_so():
    answer = ask(lambda X: (X[:, 0] > 0).astype(int), POOL, 12, Herding(share=0), labelled=(KNOWN, TRUTH))
    assert answer.index.tolist() == by_hand(None, KNOWN, 12, np.ones(300))
    assert answer.notes == ("12 of 12 rows cover the pool (the model gives labels only), 0 are uniform",)
    assert "no model" in ask(None, POOL, 12, "herding").notes[0]


def test_it_starts_in_every_group_and_later_goes_to_the_boundary():
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 9]], float)
    blob = np.repeat(np.arange(4), 50)
    X = centres[blob] + RNG.normal(scale=0.3, size=(200, 2))
    assert sorted(blob[ask(None, X, 4, Herding(share=0)).index]) == [0, 1, 2, 3]
    known = RNG.normal(size=(150, 2))
    line = LogisticRegression(C=100).fit(known, known[:, 0] > 0)
    late = ask(line, POOL, 10, Herding(share=0), labelled=(known, known[:, 0] > 0))
    assert np.abs(POOL[late.index, 0]).mean() < 0.5 * np.abs(POOL[:, 0]).mean()


def test_without_labelled_rows_a_pick_stands_alone():
    """A sure model doubts a thin band only; its rows alone would teach another model nothing."""
    sure = LogisticRegression(C=1e4).fit(POOL, POOL[:, 0] > 0)
    near = [
        float(np.mean(np.abs(POOL[ask(sure, POOL, 20, Herding(share=0), labelled=given).index, 0]) < 0.2))
        for given in (None, (POOL[:40], POOL[:40, 0] > 0))
    ]
    assert near[0] < 0.5 < near[1]


def test_the_uniform_share_is_flagged_uniform_and_unbiased():
    answer = ask(LINE, POOL, 20, Herding(share=0.25), labelled=(KNOWN, TRUTH))
    assert answer.uniform.tolist() == [False] * 15 + [True] * 5
    assert (answer.propensity[answer.uniform] == 1).all()
    times = np.zeros(60)
    for seed in range(400):
        pick = ask(None, POOL[:60], 12, Herding(share=0.5), rng=seed)
        times[pick.index[pick.uniform]] += 1
    # Each row is drawn 40 times on average; 5 standard deviations of a binomial.
    assert abs(times - 40).max() < 5 * np.sqrt(400 * 0.1 * 0.9)


def test_a_hard_task_gets_its_larger_uniform_share():
    noise = RNG.integers(0, 2, 60)
    X = RNG.normal(size=(60, 2))
    model = LogisticRegression().fit(X, noise)
    careful, easy = Herding(hard=0.5), (X[:, 0] > 0).astype(int)
    assert ask(model, POOL, 20, careful, labelled=(X, noise)).uniform.sum() == 10
    assert ask(model, POOL, 20, careful, labelled=(X, easy)).uniform.sum() == 2


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev"])
@pytest.mark.parametrize("k", [1, 3])
def test_the_doubt_of_nearest_neighbours_is_the_ratio_of_two_distances(metric, k):
    y = np.digitize(KNOWN[:, 0], [-0.5, 0.5])
    knn = KNeighborsClassifier(k, metric=metric).fit(KNOWN, y)
    name = {"manhattan": "cityblock"}.get(metric, metric)
    place = (k + 1) // 2 - 1
    gaps = [np.sort(cdist(POOL, KNOWN[y == c], name), axis=1)[:, place] for c in range(3)]
    first, second = np.sort(gaps, axis=0)[:2]
    assert doubts(knn, POOL) == pytest.approx(first / second, rel=1e-6)


def test_doubts_are_on_one_scale_for_every_kind_of_model():
    svc = SVC().fit(KNOWN, TRUTH)
    f = svc.decision_function(POOL)
    assert doubts(svc, POOL) == pytest.approx(1 - np.tanh(np.abs(f)))
    p = LINE.predict_proba(POOL)
    assert doubts(LINE, POOL) == pytest.approx(1 - np.abs(p[:, 0] - p[:, 1]))
    logits = LINE.decision_function(POOL)
    assert doubts(lambda X: np.stack([0 * logits, logits], axis=1), POOL) == pytest.approx(doubts(LINE, POOL))
    many = SVC().fit(KNOWN, np.digitize(KNOWN[:, 0], [-0.5, 0.5]))
    ridge = KernelRidgeClassifier().fit(KNOWN, TRUTH)
    assert (doubts(many, POOL) >= 0).all()
    for model in (svc, LINE, ridge):
        u = doubts(model, POOL)
        assert 0 <= u.min() < 0.5 < u.max() <= 1
    one = KNeighborsClassifier(5).fit(KNOWN[:5], TRUTH[:5])
    assert (doubts(one, POOL) == 1).all()


def test_the_distance_as_doubt_is_exact_for_one_neighbour():
    knn = KNeighborsClassifier(1).fit(KNOWN, TRUTH)
    gap = cdist(POOL, KNOWN).min(axis=1)
    u = gap / (gap + 2 * ew.radius(knn, POOL).distance)
    answer = ask(knn, POOL, 12, Herding(share=0, doubt="distance"), labelled=(KNOWN, TRUTH))
    assert answer.index.tolist() == by_hand(knn, KNOWN, 12, u)


def test_a_large_pool_is_sampled_and_keeps_most_of_what_there_is_to_cover():
    X = RNG.normal(size=(3000, 2))
    p = np.sort(LINE.predict_proba(X), axis=1)
    weight = (1 - (p[:, -1] - p[:, -2])) ** 2
    gap = cdist(X, KNOWN).min(axis=1)
    width = 1.5 * np.median(gap)

    def covered(rows):
        kernel = np.exp(-cdist(X, np.vstack([KNOWN, X[rows]]), "sqeuclidean") / width**2)
        return weight @ kernel.max(axis=1)

    start = covered([])
    settings = {"share": 0, "standardise": False}
    full = ask(LINE, X, 10, Herding(**settings), labelled=(KNOWN, TRUTH)).index
    small = Herding(**settings, witnesses=1000, candidates=600)
    some = ask(LINE, X, 10, small, rng=0, labelled=(KNOWN, TRUTH)).index
    plain = ask(LINE, X, 10, "margin").index
    assert covered(some) - start > 0.9 * (covered(full) - start)
    assert covered(plain) - start < 0.9 * (covered(full) - start)


def test_units_of_features_do_not_matter():
    asked = ask(None, POOL, 10, Herding(share=0), rng=1).index.tolist()
    # The second column is like a time stamp: its values differ in the eighth digit.
    stretched = POOL * [1000, 0.01] + [0, 1.7e6]
    assert ask(None, stretched, 10, Herding(share=0), rng=1).index.tolist() == asked


def counts(n, seed=0):
    """Draw short texts as counts of 400 words: few words each, and some with next to none."""
    rng = np.random.default_rng(seed)
    return np.array([rng.multinomial(m, np.full(400, 1 / 400)) for m in 1 + rng.poisson(5, n)], float)


TWINS = np.vstack([np.repeat(RNG.normal(size=(1, 5)), 150, axis=0), RNG.normal(size=(150, 5))])


@pytest.mark.parametrize(
    "rows", [RNG.normal(size=(400, 30)), counts(400), counts(1500, 1), POOL[:90], TWINS, np.zeros((200, 3))]
)
def test_hubs_are_rows_that_are_near_to_most_others(rows):
    rows = (rows - rows.mean(axis=0)) / np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1)
    some = np.unique(rows[:: -(-len(rows) // 500)], axis=0)
    if len(some) < 100:
        assert not hubs(rows)
        return
    order = np.argsort(cdist(some, some), axis=1, kind="stable")[:, 1:11]
    share = np.bincount(order.ravel()).max() / len(some)
    assert not 0.4 < share < 0.6
    assert hubs(rows) == (share > 0.5)


def test_where_there_are_hubs_directions_about_the_mean_are_covered():
    X = counts(600)
    known, y = counts(30, 1), np.arange(30) % 2
    centre, spread = X.mean(axis=0), np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    directions, given_ = ((rows - centre) / spread for rows in (X, known))
    directions, given_ = (rows / np.linalg.norm(rows, axis=1)[:, None] for rows in (directions, given_))
    for labelled in (None, (known, y)):
        by_hand = None if labelled is None else (given_, y)
        plain = Herding(share=0, standardise=False, unit=False)
        wanted = ask(None, directions, 20, plain, labelled=by_hand)
        found = ask(None, X, 20, Herding(share=0), labelled=labelled)
        assert found.index.tolist() == wanted.index.tolist()
        assert "by direction" in found.notes[0]
        assert "by direction" not in ask(None, POOL, 20, Herding()).notes[0]
        apart = ask(None, X, 20, Herding(share=0, unit=False), labelled=labelled)
        assert apart.index.tolist() != found.index.tolist()


@pytest.mark.parametrize(
    "settings", [{"share": 1.5}, {"scale": 0}, {"hard": -1}, {"doubt": "doubt"}, {"witnesses": 0}]
)
def test_wrong_settings_are_named(settings):
    with pytest.raises(InputError):
        ask(None, POOL, 3, Herding(**settings))
