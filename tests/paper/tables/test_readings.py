"""Readings of the paper: their names, their distance to the printed grid, and that a leak is called one."""

import pytest

from edgewise.paper.tables.frame import Key, Result
from edgewise.paper.tables.published import published_cells
from edgewise.paper.tables.readings import READINGS, distance, of
from edgewise.stats import Estimate


def as_printed(table, shift=0.0, arms=None):
    """Return results that are the printed figures, moved by ``shift``, under our names for the arms."""
    return [
        Result(
            Key(data, model, attack, (arms or {}).get(arm, arm), budget),
            "accuracy",
            Estimate(value + shift, value, value, 3),
            {},
            None,
        )
        for (data, model, attack, arm, budget, metric), value in published_cells(table).items()
        if metric == "accuracy"
    ]


def test_every_table_has_a_main_reading_first_and_names_differ():
    for table in ("table2", "table3", "table4", "table5", "table6", "table7"):
        assert next(iter(of(table))) == "main"
    assert len({(one.table, one.name) for one in READINGS}) == len(READINGS)
    assert [one.name for one in READINGS if one.leaks] == ["test-points"]


@pytest.mark.parametrize("table", ["table2", "table3", "table5", "table7"])
def test_the_distance_is_that_to_the_printed_figures(table):
    gap = distance(of(table)["main"], as_printed(table, 0.03))
    assert gap.mean == pytest.approx(0.03)
    assert gap.largest == pytest.approx(0.03)
    assert gap.cells == gap.printed
    assert distance(of(table)["main"], []) is None


def test_a_reading_looks_at_its_own_arm():
    results = as_printed("table3", arms={"boundary": "boundary-0.9"})
    assert distance(of("table3")["scale-0.9"], results).mean == pytest.approx(0)
    assert distance(of("table3")["main"], results).cells == 9
    assert distance(of("table3")["scale-0.9"], results, "halfmoon").printed == 6


def test_readings_with_cells_of_their_own_have_a_store_of_their_own():
    made = [one.definition for one in READINGS if one.make is not None]
    assert len({table.name for table in made}) == len(made)
    for table in made:
        cells = table.cells(table.data, 2)
        assert {cell.what for cell in cells} == {table.name}
        assert len({cell.key for cell in cells}) == len(cells)
        assert table.claims([]) == [] or table.name.startswith(("table4", "table5"))


def test_a_leak_is_a_leak_on_its_own_points_and_not_on_fresh_ones():
    table = of("table2")["test-points"].definition
    cell = next(c for c in table.cells(["halfmoon"], 1) if c.settings["attack"] == "direct")
    before, after = (row["values"] for row in table.work(cell)["rows"])
    assert after["accuracy"] > before["accuracy"] + 0.02
    assert abs(after["fresh"] - before["fresh"]) < 0.02
