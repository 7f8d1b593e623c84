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
        "--batch",
        "10",
        "--budget",
        "20",
        "--pool",
        "200",
        "--store",
        str(tmp_path / "runs.db"),
        "--publish",
        str(tmp_path / "runs.jsonl"),
    ]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    assert "6 runs computed, 0 were there, 0 failed" in first.output
    assert "edge-mix" in first.output
    assert "penalty matrix" in first.output
    again = CliRunner().invoke(app, words)
    assert "0 runs computed, 6 were there, 0 failed" in again.output
    about, facts = published_run(tmp_path / "runs.jsonl")
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
