"""The paper's tables beside ours, from hand-made facts."""

import re
from dataclasses import replace

import numpy as np

from edgewise.paper.report.blocks import Figure, Prose
from edgewise.paper.report.blocks import Table as Grid
from edgewise.paper.report.charts import charts, name
from edgewise.paper.report.evidence import Evidence, judge, split
from edgewise.paper.report.page import render
from edgewise.paper.report.tables import grid, section, sections
from edgewise.paper.report.verdicts import claims
from edgewise.paper.tables.frame import Key, Result, row, summarise
from edgewise.paper.tables.table2 import Table2
from edgewise.paper.tables.table3 import Table3
from edgewise.paper.tables.text import printed
from edgewise.stats import Estimate
from edgewise.store import Fact, Store


SEEDS = 8
GAINS = {"region-exact": 0.03, "region-approx": 0.03, "direct": -0.03, "kernel-substitute": 0.0, "opt": 0.03}


def table2_facts(*, quick=False, seeds=SEEDS):
    facts = []
    for cell in Table2().cells(["halfmoon"], seeds, quick=quick):
        noise = 0.001 * cell.seed
        if cell.settings["attack"]:
            method = cell.settings["attack"]
            rows = [
                row(
                    model="1-nn",
                    attack=method,
                    arm="adversarial",
                    accuracy=0.92 + noise + GAINS[method] * (1 + 0.1 * cell.seed),
                    found=1.0,
                    perturbation_l2=0.1,
                    queries=10 + cell.seed,
                    perturbation_linf=np.nan if method == "direct" else 0.05 + noise / 10,
                )
            ]
        else:
            rows = [row(model="1-nn", arm=arm, accuracy=0.92 + noise) for arm in ("baseline", "clean")]
        facts.append(Fact(cell, {"rows": rows}))
    return facts


def table3_facts(seeds=SEEDS):
    facts = []
    for cell in Table3().cells(["halfmoon"], seeds):
        rows = [
            row(
                model="1-nn",
                attack="opt" if arm == "boundary" else "",
                arm=arm,
                budget=budget,
                accuracy=accuracy + 0.001 * cell.seed + 0.00001 * budget,
                agreement=0.9,
                size=budget,
                queries=budget * (100 if arm == "boundary" else 1),
            )
            for budget in cell.settings["budgets"]
            for arm, accuracy in (("random", 0.8), ("boundary", 0.7))
        ]
        facts.append(Fact(cell, {"rows": rows}))
    return facts


def column(table, title):
    place = table.header.index(title)
    return {
        line[0]: (line[place], table.marks.get((number, place))) for number, line in enumerate(table.rows)
    }


def test_the_papers_figure_stands_beside_ours_and_disagreement_is_marked():
    table = grid("halfmoon", summarise(Table2(), table2_facts()))
    assert [line[0] for line in table.rows] == ["baseline", "clean"] + [f"{m}, adversarial" for m in GAINS]
    paper, ours = column(table, "paper: accuracy, %"), column(table, "accuracy, %")
    assert paper["baseline"][0] == "92.00"
    assert paper["clean"][0] == "–"
    assert paper["opt, adversarial"][0] == "95.50"
    assert ours["clean"] == ("92.35 [92.15, 92.55]", None)
    assert ours["baseline"] == ("92.35 [92.15, 92.55]", "differs")
    assert ours["opt, adversarial"][1] == "differs"
    assert column(table, "paper: perturbation, L∞")["region-exact, adversarial"] == ("0.05", None)
    assert column(table, "perturbation, L∞")["direct, adversarial"] == ("–", None)


def test_our_figure_is_unmarked_where_the_papers_lies_in_the_interval():
    facts = [fact for fact in table2_facts(seeds=1) if not fact.cell.settings["attack"]][:1]
    centred = [
        Fact(fact.cell, {"rows": [row(model="1-nn", arm="baseline", accuracy=0.92 + shift)]})
        for fact, shift in zip([*facts, *facts], (-0.01, 0.01), strict=True)
    ]
    cells = [cell for cell in Table2().cells(["halfmoon"], 2) if not cell.settings["attack"]][::2]
    centred = [Fact(cell, fact.figures) for cell, fact in zip(cells, centred, strict=True)]
    table = grid("halfmoon", summarise(Table2(), centred))
    assert column(table, "accuracy, %")["baseline"] == ("92.00 [79.29, 104.71]", None)


def test_paired_differences_carry_their_verdict():
    found = column(grid("halfmoon", summarise(Table2(), table2_facts(seeds=16))), "accuracy against baseline")
    assert found["opt, adversarial"][1] == "better"
    assert found["direct, adversarial"][1] == "worse"
    assert found["kernel-substitute, adversarial"][1] == "undecided"
    assert found["baseline"] == ("–", None)
    assert found["opt, adversarial"][0].startswith("+5.25 [+4.49, +6.01], p ")


def test_one_seed_has_no_interval_and_nothing_is_marked():
    table = grid("halfmoon", summarise(Table2(), table2_facts(seeds=1)))
    assert column(table, "accuracy, %")["baseline"] == ("92.00", None)
    assert column(table, "accuracy against baseline")["opt, adversarial"] == ("+3.00, p 1", "undecided")


