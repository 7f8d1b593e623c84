import numpy as np
from typer.testing import CliRunner

from edgewise.cli import app
from edgewise.paper.runs.results import published_run


def test_compare_runs_resumes_and_publishes(tmp_path):
    words = [
        "compare",
        "--data",
        "islands",
        "--learner",
        "logistic",
        "--seeds",
        "2",
        *(word for name in ("random", "margin", "edge-mix") for word in ("--strategy", name)),
        "--batch",
        "10",
        "--budget",
        "20",
        "--pool",
        "200",
        "--store",
        str(tmp_path / "runs.db"),
        "--publish",
        str(tmp_path / "runs.jsonl.gz"),
    ]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    assert "6 runs computed, 0 were there, 0 failed" in first.output
    assert "edge-mix" in first.output
    assert "penalty matrix" in first.output
    again = CliRunner().invoke(app, words)
    assert "0 runs computed, 6 were there, 0 failed" in again.output
    about, facts = published_run(tmp_path / "runs.jsonl.gz")
    assert len(facts) == 6
    assert "versions" in about
    assert "| islands, logistic, pool 200, budget 20 | edge-mix | 2 |" in (tmp_path / "runs.md").read_text()


def test_a_budget_above_the_pool_fails_alone(tmp_path):
    words = [
        "compare",
        "--data",
        "islands",
        "--learner",
        "1-nn",
        "--seeds",
        "1",
        "--budget",
        "500",
        "--pool",
        "100",
        "--strategy",
        "random",
        "--store",
        str(tmp_path / "runs.db"),
    ]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 1
    assert "the budget is 500" in answer.output


def test_a_strategy_and_a_table_of_ones_own_are_compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    lines = [f"{a:.3f},{b:.3f},{'left' if a < 0 else 'right'}" for a, b in X]
    (tmp_path / "mine.csv").write_text("\n".join(["one,two,side", *lines]) + "\n")
    (tmp_path / "far.py").write_text(
        "import numpy as np\ndef far(model, X):\n    return np.abs(X).sum(axis=1)\n"
    )
    words = ["compare", "--data", "mine.csv", "--learner", "svc", "--seeds", "2", "--store", "runs.db"]
    words += [
        word for name in ("random", "entropy", "herding", "far.py:far") for word in ("--strategy", name)
    ]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    # A support vector machine gives no probabilities, so that entropy cannot ask it.
    assert "6 runs computed" in first.output
    assert "far.py:far" in first.output
    assert "report" in first.output
    assert "development" not in first.output
    (tmp_path / "far.py").write_text("def far(model, X):\n    return X[:, 0]\n")
    again = CliRunner().invoke(app, words)
    assert "2 runs computed, 4 were there" in again.output
    lost = CliRunner().invoke(app, [*words[:-1], "far.py:near"])
    assert "unknown name" in str(lost.exception)
