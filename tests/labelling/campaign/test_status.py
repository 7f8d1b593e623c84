import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from edgewise.labelling.campaign.estimates import (
    Curve,
    answers,
    gain_of,
    mean_of,
    proportion,
    saved_of,
)
from edgewise.labelling.campaign.learning import Learning
from edgewise.labelling.campaign.status import advice, standing_of, status_of
from edgewise.labelling.campaign.suspicious import doubtful, suspicious
from edgewise.learning.fitting import fitted
from edgewise.pools.pool import Pool
from edgewise.stats import Estimate


RNG = np.random.default_rng(1)
X = RNG.normal(size=(800, 3))
Y = np.where(X[:, 0] + RNG.normal(size=800) * 0.3 > 0, "yes", "no")
LEARNING = Learning(Pool.of(X), lambda index, y, seed: fitted(LogisticRegression(), X[index], y, seed=seed))


class Memory:
    """Knows what it learned from by heart and guesses the rest wrong: any leak shows."""

    def __init__(self, rows, y):
        self.known = {row.tobytes(): label for row, label in zip(rows, y, strict=True)}

    def predict(self, rows):
        return np.array([self.known.get(row.tobytes(), "wrong") for row in rows])


def test_no_model_is_asked_about_a_row_it_learned_from():
    by_heart = Learning(Pool.of(X), lambda index, y, seed: Memory(X[index], y))
    index = np.arange(40)
    said = answers(by_heart, index, Y[:40], index[:15], {int(row): row for row in index}, 0)
    assert (said == "wrong").all() or set(said) <= {"wrong", "wro"}
    outside = answers(by_heart, index, Y[:40], np.array([41, 42]), {int(row): row for row in index}, 0)
    assert set(outside.tolist()) <= {"wrong", "wro"}


def test_the_exact_interval_is_the_one_of_the_beta_law():
    one = proportion(7, 20)
    assert one.low == pytest.approx(stats.beta.ppf(0.025, 7, 14))
    assert one.high == pytest.approx(stats.beta.ppf(0.975, 8, 13))
    assert (proportion(0, 0).low, proportion(0, 0).high) == (0, 1)


def test_the_mean_of_one_share_is_that_share_and_an_unseen_class_makes_it_wide():
    one = proportion(7, 20)
    both = mean_of([one])
    assert (both.mean, both.low, both.high) == pytest.approx((one.mean, one.low, one.high))
    assert mean_of([one, proportion(0, 0)]).high - mean_of([one, proportion(0, 0)]).low > 0.5


def test_the_gain_of_a_straight_curve_is_its_slope():
    labels = np.array([10, 20, 40, 80])
    right = np.array([np.arange(100) < 50 + 5 * k for k in range(4)], float)
    gain = gain_of(Curve(labels, right), 80)
    assert gain.mean == pytest.approx(0.05, rel=0.02)
    assert gain.low < 0.05 < gain.high
    assert gain_of(Curve(labels, right[:, :5]), 80) is None


def test_a_curve_on_which_nothing_has_turned_is_not_certain_to_stay():
    flat = gain_of(Curve(np.array([10, 20, 40, 80]), np.ones((4, 20))), 80)
    assert flat.mean == pytest.approx(0)
    assert flat.high > 0.005, "twenty rows that stayed right say little"
    long = gain_of(Curve(np.array([10, 20, 40, 80]), np.ones((4, 2000))), 10)
    assert long.high < 0.005


def test_labels_saved_are_read_off_the_two_curves():
    labels = np.array([10, 20, 40, 80, 160])
    right = np.array([np.arange(100) < 50 + 10 * k for k in range(5)], float)
    random = Curve(np.array([64]), (np.arange(100) < 70)[None].astype(float))
    saved = saved_of(Curve(labels, right), random, 0)
    assert (saved.mean, saved.n) == (pytest.approx(24), 64)
    assert (saved.low, saved.high) == (pytest.approx(24), pytest.approx(24))
    never = Curve(np.array([64]), np.ones((1, 100)))
    assert saved_of(Curve(labels, right), never, 0).high == -np.inf


