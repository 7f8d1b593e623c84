import numpy as np

from edgewise.paper.comparison.statistics import curves
from edgewise.paper.report.blocks import Figure, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.report.figures import Dot, dots
from edgewise.paper.report.page import render
from edgewise.paper.report.strategies import comparison, sections
from edgewise.paper.tables.frame import row
from edgewise.store import Cell, Fact, Store


def store_with(gain):
    rng = np.random.default_rng(0)
    store = Store(":memory:")
    for seed in range(8):
        base = np.array([0.5, 0.6, 0.7]) + rng.normal(0, 0.01)
        for name, extra in (("random", 0.0), ("margin", 0.0), ("edge-mix", gain)):
            accuracy = base + extra + rng.normal(0, 0.001, 3)
            store.put(
                Fact(
                    Cell("compare", {"data": "d", "learner": "m", "strategy": name}, seed),
                    {"labels": [10, 20, 30], "accuracy": accuracy.tolist()},
                )
            )
    return store


def test_a_gain_is_said_and_marked_and_a_loss_too():
    for gain, word, mark in (
        (0.05, "better in 1, worse in 0", "better"),
        (-0.05, "better in 0, worse in 1", "worse"),
    ):
        with store_with(gain) as store:
            (section,) = sections(Evidence(store))
        assert word in section.lead
        table = next(block for block in section.blocks if isinstance(block, Table))
        where = next(i for i, cells in enumerate(table.rows) if cells[1] == "edge-mix")
        assert table.marks[where, 3] == mark
        assert "learning curves" in render([section])


def test_many_tables_are_ranked_without_a_chart_each():
    with store_with(0.05) as store:
        usual = [section.id for section in sections(Evidence(store))]
        first = store.facts("compare")
        for data in ("mine.csv", "german", "crx"):
            assert [section.id for section in sections(Evidence(store))] == usual
            for fact in first:
                store.put(
                    Fact(
                        Cell(
                            "compare",
                            {**fact.cell.settings, "data": data, "pool": 3, "test": 3},
                            fact.cell.seed,
                        ),
                        fact.figures,
                    )
                )
        found = {section.id: section for section in sections(Evidence(store))}
    assert list(found) == [*usual, "strategies-tables"]
    assert next(cells[1] for cells in found["strategies-tables"].blocks[0].rows) == "edge-mix"
    assert not [block for block in found["strategies-tables"].blocks if isinstance(block, Figure)]
    assert "3 tasks" in found["strategies-tables"].lead
    assert "1 task," in found["strategies"].lead


def test_imbalance_of_table7_is_a_picture():
    with Store(":memory:") as store:
        for seed in range(3):
            for arm, balance in (("random", 0.99), ("dfal", 0.7)):
                rows = [
                    row(model="lenet", arm=arm, budget=n, accuracy=0.5, balance=balance) for n in (100, 500)
                ]
                store.put(Fact(Cell("table7", {"data": "mnist-pool-1500", "arm": arm}, seed), {"rows": rows}))
        (section,) = sections(Evidence(store))
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    assert "dfal 70" in figure.alt
    assert sections(Evidence(Store(":memory:"))) == []


def test_of_many_tasks_those_that_say_most_are_drawn_without_lines_that_hide_one_another():
    names = ("random", "badge", "herding", "mine.py:Own")
    facts = [
        Fact(
            Cell("compare", {"data": f"data{i:02}", "learner": "1-nn", "strategy": name}, seed),
            {"labels": [20, 200], "accuracy": [0.5, 0.6 + (i - 10) / 100 * (name == "herding")]},
        )
        for i in range(20)
        for name in names
        for seed in (0, 1)
    ]
    drawn = [block for block in comparison(curves(facts)).blocks if isinstance(block, Figure)][1:]
    assert [block.caption.split(",")[0] for block in drawn] == [
        f"data{i:02}" for i in (19, 18, 17, 16, 0, 1, 2, 3)
    ]
    assert b"mine.py:Own" in drawn[0].content
    assert b"badge" not in drawn[0].content


def test_runs_to_an_accuracy_are_one_section_with_the_names_of_the_runs():
    facts = [
        Fact(
            Cell("compare", {"data": "mnist", "learner": "network", "strategy": name} | start, seed),
            {"labels": [20, 200, 400], "accuracy": [0.5, 0.85, 0.93 if name == "herding" else 0.88]},
        )
        for start in ({}, {"start": 0}, {"start": 5})
        for name in ("random", "herding")
        for seed in (0, 1)
    ]
    store = Store(":memory:")
    store.put_all(facts)
    (labels,) = [part for part in sections(Evidence(store)) if part.id == "labels"]
    tables = [block for block in labels.blocks if isinstance(block, Table)]
    assert [table.caption.split(":")[0] for table in tables] == [
        "mnist, network, start 0",
        "mnist, network, start 5",
    ]
    assert tables[0].header[2] == "90%"
    needed = {row[0]: row[2] for row in tables[0].rows}
    assert needed["random"] == "never"
    assert 200 < float(needed["herding"]) < 400
    assert needed["random's / herding's"] == "∞ [∞, ∞]"
    assert tables[0].rows[1][3] == "–"


def test_entries_of_one_name_share_it():
    def drawn(names):
        return dots([Dot(name, 0.5, 0.4, 0.6, str(i)) for i, name in enumerate(names)], "x").decode()

    assert drawn("aab").count(">a<") == 1
    assert drawn("aba").count(">a<") == 2
