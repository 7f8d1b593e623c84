"""Balls and norms: inside stays, outside lands on the sphere, twice equals once, nothing nearer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgewise.arrays import InputError
from edgewise.geometry import between, length, onto_ball


points = arrays(float, (4, 3), elements=st.floats(-10, 10))
norms = st.sampled_from([1, 2, np.inf])
radii = st.floats(0.01, 5)


@given(points, radii, norms)
def test_projection_onto_a_ball(delta, radius, norm):
    landed = onto_ball(delta, radius, norm)
    size, after = length(delta, norm), length(landed, norm)
    inside = size <= radius
    assert (landed[inside] == delta[inside]).all()
    assert np.allclose(after[~inside], radius)
    assert np.allclose(onto_ball(landed, radius, norm), landed)


@given(points, radii, norms, arrays(float, (4, 3), elements=st.floats(-1, 1)))
def test_no_point_of_the_ball_is_nearer(delta, radius, norm, other):
    other = onto_ball(other, radius, norm)
    assert (length(delta - onto_ball(delta, radius, norm)) <= length(delta - other) + 1e-9).all()


@given(points, points, st.floats(0, 1))
def test_between_never_leaves_the_box_of_its_ends(start, end, t):
    point = between(start, end, np.full(4, t))
    assert (point >= np.minimum(start, end)).all()
    assert (point <= np.maximum(start, end)).all()


def test_denormal_lengths_do_not_overflow():
    delta = np.array([[5e-324, 0.0], [0.0, 0.0]])
    assert (onto_ball(delta, 5.0) == delta).all()


def test_lengths_of_known_vectors():
    delta = np.array([[3.0, -4.0, 0.0]])
    assert [float(length(delta, norm)[0]) for norm in (1, 2, np.inf)] == [7.0, 5.0, 4.0]


def test_other_norms_are_refused():
    with pytest.raises(InputError, match=r"norm must be 1, 2 or numpy.inf; got 3"):
        length(np.zeros((1, 2)), 3)
