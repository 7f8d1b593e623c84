import os
from pathlib import Path

import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.data.keel import KEEL, read_table
from edgewise.paper.comparison.page import markdown
from edgewise.paper.comparison.ranks import rank_tables, rankings
from edgewise.paper.comparison.runs import TRIALS, cells, trial_of, work
from edgewise.paper.comparison.statistics import Curves, Task, curves
from edgewise.paper.comparison.tasks import TOPICS, rows_of
from edgewise.store import Cell, Fact
from edgewise.strategies.measured import hubs


LABELS = np.array([10.0, 20.0])


def level(value, seeds=(0, 1, 2)):
    return Curves(seeds, LABELS, np.full((len(seeds), 2), value))


def test_ranks_are_over_the_tasks_that_all_have_and_by_kind_of_data():
    found = {
        Task("german", "a"): {"random": level(0.5), "x": level(0.7), "y": level(0.6)},
        Task("crx", "a"): {"random": level(0.5), "x": level(0.4), "y": level(0.6)},
        Task("bands", "a"): {"random": level(0.5), "x": level(0.9)},
        Task("digits", "a"): {"random": level(0.5), "x": level(0.6), "y": level(0.5)},
    }
    rows = {(row.kind, row.strategy): row for row in rankings(found) if row.among == 3}
    assert [row.strategy for row in rankings(found) if (row.kind, row.among) == ("report", 3)] == [
        "y",
        "x",
        "random",
    ]
    x = rows["report", "x"]
    assert (x.rank, x.tasks, x.data, x.above) == (2, 2, 2, 1)
    assert x.gain == pytest.approx(0.05)
    assert x.worst == pytest.approx(-0.1)
    assert rows["report", "random"].rank == 2.5
    assert rows["development", "y"].rank == 2.5


def test_tasks_that_some_cannot_do_are_ranked_again_without_these():
    found = {
        Task("german", "a"): {"random": level(0.5), "x": level(0.7), "y": level(0.6)},
        Task("bands", "b"): {"random": level(0.5), "x": level(0.3)},
    }
    rows = [(row.among, row.strategy, row.tasks, row.rank) for row in rankings(found)]
    assert rows == [
        (3, "x", 1, 1),
        (3, "y", 1, 2),
        (3, "random", 1, 3),
        (2, "random", 2, 1.5),
        (2, "x", 2, 1.5),
    ]


def runs_on(data, gain):
    return [
        Fact(
            Cell(
                "compare", {"data": data, "learner": "1-nn", "pool": 300, "test": 100, "strategy": name}, seed
            ),
            {"labels": [10, 20], "accuracy": [0.5 + more, 0.6 + more], "balanced": [0.4 - more, 0.5 - more]},
        )
        for seed in range(3)
        for name, more in (("random", 0.0), ("herding", gain))
    ]


def test_the_page_ranks_accuracy_and_balanced_accuracy_and_says_who_won():
    about = {"command": "edgewise compare", "commit": "abc", "python": "3.11", "device": "CPU"}
    facts = runs_on("german", 0.1) + runs_on("crx", 0.1)
    ranks = rank_tables(curves(facts), curves(facts, "balanced"))
    text = markdown(curves(facts), ranks, about)
    assert "herding against random, area under the learning curve, 2 tasks, 3 paired seeds" in text
    # Three pairs cannot have a p-value below 1 in 4, whatever they say: "better in 0" alone would mislead.
    assert (
        "as 3 seeds can show nothing among 2 tests; without correction better in 0, worse in 0; ahead in 2"
        in text
    )
    accuracy, balanced = text.split("## Mean ranks")[1:]
    assert "| report | herding | 2 of 2 sets | 1.00 of 2 | +10.00 |" in accuracy
    assert "| report | herding | 2 of 2 sets | 2.00 of 2 | -10.00 |" in balanced


def test_tasks_that_were_run_in_another_way_are_ranked_apart():
    found = {
        Task("german", "m", setup): {"random": level(0.5), "x": level(height)}
        for setup, height in (("", 0.4), ("start 0", 0.6))
    }
    usual, cold = [part for part in rank_tables(found, {}) if "balanced" not in part[0]]
    assert cold[0] == usual[0] + "; start 0"
    assert [rows[0][1] for _, rows in (usual, cold)] == ["random", "x"]


def test_pairs_use_the_seeds_that_all_have():
    odd = Curves((1, 2, 9), LABELS, np.array([[0.6, 0.6], [0.6, 0.6], [0.1, 0.1]]))
    found = {Task("german", "a"): {"random": level(0.5), "x": odd}}
    assert rankings(found)[0].gain == pytest.approx(0.1)


