import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.models.access import UnansweredError
from edgewise.strategies.adversarial import attack_for
from edgewise.strategies.clusters import clustered, systematic
from edgewise.strategies.frame import top
from edgewise.strategies.model_scores import margins


RNG = np.random.default_rng(1)
TRAIN = RNG.normal(size=(40, 2))
LABELS = np.digitize(TRAIN[:, 0] + TRAIN[:, 1], [-0.7, 0.7])
POOL = RNG.normal(size=(300, 2))
MODEL = LogisticRegression().fit(TRAIN, LABELS)
PASSIVE = [name for name, row in ew.STRATEGIES.items() if not {"attack", "committee"} & set(row.needs)]


def test_classical_scores_are_what_their_definitions_say():
    p = MODEL.predict_proba(POOL)
    ordered = np.sort(p, axis=1)
    for name, score in [
        ("least-confidence", 1 - ordered[:, -1]),
        ("margin", ordered[:, -2] - ordered[:, -1]),
        ("entropy", -(p * np.log(p)).sum(axis=1)),
    ]:
        answer = ew.query(MODEL, POOL, 7, name, rng=0)
        assert answer.index.tolist() == np.argsort(-score)[:7].tolist()
        assert answer.score == pytest.approx(score[answer.index])
        assert answer.queries == 300


def test_margin_of_a_nearest_neighbour_changes_sign_where_its_label_does():
    for k in (1, 3, 5):
        knn = KNeighborsClassifier(k).fit(TRAIN, LABELS > 0)
        line = np.linspace(POOL[0], POOL[1], 2001)
        flips = np.flatnonzero(np.diff(knn.predict(line).astype(int)))
        assert len(flips)
        assert (margins(knn, line)[flips] < 2 * np.linalg.norm(line[1] - line[0])).all()
        assert margins(knn, POOL).max() > 0.3


def test_margin_of_one_neighbour_is_the_gap_of_two_distances():
    knn = KNeighborsClassifier(1).fit(TRAIN, LABELS)
    gaps = np.sort([cdist(POOL, TRAIN[LABELS == c]).min(axis=1) for c in range(3)], axis=0)
    assert margins(knn, POOL) == pytest.approx(gaps[1] - gaps[0], abs=1e-6)


def greedy_centres(known, n):
    rows = []
    for _ in range(n):
        centres = np.vstack([known, POOL[rows]])
        gap = cdist(POOL, centres).min(axis=1)
        gap[rows] = -1
        rows.append(int(gap.argmax()))
    return rows


def test_core_set_is_greedy_k_centre_by_brute_force():
    answer = ew.query(MODEL, POOL, 12, "core-set", labelled=(TRAIN, LABELS), rng=0)
    assert answer.index.tolist() == greedy_centres(TRAIN, 12)


def test_core_set_is_the_same_when_the_pool_is_only_streamed():
    streamed = ew.query(
        None, lambda: iter(np.array_split(POOL, 7)), 12, "core-set", labelled=(TRAIN, LABELS), rng=0
    )
    assert streamed.index.tolist() == greedy_centres(TRAIN, 12)


def test_badge_distances_are_those_of_the_full_gradients():
    from edgewise.strategies.diversity import _plus_plus, _residual

    p = MODEL.predict_proba(POOL)
    h = np.hstack([POOL, np.ones((300, 1))])
    gradient = (_residual(p)[:, :, None] * h[:, None]).reshape(300, -1)
    rows, score = _plus_plus(np.hstack([_residual(p), h]), 3, 9, np.random.default_rng(0))
    assert rows[0] == np.argmax(np.square(gradient).sum(axis=1))
    for step in range(1, 9):
        near = cdist(gradient[rows[step]][None], gradient[rows[:step]]).min() ** 2
        size = np.square(gradient[rows[step]]).sum()
        assert score[step] == pytest.approx(min(near, size), rel=1e-6, abs=1e-9)


def test_badge_has_no_duplicates_on_the_data_of_the_published_bug():
    X = np.array([[3, 1], [1, 3], [1, 3], [3, 1], [3, 1], [1, 3], [1, 3], [3, 1], [2, 2], [2, 2]], float)
    model = GaussianNB().fit([[3, 1], [1, 3], [3, 1.1], [1.1, 3]], [0, 1, 0, 1])
    for seed in range(50):
        assert len(set(ew.query(model, X, 6, "badge", rng=seed).index.tolist())) == 6


def test_typical_takes_one_row_of_each_blob_and_leaves_covered_ones():
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 9]], float)
    blobs = np.repeat(np.arange(4), 50)
    X = centres[blobs] + RNG.normal(scale=0.3, size=(200, 2))
    assert sorted(blobs[ew.query(None, X, 4, "typical", rng=0).index]) == [0, 1, 2, 3]
    rest = ew.query(MODEL, X, 2, "typical", labelled=(centres[:2], np.array([0, 1])), rng=0)
    assert sorted(blobs[rest.index]) == [2, 3]


