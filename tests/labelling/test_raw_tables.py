"""Tables as people have them, end to end: words, dates, gaps, ids; labels keyed by the id; models of one's own."""

import csv
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from edgewise.arrays import InputError
from edgewise.cli import app
from edgewise.labelling.batches import read_labels
from edgewise.labelling.identifying import why_useless
from edgewise.labelling.next_batch import NextBatch
from edgewise.labelling.sheet import read_pool


pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("skrub")

N = 120


def customers(n=N, seed=0):
    """Return a table with an id, a constant, words, dates and gaps; who leaves hangs on plan and tenure."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["free", "pro", "team"], n)
    tenure = rng.integers(0, 60, n)
    table = pd.DataFrame(
        {
            "customer_id": [f"C-{i * 7 + 1000}" for i in range(n)],
            "plan": plan,
            "tenure": tenure,
            "spend": np.where(rng.random(n) < 0.2, np.nan, rng.gamma(2, 20, n).round(2)),
            "joined": [f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(n)],
            "city": [f"town {i % 45}" for i in range(n)],
            "currency": "EUR",
        }
    )
    return table, np.where((plan == "free") | (tenure < 6), "leaves", "stays")


@pytest.fixture
def folder(tmp_path):
    customers()[0].to_csv(tmp_path / "churn.csv", index=False)
    return tmp_path


def run(*words):
    answer = CliRunner().invoke(app, ["query", *map(str, words)])
    if answer.exception is not None and not isinstance(answer.exception, InputError):
        raise answer.exception
    return answer


def filled(path, truth, key="customer_id"):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = truth.get(row[key], "stays")
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return [row[key] for row in rows]


@pytest.mark.parametrize("learner", ["logistic", "boosting"])
def test_a_messy_csv_is_labelled_by_its_id_round_by_round(folder, learner):
    table, y = customers()
    truth = dict(zip(table["customer_id"], y, strict=True))
    batches, taken = [], []
    for number in range(2):
        out = folder / f"batch{number}.csv"
        words = [folder / "churn.csv", "--id", "customer_id", "--classes", "stays,leaves", "-n", 15]
        words += ["--learner", learner, "--out", out]
        answer = run(*words, *(word for batch in batches for word in ("--labels", batch)))
        assert answer.exit_code == 0, answer.exception
        first, second = answer.output.splitlines()[:2]
        assert first == (
            "Learned from plan, tenure, spend, joined, city; shown only: customer_id (the id), currency (constant); "
            "left out: nothing."
        )
        assert "numbers (tenure, spend); dates (joined); words of few kinds (plan)" in second
        assert ("go to the learner as they are" in second) == (learner == "boosting")
        taken += filled(out, truth)
        batches.append(out)
        # Another order and more rows: labels follow their id.
        more = customers(10, seed=1)[0].assign(customer_id=[f"new {number} {i}" for i in range(10)])
        table = pd.concat([table.iloc[::-1], more])
        table.to_csv(folder / "churn.csv", index=False)
    assert len(set(taken)) == 30
    assert (
        batches[0]
        .read_text()
        .splitlines()[0]
        .startswith("label,customer_id,currency,plan,tenure,spend,joined,city,score")
    )
    sheet = read_pool(folder / "churn.csv", id="customer_id")
    index, labels, uniform = read_labels(batches, sheet, classes=("stays", "leaves"))
    assert [sheet.ids[row] for row in index] == [c for c in sheet.ids if c in set(taken)]
    assert labels.tolist() == [truth.get(sheet.ids[row], "stays") for row in index]
    assert 0 < uniform.sum() < 30


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv"])
def test_ids_that_are_long_whole_numbers_keep_every_digit(tmp_path, ending):
    table = pd.DataFrame({"sid": [2**60 + 300 * i + 1 for i in range(20)], "a": np.arange(20) % 7 / 3})
    path = tmp_path / f"big.{ending}"
    if ending == "jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        getattr(table, f"to_{ending}")(path, index=False)
    assert list(read_pool(path, id="sid").ids) == table["sid"].astype(str).tolist()


@pytest.mark.parametrize("name", ["label", "Label"])
def test_labels_in_the_pool_are_not_learned_from(tmp_path, name):
    table, y = customers()
    table.assign(**{name: y}).to_csv(tmp_path / "mine.csv", index=False)
    with_labels = read_pool(tmp_path / "mine.csv", id="customer_id")
    table.to_csv(tmp_path / "plain.csv", index=False)
    plain = read_pool(tmp_path / "plain.csv", id="customer_id")
    assert (with_labels.numbers, with_labels.digest) == (plain.numbers, plain.digest)
    assert f"{name} (give labels with --labels or edgewise import)" in with_labels.said
    assert read_pool(tmp_path / "mine.csv", features=["spend", name]).numbers == ("spend", name)


@pytest.mark.parametrize("name", ["Class", "target"])
def test_a_column_that_may_be_the_answer_is_named(tmp_path, name):
    table, y = customers()
    table.assign(**{name: y}).to_csv(tmp_path / "mine.csv", index=False)
    said = f"if '{name}' is the answer itself, leave it out with --ignore '{name}'"
    assert said in read_pool(tmp_path / "mine.csv").said
    for columns in ({"ignore": [name]}, {"features": ["spend", name]}):
        assert "is the answer itself" not in read_pool(tmp_path / "mine.csv", **columns).said


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "semicolons"])
def test_one_table_in_all_formats_gives_one_batch(tmp_path, kind):
    table, _ = customers()
    paths = {"csv": tmp_path / "a.csv", kind: tmp_path / f"b.{'csv' if kind == 'semicolons' else kind}"}
    table.to_csv(paths["csv"], index=False)
    if kind == "parquet":
        table.to_parquet(paths[kind], index=False)
    elif kind == "jsonl":
        table.to_json(paths[kind], orient="records", lines=True)
    elif kind == "semicolons":
        table.to_csv(paths[kind], index=False, sep=";", decimal=",", encoding="utf-16")
    picks = []
    for path in paths.values():
        answer = run(path, "--id", "customer_id", "-n", 8, "--out", tmp_path / "next.csv")
        assert answer.exit_code == 0, answer.exception
        picks.append([line.split(",")[1] for line in (tmp_path / "next.csv").read_text().splitlines()[1:]])
    assert picks[0] == picks[-1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--id", "plan"], r"--id plan must name each row: '\w+' is in rows"),
        (["--id", "custmer_id"], "did you mean 'customer_id'"),
        (["--features", "spnd"], "did you mean 'spend'"),
        (["--features", "spend", "--ignore", "spend"], "spend cannot be learned from and left out"),
        (["--strategy", "margin"], "labels of at least two classes"),
        (["--learner", "forst"], "did you mean 'forest'"),
        (["--folders-are-labels"], "is a file"),
        (["--jobs", "2"], "many files"),
    ],
)
def test_what_does_not_fit_is_told(folder, words, told):
    answer = run(folder / "churn.csv", *words, "--out", folder / "next.csv")
    assert re.search(told, str(answer.exception)), answer.exception
    assert not (folder / "next.csv").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("C-1000,stay", "customer_id C-1000: unknown class 'stay'; did you mean 'stays'"),
        ("C-1,stays", "none of the pool's"),
    ],
)
def test_labels_that_do_not_fit_are_told(folder, line, told):
    (folder / "labels.csv").write_text(f"customer_id,label\n{line}\n")
    sheet = read_pool(folder / "churn.csv", id="customer_id")
    with pytest.raises(InputError, match=re.escape(told)):
        read_labels([folder / "labels.csv"], sheet, classes=("stays", "leaves"))


def test_features_are_the_only_ones(folder):
    sheet = read_pool(folder / "churn.csv", features=["tenure"])
    assert sheet.numbers == ("tenure",)
    assert sheet.pool.shape == (1,)
    assert "shown only: customer_id, plan, spend" in sheet.said


def column(values):
    return pa.chunked_array([values])


@pytest.mark.parametrize(
    ("values", "name", "why"),
    [
        ([1.0] * 5, "x", "constant"),
        (["a"] * 5, "x", "constant"),
        (["a", "b", "c"], "x", "names each row"),
        (["a", "b", "b"], "x", None),
        ([f"2024-01-{i:02d}" for i in range(1, 9)], "when", None),
        ([f"the film number {i} was good" for i in range(9)], "review", None),
        (np.arange(30.0), "x", "names each row"),
        (np.arange(9.0), "x", None),
        (np.arange(9.0), "customer_id", "names each row"),
        (np.arange(9.0), "rowId", "names each row"),
        (np.arange(9.0), "paid", None),
        (np.arange(30) / 7, "id", None),
        (np.arange(30.0) ** 4, "income", None),
        ([*range(29), 3], "x", None),
        (["a"], "x", None),
    ],
)
def test_what_says_nothing_of_a_class(values, name, why):
    assert why_useless(column([float(v) if not isinstance(v, str) else v for v in values]), name) == why


def test_a_fitted_model_gets_the_columns_it_knows(folder):
    io = pytest.importorskip("skops.io")
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table, y = customers()
    encode = make_column_transformer((OneHotEncoder(), ["plan"]), (StandardScaler(), ["tenure"]))
    used = table[["tenure", "plan"]]
    io.dump(make_pipeline(encode, LogisticRegression()).fit(used, y), folder / "model.skops")
    words = folder / "churn.csv", "--model", folder / "model.skops", "-n", 6, "--out", folder / "next.csv"
    for strategy in ("margin", "herding"):
        answer = run(*words, "--strategy", strategy)
        assert answer.exit_code == 0, answer.exception
    answer = run(*words, "--ignore", "plan")
    assert "columns that are not learned from here: plan" in str(answer.exception)


def test_a_pipeline_of_ones_own_gets_the_columns_and_a_learner_numbers(folder):
    (folder / "mine.py").write_text(
        "from sklearn.compose import make_column_transformer\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import OneHotEncoder\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "def make():\n"
        "    encode = make_column_transformer((OneHotEncoder(handle_unknown='ignore'), ['plan']))\n"
        "    return make_pipeline(encode, plain())\n"
        "def plain():\n"
        "    return LogisticRegression(C=3)\n"
    )
    table, y = customers()
    labels = pd.DataFrame({"customer_id": table["customer_id"], "label": y})[:40]
    labels.to_csv(folder / "labels.csv", index=False)
    for made, said in (("make", "your pipeline"), ("plain", "words of few kinds")):
        answer = run(
            folder / "churn.csv", "--id", "customer_id", "--labels", folder / "labels.csv", "-n", 5, "--force",
            "--learner", f"{folder / 'mine.py'}:{made}", "--out", folder / "next.csv",
        )  # fmt: skip
        assert answer.exit_code == 0, answer.exception
        assert said in answer.output


def test_words_are_learned_from_and_not_only_carried(tmp_path):
    """The class is the plan alone: what learns from the words must find it, and the numbers cannot."""
    table, _ = customers()
    truth = table["plan"].to_numpy() == "free"
    table.to_csv(tmp_path / "churn.csv", index=False)
    found = {}
    for name, features in (("all", ()), ("numbers", ("tenure", "spend"))):
        sheet = read_pool(tmp_path / "churn.csv", features=features)
        index = np.arange(40)
        known = read_labels([], sheet)._replace(
            rows=index, labels=np.where(truth[:40], "yes", "no"), uniform=np.ones(40, bool)
        )
        prepared = NextBatch("margin").prepare(sheet)
        _, model = prepared(known, 5)
        found[name] = np.mean((model.predict(prepared.pool.rows(np.arange(40, N))) == "yes") == truth[40:])
    assert found["all"] > 0.95 > 0.8 > found["numbers"], found


def test_sub_folders_of_pictures_are_labels_where_wished(tmp_path):
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for where in ("cat", "dog", "."):
        (tmp_path / where).mkdir(exist_ok=True)
        for i in range(6):
            image.fromarray(rng.integers(0, 255, (4, 4), dtype=np.uint8)).save(tmp_path / where / f"{i}.png")
    out = tmp_path / "next.csv"
    answer = run(
        tmp_path, "--folders-are-labels", "--id", "file", "-n", 4, "--strategy", "margin", "--out", out
    )
    assert answer.exit_code == 0, answer.exception
    assert "12 of 18 rows are labelled: cat 6, dog 6." in answer.output
    picked = [line.split(",")[1] for line in out.read_text().splitlines()[1:]]
    assert all("/" not in name for name in picked)
    sheet = read_pool(tmp_path, folders=True)
    assert not read_labels([], sheet).uniform.any()
    assert not read_pool(tmp_path).given


@pytest.mark.slow
def test_the_first_batch_of_a_raw_csv_takes_less_than_five_seconds(tmp_path):
    import subprocess
    import sys

    customers(5000)[0].to_csv(tmp_path / "churn.csv", index=False)
    code = (
        "import sys, time; from edgewise.cli import main\n"
        "try: main()\nfinally: print(time.process_time(), file=sys.stderr)"
    )
    words = [sys.executable, "-c", code, "query", "churn.csv", "--id", "customer_id", "--out", "next.csv"]
    used = []
    for _ in range(2):
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        used.append(float(done.stderr.split()[-1]))
    # On a busy machine everything takes longer, the imports of the libraries first of all.
    code = "import time, skrub, sklearn.ensemble; print(time.process_time())"
    bare = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert min(used) < max(5, 2 * float(bare.stdout)), (used, bare.stdout)
