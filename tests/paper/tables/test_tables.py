"""Published figures, the summary over seeds, verdicts, and every table's quick run."""

import math
from dataclasses import replace

import numpy as np
import pytest

from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import Key, row, select, summarise
from edgewise.paper.tables.published import published
from edgewise.paper.tables.run import experiment
from edgewise.paper.tables.table2 import Table2
from edgewise.paper.tables.table3 import Table3
from edgewise.paper.tables.text import compact, printed
from edgewise.paper.tables.verdict_rule import (
    always_better,
    never_below,
    one_run,
    smallest_gain,
    sometimes_worse,
)
from edgewise.stats import Estimate, Paired, estimate, paired
from edgewise.store import Cell, Fact, Store


class Toy:
    """A table of one arm against a baseline, with figures known in advance."""

    name = "toy"

    def baselines(self, key, metric):
        return (Key(key.data, key.model, "", "baseline", ""),) if key.arm == "arm" else ()

    def family(self, key):
        return ""


def facts(gains):
    return [
        Fact(
            Cell("toy", {"data": "d"}, seed),
            {
                "rows": [
                    row(model="m", arm="baseline", accuracy=0.5 + seed / 100),
                    row(model="m", arm="arm", accuracy=0.5 + seed / 100 + gain),
                ]
            },
        )
        for seed, gain in enumerate(gains)
    ]


def test_figures_are_paired_by_seed():
    base, arm = sorted(summarise(Toy(), facts([0.01] * 8)), key=lambda r: r.key.arm == "arm")
    assert base.against == {}
    assert arm.estimate.mean == pytest.approx(0.545)
    assert arm.against["baseline"].difference.mean == pytest.approx(0.01)
    assert arm.against["baseline"].difference.high == pytest.approx(0.01)
    assert arm.against["baseline"].verdict() == "better"


def test_only_common_seeds_are_compared():
    some = facts([0.01] * 8)
    lonely = Fact(Cell("toy", {"data": "d"}, 99), {"rows": [row(model="m", arm="arm", accuracy=1.0)]})
    arm = select(summarise(Toy(), [*some, lonely]), arm="arm")[0]
    assert arm.estimate.n == 9
    assert arm.against["baseline"].difference.n == 8


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([[0.01] * 8], "holds"),
        ([[0.01] * 8, [-0.01] * 8], "contradicted"),
        ([[0.0] * 12], "not shown"),
        ([[0.01] * 5], "not shown"),
        ([[0.01] * 8, [0.0] * 8], "not shown"),
        ([], "not shown"),
    ],
)
def test_verdicts(gains, verdict):
    results = [select(summarise(Toy(), facts(g)), arm="arm")[0] for g in gains]
    claim = always_better("text", results, "baseline")
    assert claim.verdict == verdict
    assert ("could have shown" in claim.reason or "Too few seeds" in claim.reason or not gains) is (
        verdict == "not shown"
    )


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([[0.01] * 8, [-0.01] * 8], "holds"),
        ([[0.01] * 8, [0.0] * 8], "not shown"),
        ([[0.01] * 8, [0.02] * 8], "contradicted"),
        ([[-0.01] * 5], "not shown"),
        ([], "not shown"),
    ],
)
def test_verdicts_on_sometimes(gains, verdict):
    results = [select(summarise(Toy(), facts(g)), arm="arm")[0] for g in gains]
    claim = sometimes_worse("text", results, "baseline")
    assert claim.verdict == verdict
    assert claim.reason.startswith("significantly worse than baseline in 1 of 2") is (verdict == "holds")


def test_a_claim_about_more_cells_than_were_run_is_not_shown():
    result = select(summarise(Toy(), facts([0.01] * 8)), arm="arm")
    claim = always_better("text", result, "baseline", cells=2)
    assert claim.verdict == "not shown"
    assert "about 2 cells; 1 were run" in claim.reason


def beside(gains, printed):
    """Return one result with these gains over seeds, beside a printed gain."""
    (result,) = select(summarise(Toy(), facts(gains)), arm="arm")
    return replace(result, published_gain={"baseline": printed})


@pytest.mark.parametrize(
    ("printed", "verdict"), [(0.5, "contradicted"), (0.02, "not shown"), (-0.5, "not shown")]
)
def test_a_printed_gain_beyond_a_run_like_the_papers_contradicts(printed, verdict):
    noisy = np.tile([-0.02, 0.02, 0.03], 4)
    assert always_better("text", [beside(noisy, printed)], "baseline").verdict == verdict


def test_the_interval_of_one_run_covers_one_run():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        seen, further = rng.normal(0.01, 0.02, 12), rng.normal(0.01, 0.02)
        interval = one_run(estimate(seen), 1)
        hits += interval.low <= further <= interval.high
    assert 0.92 <= hits / 400 <= 0.98


def test_the_smallest_gain_is_what_a_test_of_that_power_shows():
    rng = np.random.default_rng(1)
    n, sd = 20, 0.02
    half = 0.02 / np.sqrt(n) * 2.093
    gain = smallest_gain(Estimate(0.0, -half, half, n), 1)
    shown = sum(paired(rng.normal(gain, sd, n), np.zeros(n)).p < 0.05 for _ in range(400))
    assert 0.72 <= shown / 400 <= 0.88
    assert smallest_gain(Estimate(0.0, -half, half, 5), 1) == float("inf")
    assert smallest_gain(Estimate(0.0, -half, half, n), 10**6) == float("inf")


