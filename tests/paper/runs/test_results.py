"""Published runs can be made again: a random sample of their cells is, on every run of the tests."""

import random
from pathlib import Path

import pytest

from edgewise.arrays import InputError
from edgewise.data.files import MissingDataError
from edgewise.paper.all_experiments import work
from edgewise.paper.runs.results import provenance, publish, published_run
from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import summarise
from edgewise.store import Cell, Fact


RESULTS = Path(__file__).parents[3] / "results"
DEAR = {"opt"}
SAMPLES = [
    pytest.param(name, data, id=f"{name}-{data}")
    for name, data in [
        ("table2", "halfmoon"),
        ("table2", "abalone"),
        ("table2", "australian"),
        ("table4", "halfmoon"),
    ]
]


@pytest.mark.parametrize(("name", "data"), SAMPLES)
def test_a_random_cell_is_made_again(name, data):
    if name == "table4":
        pytest.importorskip("torch", reason="torch is an extra")
    _, facts = published_run(RESULTS / f"{name}.jsonl")
    cheap = [
        fact
        for fact in facts
        if fact.cell.settings["data"] == data and fact.cell.settings.get("attack") not in DEAR
    ]
    fact = random.choice(cheap)  # any cell will do, so the choice is left to chance
    try:
        again = TABLES[name].make().work(fact.cell)
    except MissingDataError as error:
        pytest.skip(f"the files of {data} are not here: {str(error)[:80]}")
    for then, now in zip(fact.figures["rows"], again["rows"], strict=True):
        assert {k: v for k, v in then.items() if k != "values"} == {
            k: v for k, v in now.items() if k != "values"
        }
        assert now["values"] == pytest.approx(then["values"], rel=1e-6), fact.cell


CHEAP = 2.0
"""Seconds that a cell may have taken to be made again here."""


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("theory/facts.jsonl.gz", "theory-guarantee"),
        ("theory/facts.jsonl.gz", "theory-design"),
        ("theory/facts.jsonl.gz", "theory-exponent"),
        ("theory/facts.jsonl.gz", "theory-risk"),
        ("compare.jsonl", "halfmoon"),
        ("compare.jsonl", "islands"),
        ("compare.jsonl", "australian"),
    ],
)
def test_a_random_fact_of_the_study_and_of_the_comparison_is_made_again(file, what):
    _, facts = published_run(RESULTS / file)
    fact = random.choice(
        [
            fact
            for fact in facts
            if what in (fact.cell.what, fact.cell.settings.get("data")) and fact.seconds < CHEAP
        ]
    )
    try:
        again = work(fact.cell)
    except MissingDataError as error:
        pytest.skip(f"the files of {what} are not here: {str(error)[:80]}")
    assert set(again) == set(fact.figures)
    for name, value in fact.figures.items():
        assert again[name] == pytest.approx(value, rel=1e-6, nan_ok=True), (fact.cell, name)


@pytest.mark.parametrize(
    ("name", "seeds"), [("table2", 20), ("table3", 20), ("table4", 20), ("table5", 20), ("table7", 12)]
)
def test_published_tables_are_complete(name, seeds):
    about, facts = published_run(RESULTS / f"{name}.jsonl")
    table = TABLES[name].make()
    assert {fact.cell.key for fact in facts} == {cell.key for cell in table.cells(table.data, seeds)}
    assert {"command", "commit", "versions", "device"} <= set(about)
    page = (RESULTS / f"{name}.md").read_text()
    for claim in table.claims(summarise(table, facts)):
        assert f"**{claim.verdict}** | {claim.reason}" in page


def test_round_trip(tmp_path):
    facts = [Fact(Cell("demo", {"a": 1}, 0), {"x": 0.1}, 1.5)]
    publish(facts, tmp_path / "run.jsonl", provenance("edgewise demo"))
    about, read = published_run(tmp_path / "run.jsonl")
    assert read == facts
    assert about["command"] == "edgewise demo"


def test_bad_files(tmp_path):
    with pytest.raises(InputError, match="there are no facts"):
        publish([], tmp_path / "run.jsonl", {})
    (tmp_path / "bad.jsonl").write_text("{}")
    with pytest.raises(InputError, match="holds no published run"):
        published_run(tmp_path / "bad.jsonl")
