"""Streams of scores against sorting everything at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise.arrays import InputError
from edgewise.pools.top_rows import Best, draw_rows, lots, margin_bin, smallest_share, uniform
from edgewise.randomness import child_seed


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=80),
    st.integers(1, 90),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_best_is_the_head_of_the_sorted_whole_whatever_the_blocks(values, n, seed, chance):
    score, row = np.array(values, float), np.arange(len(values))
    wanted = np.lexsort((lots(child_seed(seed, "ties"), row), -score))[:n]
    best, order = Best(n, seed), chance.sample(range(len(values)), len(values))
    cuts = sorted(chance.randint(0, len(values)) for _ in range(3))
    for part in np.split(np.array(order), cuts):
        best.add({"score": score[part], "row": row[part]})
        if chance.random() < 0.5:
            best.all()
    assert best.all()["row"].tolist() == wanted.tolist()


def test_best_holds_no_more_than_a_few_times_what_is_asked_for():
    best, rng = Best(10, 0), np.random.default_rng(0)
    for start in range(0, 3_000_000, 100_000):
        best.add({"score": rng.random(100_000), "row": np.arange(start, start + 100_000)})
        assert sum(len(part["row"]) for part in best._held) <= 4 * 10 + 2**16 + 100_000


def test_best_refuses_nan():
    with pytest.raises(InputError, match="NaN"):
        Best(1, 0).add({"score": np.array([0.0, np.nan]), "row": np.arange(2)})


def test_ties_are_drawn_fairly():
    first = [int(_only(Best(1, seed), np.zeros(4))) for seed in range(2000)]
    counts = np.bincount(first, minlength=4)
    assert np.all(np.abs(counts - 500) < 5 * np.sqrt(2000 * 0.25 * 0.75))


def _only(best, score):
    best.add({"score": score, "row": np.arange(len(score))})
    return best.all()["row"][0]


@given(st.integers(1, 40), st.data())
def test_drawn_rows_are_distinct_and_free(size, data):
    without = np.array(sorted(data.draw(st.sets(st.integers(0, size - 1)))), dtype=np.intp)
    n = data.draw(st.integers(0, size - len(without)))
    rows = draw_rows(n, size, without, data.draw(st.integers(0, 9)), "x")
    assert len(set(rows.tolist())) == n
    assert set(rows.tolist()) <= set(range(size)) - set(without.tolist())


def test_drawn_rows_are_uniform_over_the_free_ones():
    without = np.array([0, 3, 4])
    counts = sum(np.bincount(draw_rows(2, 8, without, seed, "x"), minlength=8) for seed in range(3000))
    assert counts[without].tolist() == [0, 0, 0]
    free = np.delete(counts, without)
    assert np.all(np.abs(free - 1200) < 5 * np.sqrt(3000 * 0.4 * 0.6))


@given(st.lists(st.floats(0, 1e300) | st.just(np.inf), min_size=1, max_size=60), st.integers(1, 70))
def test_the_share_holds_enough_and_no_bin_too_many(margins, rows):
    margin = np.array(margins)
    edge = smallest_share([{"score": -part} for part in np.array_split(margin, 3)], rows)
    bins = margin_bin(margin)
    assert (bins <= edge).sum() >= min(rows, len(margin))
    assert (bins < edge).sum() < rows
    order = np.argsort(margin, kind="stable")
    assert (np.diff(bins[order]) >= 0).all()
    finite = np.isfinite(margin) & (margin > 1e-300)
    inside = finite & (bins <= edge)
    if inside.any() and (bins > edge).any():
        assert margin[inside].max() <= margin[bins > edge].min()


def test_uniform_numbers_look_uniform():
    values = uniform(3, np.arange(100_000))
    assert 0 < values.min() < values.max() < 1
    assert abs(values.mean() - 0.5) < 5 / np.sqrt(12 * 100_000)
    assert np.abs(np.bincount((values * 10).astype(int)) - 10_000).max() < 5 * np.sqrt(9000)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 5 / np.sqrt(100_000)
