"""Trees against every cell, against a mixed-integer program, and against points drawn nearer by."""

import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier

import edgewise as ew
from edgewise.attacks import TreesExact
from edgewise.attacks.moves import Moves
from edgewise.attacks.trees.compiled import Compiled, each_nearest
from edgewise.attacks.trees.nearest import Limits
from edgewise.attacks.trees.reading import scikit_learn
from edgewise.models.answers import UnansweredError


_spec = importlib.util.spec_from_file_location("tree_oracles", Path(__file__).parent / "oracles.py")
oracles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracles)

NORMS = [1, 2, np.inf]


def boxes(d):
    return None, (np.zeros(d), np.ones(d)), (np.full(d, -0.2), np.linspace(0.45, 1.2, d))


def disagreements(model, Q, brute, box, norm):
    """How many rows the attack answers otherwise than all cells do, or with a point that does not hold."""
    inside = Q if box is None else np.clip(Q, *box)
    adv = ew.attack(model, inside, TreesExact(norm), box=box)
    expected = np.array(
        [brute.distance(x, c, norm, box) for x, c in zip(inside, adv.source_label, strict=True)]
    )
    none = np.isinf(expected)
    apart = np.abs(np.where(none, 0, adv.distance) - np.where(none, 0, expected))
    same = np.where(none, adv.status == "none-exists", apart <= 1e-15)
    holds = none | (model.predict(adv.points) != adv.source_label)
    proved = none | ((adv.lower <= adv.distance) & (adv.lower >= adv.distance * (1 - 1e-12)))
    return int((~(same & holds & proved)).sum()), len(Q)


def compare(count, seed):
    wrong = cases = 0
    for model, Q in oracles.ensembles(count, seed):
        brute = oracles.Brute(model, Q.shape[1])
        for box in boxes(Q.shape[1]):
            for norm in NORMS:
                bad, asked = disagreements(model, Q, brute, box, norm)
                wrong, cases = wrong + bad, cases + asked
    return wrong, cases


def test_distances_are_those_of_all_cells():
    assert compare(8, seed=1) == (0, 432)


@pytest.mark.slow
def test_distances_are_those_of_all_cells_in_many_ensembles():
    assert compare(48, seed=2) == (0, 2592)


def test_a_reader_that_forgets_the_cast_is_caught(monkeypatch):
    monkeypatch.setattr(scikit_learn, "float32_wall", lambda threshold: np.asarray(threshold, float))
    assert compare(8, seed=1)[0] > 0


def test_a_wrong_side_at_ties_is_caught(monkeypatch):
    monkeypatch.setattr(scikit_learn, "NEVER", 0.3)
    with pytest.raises(UnansweredError, match="does not answer as the trees in it say"):
        compare(8, seed=1)


def program(model, x, norm):
    """Kantchelian et al. 2016 for boosted trees of two classes, strict sides at the thresholds themselves."""
    d = len(x)
    tests = sorted({(f, t) for tree in model.estimators_[:, 0] for f, t in splits(tree.tree_)})
    number = {key: i for i, key in enumerate(tests)}
    leaves = [
        (t, path, value)
        for t, tree in enumerate(model.estimators_[:, 0])
        for path, value in paths(tree.tree_)
    ]
    P, L = len(tests), len(leaves)
    size = P + L + d + 1  # is z_f <= t, is it in the leaf, how far each feature moves, the longest move
    rows, low, high = [], [], []

    def add(entries, lo, hi):
        row = np.zeros(size)
        for i, value in entries:
            row[i] += value
        rows.append(row)
        low.append(lo)
        high.append(hi)

    for a, b in pairwise(tests):
        if a[0] == b[0]:
            add([(number[a], 1), (number[b], -1)], -np.inf, 0)
    for t in range(len(model.estimators_)):
        add([(P + k, 1) for k, leaf in enumerate(leaves) if leaf[0] == t], 1, 1)
    for k, (_, path, _) in enumerate(leaves):
        for f, threshold, left in path:
            i = number[f, threshold]
            add([(P + k, 1), (i, -1)], -np.inf, 0) if left else add([(P + k, 1), (i, 1)], -np.inf, 1)
    start = float(model._raw_predict_init(x[None])[0, 0])
    up = model.decision_function(x[None])[0] < 0
    gains = [(P + k, model.learning_rate * value) for k, (_, _, value) in enumerate(leaves)]
    add(gains, -start, np.inf) if up else add(gains, -np.inf, -start)
    for (f, threshold), i in number.items():
        if x[f] > threshold:  # z_f <= t costs x_f - t
            add([(P + L + f, 1), (i, -(x[f] - threshold))], 0, np.inf)
        else:  # z_f > t costs t - x_f
            add([(P + L + f, 1), (i, threshold - x[f])], threshold - x[f], np.inf)
    for f in range(d):
        add([(size - 1, 1), (P + L + f, -1)], 0, np.inf)
    cost = np.zeros(size)
    cost[size - 1 if norm == np.inf else slice(P + L, P + L + d)] = 1
    integer = np.zeros(size)
    integer[: P + L] = 1
    done = milp(
        cost,
        constraints=LinearConstraint(np.array(rows), low, high),
        integrality=integer,
        bounds=Bounds(0, np.concatenate([np.ones(P + L), np.full(d + 1, np.inf)])),
        options={"mip_rel_gap": 0},
    )
    return done.fun


