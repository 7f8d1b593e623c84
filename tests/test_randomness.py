"""Streams depend on seed and name, and on nothing else."""

import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.randomness import child_seed, row_streams, seed_of, stream


def test_names_are_told_apart():
    seeds = {child_seed(0, *names) for names in [("ab",), ("a", "b"), (b"ab",), (1,), ("1",), (), ("", "")]}
    assert len(seeds) == 7


def test_a_generator_gives_one_draw():
    one, two = np.random.default_rng(1), np.random.default_rng(1)
    assert seed_of(one) == seed_of(two)
    assert seed_of(one) != seed_of(np.random.default_rng(1))


def test_rows_have_streams_of_their_own():
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    forward, backward = row_streams(0, X, "a"), row_streams(0, X[::-1], "a")
    assert forward[0].random() == backward[1].random()
    assert forward[1].random() != stream(0, "a").random()


@pytest.mark.parametrize("rng", [-1, 1.5, True, "1"])
def test_other_things_are_refused(rng):
    with pytest.raises(InputError, match="rng must be a non-negative integer"):
        seed_of(rng)
