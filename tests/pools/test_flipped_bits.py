"""One flipped bit in a file of scores is noticed, or does not change what is read."""

import random

import numpy as np
import pytest

from edgewise.pools.shards import State, read_scores, read_state, write_scores


@pytest.mark.parametrize("every", [16, pytest.param(1, marks=pytest.mark.slow)])
def test_no_flipped_bit_of_a_score_file_is_read_as_right(tmp_path, every):
    path = tmp_path / "scores.parquet"
    columns = {"score": np.random.default_rng(0).normal(size=50), "row": np.arange(50.0)}
    state = State("scoring", 50, 400, 7, "digest")
    write_scores(path, columns, state)
    whole, rng, noticed = path.read_bytes(), random.Random(0), 0
    kept = read_state(path)
    assert kept is not None
    for byte in range(0, len(whole), every):
        harmed = bytearray(whole)
        harmed[byte] ^= 1 << rng.randrange(8)
        path.write_bytes(harmed)
        got = read_state(path)
        if got != kept:  # missing, damaged, or of something else: it is computed again
            noticed += 1
            continue
        (part,) = read_scores(path)
        assert all((part[name] == column).all() for name, column in columns.items())
    assert noticed > len(whole) / every / 3
