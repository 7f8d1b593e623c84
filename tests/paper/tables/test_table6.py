"""Table 6: its sizes, what a seed's cells share, and a training that is resumed."""

import os

import pytest

from edgewise.arrays import InputError
from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import summarise
from edgewise.paper.tables.published import published
from edgewise.paper.tables.run import experiment
from edgewise.paper.tables.table6 import BOTH, CLEAN, EPS, SMALL, TRAINED, TWICE, Table6, small
from edgewise.store import Cell, Fact, Store


torch = pytest.importorskip("torch", reason="torch is an extra")


def test_the_small_size_has_a_name_of_its_own_and_no_printed_figure_beside_it():
    table = small()
    assert (Table6().name, table.name, TABLES["table6-small"].make().name) == (
        "table6",
        "table6-small",
        "table6-small",
    )
    where = {"data": "cifar10", "model": "vgg16", "attack": "fgsm", "arm": BOTH, "budget": "0.1"}
    assert published("table6", **where) is not None
    row = {"model": "vgg16", "attack": "fgsm", "arm": BOTH, "budget": "0.1", "values": {"accuracy": 0.5}}
    for definition, beside in ((Table6(), True), (table, False)):
        fact = Fact(Cell(definition.name, {"data": "cifar10"}, 0), {"rows": [row]})
        (result,) = summarise(definition, [fact])
        assert (result.published is not None) is beside


def test_cells_follow_one_another_seed_by_seed_and_attack_by_attack():
    made = small().cells(["cifar10"], 99)
    assert len({cell.seed for cell in made}) == 5
    assert [cell.seed for cell in made] == sorted(cell.seed for cell in made)
    first = [cell.settings.get("attack", "") for cell in made if cell.seed == 0]
    assert first == [""] * 2 + [
        name for name in ("fgsm", "pgd", "deepfool", "cw") for _ in range(1 + 2 * len(EPS))
    ]
    assert len({cell.key for cell in made}) == len(made)
    keys = {cell.key for cell in Table6().cells(["cifar10"], 99)}
    assert not keys & {cell.key for cell in made}


def test_one_attack_comes_with_what_it_is_compared_with():
    chosen = experiment(Table6(), ["cifar10"], 1, attacks=["pgd"]).cells
    assert {cell.settings.get("attack", "") for cell in chosen} == {"", "pgd"}
    assert len(chosen) == 2 + 1 + 2 * len(EPS)
    with pytest.raises(InputError, match="unknown attack of table6 'opt'"):
        experiment(Table6(), ["cifar10"], 1, attacks=["opt"])


def test_arms_with_twice_as_many_images_stand_beside_as_many_clean_ones():
    rows = {
        arm: {"model": "vgg16", "attack": attack, "arm": arm, "budget": "", "values": {"accuracy": value}}
        for arm, attack, value in (
            (CLEAN, "", 0.6),
            (TWICE, "", 0.7),
            (TRAINED, "pgd", 0.65),
            (SMALL, "pgd", 0.5),
        )
    }
    facts = [
        Fact(Cell("table6", {"data": "cifar10", "arm": arm}, seed), {"rows": [row]})
        for arm, row in rows.items()
        for seed in range(3)
    ]
    found = {result.key.arm: result.against for result in summarise(Table6(), facts)}
    assert found[TRAINED][CLEAN].difference.mean == pytest.approx(0.05)
    assert found[TRAINED][TWICE].difference.mean == pytest.approx(-0.05)
    assert [set(found[arm]) for arm in (CLEAN, TWICE, SMALL)] == [set(), {CLEAN}, {CLEAN}]


@pytest.mark.slow
def test_the_smoke_run_and_its_checkpoints(tmp_path):
    if "EDGEWISE_DATA" not in os.environ:
        pytest.skip("needs CIFAR-10: set EDGEWISE_DATA")
    table = Table6(checkpoints=tmp_path / "kept")
    with Store(":memory:") as store:
        wanted = experiment(table, ["cifar10"], 3, quick=True)
        cells, summary = wanted.cells, wanted.run(store, "test").summary
        assert summary.failures == ()
        assert summary.computed == len(cells) == 30
        assert all(
            0 <= r.estimate.mean <= 1
            for r in summarise(table, store.facts("table6"))
            if r.metric == "accuracy"
        )
        again = table.work(cells[2])
        assert again == store.get(cells[2]).figures
    assert len(list((tmp_path / "kept").iterdir())) == 1
