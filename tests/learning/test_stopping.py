from types import SimpleNamespace

import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.learning.stopping import NoGain, Settled, expected_gain
from edgewise.stats import Estimate


def rounds(figures, accuracies=None):
    accuracies = accuracies or [None] * len(figures)

    def one(i, figure, a):
        query = SimpleNamespace(score=-np.array([figure, figure, 99.0]), uniform=np.array([0, 0, 1], bool))
        return SimpleNamespace(
            query=query, n_labelled=10 * (i + 1), accuracy=None if a is None else Estimate(a, a, a, 50)
        )

    return [one(i, f, a) for i, (f, a) in enumerate(zip(figures, accuracies, strict=True))]


def test_settles_when_the_last_figures_agree_and_not_before():
    assert Settled(3, 0.05)(rounds([1.0, 0.5, 0.2, 0.2, 0.21])) is not None
    assert Settled(3, 0.05)(rounds([1.0, 0.5, 0.2, 0.21])) is None
    assert Settled(3, 0.05)(rounds([0.2, 0.2])) is None


def test_uniform_rows_do_not_settle_anything():
    done = rounds([1.0, 1.0, 1.0, 1.0])
    for r in done:
        r.query.uniform[:] = True
    assert Settled(3)(done) is None


def test_a_flat_curve_stops_and_a_rising_or_a_noisy_one_does_not():
    flat, rising = [0.9] * 8, [0.5 + 0.05 * i for i in range(8)]
    noisy = [0.9, 0.7, 0.95, 0.75, 0.9, 0.72, 0.95, 0.8]
    none = [1.0] * 8
    assert "expected to gain" in NoGain()(rounds(none, flat))
    assert NoGain()(rounds(none, rising)) is None
    assert NoGain()(rounds(none, noisy)) is None
    assert NoGain()(rounds(none[:7], flat[:7])) is None


def test_expected_gain_is_exact_on_a_logarithmic_curve():
    labels = [10, 20, 40, 80]
    gain = expected_gain(labels, [0.1 * np.log(n) for n in labels])
    assert gain.mean == pytest.approx(0.1 * np.log(120 / 80))
    assert gain.low == pytest.approx(gain.high)


def test_bad_settings_are_told():
    with pytest.raises(InputError, match="rounds >= 2"):
        Settled(rounds=1)([])
    with pytest.raises(InputError, match="rounds >= 4"):
        NoGain(rounds=3)([])
    with pytest.raises(InputError, match="three points"):
        expected_gain([1, 2], [0.5, 0.6])