def splits(tree):
    inner = tree.children_left >= 0
    return zip(tree.feature[inner].tolist(), tree.threshold[inner].tolist(), strict=True)


def paths(tree, node=0, path=()):
    if tree.children_left[node] < 0:
        yield path, tree.value[node, 0, 0]
        return
    f, t = int(tree.feature[node]), float(tree.threshold[node])
    yield from paths(tree, tree.children_left[node], (*path, (f, t, True)))
    yield from paths(tree, tree.children_right[node], (*path, (f, t, False)))


def agrees_with_the_program(models, points):
    rng = np.random.default_rng(7)
    for m in range(models):
        X = rng.random((120, 4))
        y = (X[:, 0] * X[:, 1] + 0.3 * X[:, 2] + rng.normal(0, 0.1, 120) > 0.4).astype(int)
        model = GradientBoostingClassifier(n_estimators=8, max_depth=3, random_state=m).fit(X, y)
        Q = rng.random((points, 4))
        for norm in (1, np.inf):
            radius = ew.radius(model, Q, norm=norm).distance
            assert radius == pytest.approx([program(model, x, norm) for x in Q], abs=1e-6)


def test_boosting_agrees_with_a_mixed_integer_program():
    agrees_with_the_program(1, 3)


@pytest.mark.slow
def test_boosting_agrees_with_a_mixed_integer_program_on_100_problems():
    agrees_with_the_program(10, 5)


@pytest.fixture(scope="module")
def forest():
    rng = np.random.default_rng(0)
    X = rng.random((200, 5))
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0.8).astype(int) + (X[:, 3] > 0.7)
    return RandomForestClassifier(12, random_state=0).fit(X, y), rng.random((12, 5))


@pytest.mark.parametrize("norm", NORMS)
def test_a_limit_leaves_an_honest_interval(forest, norm):
    model, Q = forest
    whole = ew.attack(model, Q, TreesExact(norm), box=(0, 1))
    for nodes in (1, 3, 10):
        cut = ew.attack(model, Q, TreesExact(norm, nodes=nodes), box=(0, 1))
        assert (cut.lower <= whole.distance * (1 + 1e-12)).all()
        assert (cut.distance >= whole.distance * (1 - 1e-12)).all()
        assert cut.found.all()
        assert (cut.points >= 0).all()
        assert (cut.points <= 1).all()
        assert (cut.counts["exact"] == (cut.distance <= whole.distance * (1 + 1e-12)))[
            cut.counts["exact"]
        ].all()
    started = ew.attack(model, Q, TreesExact(norm, nodes=1, starts=np.random.default_rng(1).random((300, 5))))
    assert started.found.all()
    timed = ew.attack(model, Q, TreesExact(norm, seconds=1e-9))
    assert (timed.lower <= whole.distance).all()


@pytest.mark.parametrize("norm", NORMS)
def test_the_k_smallest_are_those_of_all_distances(forest, norm):
    model, _ = forest
    Q = np.random.default_rng(2).random((80, 5))
    every = ew.radius(model, Q, box=(0, 1), norm=norm).distance
    found = TreesExact(norm).smallest(model, Q, 9, box=(0, 1))
    assert found.distance == pytest.approx(np.sort(every)[:9], rel=1e-12)
    assert every[found.index] == pytest.approx(found.distance, rel=1e-12)
    assert (np.diff(found.distance) >= 0).all()
    assert found.doubtful.size == 0
    assert TreesExact(norm).smallest(model, Q[:3], 9).index.size == 3
    stopped = TreesExact(norm, nodes=1).smallest(model, Q, 9, box=(0, 1))
    missed = np.flatnonzero(every < stopped.distance.max() * (1 - 1e-12))
    assert stopped.doubtful.size
    assert np.isin(missed, [*stopped.index, *stopped.doubtful]).all()


