"""Lengths in each norm, and points between two others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgewise.arrays import InputError
from edgewise.geometry import between, length


points = arrays(float, (4, 3), elements=st.floats(-10, 10))


@given(points, points, st.floats(0, 1))
def test_between_never_leaves_the_box_of_its_ends(start, end, t):
    point = between(start, end, np.full(4, t))
    assert (point >= np.minimum(start, end)).all()
    assert (point <= np.maximum(start, end)).all()


def test_lengths_of_known_vectors():
    delta = np.array([[3.0, -4.0, 0.0]])
    assert [float(length(delta, norm)[0]) for norm in (1, 2, np.inf)] == [7.0, 5.0, 4.0]


def test_other_norms_are_refused():
    with pytest.raises(InputError, match=r"norm must be 1, 2 or numpy.inf; got 3"):
        length(np.zeros((1, 2)), 3)
