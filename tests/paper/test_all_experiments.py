"""`reproduce all`: its parts, plan, one sweep over all of them, and what it says when a cell fails."""

import pytest
from typer.testing import CliRunner

from edgewise.cli import app
from edgewise.paper import all_experiments as everything
from edgewise.paper.all_experiments import Part, costs, experiment, kind, parts, plan, seconds, work
from edgewise.paper.runs.results import PROVENANCE, collected
from edgewise.paper.runs.sweep import Failure
from edgewise.progress import weigh
from edgewise.store import Cell, Store


SMALL = [
    Part(
        "table2",
        tuple(Cell("table2", {"data": "halfmoon", "attack": "", "extra": 5}, seed) for seed in range(2)),
    ),
    Part(
        "theory",
        (
            Cell(
                "theory-sampler", {"problem": "ridge", "d": 1, "a": 4.0, "beta": 0.5, "tau": 0.0, "n": 500}, 0
            ),
        ),
    ),
]


def test_every_table_and_the_study_are_there():
    pytest.importorskip("torch", reason="torch is an extra")
    for quick in (True, False):
        found = {part.name: part for part in parts(quick=quick, gpu=False)}
        tables = [f"table{i}" for i in range(2, 8)]
        if not quick:
            tables = [*tables[:5], "table6-small", tables[5], "readings"]
        assert list(found) == ["pictures", "audits", "theory", "compare", *tables]
        assert [name for name, part in found.items() if part.left_out] == ([] if quick else ["table6"])
        assert all(part.cells or part.left_out for part in found.values())
    assert {part.name: part for part in parts(quick=False, gpu=True)}["table6"].cells


def test_no_cell_of_one_part_is_a_cell_of_another_and_each_has_a_worker():
    chosen = parts(quick=True)
    keys = [cell.key for part in chosen for cell in part.cells]
    assert len(set(keys)) == len(keys)
    more = [part for part in parts(quick=False, gpu=False) if part.name in ("readings", "table6-small")]
    for what in {cell.what for part in [*chosen, *more] for cell in part.cells}:
        assert callable(everything._worker(what))


def test_the_plan_counts_what_is_missing():
    with Store(":memory:") as store:
        before = plan(SMALL, store)
        assert [line.missing for line in before] == [2, 1]
        assert all(line.seconds > 0 for line in before)
        seen = []
        summary = experiment(SMALL).run(store, "test", watch=seen.append).summary
        assert (summary.computed, summary.failures, len(seen)) == (3, (), 3)
        assert [line.missing for line in plan(SMALL, store)] == [0, 0]
        assert experiment(SMALL).run(store, "test").summary.computed == 0


def test_a_failing_cell_is_recorded_and_the_rest_goes_on():
    bad = Part("table2", (Cell("table2", {"data": "halfmon", "attack": "", "extra": 5}, 0),))
    seen = []
    with Store(":memory:") as store:
        summary = experiment([bad, *SMALL]).run(store, "test", watch=seen.append).summary
    assert summary.computed == 3
    assert [failure.cell.key for failure in summary.failures] == [bad.cells[0].key]
    assert "did you mean 'halfmoon'" in summary.failures[0].message
    assert [type(outcome) is Failure for outcome in seen].count(True) == 1


def test_costs_are_known_for_most_cells_of_a_quick_run():
    cells = [cell for part in parts(quick=True) for cell in part.cells]
    for share, known in (
        (0.75, [kind(cell) in costs() for cell in cells]),
        (0.95, [(cell.what, "") in costs() for cell in cells]),
    ):
        assert sum(known) / len(known) > share
    assert seconds(Cell("table2", {"data": "none"}, 0)) == costs()["table2", ""]
    assert seconds(Cell("no such", {}, 0)) == costs()["", ""]


def test_a_cell_of_a_part_is_the_cell_of_its_table():
    cell = SMALL[0].cells[0]
    from edgewise.paper.tables.table2 import work as of_table

    assert work(cell) == of_table(cell)


def test_weighted_progress_shows_nothing_in_a_pipe(capsys):
    with weigh(10.0, 2, show=False) as finish:
        finish("one", 4.0)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(everything, "parts", lambda **_: SMALL)


def call(*words):
    return CliRunner().invoke(app, ["reproduce", "all", *map(str, words)])


def test_the_command_plans_first_and_runs_when_told(small, tmp_path):
    store = tmp_path / "runs.db"
    answer = call("--store", store)
    assert answer.exit_code == 0
    assert "Nothing was run" in answer.output
    assert not store.exists()
    answer = call("--quick", "--store", store, "--jobs", 1, "--publish", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    assert "3 cells computed, 0 were there, 0 failed" in answer.output
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["table2.jsonl.gz", "theory.jsonl.gz"]
    read = collected(tmp_path / "out")
    with Store(store, read_only=True) as kept:
        assert [(f.cell, f.figures) for f in read.facts("table2")] == [
            (f.cell, f.figures) for f in kept.facts("table2")
        ]
        assert {fact.cell.settings["of"] for fact in kept.facts(PROVENANCE)} == {"table2", "theory-sampler"}
    answer = call("--quick", "--resume", "--store", store, "--jobs", 1)
    assert "0 cells computed, 3 were there" in answer.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--quick", "--full"), "give one of them"),
        (("--quick", "--resume", "--store", "none.db"), "there is no store"),
    ],
)
def test_the_command_says_what_is_wrong(small, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    answer = call(*words)
    assert answer.exit_code != 0
    assert said in str(answer.exception)


def test_only_some_parts(small, tmp_path):
    answer = call("--quick", "--only", "theory", "--store", tmp_path / "runs.db", "--jobs", 1)
    assert "1 cells computed" in answer.output
    assert "did you mean 'theory'" in str(call("--quick", "--only", "theori").exception)


def test_the_command_lists_failures_by_kind(monkeypatch, tmp_path):
    bad = [
        Part(
            "table2",
            tuple(Cell("table2", {"data": "halfmon", "attack": "", "extra": 5}, seed) for seed in range(3)),
        )
    ]
    monkeypatch.setattr(everything, "parts", lambda **_: bad)
    answer = call("--quick", "--store", tmp_path / "runs.db", "--jobs", 1)
    assert answer.exit_code == 1
    assert "and 2 more: InputError" in answer.output
