import csv
import os

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

from edgewise.arrays import InputError
from edgewise.cli import app
from edgewise.labelling.batches import read_labels
from edgewise.labelling.columns import as_written, harmless
from edgewise.labelling.sheet import read_pool


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
        words = [folder / "pool.csv", "-n", 8, "--strategy", "edge-mix", "--out", out]
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
    assert run(folder / "pool.csv", "-n", 5, "--strategy", "edge-mix", "--out", out).exit_code == 0
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
        ("name\nx\ny", "no column to learn from; shown only: name \\(names each row\\)"),
        ("a,b\n1,x\n1,x", "two different rows"),
        ("a,a\n1,2", "twice"),
        ("a\n1\n\n", None),
        ("a,b\n1,x\n2,3\n2,4", "column 'b' holds numbers, but 1 cell holds something else"),
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
    assert "first batch of 'herding'" in str(answer.exception)


def batch_of(folder, *words):
    answer = run(folder / "pool.csv", "-n", 5, *words)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_it_says_what_is_learned_from_shown_and_left_out(tmp_path):
    lines = ["name,a,b,empty"] + [f"row {i},{i},{i / 7},,"[:-1] for i in range(9)]
    (tmp_path / "pool.csv").write_text("\n".join(lines))
    said = batch_of(tmp_path, "--ignore", "b", "--out", tmp_path / "next.csv")
    assert (
        said.splitlines()[0]
        == "Learned from a; shown only: name (names each row), b; left out: 'empty' (empty)."
    )


def test_an_odd_cell_is_told_and_can_be_ignored(tmp_path):
    (tmp_path / "pool.csv").write_text("age,b\n" + "".join(f"{i},{i}\n" for i in range(9)) + "12 y,3\n")
    answer = run(tmp_path / "pool.csv", "--out", tmp_path / "next.csv")
    assert "column 'age' holds numbers, but 1 cell holds something else (first: row 9, '12 y')" in str(
        answer.exception
    )
    assert "shown only: age" in batch_of(tmp_path, "--ignore", "age", "--out", tmp_path / "next.csv")
    answer = run(tmp_path / "pool.csv", "--ignore", "agee", "--out", tmp_path / "next.csv")
    assert "unknown column 'agee'; did you mean 'age'?" in str(answer.exception)


def test_the_default_name_numbers_itself(folder, monkeypatch):
    monkeypatch.chdir(folder)
    batch_of(folder)
    filled(folder / "next.csv")
    before = (folder / "next.csv").read_text()
    batch_of(folder, "--labels", "next.csv")
    batch_of(folder, "--labels", "next.csv")
    assert (folder / "next.csv").read_text() == before
    assert {path.name for path in folder.glob("next*")} == {"next.csv", "next-2.csv", "next-3.csv"}


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("kind", ["pool", "labels", "link to the pool", "pipe", "folder", "device"])
def test_out_is_never_what_was_given_or_no_file(folder, kind, force):
    labels = folder / "labels.csv"
    labels.write_text("row,label\n1,a\n2,b\n")
    target = {"pool": folder / "pool.csv", "labels": labels}.get(kind, folder / "other")
    if kind == "link to the pool":
        target.symlink_to(folder / "pool.csv")
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    elif kind == "device":
        target = type(folder)("/dev/null")
    before = target.lstat().st_mode, (folder / "pool.csv").read_bytes(), labels.read_bytes()
    answer = run(folder / "pool.csv", "--labels", labels, "--out", target, *force)
    assert isinstance(answer.exception, InputError)
    assert (target.lstat().st_mode, (folder / "pool.csv").read_bytes(), labels.read_bytes()) == before


def test_filled_in_labels_and_foreign_files_are_replaced_by_force_only(folder):
    out = folder / "next.csv"
    batch_of(folder, "--out", out)
    batch_of(folder, "--out", out)
    filled(out)
    answer = run(folder / "pool.csv", "--out", out)
    assert "has 5 filled-in labels" in str(answer.exception)
    batch_of(folder, "--out", out, "--force")
    for content in (b"my thesis", b"\xff\xfe\x00", b"row,label\n1,\n"):
        out.write_bytes(content)
        answer = run(folder / "pool.csv", "--out", out)
        assert "is not a batch" in str(answer.exception)
        assert out.read_bytes() == content


