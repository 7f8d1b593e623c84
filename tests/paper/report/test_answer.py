"""The first screen, the suspicions and the provenance say what the facts say, and change with them."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from edgewise.paper.audits import CHANCE, EXACT, GRADIENT, LEAK
from edgewise.paper.comparison.runs import cells as trial_cells
from edgewise.paper.report import answer, export, provenance, suspicions, verdicts
from edgewise.paper.report.blocks import Prose, SideBySide, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.report.page import gather
from edgewise.paper.runs.results import collected, record
from edgewise.paper.tables.frame import row
from edgewise.paper.tables.table2 import Table2
from edgewise.paper.tables.table3 import Table3
from edgewise.store import Cell, Fact, Store


RESULTS = Path(__file__).parents[3] / "results"


def table2(gain, seeds=12):
    """Facts of Table 2 on Halfmoon in which made points gain about ``gain`` over clean ones."""
    for cell in Table2().cells(["halfmoon"], seeds):
        noise = 0.001 * cell.seed
        method = cell.settings["attack"]
        made = 0.9 + noise + gain * (1 + 0.05 * cell.seed)
        attacked = [row(model="1-nn", attack=method, arm="adversarial", accuracy=made, found=1.0)]
        bare = [row(model="1-nn", arm=arm, accuracy=0.9 + noise) for arm in ("baseline", "clean")]
        yield Fact(cell, {"rows": attacked if method else bare})


def table3(boundary, seeds=12):
    for cell in Table3().cells(["halfmoon"], seeds):
        yield Fact(
            cell,
            {
                "rows": [
                    row(
                        model="1-nn",
                        attack="opt" if arm == "boundary" else "",
                        arm=arm,
                        budget=budget,
                        accuracy=value + 0.001 * cell.seed,
                        agreement=0.9,
                    )
                    for budget in cell.settings["budgets"]
                    for arm, value in (("random", 0.8), ("clean", 0.9), ("boundary", boundary))
                ]
            },
        )


def compared(gain, seeds=12, last=0.96):
    for cell in trial_cells(["halfmoon"], ["1-nn"], ["random", "edge-mix"], range(seeds), budget=360):
        bonus = gain * (1 + 0.05 * cell.seed) if cell.settings["strategy"] == "edge-mix" else 0
        yield Fact(
            cell,
            {
                "labels": [20, 100, 380],
                "accuracy": [0.7, 0.85 + bonus, last + bonus / 10 + 0.0001 * cell.seed],
            },
        )


def sentences(*facts):
    with Store(":memory:") as store:
        for part in facts:
            store.put_all(part)
        sections = answer.sections(Evidence(store))
        assert len(sections) == 1
        return sections[0].lead, " ".join(sections[0].blocks[0].items), sections[0]


def test_nothing_without_a_full_run():
    with Store(":memory:") as store:
        assert answer.sections(Evidence(store)) == verdicts.sections(Evidence(store)) == []
        store.put_all(Fact(cell, {"rows": []}) for cell in Table2().cells(["halfmoon"], 1, quick=True))
        assert answer.sections(Evidence(store)) == []


def test_the_lead_follows_the_facts():
    lead, text, _ = sentences(table2(0.05))
    assert lead.startswith("Yes: points made at the boundary")
    assert (
        "beat as many further real points in 5 of 5 cells (a data set, attack and size) and are worse in 0"
        in text
    )
    lead, text, _ = sentences(table2(-0.05))
    assert lead.startswith("As extra training data hardly")
    assert "in 0 of 5 cells (a data set, attack and size) and are worse in 5" in text


def test_each_experiment_adds_its_sentence_and_picture():
    _, text, section = sentences(table2(0.0), table3(0.4), compared(0.05))
    assert "as many real points in 3 of 3 cells (worst on halfmoon: 4" in text
    assert "for 95% on HALFMOON (1-nn) edge-mix needs 291 labels and random 353, 1.21 [" in text
    assert "times as many (12 seeds)" in text
    assert "and random more than 380 (12 seeds)" in sentences(table2(0.0), compared(0.2, last=0.94))[1]
    assert "Tables 2, 3" in text
    assert isinstance(section.blocks[1], SideBySide)
    assert len(section.blocks[1].figures) == 2
    _, text, section = sentences(table2(0.0))
    assert "nearest-neighbour copy" not in text
    assert "Theory" not in text
    assert len(section.blocks[1].figures) == 1


def test_claims_of_the_paper_and_ours_are_apart():
    with Store(":memory:") as store:
        store.put_all(table2(0.05))
        (section,) = verdicts.sections(Evidence(store))
    paper, ours = section.blocks
    assert any("Table 2)" in line[0] for line in paper.rows)
    assert all("not tested in the paper" in line[0] for line in ours.rows)
    assert "Wilcoxon" in paper.rows[0][4]
    assert paper.rows[0][2].endswith("points")


LEAKS = {
    "rows": {"train": 5, "held_out": 5, "test": 5},
    "test_in_held_out": 0,
    "held_out_in_train": 0,
    "sha256": "ab" * 32,
}


@pytest.mark.parametrize(
    ("cell", "good", "bad"),
    [
        (Cell(LEAK, {"data": "halfmoon"}, 0), LEAKS | {"test_in_train": 0}, LEAKS | {"test_in_train": 2}),
        (
            Cell(CHANCE, {"model": "k-nn"}, 0),
            {"n": 9, "asked_twice": 0, "fitted_twice": 0},
            {"n": 9, "asked_twice": 0, "fitted_twice": 3},
        ),
        (
            Cell(EXACT, {"data": "halfmoon"}, 0),
            {"n": 9, "beaten": {"opt": 0}, "median_ratio": {"opt": 1.1}},
            {"n": 9, "beaten": {"opt": 1}, "median_ratio": {"opt": 0.9}},
        ),
        (
            Cell(GRADIENT, {"data": "digits"}, 0),
            {"n": 9, "found": {"fgsm": 1.0}, "warnings": {"fgsm": []}},
            {"n": 9, "found": {"fgsm": 1.0}, "warnings": {"fgsm": ["ZeroGradientWarning: 4 of 9"]}},
        ),
    ],
)
def test_a_suspicion_is_raised_by_a_bad_audit_alone(cell, good, bad):
    for figures, flagged in ((good, False), (bad, True)):
        with Store(":memory:") as store:
            store.put(Fact(cell, figures))
            found = [row.flagged for row in suspicions.suspicions(Evidence(store)) if row.flagged is not None]
            assert found == [flagged]
            assert len(suspicions.sections(Evidence(store))) == 1


def test_few_seeds_and_weak_attacks_are_suspected():
    for seeds, flagged in ((4, True), (12, False)):
        with Store(":memory:") as store:
            store.put_all(table2(0.0, seeds))
            found = {row.name: row.flagged for row in suspicions.suspicions(Evidence(store))}
        assert found["Too few seeds"] is flagged
        assert found["Attacks that found little"] is False
        assert found["Test rows that were trained on"] is None


def test_how_it_was_made_is_shown():
    about = {
        "command": "edgewise reproduce table2",
        "commit": "abc",
        "python": "3.11",
        "device": "CPU",
        "versions": {"numpy": "2"},
    }
    with Store(":memory:") as store:
        assert provenance.sections(Evidence(store)) == []
        store.put_all(table2(0.0, 3))
        record(store, ["table2"], about)
        store.put(Fact(Cell(LEAK, {"data": "halfmoon"}, 0), LEAKS | {"test_in_train": 0}))
        (section,) = provenance.sections(Evidence(store))
    runs, data = section.blocks
    assert runs.rows == (
        ("table2", "36", "3", "edgewise reproduce table2", "abc", "CPU", "Python 3.11, numpy 2"),
    )
    assert data.rows[0][3] == "ab" * 32


def test_tables_as_files_hold_every_figure(tmp_path):
    with Store(":memory:") as store:
        store.put_all(table2(0.05))
        sections = gather(Evidence(store))
        written = export.export(Evidence(store), sections, tmp_path)
    assert all(path.is_file() for path in written)
    rows = list(csv.DictReader((tmp_path / "figures.csv").read_text().splitlines()))
    mine = [r for r in rows if r["attack"] == "opt" and r["metric"] == "accuracy" and r["against"] == "clean"]
    assert float(mine[0]["difference"]) == pytest.approx(0.05 * 1.275)
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")
    assert pq.read_table(tmp_path / "figures.parquet").num_rows == len(rows)
    tables = sum(isinstance(block, Table) for section in sections for block in section.blocks)
    assert len(list(tmp_path.glob("*-*.csv"))) == tables
    assert "✓" in (tmp_path / "report.md").read_text()


@pytest.mark.slow
def test_the_committed_runs_answer_the_question():
    evidence = Evidence(collected(RESULTS))
    (section,) = answer.sections(evidence)
    prose = section.blocks[0]
    assert isinstance(prose, Prose)
    assert len(prose.items) + 1 <= 7
    assert len(section.blocks[1].figures) == 3
    assert {row.name for row in suspicions.suspicions(evidence) if row.flagged} <= {
        "Test rows that were trained on",
        "Attacks that found little",
        "Too few seeds",
    }


@pytest.mark.slow
def test_the_sentences_are_those_of_the_facts_counted_another_way():
    runs = collected(RESULTS)
    (section,) = answer.sections(Evidence(runs))
    facts = [fact for fact in runs.facts("table3") if fact.cell.settings.get("attack") == "opt"]
    table7 = runs.facts("table7")
    said = " ".join(section.blocks[0].items)
    means = {}
    for fact in facts:
        for item in fact.figures["rows"]:
            where = (item["arm"], fact.cell.settings["data"], item["budget"])
            means.setdefault(where, []).append(item["values"]["accuracy"])
    boundary = {where: np.mean(v) for where, v in means.items() if where[0] == "boundary"}
    worst = min(boundary, key=boundary.get)
    clean = np.mean(means["clean", *worst[1:]])
    assert f"worst on {worst[1]}: {100 * boundary[worst]:.0f} % against {100 * clean:.0f} %" in said
    cells = {
        (fact.cell.settings["data"], item["arm"], item["budget"])
        for fact in table7
        for item in fact.figures["rows"]
        if item["arm"] in ("herding", "rounds-herding")
    }
    assert re.search(rf"in Table 7 herding wins \d+ of {len(cells)} cells", said)
    assert len(section.blocks[0].items) + 1 <= 7
