"""Commands as a newcomer types them: answers, wrong names, no traceback, nothing half-written."""

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import edgewise as ew
from edgewise.cli import main
from edgewise.paper.tables.frame import summarise
from edgewise.paper.tables.table2 import Table2
from edgewise.store import Store


COMMAND = [sys.executable, "-c", "from edgewise.cli import main; main()"]


def edgewise(*arguments, check=True, cwd=None, **environment):
    command = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={**os.environ, "COLUMNS": "100", **environment},
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


def test_attack_prints_figures_and_writes_points(tmp_path):
    out = tmp_path / "points.npz"
    done = edgewise("attack", "direct", "-n", 20, "--out", out)
    assert "queries a sample" in done.stdout
    with np.load(out) as saved:
        assert saved["points"].shape == (20, 2)
        assert saved["found"].all()


def test_a_warning_of_a_library_is_one_sentence_without_a_path(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from sklearn.neural_network import MLPClassifier\n\n"
        "def make():\n    return MLPClassifier((3,), max_iter=1, random_state=0)\n"
    )
    (tmp_path / "pool.csv").write_text("a,b\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(35)))
    labels = "".join(f"{i},{'yes' if i % 7 > 3 else 'no'}\n" for i in range(20))
    (tmp_path / "labels.csv").write_text(f"row,label\n{labels}")
    done = edgewise(
        "query", "pool.csv", "--labels", "labels.csv", "--learner", "mine.py:make", "-n", 2, cwd=tmp_path
    )
    said = [line for line in done.stderr.splitlines() if line]
    assert said == [line for line in said if line.startswith("edgewise: warning: Stochastic Optimizer")]
    assert len(said) == 1


@pytest.mark.slow
def test_attack_on_a_model_and_a_table_of_ones_own(tmp_path):
    io = pytest.importorskip("skops.io")
    rng = np.random.default_rng(0)
    X = rng.random((60, 3))
    X[::7, 2] = np.nan
    model = RandomForestClassifier(5, random_state=0).fit(X, X[:, 0] > 0.5)
    io.dump(model, tmp_path / "model.skops")
    rows = ["a,b,c", *(",".join("" if np.isnan(v) else repr(float(v)) for v in row) for row in X[:12])]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    files = ("--model", tmp_path / "model.skops", "--pool", tmp_path / "rows.csv")
    told = edgewise("attack", *files, check=False).stderr
    assert "--trust sklearn.tree._tree.Tree" in told
    trust = ("--trust", "sklearn.tree._tree.Tree")
    done = edgewise("attack", *files, *trust, "--norm", "inf", "--out", tmp_path / "out.csv")
    assert "TreesExact" in done.stdout
    assert "norm inf" in done.stdout
    with (tmp_path / "out.csv").open() as file:
        written = list(csv.DictReader(file))
    want = ew.radius(model, X[:12], norm=np.inf).distance
    assert [float(row["lower"]) for row in written] == pytest.approx(want.tolist())
    assert written[0]["c"] == "nan"
    refused = edgewise("attack", "--model", tmp_path / "model.skops", check=False)
    assert refused.returncode == 2
    assert "go together" in refused.stderr
    wrong = edgewise("attack", *files[:3], tmp_path / "no.csv", *trust, check=False)
    assert wrong.returncode == 2
    assert "there is no file" in wrong.stderr


@pytest.mark.slow
def test_attack_takes_the_columns_that_the_model_was_fitted_to_by_name(tmp_path):
    io, pd = pytest.importorskip("skops.io"), pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(size=60), "b": 5 * rng.normal(size=60), "who": [f"n{i}" for i in range(60)]}
    )
    model = LogisticRegression().fit(frame[["a", "b"]], frame["a"] > 0)
    io.dump(model, tmp_path / "model.skops")
    frame[["who", "b", "a"]][:9].to_csv(tmp_path / "rows.csv", index=False)
    files = ("--model", tmp_path / "model.skops", "--pool", tmp_path / "rows.csv")
    edgewise("attack", *files, "--out", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open() as file:
        written = list(csv.DictReader(file))
    want = ew.radius(model, frame[["a", "b"]][:9]).distance
    assert [float(row["lower"]) for row in written] == pytest.approx(want.tolist())
    frame[["who", "b"]].to_csv(tmp_path / "rows.csv", index=False)
    assert "has no column a, to which the model was fitted" in edgewise("attack", *files, check=False).stderr


@pytest.mark.slow
def test_attack_in_l_infinity_on_a_model_that_only_answers(tmp_path):
    """The distance to a circle in L-infinity is known: label-only, it is met within a few per cent."""
    io = pytest.importorskip("skops.io")
    X = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    model = SVC(C=1e4, gamma=2.0).fit(X, np.hypot(*X.T) < 0.6)
    io.dump(model, tmp_path / "model.skops")
    np.savetxt(tmp_path / "rows.csv", X[:8], delimiter=",", header="a,b", comments="")
    files = ("--model", tmp_path / "model.skops", "--pool", tmp_path / "rows.csv")
    done = edgewise("attack", *files, "--norm", "inf", "--out", tmp_path / "out.csv")
    assert "Race on" in done.stdout
    assert "norm inf" in done.stdout
    with (tmp_path / "out.csv").open() as file:
        found = [float(row["distance"]) for row in csv.DictReader(file)]
    steps = np.linspace(0, 1, 201)
    corners = np.array([[a, b] for a in (-1, 1) for b in (-1, 1)])
    label = model.predict(X[:8])
    moved = X[:8, None, None] + steps[:, None, None] * corners
    crossed = (model.predict(moved.reshape(-1, 2)).reshape(8, 201, 4) != label[:, None, None]).any(axis=2)
    upper = steps[crossed.argmax(axis=1)]
    assert (np.array(found) <= 1.1 * upper + 0.01).all()
    refused = edgewise("attack", *files, "--norm", "1", check=False)
    assert refused.returncode == 2
    assert "Take norm 2 or inf" in " ".join(refused.stderr.split())


@pytest.mark.parametrize("start", [[sys.executable, "-m", "edgewise"], COMMAND])
def test_the_module_and_the_version(start):
    done = subprocess.run([*start, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"edgewise {ew.__version__}\n"


def test_retrain_says_what_it_cost():
    done = edgewise("retrain", "--attack", "direct", "--budget", 30)
    assert "victim queries" in done.stdout
    assert "inside out" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attack", "dirct"], "did you mean 'direct'"),
        (["attack", "direct", "--data", "halfmon"], "did you mean 'halfmoon'"),
        (["attack", "direct", "-n", "0"], "Invalid value for '-n'"),
        (["reproduce", "table9"], "unknown table 'table9'"),
        (["reproduce", "table2", "--data", "moon"], "unknown data set 'moon'"),
        (["reproduce", "table2", "--attack", "optt"], "unknown attack of table2 'optt'"),
        (["reproduce", "table2", "--stored"], "holds no cell of table2"),
        (["reproduce", "table2", "--only", "theory"], "--only goes with 'all', not with 'table2'"),
        (["reproduce", "all", "--attack", "opt"], "--attack goes with a single table, not with 'all'"),
        (["report", "--store", "missing.db"], "there is no store at missing.db"),
        (["retrain", "--budget", "99999"], "budget must be between 1 and 1900"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_input_is_one_paragraph(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["edgewise", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert message in " ".join(said.replace("│", " ").split())
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "runs.db"])


@pytest.mark.slow
def test_reproduce_resumes_and_says_so(tmp_path):
    store = tmp_path / "runs.db"
    arguments = ["reproduce", "table2", "--quick", "--data", "halfmoon", "--seeds", 1, "--store", store]
    assert "12 cells computed, 0 were there" in edgewise(*arguments).stdout
    assert "0 cells computed, 12 were there" in edgewise(*arguments).stdout
    published = tmp_path / "table2.jsonl"
    edgewise(*arguments, "--publish", published)
    assert len(published.read_text().splitlines()) == 13


@pytest.mark.slow
def test_a_picture_goes_into_the_store_and_the_report(tmp_path):
    store, page = tmp_path / "runs.db", tmp_path / "report.html"
    assert "edgewise report" in edgewise("picture", "halfmoon", "--store", store).stdout
    edgewise("report", "--store", store, "--out", page)
    assert "region-exact" in page.read_text()
    assert "did you mean 'images'" in edgewise("picture", "image", "--store", store, check=False).stderr


def test_a_foreign_store_is_refused(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("my notes, not a database " * 100)
    done = edgewise("reproduce", "table2", "--quick", "--store", path, check=False)
    assert done.returncode == 2
    assert "as a store" in done.stderr
    assert path.read_text().startswith("my notes")


@pytest.mark.parametrize(
    ("ending", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
)
@pytest.mark.slow
def test_stopping_keeps_what_was_finished(tmp_path, ending, status):
    store = tmp_path / "runs.db"
    # A shell that starts the tests in the background makes them, and what they start, ignore Ctrl-C.
    heeding = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from edgewise.cli import main; main()"
    )
    command = [
        sys.executable,
        "-c",
        heeding,
        "reproduce",
        "table2",
        "--quick",
        "--data",
        "halfmoon",
        "--seeds",
        "2000",
        "--store",
        str(store),
    ]
    job = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        deadline = time.monotonic() + 60
        while facts(store) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
        job.send_signal(ending)
        _, said = job.communicate(timeout=60)
    finally:
        job.kill()
    assert job.returncode == status
    assert "What was finished is kept" in said
    assert "Traceback" not in said
    assert facts(store) >= 3


@pytest.mark.slow
def test_kills_of_the_real_command_change_no_figure(tmp_path):
    whole, killed = tmp_path / "whole.db", tmp_path / "killed.db"
    arguments = ["reproduce", "table2", "--quick", "--data", "halfmoon", "--seeds", "2", "--store"]
    edgewise(*arguments, whole)
    command = [*COMMAND, *arguments, str(killed), "--jobs", "2"]
    for goal in (1, 4, 8):
        job = subprocess.Popen(
            command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        while facts(killed) < goal and job.poll() is None:
            time.sleep(0.02)
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
    edgewise(*arguments, killed)
    with Store(whole, read_only=True) as one, Store(killed, read_only=True) as two:
        assert summarise(Table2(), one.facts("table2")) == summarise(Table2(), two.facts("table2"))


def facts(path):
    if not path.exists():
        return 0
    try:
        with Store(path, read_only=True) as store:
            return len(store.facts())
    except ValueError:
        return 0
