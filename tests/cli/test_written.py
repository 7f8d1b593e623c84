"""What commands write: no two things to one file, nothing over what is read, and words as they are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from typer.testing import CliRunner

from edgewise.arrays import InputError
from edgewise.cli import app
from edgewise.cli.options import show


MODEL = "import numpy as np\ndef model(X):\n    return (X @ [1.0, -2.0, 0.5] > 0.2).astype(int)\n"
AUDIT = ["audit", "victim.toml", "--pool", "rows.csv", "--budget", "15", "--family", "linear"]
FILES = ["--model", "m.skops.npz", "--pool", "rows.csv"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked_model.py").write_text(MODEL)
    (tmp_path / "victim.toml").write_text('[victim]\nfunction = "asked_model:model"\n')
    (tmp_path / "filed.toml").write_text('[victim]\nfile = "m.onnx"\n')
    (tmp_path / "m.skops.npz").write_text("a model")
    (tmp_path / "m.onnx").write_text("a model")
    (tmp_path / "old.jsonl").write_text("runs")
    (tmp_path / "mine.csv").write_text("a,b\n" + "1,x\n2,y\n" * 30)
    pool = np.random.default_rng(1).normal(size=(60, 3))
    np.savetxt(tmp_path / "rows.csv", pool, delimiter=",", header="a,b,c", comments="")
    return tmp_path


def refused(*words):
    answer = CliRunner().invoke(app, [*words])
    assert isinstance(answer.exception, InputError), f"{answer.output} {answer.exception}"
    return str(answer.exception)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            [*AUDIT, "--out", "q.json"],
            "the page (.html) and the JSON beside it (.json) would be one file, q.json",
        ),
        (
            [*AUDIT, "--out", "q.ledger"],
            "the page (.html) and the ledger (.ledger) would be one file, q.ledger",
        ),
        ([*AUDIT, "--ledger", "./audit.json"], "would be one file, audit.json"),
        ([*AUDIT, "--out", "rows.csv"], "would replace rows.csv, which is read"),
        (["audit", "filed.toml", *AUDIT[2:], "--out", "m.onnx"], "would replace m.onnx, which is read"),
        (["compare", "--publish", "p.md"], "the page beside them (.md) would be one file, p.md"),
        (
            ["compare", "--publish", "r.db", "--store", "r.db"],
            "the store and the runs (.jsonl) would be one file",
        ),
        (["compare", "--data", "mine.csv", "--publish", "mine.csv"], "would replace mine.csv, which is read"),
        (["reproduce", "table2", "--quick", "--publish", "p.md"], "would be one file, p.md"),
        (["benchmark", "lu2023", "--publish", "p.csv"], "would be one file, p.csv"),
        (["attack", *FILES, "--out", "rows.csv"], "what is found would replace rows.csv, which is read"),
        (["attack", *FILES, "--out", "m.skops.npz"], "would replace m.skops.npz, which is read"),
        (["attack", "direct", "--out", "x.txt"], "--out x.txt: expected a name that ends in .npz or .csv"),
        (["report", "--out", "runs.db"], "would replace runs.db, which is read"),
        (["report", "--published", ".", "--out", "old.jsonl"], "would replace old.jsonl, which is read"),
    ],
)
def test_two_things_in_one_file_are_refused_before_any_work(folder, words, told):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert told in refused(*words)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("measure", ["3", "4", "10"])
def test_an_audit_with_few_rows_to_measure_leaves_robustness_out(folder, measure):
    answer = CliRunner().invoke(app, [*AUDIT, "--measure", measure, "--out", "z.html"])
    assert answer.exit_code == 0, answer.exception
    assert '"robustness": null' in (folder / "z.json").read_text()


def test_tables_show_words_as_they_are(capsys):
    words = ["a[b]c", "[/x]", "[red]", ":key:"]
    show("title [/t] :key:", ("", *words[1:]), [words])
    said = capsys.readouterr().out
    assert "title [/t] :key:" in said
    for word in words:
        assert word in said


def test_the_ending_of_a_result_is_read_in_any_case(folder):
    answer = CliRunner().invoke(app, ["attack", "direct", "-n", "3", "--out", "X.CSV"])
    assert answer.exit_code == 0, answer.exception
    assert (folder / "X.CSV").read_text().startswith("row,status,label")


def test_a_column_without_any_value_is_missing_values_to_a_model_that_has_it(folder):
    io = pytest.importorskip("skops.io")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"gap": np.nan, "a": rng.normal(size=40)})
    frame.loc[::2, "gap"] = 1.0
    tree = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2).fit(frame, frame["a"] > 0)
    io.dump(tree, folder / "tree.skops")
    frame.assign(gap=np.nan)[:5].to_csv(folder / "gaps.csv", index=False)
    trusted = [
        word for name in io.get_untrusted_types(file=folder / "tree.skops") for word in ("--trust", name)
    ]
    words = ["attack", "--model", "tree.skops", "--pool", "gaps.csv", *trusted, "--out", "o.csv"]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.exception
    assert (folder / "o.csv").read_text().startswith("row,status,label,new label,distance,lower,gap,a")
