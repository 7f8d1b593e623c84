"""The whole audit from the command line: page, JSON, exit code, nothing asked a second time."""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from edgewise.audit.measuring import Measured
from edgewise.audit.replay import restrictions


MODEL = """
import numpy as np
from sklearn.linear_model import LogisticRegression
X = np.random.default_rng(0).normal(size=(200, 3))
model = LogisticRegression().fit(X, np.where(X @ [1, -2, .5] > .2, "<b>yes", "no"))
"""


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    (folder / "audited_model.py").write_text(MODEL)
    (folder / "victim.toml").write_text('[victim]\nfunction = "audited_model:model"\nview = "scores"\n')
    pool = np.random.default_rng(1).normal(size=(300, 3))
    np.savetxt(folder / "rows.csv", pool, delimiter=",", header="a,b,c", comments="")
    command = [
        *(sys.executable, "-m", "edgewise", "audit", "victim.toml", "--pool", "rows.csv", "--budget", "60"),
        *("--measure", "80", "--family", "linear", "--fail-if-agreement-above", "0.5"),
    ]
    first = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (folder / "audit.html").exists(), first.stderr
    html = (folder / "audit.html").read_text()
    again = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return folder, first, again, html


@pytest.mark.slow
def test_exit_code_and_plan(audited):
    _, first, again, _ = audited
    assert first.returncode == again.returncode == 3
    assert "at most 60 rows for the copy and 80 to measure with" in first.stdout
    assert "0 are in audit.ledger already" in first.stdout
    assert "more than 0.5" in first.stderr


@pytest.mark.slow
def test_a_second_run_asks_nothing_and_writes_the_same_page(audited):
    folder, _, _, html = audited
    assert (folder / "audit.html").read_text() == html
    found = json.loads((folder / "audit.json").read_text())
    with closing(sqlite3.connect(folder / "audit.ledger")) as db:
        spent = dict(db.execute("SELECT purse, count(*) FROM asked GROUP BY purse"))
    assert spent["extract"] == found["spent"] <= 60
    assert spent["measure"] == sum(found["measured"].values()) <= found["caps"]["measure"] == 80
    assert found["agreement"]["held-out"]["n"] == 31
    assert set(found["simulated"]) == {"random", "margin"}
    assert "labels only" in found["restrictions"]


@pytest.mark.slow
def test_distances_are_paid_from_the_measure_purse(audited):
    """The ledger, the JSON and the page say the same of who paid for them."""
    folder, _, _, html = audited
    found = json.loads((folder / "audit.json").read_text())
    with closing(sqlite3.connect(folder / "audit.ledger")) as db:
        query = "SELECT purse, count(*) FROM asked WHERE purpose = 'robustness' GROUP BY purse"
        assert db.execute(query).fetchall() == [("measure", found["robustness"]["rows"])]
    assert found["robustness"]["purse"] == "measure"
    assert (
        found["measured"]["robustness"]
        == found["robustness"]["rows"]
        <= 3 * len(found["robustness"]["distance"])
    )
    assert len(found["robustness"]["distance"]) <= 6
    assert f"{found['robustness']['rows']} questions paid from the <code>measure</code> purse" in html
    assert f"For measuring: {sum(found['measured'].values())} of 80" in html


@pytest.mark.slow
def test_the_page_stands_alone_and_escapes(audited):
    html = audited[3]
    assert "<svg" in html
    assert "<script" not in html
    assert not re.search(r'(src|href)="http', html)
    assert "<b>yes" not in html


def test_replay_of_scores_rebuilds_what_labels_cannot():
    """With exact log-odds a linear victim is known from a few rows; a constant copier (the twin) is not close."""
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(40, 5)), rng.normal(size=(400, 5))
    odds = lambda rows: 1 / (1 + np.exp(-(rows @ [2.0, -1, 0.5, 1, -1.5] + 0.7)))  # noqa: E731
    labels, truth = (np.where(odds(rows) > 0.5, "b", "a") for rows in (X, T))
    scores = [{"a": 1 - p, "b": p} for p in odds(X)]
    measured = Measured({"held-out": T}, {"held-out": truth})
    found = {each.name: each.curve[-1][1].share for each in restrictions(X, labels, scores, measured, [40])}
    assert found["every score"] > 0.99
    assert found["every score"] >= found["scores to 2 decimals"] >= found["labels only"] - 0.02
    assert found["labels only"] < 0.99