def test_threads_change_nothing(forest):
    model, Q = forest
    one, two = (ew.attack(model, Q, TreesExact(threads=t)) for t in (1, 2))
    assert (one.points == two.points).all()


def test_a_limit_with_nothing_found_keeps_its_lower_bound(forest):
    X = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    both = RandomForestClassifier(5, bootstrap=False, random_state=0).fit(X, [0, 0, 0, 1])
    for model, Q, limited in (
        (*forest, TreesExact(nodes=1)),
        (both, X[:1], TreesExact(seconds=1e-9)),  # no feature alone gains anything
    ):
        adv = ew.attack(model, Q, limited, rng=0)
        assert (adv.lower[~adv.found] > 0).all()
        assert (adv.status[~adv.found] == "failed").all()
    assert not adv.found.any()


@pytest.mark.parametrize("norm", NORMS)
def test_what_is_found_at_a_limit_obeys_the_moves(forest, norm):
    model, Q = forest
    moves = Moves(frozen=(0,), up=(1,), step=0.01, weights=(1, 2, 1, 1, 0.5))
    whole, cut = (
        ew.attack(model, Q, TreesExact(norm, moves=moves, nodes=nodes), rng=0) for nodes in (50_000, 1)
    )
    assert not cut.counts["exact"].all()
    assert (cut.distance >= whole.distance * (1 - 1e-12)).all()
    assert (cut.lower <= whole.distance * (1 + 1e-12)).all()
    moved = (cut.points - Q)[cut.found]
    assert (moved[:, 0] == 0).all()
    assert (moved[:, 1] >= 0).all()
    assert (np.abs(moved[moved != 0]) >= 0.01 * (1 - 1e-9)).all()
    assert cut.found.sum() == whole.found.sum()


def test_what_is_found_at_a_limit_is_near():
    rng = np.random.default_rng(0)
    X, Q = rng.normal(size=(600, 10)), rng.normal(size=(5, 10))
    y = (X[:, :3].sum(axis=1) + rng.normal(size=600) > 0).astype(int)
    model = ExtraTreesClassifier(20, random_state=0).fit(X, y)
    whole, cut = ew.radius(model, Q), ew.radius(model, Q, nodes=1)
    assert (cut.lower < cut.distance).all()
    assert (cut.distance >= whole.lower * (1 - 1e-12)).all()
    assert (cut.distance <= 2 * whole.distance).all()


def test_one_class_cannot_be_left():
    model = RandomForestClassifier(2).fit([[0.0], [1.0]], ["a", "a"])
    assert ew.attack(model, [[0.5]], TreesExact()).status.tolist() == ["none-exists"]


def test_nothing_crosses_where_nothing_can():
    model = RandomForestClassifier(3, random_state=0).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    adv = ew.attack(model, [[0.1]], TreesExact(), box=(0, 0.2))
    assert adv.status.tolist() == ["none-exists"]
    assert np.isinf(ew.radius(model, [[0.1]], box=(0, 0.2)).distance)[0]


def test_points_that_a_models_last_bit_refuses_are_taken_farther(forest):
    model, Q = forest
    known = Compiled.of(model, Q.dtype, 5, TreesExact().moves)
    own = known.numbers(model.predict(Q))
    plain = each_nearest(known, Q, own, None, 2, Limits(10_000))
    strict = each_nearest(known, Q, own, None, 2, Limits(10_000), strict=0.2)
    assert all(b.cost >= a.cost * (1 - 1e-12) for a, b in zip(plain, strict, strict=True))
    for answer in strict:
        if answer.point is not None:
            top = np.sort(model.predict_proba(answer.point[None])[0])
            assert top[-1] - top[-2] >= -1e-12


def test_a_radius_carries_its_proof(forest):
    model, Q = forest
    whole, cut = ew.radius(model, Q), ew.radius(model, Q, nodes=1)
    assert np.array_equal(whole.lower, whole.distance)
    assert np.array_equal(np.asarray(whole, np.float32), whole.distance.astype(np.float32))
    assert (cut.lower <= whole.distance).all()
    assert (cut.distance >= whole.distance).all()
    assert (cut.lower < cut.distance).any()
    assert np.isfinite(cut.distance).all()
    assert repr(whole).startswith("Radius: 12 rows by 'trees', norm 2, ")
    assert repr(whole).endswith(", 12 proved")