def test_published_cells_keep_their_keys_and_edge_mix_its_guard():
    cell = cells(["halfmoon"], ["1-nn"], ["edge-mix"], [0])[0]
    assert "guard" not in cell.settings
    assert cell.key == Cell("compare", dict(cell.settings), 0).key
    assert list(cell.settings) == ["data", "learner", "pool", "test", "start", "batch", "budget", "strategy"]
    noisy = Cell("compare", {**cell.settings, "data": "wave10", "pool": 200, "budget": 20}, 0)
    same = Cell("compare", {**noisy.settings, "strategy": "random"}, 0)
    # The guard gives a 1-NN in ten dimensions the very rows of random.
    assert work(noisy)["accuracy"] == work(same)["accuracy"]
    free = Cell("compare", {**noisy.settings, "guard": False}, 0)
    assert work(free)["accuracy"] != work(same)["accuracy"]


@pytest.mark.skipif(
    not Path(os.environ.get("EDGEWISE_DATA", "none"), "keel", "german.csv").is_file(),
    reason="KEEL's tables are not in $EDGEWISE_DATA",
)
def test_keel_is_every_table_of_keel():
    made = cells(["islands", "keel"], ["1-nn"], ["random"], [0])
    assert len({cell.settings["data"] for cell in made}) == 23


@pytest.mark.skipif(
    not Path(os.environ.get("EDGEWISE_DATA", "none"), "keel", "german.csv").is_file(),
    reason="KEEL's tables are not in $EDGEWISE_DATA",
)
def test_of_the_data_compared_only_counts_of_words_have_hubs():
    for name in (*KEEL, *TRIALS, TOPICS):
        trial = trial_of(name)
        for seed in range(2):
            X = rows_of(name, trial.pool, trial.test, seed)[0]
            assert hubs(X.reshape(len(X), -1)) == (name == TOPICS), name


@pytest.mark.parametrize("strategy", ["herding", "typical", "margin"])
def test_without_labels_at_the_start_the_strategy_picks_the_first_batch(strategy):
    made = cells(["islands"], ["1-nn"], [strategy], [0], start=0, batch=10, budget=20, pool=100)
    assert made[0].settings["start"] == 0
    assert work(made[0])["labels"] == [10, 20]


def test_with_one_class_known_a_curve_says_that_class():
    made = cells(["islands"], ["1-nn"], ["random"], [0], start=0, batch=1, budget=3, pool=100)
    found = work(made[0])
    assert found["labels"] == [1, 2, 3]
    assert found["balanced"][0] == 0.5


def test_balanced_accuracy_is_the_mean_recall():
    found = work(
        Cell(
            "compare",
            {
                "data": "islands",
                "learner": "logistic",
                "strategy": "random",
                "pool": 100,
                "test": 200,
                "start": 10,
                "batch": 10,
                "budget": 10,
            },
            3,
        )
    )
    assert len(found["balanced"]) == len(found["accuracy"]) == 1
    assert found["balanced"] != found["accuracy"]
    old = Fact(
        Cell("compare", {"data": "d", "learner": "m", "strategy": "s"}, 0), {"labels": [1], "accuracy": [1.0]}
    )
    assert curves([old], "balanced") == {}


def test_a_table_is_read_or_refused_with_a_reason(tmp_path):
    path = tmp_path / "t.csv"
    for text in ("a,class\n1,x\n2,\n", "a,class\n1,x\n2,x\n", "class\nx\ny\n", "a,class\n1,x,3\n2,y\n", ""):
        path.write_text(text)
        with pytest.raises(InputError, match=r"t\.csv must be a CSV"):
            read_table(path)
    rows = [f"{i},{'ab'[i % 2]}" for i in range(20)]
    for cell in ("NA", "nan", "1 000"):
        path.write_text("\n".join(["size,class", "", *rows[:5], f"{cell},a", *rows[5:]]))
        with pytest.raises(
            InputError, match=f"column 'size' holds numbers but for 1 of 21 .*line 8, '{cell}'"
        ):
            read_table(path)
    path.write_text("size,class\n" + "".join(f"{'nan' if i % 3 else i},{'ab'[i % 2]}\n" for i in range(30)))
    with pytest.raises(InputError, match="column 'size' holds numbers but for 20 of 30"):
        read_table(path)
    path.write_text("room,class\n1,a\n2B,b\nhall,a\n")
    assert read_table(path)[0].tolist() == np.eye(3).tolist(), "a column of words"
    path.write_text("size;class\n1;a\n2;b\n")
    with pytest.raises(InputError, match="must be separated by commas; its header is separated by ';'"):
        read_table(path)
    path.write_bytes("size,class\n1,a\n2,é\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"t\.csv, line 3, is not UTF-8"):
        read_table(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "none.csv")
    path.write_text("class,price\n" + "".join(f"{'ab'[i % 2]},{i / 7}\n" for i in range(30)))
    with pytest.raises(InputError, match="the last column, 'price', has 30 different values in 30 rows"):
        read_table(path)
    rows = "".join(f"{i},{'ab'[i % 2]}\n" for i in range(50))
    path.write_text("a,class\n" + rows)
    trial = trial_of(str(path))
    assert (trial.pool, trial.test, trial.budget) == (30, 20, 10)
