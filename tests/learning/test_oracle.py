import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import InputError
from edgewise.learning.answer import Answer, Cost, OracleError
from edgewise.learning.oracle import Callback, GroundTruth, Victim, ask, repeats


POINTS = np.arange(6.0)[:, None]


def test_ground_truth_answers_by_pool_row():
    answer = ask(GroundTruth(np.array([5, 6, 7, 8])), POINTS[:2], np.array([3, 1]))
    assert answer.labels.tolist() == [8, 6]
    assert answer.cost == Cost(labels=2)


def test_ground_truth_leaves_out_missing_labels():
    truth = GroundTruth(np.array(["a", None, "b"], dtype=object))
    answer = ask(truth, POINTS[:3], np.arange(3))
    assert answer.rows.tolist() == [0, 2]
    assert answer.cost.labels == 2


def test_ground_truth_knows_no_made_points_and_no_rows_beyond_its_labels():
    truth = GroundTruth(np.array([0, 1]))
    with pytest.raises(InputError, match="Victim"):
        ask(truth, POINTS)
    with pytest.raises(InputError, match="row 2"):
        ask(truth, POINTS[:1], np.array([2]))


def test_victim_answers_like_its_model_and_pays_queries():
    model = KNeighborsClassifier(1).fit(POINTS, np.arange(6) % 2)
    answer = ask(Victim(model), POINTS)
    assert answer.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert answer.cost == Cost(labels=6, queries=6)
    assert Victim(model).repeatable


def test_an_oracle_that_raises_keeps_what_was_paid_for():
    def tired(X):
        if X[0, 0] >= 4:
            raise ConnectionError("gone home")
        return [int(v) for v in X[:, 0]]

    with pytest.raises(OracleError, match="gone home") as caught:
        ask(Callback(tired, chunk=2), POINTS)
    assert caught.value.answer.rows.tolist() == [0, 1, 2, 3]
    assert caught.value.answer.cost == Cost(labels=4)


@pytest.mark.parametrize("answer", [[1, 2], list(range(7)), 3, [[1]] * 6])
def test_an_oracle_that_answers_another_number_of_rows_is_refused(answer):
    with pytest.raises(OracleError, match="one label per row"):
        ask(lambda X: answer, POINTS)


def test_a_mapping_answers_some_rows_and_no_others():
    assert ask(lambda X: {4: "x"}, POINTS).rows.tolist() == [4]
    with pytest.raises(OracleError, match="row 6"):
        ask(lambda X: {6: "x"}, POINTS)


def test_a_function_gets_a_copy():
    def rude(X):
        X[:] = 0
        return [0] * len(X)

    ask(rude, POINTS)
    assert POINTS[1, 0] == 1


def test_what_is_no_oracle_is_refused():
    with pytest.raises(InputError, match="GroundTruth"):
        ask(3, POINTS)
    with pytest.raises(InputError, match="one row per point"):
        ask(GroundTruth(np.arange(6)), POINTS, np.arange(2))


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 3), st.just(float("nan"))), min_size=6, max_size=6),
    st.integers(1, 7),
)
def test_what_is_answered_does_not_depend_on_the_chunk(labels, chunk):
    def function(X):
        return [labels[int(v)] for v in X[:, 0]]

    whole, parts = ask(Callback(function), POINTS), ask(Callback(function, chunk=chunk), POINTS)
    there = [row for row, label in enumerate(labels) if label == label and label is not None]
    assert whole.rows.tolist() == parts.rows.tolist() == there
    assert whole.labels.tolist() == parts.labels.tolist() == [labels[row] for row in there]
    assert isinstance(whole, Answer)


def test_a_coin_does_not_repeat_itself_and_a_victim_does():
    rng = np.random.default_rng(0)
    assert not repeats(lambda X: rng.integers(0, 2, len(X)), POINTS)[0]
    assert not repeats(lambda X: [None if rng.random() < 0.5 else 1 for _ in X], POINTS)[0]
    same, cost = repeats(lambda X: X[:, 0] > 2, POINTS)
    assert same
    assert cost == Cost(labels=12)
