import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from edgewise.arrays import InputError
from edgewise.paper.benchmarks import lu2023
from edgewise.paper.benchmarks import lu2023_page as page
from edgewise.store import Cell, Fact


HAVE = Path(os.environ.get("EDGEWISE_DATA", "none"), "keel", "sonar.csv").is_file()
needs_data = pytest.mark.skipif(not HAVE, reason="KEEL's tables are not in $EDGEWISE_DATA")


@pytest.fixture
def table(monkeypatch):
    """Give a made table in place of each set: 100 rows, 60 for training."""
    rng = np.random.default_rng(0)
    X = rng.normal(3, 2, size=(100, 3))
    y = (X[:, 0] > 3).astype(np.intp)
    monkeypatch.setattr(lu2023, "table", lambda name: (X, y))
    return X, y


def test_the_split_is_theirs(table):
    X, y = table
    train_X, train_y, test_X, test_y = lu2023.split("sonar", 7)
    order = np.arange(100)
    np.random.default_rng(7).shuffle(order)
    first = order[:60].copy()
    np.random.default_rng(7).shuffle(first)
    scaler = StandardScaler().fit(X[first])
    assert train_y.tolist() == y[first].tolist()
    assert np.allclose(train_X, scaler.transform(X[first]))
    assert np.allclose(test_X, scaler.transform(X[order[60:]]))
    assert test_y.tolist() == y[order[60:]].tolist()


def test_a_run_is_their_loop_one_label_a_round_to_the_end(table):
    """Margin by a plain loop: the area and every point of the curve."""
    X, y, test_X, test_y = lu2023.split("sonar", 1)
    rows, right = list(range(20)), []
    while len(rows) < 60:
        svm = SVC(C=1, gamma="auto").fit(X[rows], y[rows])
        rest = np.setdiff1d(np.arange(60), rows)
        rows.append(int(rest[np.abs(svm.decision_function(X[rest])).argmin()]))
        right.append(int((SVC(C=1, gamma="auto").fit(X[rows], y[rows]).predict(test_X) == test_y).sum()))
    found = lu2023.work(Cell("lu2023", {"data": "sonar", "strategy": "margin"}, 1))
    assert found["right"] == right
    accuracy = np.array(right) / 40
    # al_round runs from 20 to 60; the sum of trapezoids over the 40 accuracies after a query, over 41.
    assert found["aubc"] == pytest.approx(sum((accuracy[1:] + accuracy[:-1]) / 2) / 41)


def test_a_split_with_one_class_at_the_start_is_left_out(table, monkeypatch):
    X, _ = table
    order = np.arange(100)
    np.random.default_rng(0).shuffle(order)
    lone = (np.arange(100) == order[99]).astype(np.intp)  # in the test part of split 0
    monkeypatch.setattr(lu2023, "table", lambda name: (X, lone))
    fact = Fact(cell := Cell("lu2023", {"data": "sonar", "strategy": "random"}, 0), lu2023.work(cell))
    assert fact.figures["aubc"] is None
    assert page.areas([fact]) == {}


def test_large_sets_end_early_and_say_so():
    cells = lu2023.cells(["all"], ["margin"], [0])
    assert len(cells) == 12
    assert {cell.settings["data"] for cell in cells if "labels" in cell.settings} == set(lu2023.LARGE)
    with pytest.raises(InputError, match="sonar"):
        lu2023.cells(["sonnar"], ["margin"], [0])


def facts():
    rng = np.random.default_rng(1)
    made = []
    for data, base in (("sonar", 0.75), ("heart", 0.80)):
        for split in range(12):
            luck = rng.normal(0, 0.02)
            for strategy, gain in (("random", 0), ("margin", 0.02), ("herding", 0.03)):
                area = base + luck + gain + rng.normal(0, 0.002)
                made.append(Fact(Cell("lu2023", {"data": data, "strategy": strategy}, split), {"aubc": area}))
    return made


def test_gains_are_paired_and_shares_are_of_margins():
    found = page.areas(facts())
    for data in ("sonar", "heart"):
        assert page.gain(found[data], "herding").mean == pytest.approx(0.03, abs=0.003)
    share, sets = page.share_of_margin(found, "herding", lu2023.SMALL)
    assert sets == 2
    assert share == pytest.approx(1.5, abs=0.15)
    assert page.mean_gain(found, "herding", lu2023.SMALL) == pytest.approx(0.03, abs=0.003)
    assert page.share_of_margin(found, "random", lu2023.SMALL) == (0, 2)
    alone = {"sonar": {"herding": {0: 0.8}, "random": {1: 0.7}}}
    assert page.gain(alone["sonar"], "herding") is None


def test_no_share_is_taken_where_margin_gains_nothing():
    splits = range(20)
    base = dict(zip(splits, np.random.default_rng(0).normal(0.8, 0.01, 20), strict=True))
    rival = {at: area + (-1) ** at * 0.02 + 0.0001 for at, area in base.items()}
    mine = {at: area + 0.02 for at, area in base.items()}
    found = {"sonar": {"random": base, "margin": rival, "herding": mine}}
    assert page.share_of_margin(found, "herding", lu2023.SMALL) is None
    assert page.mean_gain(found, "herding", lu2023.SMALL) == pytest.approx(0.02)
    ((_, _, gains),) = [table for table in page.tables(found) if table[0].startswith("gain")]
    assert [row[0] for row in gains] == ["sonar", "mean gain, small"]
    large = {"banana": found["sonar"]}
    assert [title.split()[0] for title, _, _ in page.tables(large)] == ["area", "gain"]


def test_their_numbers_are_those_of_their_summary():
    assert page.published()["banana"]["US-C"] == 0.8787
    assert page.published()["ionosphere"]["Uniform"] == 0.918
    assert len(page.published()) == len(page.margin_splits()) == 12
    for data, splits in page.margin_splits().items():
        theirs = page.published()[data]["US-C"]
        assert abs(splits.mean() - theirs) < 4 * splits.std() / np.sqrt(len(splits))


def test_the_page_and_the_file_of_areas():
    found = page.areas(facts())
    text = page.markdown(found, {"command": "edgewise benchmark lu2023", "commit": "abc", "versions": {}})
    assert "0.7762" in text
    assert "share of margin's mean gain, small" in text
    lines = page.per_split(found).splitlines()
    assert lines[0] == "data,strategy,split,aubc"
    assert len(lines) == 1 + 2 * 3 * 12


@needs_data
def test_tables_have_the_rows_and_features_they_are_listed_with():
    sizes = {"sonar": (208, 60), "heart": (270, 13), "australian": (690, 14), "twonorm": (7400, 20)}
    for name, shape in sizes.items():
        X, y = lu2023.table(name)
        assert X.shape == shape
        assert set(y.tolist()) == {0, 1}
