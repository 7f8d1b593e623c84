import csv

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgewise.arrays import InputError
from edgewise.cli import app
from edgewise.labelling.table import read_labels, read_pool


RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).round(4)
TRUTH = np.where(X[:, 0] > 0, "spam", "ham")


@pytest.fixture
def folder(tmp_path):
    lines = ["name,a,b,c"] + [f"row {i}," + ",".join(map(str, row)) for i, row in enumerate(X)]
    (tmp_path / "pool.csv").write_text("\n".join(lines))
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["query", *map(str, words)])


def filled(path, truth=TRUTH, skip=()):
    """Do what a person does: put a label into each line."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = "" if int(row["row"]) in skip else truth[int(row["row"])]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return [int(row["row"]) for row in rows]


def test_a_person_labels_a_csv_round_by_round(folder):
    batches, taken = [], []
    for number in range(3):
        out = folder / f"batch{number}.csv"
        words = [folder / "pool.csv", "-n", 8, "--out", out]
        for batch in batches:
            words += ["--labels", batch]
        answer = run(*words)
        assert answer.exit_code == 0, answer.output
        assert f"{8 * number} of 60 rows are labelled" in answer.output
        taken += filled(out)
        batches.append(out)
    assert len(set(taken)) == 24
    header = batches[0].read_text().splitlines()[0]
    assert header.startswith("label,row,name,a,b,c,score")
    uniform = read_labels(batches, read_pool(folder / "pool.csv"))[2]
    assert 8 <= uniform.sum() < 16


def test_rows_left_blank_are_not_labels(folder):
    out = folder / "next.csv"
    assert run(folder / "pool.csv", "-n", 5, "--out", out).exit_code == 0
    rows = filled(out)
    filled(out, skip=rows[:2])
    index, labels, uniform = read_labels([out], read_pool(folder / "pool.csv"))
    assert index.tolist() == sorted(rows[2:])
    assert uniform.all()
    assert labels.tolist() == TRUTH[index].tolist()


def test_labels_of_a_changed_pool_are_refused(folder):
    out = folder / "next.csv"
    run(folder / "pool.csv", "-n", 5, "--out", out)
    filled(out)
    changed = (folder / "pool.csv").read_text().replace(str(X[30, 1]), "9.5")
    (folder / "pool.csv").write_text(changed)
    with pytest.raises(InputError, match="the pool changed"):
        read_labels([out], read_pool(folder / "pool.csv"))


def test_images_of_a_folder_are_a_pool(tmp_path):
    for i in range(12):
        Image.fromarray(RNG.integers(0, 255, (6, 5), dtype=np.uint8)).save(tmp_path / f"im{i:02}.png")
    out = tmp_path / "next.csv"
    assert run(tmp_path, "-n", 4, "--out", out).exit_code == 0
    names = [line.split(",")[2] for line in out.read_text().splitlines()[1:]]
    assert all(name.startswith("im") and name.endswith(".png") for name in names)
    Image.fromarray(np.zeros((7, 7), np.uint8)).save(tmp_path / "im99.png")
    with pytest.raises(InputError, match="one size"):
        read_pool(tmp_path)


def test_npz_pools_and_given_labels(tmp_path):
    np.savez(tmp_path / "pool.npz", X=X)
    (tmp_path / "labels.csv").write_text("row,label\n" + "\n".join(f"{i},{TRUTH[i]}" for i in range(20)))
    words = tmp_path / "pool.npz", "--labels", tmp_path / "labels.csv", "--out", tmp_path / "next.csv"
    answer = run(*words, "--strategy", "margin", "--learner", "1-nn", "-n", 6)
    assert answer.exit_code == 0, answer.output
    picked = [int(line.split(",")[1]) for line in (tmp_path / "next.csv").read_text().splitlines()[1:]]
    assert len(set(picked)) == 6
    assert min(picked) >= 20


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("row,name\n1,a", "needs the columns"),
        ("row,label\n99,a", "rows 0 to 59"),
        ("row,label\n1,a\n1,b", "two labels"),
        ("row,label", "at least one row"),
        ("row,label\n1", "line 2: 1 cells"),
    ],
)
def test_bad_labels_are_told(folder, labels, words):
    (folder / "labels.csv").write_text(labels)
    with pytest.raises(InputError, match=words):
        read_labels([folder / "labels.csv"], read_pool(folder / "pool.csv"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n3", "line 3"),
        ("name\nx\ny", "no column of numbers"),
        ("a,a\n1,2", "twice"),
        ("a\n1\n\n", None),
        ("a,b\n1,\n2,3", "NaN"),
    ],
)
def test_bad_pools_are_told(tmp_path, text, words):
    (tmp_path / "pool.csv").write_text(text)
    if words is None:
        assert len(read_pool(tmp_path / "pool.csv").pool) == 1
        return
    with pytest.raises(InputError, match=words):
        read_pool(tmp_path / "pool.csv")


def test_margin_without_labels_says_what_to_do(folder):
    answer = run(folder / "pool.csv", "--strategy", "margin", "--out", folder / "next.csv")
    assert isinstance(answer.exception, InputError)
    assert "first batch of 'edge-mix'" in str(answer.exception)