def test_estimates_are_near_the_truth():
    order = np.random.default_rng(2).permutation(800)[:300]
    sample = np.zeros(800, dtype=bool)
    sample[order[:150]] = True
    found = standing_of(LEARNING, order, Y[order], sample, ("yes", "no"), 0)
    model = LogisticRegression().fit(X[order], Y[order])
    truth = np.mean(model.predict(X) == Y)
    assert found.accuracy.low <= truth <= found.accuracy.high
    assert found.sampled == 150
    assert found.labels == {name: int((Y[order] == name).sum()) for name in ("yes", "no")}
    assert [n for n, _ in found.curve] == sorted({n for n, _ in found.curve})
    assert found.curve[-1][0] == 300


def test_before_two_classes_nothing_is_estimated():
    found = standing_of(LEARNING, np.arange(3), np.array(["yes"] * 3), np.ones(800, bool), ("yes", "no"), 0)
    assert found.accuracy is None
    assert found.sentence.startswith("Go on: there is no model")


@pytest.mark.parametrize("few", [1, 2, 3, 4])
def test_a_sample_of_few_labels_says_how_many_more_are_needed(few):
    index = np.concatenate([np.flatnonzero(Y == "yes")[:10], np.flatnonzero(Y == "no")[:10]])[::-1]
    sample = np.isin(np.arange(len(X)), np.concatenate([index[: few // 2], index[-(few - few // 2) :]]))
    found = standing_of(LEARNING, index, Y[index], sample, ("yes", "no"), 0)
    assert found.sampled == few
    assert found.sentence.startswith(f"Go on: {10 - few} more labels of the random sample are needed")


def test_one_sentence_goes_on_stops_or_switches():
    wide, flat = Estimate(0.01, -0.02, 0.04, 50), Estimate(0.001, -0.001, 0.003, 50)
    worse, better = Estimate(-20.0, -60.0, -3.0, 40), Estimate(10.0, 3.0, 20.0, 40)
    assert advice(100, 50, wide, better).startswith("Go on: the next 50")
    assert advice(100, 50, flat, better).startswith("Stop")
    assert advice(100, 50, wide, worse).startswith("Switch to random")
    assert advice(100, 3, None, None).startswith("Go on: 7 more")


def test_wrong_labels_are_found_and_right_ones_mostly_left_alone():
    order = np.random.default_rng(3).permutation(800)[:200]
    clear = order[np.abs(X[order, 0]) > 0.8]
    truth = np.where(X[clear, 0] > 0, "yes", "no")
    wrong = truth.copy()
    wrong[:6] = np.where(truth[:6] == "yes", "no", "yes")
    found = doubtful(LEARNING, clear, wrong, 0)
    assert len({one.row for one in found[:6]} & set(clear[:6].tolist())) >= 5
    assert len(doubtful(LEARNING, clear, truth, 0)) <= 2


def test_equal_rows_with_different_labels_and_people_who_differ_are_listed(campaign_of, folder):
    lines = (folder / "pool.csv").read_text().splitlines()
    (folder / "pool.csv").write_text("\n".join([*lines, lines[1]]))
    one = campaign_of(id=None)
    keys = one.items.keys
    one.say(
        [
            one.verdict("event-1", keys[0], "Ada", "label", "yes"),
            one.verdict("event-2", keys[-1], "Ada", "label", "no"),
            one.verdict("event-3", keys[5], "Ada", "label", "no"),
            one.verdict("event-4", keys[5], "Bo", "label", "yes"),
        ]
    )
    found = suspicious(one)
    assert [one.row for one in found] == [5, 0, len(keys) - 1]
    assert found[0].reason == "people disagree (Ada: no, Bo: yes)"
    assert found[1].reason == "an equal row differs"


def test_status_of_a_campaign(campaign_of, answer):
    one = campaign_of(share=0.5)
    answer(one, 60)
    found = status_of(one)
    assert found.sampled == 30
    assert sum(found.labels.values()) == 60
    assert set(found.short()["estimates"]) == {"accuracy", "balanced accuracy"}