@pytest.mark.parametrize("seed", [0, 2, 3, 5, 9])
def test_typical_visits_clusters_as_its_rule_says(seed):
    """Few labels first, then large clusters, then typical rows; written out one row at a time."""
    rng = np.random.default_rng(seed)
    X, known, n = rng.normal(size=(90, 2)), rng.normal(size=(seed, 2)), 3 + 7 * seed
    labelled = (known, np.arange(seed) % 2) if seed else None
    pick = ew.query(None, X, n, ew.strategies.Typical(neighbours=5), labelled=labelled, rng=seed)
    groups = clustered(np.vstack([X, known]), n + seed, pick.seed)
    visits, left, want = np.bincount(groups[90:], minlength=n + seed), {}, []
    for group in np.unique(groups[:90]):
        rows = np.flatnonzero(groups[:90] == group)
        near = np.sort(cdist(X[rows], X[rows]), axis=1)[:, 1:6]
        far = near.mean(axis=1) if len(rows) > 1 else [np.inf]
        left[group] = (len(rows), sorted(zip(far, rows, strict=True)))
    while len(want) < n:
        group = min(left, key=lambda group: (visits[group], -left[group][0], left[group][1][0]))
        want.append(1 / left[group][1].pop(0)[0])
        visits[group] += 1
        left = {group: rows for group, rows in left.items() if rows[1]}
    # Rows that are each other's nearest are equally typical: the typicality of each pick decides.
    assert pick.score.tolist() == pytest.approx(want)
    assert len(set(pick.index.tolist())) == n


def test_stratified_is_uniform_row_by_row_and_spread_batch_by_batch():
    blob = np.repeat([0, 1, 2], [60, 30, 10])
    X = np.array([[0.0, 0.0], [5.0, 5.0], [9.0, 0.0]])[blob] + RNG.normal(0, 0.1, (100, 2))
    times = np.zeros(100)
    for seed in range(400):
        rows = ew.query(None, X, 10, "stratified", rng=seed).index
        times[rows] += 1
        shares = np.bincount(blob[rows], minlength=3)
        assert abs(shares - [6, 3, 1]).max() <= 1
    # Each row is drawn 40 times on average; 5 standard deviations of a binomial.
    assert abs(times - 40).max() < 5 * np.sqrt(400 * 0.1 * 0.9)
    plain = [np.sum(blob[ew.query(None, X, 10, "random", rng=seed).index] == 0) for seed in range(50)]
    assert max(plain) > 7


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 5))
def test_systematic_meets_its_inclusion_probabilities_in_number(seed, n, groups):
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.05, 1, n)
    m = int(chance.sum())
    if m == 0:
        return
    chance *= m / chance.sum()
    if chance.max() > 1:
        return
    rows = systematic(chance, rng.integers(0, groups, n), rng)
    assert len(rows) == len(set(rows.tolist())) == m


@pytest.mark.parametrize("strategy", PASSIVE)
@pytest.mark.parametrize("pools", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_pools_of_repeated_rows_give_distinct_rows_and_all_of_them(strategy, pools):
    """Repeated rows, pools of one row, whole pools; every seed its own shape."""
    for seed in range(pools):
        rng = np.random.default_rng(seed)
        size, width = int(rng.integers(1, 30)), int(rng.integers(1, 4))
        X = rng.integers(0, 3, (size, width)).astype(float)
        known = rng.normal(size=(9, width)), np.arange(9) % 3
        model = (LogisticRegression() if seed % 2 else KNeighborsClassifier(1)).fit(*known)
        n = size if seed % 5 == 0 else int(rng.integers(1, size + 1))
        candidates = None if seed % 3 else rng.permutation(size)[: max(n, size // 2)]
        answer = ew.query(
            model, X, n, strategy, rng=seed, candidates=candidates, labelled=known if seed % 4 else None
        )
        allowed = np.arange(size) if candidates is None else candidates
        assert answer.index.shape == answer.score.shape == answer.propensity.shape == (n,)
        assert len(set(answer.index.tolist())) == n
        assert set(answer.index.tolist()) <= set(allowed.tolist())


@pytest.mark.parametrize("strategy", PASSIVE)
def test_the_seed_decides_and_nothing_is_mutated(strategy):
    before = POOL.copy(), MODEL.coef_.copy()
    first, again = (ew.query(MODEL, POOL, 20, strategy, labelled=(TRAIN, LABELS), rng=5) for _ in "ab")
    assert first.index.tolist() == again.index.tolist()
    assert (before[0] == POOL).all()
    assert (before[1] == MODEL.coef_).all()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-5, 5, allow_nan=False), min_size=1, max_size=30), st.integers(0, 99))
