"""The commands past one machine: a batch from shards and the next one, sweeps on engines, wrong input."""

import csv
import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import edgewise as ew
from edgewise.cli import main
from edgewise.store import Store


COMMAND = [sys.executable, "-c", "from edgewise.cli import main; main()"]


def edgewise(*arguments, cwd):
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def typed(monkeypatch, capfd):
    """Return a function that runs a command in this process; its exit status and what it said."""

    def run(*arguments, cwd):
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["edgewise", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as stop:
            status = stop.code or 0
        return status, "".join(capfd.readouterr())

    return run


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def fill_in(path, to):
    """Label a batch by the sign of its first feature and leave one blank."""
    rows = rows_of(path)
    for number, row in enumerate(rows):
        row["label"] = "" if number == 3 else "up" if float(row["x0"]) > 0 else "down"
    with to.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return rows


@pytest.fixture
def first(shards, tmp_path, typed):
    """Make and fill in a first batch; the folder, the pattern and the labels."""
    status, said = typed("query", "--pool", shards, "-n", 24, "--out", "first.csv", cwd=tmp_path)
    assert status == 0, said
    fill_in(tmp_path / "first.csv", tmp_path / "labels.csv")
    return tmp_path, shards, "labels.csv"


@pytest.mark.slow
def test_batch_after_batch_from_shards(first):
    folder, pattern, labels = first
    done = edgewise("query", "--pool", pattern, "--labels", labels, "-n", 12, "--out", "next.csv", cwd=folder)
    assert "23 of 2000 rows in 6 shards are labelled" in done.stdout
    assert "6 shards scored, 0 were there" in done.stdout
    batch, labelled = rows_of(folder / "next.csv"), rows_of(folder / labels)
    known = {(row["shard"], row["row"]) for row in labelled if row["label"]}
    assert len(batch) == 12
    assert not known & {(row["shard"], row["row"]) for row in batch}
    for row in batch:
        assert np.load(row["shard"])[int(row["row"])].tolist() == [float(row[f"x{i}"]) for i in range(3)]
    again = edgewise(
        "query",
        "--pool",
        pattern,
        "--labels",
        labels,
        "-n",
        12,
        "--out",
        "again.csv",
        "--jobs",
        2,
        cwd=folder,
    )
    assert "0 shards scored, 6 were there" in again.stdout
    assert (folder / "again.csv").read_text() == (folder / "next.csv").read_text()


def test_a_model_of_ones_own_is_asked_about_rows_as_they_are(shards, task, tmp_path, typed):
    X, _, model = task
    joblib.dump(model, tmp_path / "model.joblib")
    status, said = typed(
        "query",
        "--pool",
        shards,
        "--model",
        "model.joblib",
        "--strategy",
        "margin",
        "-n",
        9,
        "--out",
        "next.csv",
        cwd=tmp_path,
    )
    assert status == 0, said
    found = [[float(row[f"x{i}"]) for i in range(3)] for row in rows_of(tmp_path / "next.csv")]
    assert found == X[ew.query(model, X, 9, "margin", rng=0).index].tolist()


def test_labels_of_a_file_are_those_of_a_model_that_knows_numbers(shards, task, tmp_path, typed):
    model = LogisticRegression().fit(task[0][:60], task[1][:60])
    joblib.dump(model, tmp_path / "model.joblib")
    (tmp_path / "labels.csv").write_text("shard,row,label\n0.npy,5,1\n2.npy,7,0\n4.npy,1,2\n")
    status, said = typed(
        "query",
        "--pool",
        shards,
        "--model",
        "model.joblib",
        "--labels",
        "labels.csv",
        "--strategy",
        "core-set",
        cwd=tmp_path,
    )
    assert status == 0, said
    assert "3 of 2000 rows" in said


def changed_shard(folder, pattern, labels):
    path = rows_of(folder / labels)[0]["shard"]
    np.save(path, np.load(path) + 1)
    return ["--pool", pattern, "--labels", labels]


def unknown_shard(folder, pattern, _):
    (folder / "bad.csv").write_text("shard,row,label\n9.npy,1,a\n")
    return ["--pool", pattern, "--labels", "bad.csv"]


def unknown_row(folder, pattern, _):
    (folder / "bad.csv").write_text("shard,row,label\n0.npy,400,a\n")
    return ["--pool", pattern, "--labels", "bad.csv"]


def no_shard_column(folder, pattern, _):
    (folder / "bad.csv").write_text("row,label\n1,a\n")
    return ["--pool", pattern, "--labels", "bad.csv"]


def two_labels(folder, pattern, _):
    (folder / "bad.csv").write_text("shard,row,label\n0.npy,4,a\n0.npy,4,b\n")
    return ["--pool", pattern, "--labels", "bad.csv"]


def no_model(folder, pattern, _):
    (folder / "model.joblib").write_text("text")
    return ["--pool", pattern, "--model", "model.joblib"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (changed_shard, "the shard changed since"),
        (unknown_shard, "'9.npy' is not a file of this pool"),
        (unknown_row, "has rows 0 to 399"),
        (no_shard_column, "needs the columns 'shard', 'row', 'label'"),
        (two_labels, "has two labels"),
        (no_model, "holds no model that can be read"),
        (lambda *_: ["--pool", "none/*.parquet"], "no files match"),
        (lambda _folder, pattern, _labels: ["pool.csv", "--pool", pattern], "give one pool"),
        (lambda *_: [], "give one pool"),
        (lambda *_: ["pool.csv", "--backend", "ray"], "go with a pool in many files"),
        (
            lambda _folder, pattern, _labels: ["--pool", pattern, "--strategy", "margin"],
            "margin needs a model",
        ),
        (lambda _folder, pattern, _labels: ["--pool", pattern, "--backend", "dusk"], "did you mean 'dask'"),
    ],
)
def test_wrong_input_is_one_paragraph(wrong, message, first, typed):
    folder, pattern, labels = first
    status, said = typed("query", *wrong(folder, pattern, labels), cwd=folder)
    assert status == 2
    assert message in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["ray", "dask"])
@pytest.mark.parametrize(
    "command",
    [
        ["reproduce", "table2", "--quick", "--data", "halfmoon", "--seeds", 1],
        [
            "compare",
            "--data",
            "islands",
            "--learner",
            "1-nn",
            "--strategy",
            "margin",
            "--strategy",
            "random",
            "--seeds",
            2,
            "--budget",
            20,
            "--pool",
            200,
        ],
    ],
)
def test_sweeps_on_an_engine_write_the_facts_of_one_process(command, backend, tmp_path):
    edgewise(*command, "--store", "here.db", cwd=tmp_path)
    done = edgewise(*command, "--store", "there.db", "--backend", backend, "--jobs", 2, cwd=tmp_path)
    assert "Warning" not in done.stderr
    with (
        Store(tmp_path / "here.db", read_only=True) as here,
        Store(tmp_path / "there.db", read_only=True) as there,
    ):
        what = "table2" if command[0] == "reproduce" else "compare"
        facts = {fact.cell.key: fact.figures for fact in here.facts(what)}
        assert facts
        assert {fact.cell.key: fact.figures for fact in there.facts(what)} == facts