def test_claims_are_marked_by_their_verdict():
    table = Table2()
    judged = table.claims(summarise(table, table2_facts(seeds=16)))
    shown = claims(judged, "Verdicts")
    assert [line[1] for line in shown.rows] == [claim.verdict for claim in judged]
    assert (
        shown.marks[0, 1]
        == {"holds": "holds", "contradicted": "fails", "not shown": "undecided"}[judged[0].verdict]
    )
    assert judged[0].verdict == "contradicted"


def test_a_section_has_claims_pictures_a_table_and_the_readings():
    part = section(judge(Table2(), table2_facts()))
    assert (part.id, part.title) == ("table2", "Table 2: 1-NN trained with adversarial examples")
    assert f"{SEEDS} seeds" in part.lead
    kinds = [type(block) for block in part.blocks]
    assert kinds == [Grid, Prose, Figure, Grid, Prose]
    assert part.blocks[-1].items == Table2().readings
    accuracy = part.blocks[2]
    assert "The paper's: baseline 92," in accuracy.alt
    assert "opt, adversarial 96." in accuracy.alt
    assert "open diamonds" in accuracy.caption


def test_a_quick_run_is_kept_apart_and_never_beside_the_paper():
    full, quick = table2_facts(), table2_facts(quick=True)
    assert split(Table2(), [*full, *quick]) == (full, quick)
    part = section(judge(Table2(), quick), quick=True)
    assert part.id == "table2-quick"
    assert "never to be compared" in part.lead
    tables = [block for block in part.blocks if isinstance(block, Grid)]
    assert len(tables) == 1
    assert not [title for title in tables[0].header if "paper" in title]
    assert "differs" not in tables[0].marks.values()
    assert "paper" not in "".join(block.alt for block in part.blocks if isinstance(block, Figure)).lower()


def test_several_budgets_become_lines():
    results = summarise(Table3(), table3_facts())
    drawn = charts("halfmoon", results)
    assert len(drawn) == 1
    assert drawn[0].alt.startswith("halfmoon, 1-nn, opt: accuracy, % at budget 500, 1000, 2000: ")
    assert "dashed lines are the paper's" in drawn[0].caption
    table = grid("halfmoon", results)
    assert table.rows[0][0] == "random, budget 500"
    assert column(table, "victim queries")["opt, boundary, budget 1000"][0] == "100,000 [100,000, 100,000]"
    assert name(results[0].key) == "random, budget 1000"


def test_sizes_of_a_perturbation_are_called_eps():
    key = Key("cifar10", "vgg16", "fgsm", "augmentation", "0.001")
    sizes = [
        Result(replace(key, budget=size), "accuracy", Estimate(0.6, 0.5, 0.7, 5), {}, None)
        for size in ("0.001", "0.1")
    ]
    (drawn,) = charts("cifar10", sizes)
    assert ": accuracy, % at eps 0.001, 0.1: " in drawn.alt
    assert b"eps" in drawn.content
    assert name(key) == "fgsm, augmentation, eps 0.001"
    assert printed(sizes)[0][1] == "eps"


def test_the_order_of_facts_does_not_matter(tmp_path):
    facts = [*table2_facts(seeds=2), *table3_facts(seeds=2), *table2_facts(quick=True, seeds=2)]
    with Store(tmp_path / "runs.db") as store:
        for fact in facts[::-1]:
            store.put(fact)
        parts = sections(Evidence(store))
    assert [part.id for part in parts] == ["table2", "table2-quick", "table3"]
    page = render(parts)
    with Store(tmp_path / "again.db") as store:
        for fact in facts:
            store.put(fact)
        assert render(sections(Evidence(store))) == page


def test_crowded_lines_are_drawn_one_attack_a_chart_and_odd_budgets_as_dots():
    results = summarise(Table3(), table3_facts(seeds=2))
    accuracies = [result for result in results if result.metric == "accuracy"]
    many = [
        replace(result, key=replace(result.key, attack=attack, arm=f"{attack}-{result.key.arm}"))
        for result in accuracies
        for attack in ("", "fgsm", "pgd", "deepfool", "opt")
    ]
    victim = replace(many[0], key=replace(many[0].key, attack="", arm="victim", budget=""))
    drawn = charts("halfmoon", [*many, victim])
    assert [figure.caption.split(":")[0] for figure in drawn] == [
        f"halfmoon, 1-nn, {attack}" for attack in ("opt", "fgsm", "pgd", "deepfool")
    ]
    for figure, attack in zip(drawn, ("opt", "fgsm", "pgd", "deepfool"), strict=True):
        assert f"{attack}-random 8" in figure.alt
        assert "; -boundary 70." in figure.alt
        assert re.search(r"victim (8\d\.\d+), \1, \1", figure.alt)
    odd = [
        replace(result, key=replace(result.key, budget=f"pool {result.key.budget}"), published=None)
        for result in accuracies
    ]
    assert [figure.caption for figure in charts("halfmoon", odd)] == [
        "halfmoon: accuracy, %, mean over seeds with its 95 % interval."
    ]
