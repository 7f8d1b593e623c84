"""Input checks say what was given, what is taken, what to do."""

import numpy as np
import pytest

from edgewise.arrays import Box, InputError, check_box, check_count, check_X
from edgewise.models.joining import check_y


def test_float32_stays_and_everything_else_becomes_float64():
    assert check_X(np.zeros((1, 1), np.float32)).dtype == np.float32
    assert check_X(np.zeros((1, 1), np.uint8)).dtype == np.float64
    assert check_X(np.zeros((1, 1), np.float16)).dtype == np.float64


def test_images_are_taken_where_they_are_asked_for():
    assert check_X(np.zeros((2, 1, 3, 3)), images=True).shape == (2, 1, 3, 3)
    with pytest.raises(InputError, match="2-d"):
        check_X(np.zeros((2, 1, 3, 3)))


def test_nan_names_the_first_row():
    with pytest.raises(InputError, match=r"in 1 of 3 rows \(first: row 2\)"):
        check_X([[0.0], [1.0], [np.nan]])


def test_labels():
    with pytest.raises(InputError, match=r"shape \(2,\); got shape \(3,\)"):
        check_y([1, 2, 3], 2)
    with pytest.raises(InputError, match="NaN"):
        check_y([1.0, np.nan], 2)
    with pytest.raises(InputError, match="does not know"):
        check_y([1, 2], 2, classes=np.array([0, 1]))


def test_a_box_with_no_finite_bound_is_none():
    assert check_box((-np.inf, np.inf), 3) is None
    assert check_box((-np.inf, [1, np.inf, np.inf]), 3) is not None


def test_bounds_are_rounded_inward_for_float32():
    box = Box(np.array([0.1]), np.array([0.7]))
    low, high = box.bounds(np.dtype(np.float32))
    assert low[0] >= 0.1
    assert high[0] <= 0.7
    assert box.contains(box.clip(np.array([[-1.0], [2.0]], np.float32))).all()


@pytest.mark.parametrize("value", [0, 11, 2.5, True, "3"])
def test_counts(value):
    with pytest.raises(InputError, match="budget must be"):
        check_count(value, "budget", high=10)
