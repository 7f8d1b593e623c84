"""BALD, ProbCover, density-weighted margin, and the rule with one switch."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.models.access import UnansweredError
from edgewise.strategies.bald import Bald, disagreement, members_of
from edgewise.strategies.clusters import Typical
from edgewise.strategies.density import DensityMargin
from edgewise.strategies.doubt import doubts
from edgewise.strategies.probcover import ProbCover, cover, pure_radius
from edgewise.strategies.typical_then_margin import TypicalThenMargin


RNG = np.random.default_rng(4)
POOL = RNG.normal(size=(200, 2))
KNOWN = RNG.normal(size=(30, 2))
TRUTH = np.digitize(KNOWN[:, 0], [-0.5, 0.5])
NAMES = np.array(["a", "b", "c"])[TRUTH]
LINE = LogisticRegression().fit(KNOWN, TRUTH)


def test_disagreement_is_the_information_a_label_has_on_the_member():
    p = RNG.dirichlet(np.ones(3), size=(5, 40))
    joint = p / 5
    label, member = joint.sum(axis=0, keepdims=True), np.full((5, 1, 1), 1 / 5)
    information = (joint * np.log(joint / (label * member))).sum(axis=(0, 2))
    assert disagreement(p) == pytest.approx(information)


def test_bald_of_a_forest_is_that_of_its_trees():
    forest = RandomForestClassifier(7, random_state=0, max_depth=3).fit(KNOWN, NAMES)
    p = np.stack([tree.predict_proba(POOL) for tree in forest.estimators_])
    answer = ew.query(forest, POOL, 9, "bald")
    assert answer.index.tolist() == np.argsort(-disagreement(p), kind="stable")[:9].tolist() or (
        answer.score == pytest.approx(np.sort(disagreement(p))[::-1][:9])
    )
    assert answer.queries == 7 * 200


def test_members_that_miss_a_class_or_see_some_features_are_asked_rightly():
    rare = np.where(np.arange(30) == 0, "d", NAMES)
    bags = BaggingClassifier(DecisionTreeClassifier(), 8, max_features=1, random_state=1).fit(KNOWN, rare)
    p = np.stack([voice(POOL) for voice in members_of(bags)])
    assert p.shape == (8, 200, 4)
    assert p.mean(axis=0) == pytest.approx(bags.predict_proba(POOL))


def test_any_other_model_is_fitted_to_bootstraps_of_the_labels():
    answer = ew.query(LINE, POOL, 9, Bald(members=4), labelled=(KNOWN, TRUTH), rng=1)
    assert answer.queries == 4 * 200
    assert (
        ew.query(LINE, POOL, 9, Bald(members=4), labelled=(KNOWN, TRUTH), rng=1).index.tolist()
        == answer.index.tolist()
    )
    with pytest.raises(UnansweredError, match="committee"):
        ew.query(LINE, POOL, 9, "bald")


def test_the_radius_is_the_largest_at_which_enough_balls_are_pure():
    group = (POOL[:, 0] > 0).astype(int)
    radius = pure_radius(POOL, group, 0.8)
    near = cdist(POOL, POOL) < radius - 1e-9
    pure = [len(set(group[row])) == 1 for row in near]
    assert np.mean(pure) >= 0.8
    wider = cdist(POOL, POOL) < 1.05 * radius
    assert np.mean([len(set(group[row])) == 1 for row in wider]) < 0.8


def test_cover_is_greedy_maximum_cover_by_brute_force():
    inside = cdist(POOL, POOL) <= 0.5
    covered, rows = RNG.random(200) < 0.2, []
    left = covered.copy()
    for _ in range(15):
        gain = (inside & ~left).sum(axis=1)
        gain[rows] = -1
        rows.append(int(gain.argmax()))
        left = left | inside[rows[-1]]
    assert cover(POOL, 0.5, covered, 15)[0].tolist() == rows


def test_probcover_takes_a_row_of_each_group_and_leaves_covered_ones():
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 9]], float)
    blob = np.repeat(np.arange(4), 50)
    X = centres[blob] + RNG.normal(scale=0.3, size=(200, 2))
    assert sorted(blob[ew.query(None, X, 4, ProbCover(clusters=4)).index]) == [0, 1, 2, 3]
    rest = ew.query(None, X, 2, ProbCover(clusters=4), labelled=(centres[:2], np.array([0, 1])))
    assert sorted(blob[rest.index]) == [2, 3]


def test_density_weighs_doubt_by_the_mean_kernel():
    X = POOL / POOL.std(axis=0)
    scale = np.median(cdist(X[::2], X[1::2], "sqeuclidean"))
    score = doubts(LINE, POOL) * np.exp(-cdist(X, X, "sqeuclidean") / scale).mean(axis=1)
    answer = ew.query(LINE, POOL, 10, "density-margin")
    assert answer.index.tolist() == np.argsort(-score)[:10].tolist()
    plain = ew.query(LINE, POOL, 10, DensityMargin(power=0))
    assert plain.score == pytest.approx(np.sort(doubts(LINE, POOL))[::-1][:10])


def test_the_switch_comes_at_so_many_labels_a_class():
    few = ew.query(LINE, POOL, 5, TypicalThenMargin(labels=11), labelled=(KNOWN, TRUTH), rng=2)
    assert (
        few.index.tolist()
        == ew.query(LINE, POOL, 5, Typical(), labelled=(KNOWN, TRUTH), rng=2).index.tolist()
    )
    many = ew.query(LINE, POOL, 5, TypicalThenMargin(labels=10), labelled=(KNOWN, TRUTH), rng=2)
    assert many.index.tolist() == ew.query(LINE, POOL, 5, "margin", rng=2).index.tolist()