def test_not_below_needs_intervals_within_the_margin():
    results = [beside([0.001, -0.001, 0.002] * 4, 0)]
    assert never_below("text", results, "baseline").verdict == "holds"
    assert never_below("text", results, "baseline", margin=1e-6).verdict == "not shown"
    assert never_below("text", [beside([-0.01] * 12, 0)], "baseline").verdict == "contradicted"
    assert never_below("text", [], "baseline").verdict == "not shown"


def test_a_family_is_corrected_on_its_own():
    class Two(Toy):
        def family(self, key):
            return key.data

    some = [
        replace(f, cell=Cell("toy", {"data": data}, f.cell.seed)) for data in "ab" for f in facts([0.01] * 8)
    ]
    together, apart = (select(summarise(table, some), arm="arm")[0] for table in (Toy(), Two()))
    assert (together.tests, apart.tests) == (2, 1)
    assert together.against["baseline"].p_holm == 2 * apart.against["baseline"].p_holm


def test_the_terminal_shows_gains_with_their_sign():
    results = summarise(Toy(), facts([0.01] * 8))
    [(title, header, rows)] = compact(results)
    assert title == "d, m"
    assert header == ["what", "accuracy", "vs baseline"]
    assert rows[0] == ["arm", "0.545 ±0.02", "+0.0100 ▲"]
    assert rows[1][0] == "baseline"


def test_published_figures_spot_checked_against_the_paper():
    assert (
        published("table2", data="abalone", model="1-nn", attack="kernel-substitute", arm="adversarial")
        == 0.695
    )
    assert (
        published(
            "table2", data="mnist-1v7", model="1-nn", attack="opt", arm="adversarial", metric="perturbation"
        )
        == 0.45
    )
    assert (
        published("table3", data="halfmoon", model="1-nn", attack="opt", arm="boundary", budget="2000")
        == 0.963
    )
    assert published("table3", data="abalone", model="1-nn", arm="random", budget="100") == 0.15
    assert published("table2", data="cancer", model="1-nn", arm="baseline") == 0.95
    assert published("table2", data="covtype", model="1-nn", arm="baseline") is None


def test_what_a_table_prints_finds_its_published_figure():
    results = [
        r
        for name, table in (("table2", Table2()), ("table3", Table3()))
        for r in summarise(
            table,
            [
                Fact(
                    Cell(name, {"data": "halfmoon"}, 0),
                    {
                        "rows": [
                            row(model="1-nn", arm="baseline", accuracy=1),
                            row(model="1-nn", arm="random", budget=500, accuracy=1),
                        ]
                    },
                )
            ],
        )
    ]
    assert [r.published for r in results if r.published] == [0.92, 0.521]


def test_a_quick_run_is_never_set_beside_the_paper():
    result = summarise(Toy(), facts([0.1] * 3))
    beside = [
        r.__class__(r.key, r.metric, r.estimate, r.against, paper)
        for r, paper in zip(result, (0.9, None), strict=True)
    ]
    assert "paper" in printed(beside)[0]
    assert "paper" not in printed(beside, quick=True)[0]


def test_a_difference_is_printed_with_its_verdict():
    arm = select(summarise(Toy(), facts([0.01] * 8)), arm="arm")
    base = select(summarise(Toy(), facts([0.01] * 8)), arm="baseline")
    assert printed(arm + base)[1][0][-1] == "baseline +0.0100 (p 0.0078, better)"


@pytest.mark.parametrize("name", [pytest.param("table2", marks=pytest.mark.slow), "table3"])
def test_a_quick_table_runs_and_runs_once(name):
    table = TABLES[name].make()
    data = ["halfmoon"]
    with Store(":memory:") as store:
        summary = experiment(table, data, 2, quick=True).run(store, "test").summary
        assert summary.failures == ()
        assert experiment(table, data, 2, quick=True).run(store, "test").summary.computed == 0
        results = summarise(table, store.facts(name))
    assert {r.key.data for r in results} == {"halfmoon"}
    assert all(math.isfinite(r.estimate.mean) for r in results)
    assert all(0 <= r.estimate.mean <= 1 for r in results if r.metric in ("accuracy", "agreement"))
    assert len(table.claims(results)) >= 3
    assert all(claim.reason for claim in table.claims(results))


def test_no_heuristic_beats_the_exact_attack_in_table2():
    table = Table2()
    with Store(":memory:") as store:
        experiment(table, ["halfmoon"], 1, quick=True).run(store, "test")
        results = summarise(table, store.facts("table2"))
    moved = {r.key.attack: r.estimate.mean for r in select(results, metric="perturbation_l2")}
    assert moved["region-exact"] <= min(moved["region-approx"], moved["direct"], moved["opt"]) + 1e-9


def test_paired_is_undecided_at_equality():
    assert Paired(Estimate(0.0, np.nan, np.nan, 9), 0.001, 0.001).verdict() == "undecided"
