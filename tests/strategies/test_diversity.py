"""Core-set and BADGE pick what their plain algorithms pick, however large the pool."""

import numpy as np
import pytest

import edgewise as ew
from edgewise.randomness import stream
from edgewise.strategies import diversity


def farthest(X, n, known, free, lottery):
    """Greedy k-centre with every distance at hand."""
    gap = np.full(len(X), np.inf) if known is None else diversity.gap_to(X, known)
    free = np.isin(np.arange(len(X)), free)
    rows, score = [], []
    for _ in range(n):
        values = np.where(free, gap, -np.inf)
        best = np.flatnonzero(values == values.max())
        row = int(best[np.argmin(lottery[best])])
        rows.append(row)
        score.append(gap[row])
        free[row] = False
        gap = np.minimum(gap, np.sqrt(np.square(X - X[row].astype(float)).sum(axis=1)))
    return rows, score


@pytest.mark.parametrize("seed", range(30))
def test_core_set_is_greedy_k_centre_whatever_follows_every_pick(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    m, d = int(rng.integers(6, 300)), int(rng.integers(1, 6))
    monkeypatch.setattr(diversity, "FRONT", int(rng.integers(1, 40)))
    # Rounded, so that rows and distances repeat.
    X = np.round(rng.normal(size=(m, d)), int(rng.integers(0, 3))).astype(np.float32)
    known, free = (X[:3], np.arange(3, m)) if seed % 2 else (None, np.arange(m))
    n = int(rng.integers(1, len(free) + 1))
    labelled = None if known is None else (known, [0, 1, 0])
    found = ew.query(None, X, n, "core-set", labelled=labelled, candidates=free, rng=seed)
    rows, score = farthest(X, n, known, free, stream(seed, "core-set").permutation(m))
    assert found.index.tolist() == rows
    assert found.score.tolist() == score


def test_a_front_that_is_never_caught_up_would_be_seen(monkeypatch):
    X = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    monkeypatch.setattr(diversity, "FRONT", 2)
    monkeypatch.setattr(diversity, "_gap_to_each", lambda centres, X: np.full(len(X), np.inf))
    rows, _ = farthest(X, 20, None, np.arange(200), stream(0, "core-set").permutation(200))
    assert ew.query(None, X, 20, "core-set", rng=0).index.tolist() != rows


def plus_plus(factors, width, n, rng):
    """k-means++ with the whole gradients, by NumPy's own weighted draw."""
    gradients = np.einsum("ic,ih->ich", factors[:, :width], factors[:, width:]).reshape(len(factors), -1)
    gap = np.square(gradients).sum(axis=1)
    rows = []
    for step in range(n):
        rows.append(int(np.argmax(gap)) if step == 0 else int(rng.choice(len(gap), p=gap / gap.sum())))
        gap = np.minimum(gap, np.square(gradients - gradients[rows[-1]]).sum(axis=1))
    return rows


@pytest.mark.parametrize("seed", range(10))
def test_badge_is_k_means_plus_plus_over_whole_gradients(seed):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(150, 7))
    found, _ = diversity._plus_plus(factors, 3, 40, np.random.default_rng(seed))
    assert found.tolist() == plus_plus(factors, 3, 40, np.random.default_rng(seed))
