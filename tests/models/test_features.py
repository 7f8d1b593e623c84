"""Features of tables and texts: what is known of them in closed form, and that a container changes nothing."""

import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.models.features import Features, spread_rows, takes_gaps
from edgewise.models.rows import as_texts


pd = pytest.importorskip("pandas")


def containers(frame):
    """Return a table as every data frame that is installed."""
    made = [frame]
    for module, turn in (("pyarrow", "pa.Table.from_pandas(frame)"), ("polars", "pa.from_pandas(frame)")):
        pa = pytest.importorskip(module) if module == "pyarrow" else _or_none(module)
        if pa is not None:
            made.append(eval(turn, {"pa": pa, "frame": frame}))
    return made


def _or_none(module):
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        return None


def test_numbers_are_standardised_and_gaps_are_the_mean():
    frame = pd.DataFrame({"a": [1.0, 3.0, np.nan], "b": [7.0, 7.0, 7.0]})
    for table in (*containers(frame), frame.to_numpy()):
        features, values = Features.of(table)
        assert features(table).tolist() == [[-1, 0], [1, 0], [0, 0]]
        assert np.array_equal(values, [[-1, 0], [1, 0], [np.nan, 0]], equal_nan=True)
        assert features(table).dtype == np.float32


def test_words_are_0_or_1_and_dates_and_numbers_are_scaled():
    pytest.importorskip("skrub")
    frame = pd.DataFrame(
        {
            "n": np.arange(6.0),
            "colour": ["red", "blue", "green", "red", None, "blue"],
            "when": [f"2024-01-{day:02d}" for day in range(1, 7)],
        }
    )
    seen = []
    for table in containers(frame):
        features, values = Features.of(table)
        assert features.how == ("numbers (n)", "dates (when)", "words of few kinds (colour)")
        # The same rows, seen alone, give the same features: nothing is taken from what is transformed.
        part = table[2:4] if not hasattr(table, "slice") or hasattr(table, "iloc") else table.slice(2, 2)
        assert np.array_equal(features(part), features(table)[2:4])
        seen.append(features(table))
        spread = features(table).std(axis=0)
        zero_one = [set(np.unique(column)) <= {0, 1} for column in features(table).T]
        assert all(word or abs(s - 1) < 1e-6 or s == 0 for word, s in zip(zero_one, spread, strict=True))
        assert sum(zero_one) >= 3
        assert not np.isnan(values).any()
    assert all(np.array_equal(seen[0], other) for other in seen)


def test_words_and_gaps_that_the_sample_lacks_are_of_no_kind_and_the_mean():
    pytest.importorskip("skrub")
    features, _ = Features.of(pd.DataFrame({"plan": ["free", "pro", "team"] * 3, "n": np.arange(9.0)}))
    assert features(pd.DataFrame({"plan": ["other"], "n": [np.nan]})).tolist() == [[0, 0, 0, 0]]


def test_texts_that_share_words_are_near():
    texts = as_texts(["good film", "good film", "bad weather today", "bad weather now"])
    features, _ = Features.of(texts)
    points = features(texts)
    gap = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert gap[0, 1] < 1e-6
    assert gap[2, 3] < gap[0, 2]
    with pytest.raises(InputError, match="compared by their words"):
        Features.of(as_texts(["!", "?"]))


def test_without_skrub_it_says_what_to_do(monkeypatch):
    import sys

    from edgewise.importing import MissingExtraError

    monkeypatch.setitem(sys.modules, "skrub", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'edgewise\[tables\]'"):
        Features.of(pd.DataFrame({"a": ["x", "y"]}))
    assert Features.of(pd.DataFrame({"a": [1.0, None]}))[1].shape == (2, 1)


def test_rows_of_a_sample_are_spread():
    assert spread_rows(3).tolist() == [0, 1, 2]
    rows = spread_rows(10**6)
    assert (len(rows), rows[0], rows[-1]) == (20_000, 0, 10**6 - 1)
    assert np.ptp(np.diff(rows)) <= 1


def test_who_takes_gaps():
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    assert takes_gaps(HistGradientBoostingClassifier())
    assert not takes_gaps(LogisticRegression())
    assert not takes_gaps(object())
    assert not takes_gaps(None)
