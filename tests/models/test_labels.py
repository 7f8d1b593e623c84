import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.arrays import InputError
from edgewise.models.joining import check_y, joined, placed, positions, same
from edgewise.models.labels import answered, as_labels, from_text


WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=6)
NUMBERS = st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=6)


@given(st.lists(st.one_of(NUMBERS), min_size=1, max_size=4) | st.lists(WORDS, min_size=1, max_size=4))
def test_joining_changes_no_label_whatever_came_first(parts):
    assert joined(*(as_labels(part) for part in parts)).tolist() == [
        label for part in parts for label in part
    ]


@given(WORDS, WORDS)
def test_placing_cuts_no_word(labels, values):
    made = placed(as_labels(labels), np.zeros(1, np.intp), as_labels(values[:1]))
    assert made.tolist() == [values[0], *labels[1:]]


@pytest.mark.parametrize(
    ("one", "other", "whole"),
    [
        (np.array([1], np.int8), np.array([1000], np.int16), [1, 1000]),
        (np.array([1], np.int64), np.array([2**63], np.uint64), [1, 2**63]),
        (np.array([0, 1]), np.array([1.0]), [0, 1, 1]),
        (np.array([2**53 + 1]), np.array([1.0]), [2**53 + 1, 1]),
        (np.array([True]), np.array([2]), [1, 2]),
        (np.array([], float), np.array(["a"]), ["a"]),
    ],
)
def test_numbers_of_any_type_are_one_class_where_equal(one, other, whole):
    assert joined(one, other).tolist() == whole


@pytest.mark.parametrize(
    "values",
    [
        ["a", None],
        ["a", float("nan")],
        [1, np.nan],
        [True, None],
        pd.Series(["a", pd.NA], dtype="string"),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([1, None], dtype="Int64"),
        pd.Series(pd.Categorical(["a", None])),
        np.ma.array([1, 2], mask=[False, True]),
        np.ma.array(["a", "b"], mask=[False, True]),
        [1, pd.NaT],
    ],
    ids=lambda values: f"{type(values).__name__} {list(values)}",
)
def test_a_missing_label_is_no_label_and_no_class(values):
    rows, labels = answered(values)
    assert rows.tolist() == [0]
    assert labels.tolist() == [values[0]]
    with pytest.raises(InputError, match="1 of 2 are missing"):
        as_labels(values)


def test_arrow_labels_keep_their_type():
    arrow = pytest.importorskip("pyarrow")
    rows, labels = answered(arrow.chunked_array([[1, None], [2**53 + 1]]))
    assert rows.tolist() == [0, 2]
    assert labels.tolist() == [1, 2**53 + 1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0, "a"], "words .* and numbers"),
        ([0.5, 1.0], "real numbers"),
        ([np.inf], "real numbers"),
        ([b"a"], "bytes"),
        ([(1, 2), (3, 4)], "one label per row"),
        ([[1], [2, 3]], "one per row"),
        ([2**70], "64 bits"),
        (np.array(["2024-01-01"], "M8[D]"), "datetime64"),
        ([{"a"}], "one per row|one label per row|set"),
    ],
)
def test_what_is_no_label_is_refused(values, said):
    with pytest.raises(InputError, match=said):
        as_labels(values)


def test_words_and_numbers_are_never_compared_or_joined():
    words, numbers = np.array(["0", "1"]), np.array([0, 1])
    for combine in (joined, same):
        with pytest.raises(InputError, match="words and numbers are never one class"):
            combine(words, numbers)
    with pytest.raises(InputError, match="does not know"):
        check_y(["0"], 1, classes=numbers)


def test_words_that_look_alike_are_refused_unless_both_are_known():
    with pytest.raises(InputError, match=r"'Stay' and .* 'stay'"):
        joined(np.array(["Stay"]), np.array(["stay"]))
    assert joined(np.array(["a", "A"]), np.array(["A"])).tolist() == ["a", "A", "A"]


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["0", "1.0", " 1 "], [0, 1, 1]),
        (["yes", " yes", "no"], ["yes", "yes", "no"]),
        (["1", "2", "?"], ["1", "2", "?"]),
        (["1.5", "2.0"], ["1.5", "2.0"]),
    ],
)
def test_labels_typed_into_cells(cells, labels):
    assert from_text(cells).tolist() == labels


def test_cells_that_differ_in_case_only_are_refused():
    with pytest.raises(InputError, match="'Stay' and 'stay'"):
        from_text(["Stay", "go", "stay"])


@pytest.mark.parametrize("classes", [["b", "a", "c"], [2, 0, 1], [False, True]])
def test_positions_follow_the_order_of_the_classes(classes):
    known = np.array(classes)
    assert positions(known[::-1], known).tolist() == list(range(len(classes)))[::-1]