def test_row_numbers_come_back_as_spreadsheets_write_them(folder):
    (folder / "labels.csv").write_text("row;label\n3.0;yes\n 4 ;no\n;\n5.;\n")
    index, labels, _ = read_labels([folder / "labels.csv"], read_pool(folder / "pool.csv"))
    assert (index.tolist(), labels.tolist()) == ([3, 4], ["yes", "no"])
    for row in ("²", "1e1", "-1", "1.5", "0x1", "60"):
        (folder / "labels.csv").write_text(f"row,label\n{row},yes\n", encoding="utf-8")
        with pytest.raises(InputError, match="is not a row of the pool"):
            read_labels([folder / "labels.csv"], read_pool(folder / "pool.csv"))


def test_prints_are_no_numbers_and_earlier_ones_are_known(folder):
    sheet = read_pool(folder / "pool.csv")
    assert sheet.digest[0] == "p"
    (folder / "labels.csv").write_text(f"row,label,pool\n1,a,{sheet.digest[1:]}\n2,b,{sheet.digest}\n")
    assert read_labels([folder / "labels.csv"], sheet)[0].tolist() == [1, 2]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1-1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "\r=1", "＝1+1", "'=x", "''@x"]
)
def test_what_a_spreadsheet_would_run_goes_out_harmless_and_comes_back(folder, cell):
    assert harmless(cell) == f"'{cell}"
    assert as_written(harmless(cell)) == cell
    with (folder / "pool.csv").open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([[f"{cell}name", "a"], *[[cell, i] for i in range(8)]])
    batch_of(folder, "--out", folder / "next.csv")
    with (folder / "next.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert not [word for word in [*header, *rows[0]] if word.startswith(tuple("=+-@\t\r"))]
    (folder / "labels.csv").write_text(f'row,label\n1,"{harmless(cell.strip())}"\n')
    labels = read_labels([folder / "labels.csv"], read_pool(folder / "pool.csv"))[1]
    assert labels.tolist() == [cell.strip()]


@pytest.mark.parametrize("cell", ["-1", "+1.5", "-1,5", "yes", "'tis", "", "-inf", "-1e-5"])
def test_plain_cells_stay_as_they_are(cell):
    assert harmless(cell) == as_written(cell) == cell


def test_rbf_ridge_on_equal_rows_says_so(tmp_path):
    (tmp_path / "pool.csv").write_text("a,b\n" + "1,2\n" * 9)
    (tmp_path / "labels.csv").write_text("row,label\n0,x\n1,y\n")
    words = "--labels", tmp_path / "labels.csv", "--learner", "rbf-ridge", "--out", tmp_path / "next.csv"
    assert "two different rows" in str(run(tmp_path / "pool.csv", *words).exception)


@pytest.mark.parametrize("classes", [[0.0, 1.0], [0, 1], ["0", "1"]])
@pytest.mark.parametrize("end", ["", ".0"])
def test_labels_are_a_fitted_models_classes_however_numbers_are_written(folder, classes, end):
    if end and isinstance(classes[0], str):
        pytest.skip("words are what they are")
    io = pytest.importorskip("skops.io")
    io.dump(LogisticRegression().fit(X, np.array(classes)[(X[:, 0] > 0).astype(int)]), folder / "m.skops")
    (folder / "labels.csv").write_text(f"row,label\n1,0{end}\n2,1{end}\n3,1{end}\n")
    words = ["--model", folder / "m.skops", "--ignore", "name", "--labels", folder / "labels.csv", "-n", 2]
    answer = run(folder / "pool.csv", *words, "--out", folder / "b.csv")
    assert answer.exit_code == 0, answer.exception