def test_top_is_a_sort_with_ties_in_random_order(values, seed):
    scores = np.array(values).round(1)
    rows = top(scores, len(scores), seed)
    assert sorted(rows.tolist()) == list(range(len(scores)))
    assert (np.diff(scores[rows]) <= 0).all()


def test_ties_are_not_broken_by_position():
    assert len({int(top(np.zeros(10), 1, seed)[0]) for seed in range(60)}) > 5


def test_a_function_is_a_strategy_and_gets_batches():
    answer = ew.query(None, POOL, 3, lambda model, X: X[:, 0], rng=0)
    assert answer.index.tolist() == np.argsort(-POOL[:, 0])[:3].tolist()
    with pytest.raises(InputError, match="one per row"):
        ew.query(None, POOL, 3, lambda model, X: X[:1, 0], rng=0)
    with pytest.raises(InputError, match="NaN"):
        ew.query(None, POOL, 3, lambda model, X: X[:, 0] * np.nan, rng=0)


def test_a_strategy_that_breaks_the_contract_is_caught():
    import dataclasses

    from edgewise.strategies.uncertainty import Random

    @dataclasses.dataclass(frozen=True)
    class Twice:
        def __call__(self, request):
            answer = Random()(request)
            return dataclasses.replace(answer, index=np.repeat(answer.index[:1], len(answer.index)))

    with pytest.raises(InputError, match="1 distinct"):
        ew.query(None, POOL, 3, Twice(), rng=0)


class TestBadInput:
    def test_more_than_the_pool(self):
        with pytest.raises(InputError, match="n is 301, but the pool has 300"):
            ew.query(None, POOL, 301, "random", rng=0)

    def test_nan_rows_are_named(self):
        X = POOL.copy()
        X[[7, 9], 1] = np.nan
        with pytest.raises(InputError, match="2 of 300 rows \\(first: row 7\\)"):
            ew.query(MODEL, X, 3, "margin", rng=0)

    def test_labels_the_model_never_saw(self):
        with pytest.raises(InputError, match=r"does not know: \[7\].*Fit the model"):
            ew.query(MODEL, POOL, 3, "margin", labelled=(TRAIN[:2], [0, 7]), rng=0)

    def test_no_probabilities(self):
        for model in (LinearSVC().fit(TRAIN, LABELS), RidgeClassifier().fit(TRAIN, LABELS)):
            with pytest.raises(UnansweredError, match="'margin', 'dfal', 'edge-mix'"):
                ew.query(model, POOL, 3, "entropy", rng=0)
            for name in ("margin", "edge-mix", "core-set", "typical", "random"):
                assert len(ew.query(model, POOL, 3, name, rng=0).index) == 3

    def test_labels_only(self):
        model = lambda X: (X[:, 0] > 0).astype(int)  # noqa: E731
        with pytest.raises(UnansweredError, match="'dfal' with attack='race'"):
            ew.query(model, POOL, 3, "margin", rng=0)
        chosen = ew.query(model, POOL[:12], 3, ew.strategies.Dfal(ew.attacks.Race(budget=30)), rng=0)
        assert np.abs(POOL[chosen.index, 0]).max() <= np.sort(np.abs(POOL[:12, 0]))[5]
        assert attack_for(model) == "race"

    def test_no_model(self):
        with pytest.raises(InputError, match="start with 'herding'"):
            ew.query(None, POOL, 3, "margin", rng=0)
        assert len(ew.query(None, POOL, 3, "edge-mix", rng=0).index) == 3

    def test_unfitted_model_and_class(self):
        with pytest.raises(InputError, match="not fitted"):
            ew.query(LogisticRegression(), POOL, 3, "margin", rng=0)
        with pytest.raises(InputError, match="not the class"):
            ew.query(LogisticRegression, POOL, 3, "margin", rng=0)

    def test_names_and_settings(self):
        with pytest.raises(InputError, match="did you mean 'margin'"):
            ew.query(MODEL, POOL, 3, "margn", rng=0)
        with pytest.raises(InputError, match="setting of EdgeMix"):
            ew.STRATEGIES["edge-mix"].make(shares=0.3)
        with pytest.raises(TypeError, match="candiates"):
            ew.query(MODEL, POOL, 3, candiates=[1], rng=0)
        with pytest.raises(InputError, match="share in"):
            ew.query(MODEL, POOL, 3, ew.strategies.EdgeMix(share=1.0), rng=0)

    def test_candidates(self):
        with pytest.raises(InputError, match="between 0 and 299"):
            ew.query(None, POOL, 3, "random", candidates=[300], rng=0)
        first = ew.query(MODEL, POOL, 3, "margin", candidates=np.arange(300) < 3, rng=0)
        assert set(first.index.tolist()) == {0, 1, 2}
