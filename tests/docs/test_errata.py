"""The figures on the errata page are those of the committed runs; one that moves must be written anew."""

import csv
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from edgewise.paper.runs.results import published_run
from edgewise.paper.tables.published import published


ROOT = Path(__file__).parents[2]
PAGE = " ".join((ROOT / "docs" / "errata.md").read_text(encoding="utf-8").replace("**", "").split())
BUDGETS = ("50", "100", "250", "500")


def section(title):
    """Return the text of one entry."""
    found = re.search(rf"### {re.escape(title)} (.*?)(?= ##|$)", PAGE)
    assert found, f"no entry {title!r}"
    return found[1]


def shown(value, places=3):
    return f"{value:.{places}f}".replace("0.", ".", 1)


@pytest.fixture(scope="module")
def figures():
    """Return the values over seeds of every figure of Tables 2 to 5, by table and coordinates."""
    values = defaultdict(dict)
    for table in ("table2", "table3", "table4", "table5"):
        for fact in published_run(ROOT / "results" / f"{table}.jsonl")[1]:
            for row in fact.figures["rows"]:
                where = [row[name] for name in ("model", "attack", "arm", "budget")]
                for metric, value in row["values"].items():
                    # Two cells of one seed may both have an arm that needs no attack.
                    values[table, fact.cell.settings["data"], *where, metric][fact.cell.seed] = value
    return {key: np.array(list(value.values())) for key, value in values.items()}


@pytest.fixture(scope="module")
def readings():
    text = (ROOT / "results" / "benchmarks" / "readings.json").read_text(encoding="utf-8")
    return {
        name: {key: value["mean"] for key, value in part["figures"].items()}
        for name, part in json.loads(text)["figures"].items()
    }


def test_readings(readings):
    text = section("Halfmoon's noise")
    for noise in (0.2, 0.25, 0.3):
        assert shown(readings["halfmoon"][f"noise={noise}, accuracy"]) in text
    sizes = [readings["halfmoon"][f"noise={noise}, L-infinity"] for noise in (0.1, 0.15, 0.2, 0.25, 0.3)]
    assert f"{shown(min(sizes))} to {shown(max(sizes))}" in text
    text = section("Table 2: the norm of the perturbation")
    for data in ("halfmoon", "abalone", "mnist-1v7"):
        both = [readings["perturbation"][f"{data}, {norm}"] for norm in ("L2", "L-infinity")]
        assert " and ".join(shown(size, 2 if size > 1 else 3) for size in both) in text
    for reading in ("paper", "source"):
        assert shown(readings["abalone"][f"reading={reading}"]) in section("Abalone's label")
    crossing = readings["equation_9"]
    for start in ("x", "the origin"):
        assert f"{100 * crossing[f'printed, from {start}']:.0f} %" in section("Equation 9, the direct attack")
    assert crossing["meant"] == 1
    for eps in (0.05, 0.1, 0.15):
        for step in ("eps", "2.5 eps / 40"):
            found = 100 * readings["equation_14"][f"eps={eps}, step={step}"]
            assert f"{found:.1f}" in section("Equation 14, PGD")
    for kernel in ("rbf", "linear"):
        for alpha in (1, 10, 100):
            both = (shown(readings["ridge"][f"{kernel}, alpha={alpha}, {y}"]) for y in ("y", "y - 1/2"))
            assert " and ".join(both) in section("Table 5: the intercept")


def listed(values):
    """Return three figures as a sentence has them."""
    one, two, three = (shown(value) for value in values)
    return f"{one}, {two} and {three}"


def signed(values):
    return ", ".join(f"{value:+.3f}".replace("0.", ".", 1) for value in values)


def test_more_readings(readings):
    cases = {
        "Tables 4 and 5: size of FGSM and PGD": [(40, share) for share in (0.5, 1, 2)],
        "Tables 4 and 5: the network that is attacked": [(epochs, 1) for epochs in (10, 40, 160)],
    }
    for title, settings in cases.items():
        for data in ("halfmoon", "abalone"):
            found, gain = (
                [
                    readings["transferred"][f"{data}, {epochs} epochs, {share} eps, {metric}"]
                    for epochs, share in settings
                ]
                for metric in ("found", "gain")
            )
            assert listed(found) in section(title)
            assert signed(gain) in section(title)
    soft = readings["equation_10"]
    text = section("Equation 10, the soft k-NN")
    assert listed(soft[f"c={share} gap, found"] for share in (0.01, 0.1, 1)) in text
    assert all(f"{soft[f'c={share} gap, distance']:.2f}" in text for share in (0.01, 0.1, 1))
    text = section("Section 4: what becomes of the informative ones")
    for who in ("all", "nearest of 400"):
        assert listed(readings["section_4"][f"scale={scale}, {who}"] for scale in (0.5, 0.9, 1.0)) in text
    assert shown(readings["halfmoon"]["noise=0.25, accuracy"]) in text


def test_no_transferred_gain_shows():
    text = (ROOT / "results" / "benchmarks" / "readings.json").read_text(encoding="utf-8")
    figures = json.loads(text)["figures"]["transferred"]["figures"]
    gains = [value for name, value in figures.items() if name.endswith("gain")]
    assert len(gains) == 10
    assert all(gain["low"] < 0 < gain["high"] for gain in gains)


def test_table_2(figures):
    worse = [
        np.mean(values) < figures["table2", data, "1-nn", "", "baseline", "", "accuracy"].mean()
        for (table, data, _, _, arm, _, metric), values in figures.items()
        if table == "table2" and arm == "victim-labelled" and metric == "accuracy"
    ]
    assert len(worse) == sum(worse) == 30
    verdicts = (ROOT / "results" / "table2.md").read_text(encoding="utf-8")
    assert verdicts.count("significantly better than baseline in 5 of 15 cells, worse in 5") == 1
    assert verdicts.count("significantly better than clean in 0 of 15 cells, worse in 3") == 1


def test_table_3(figures):
    def mean(data, arm, budget, metric="accuracy", attack=""):
        return figures["table3", data, "1-nn", attack, arm, budget, metric].mean()

    text = section("Table 3: the scale, and an accuracy below chance")
    assert shown(mean("abalone", "random", "100")) in text
    assert shown(mean("mnist-1v7", "boundary", "1000", attack="opt")) in text
    for arm, attack in (
        ("boundary", "opt"),
        ("boundary-0.5", "opt"),
        ("boundary-0.9", "opt"),
        ("boundary-0.9", "region-exact"),
        ("clean", ""),
    ):
        assert shown(mean("halfmoon", arm, "500", attack=attack)) in text, arm
    text = section("Table 3: the domain that random points come from")
    assert shown(mean("mnist-1v7", "random", "1000")) in text
    assert shown(mean("mnist-1v7", "clean", "1000"), 4) in text
    spent = mean("halfmoon", "boundary", "500", "queries", "opt")
    assert 290 < spent / 500 < 310
    for data, pool in (("halfmoon", 20_000), ("abalone", 3_400), ("mnist-1v7", 11_000)):
        sizes = [
            value for key, value in figures.items() if key[1] == data and key[4] == "clean-equal-queries"
        ]
        assert max(np.max(size) for size in sizes) == pool


def test_readings_that_are_not_the_main_ones():
    values = defaultdict(list)
    for fact in published_run(ROOT / "results" / "readings.jsonl.gz")[1]:
        for row in fact.figures["rows"]:
            where = (fact.cell.what, fact.cell.settings["data"], row["attack"], row["budget"])
            for metric in {"accuracy", "fresh"} & set(row["values"]):
                values[*where, metric].append(row["values"][metric])
    mean = {where: np.mean(value) for where, value in values.items()}
    text = section("Table 2: whose label an adversarial point carries")
    for data in ("halfmoon", "abalone"):
        found = [
            value
            for (what, of, attack, _, metric), value in mean.items()
            if (what, of, metric) == ("table2-test-points", data, "accuracy") and attack
        ]
        assert f"{shown(min(found))} to {shown(max(found))}" in text
    fresh = [
        abs(value - mean[what, data, "", "", "fresh"])
        for (what, data, attack, _, metric), value in mean.items()
        if metric == "fresh" and attack
    ]
    assert f"within {shown(max(fresh))} of the one alone" in text
    text = section("Table 3: the scale, and an accuracy below chance")
    ends = [mean["table3-sorted-prefixes", "mnist-1v7", "", n, "accuracy"] for n in ("400", "600", "1000")]
    assert " / ".join(shown(value) for value in ends) in text


def test_tables_4_and_5(figures):
    clean = figures["table4", "abalone", "1-nn", "", "clean", "100", "accuracy"]
    text = section("Tables 4 and 5: four clean columns")
    assert shown(clean.min()) in text
    assert shown(clean.max()) in text
    assert shown(clean.std(ddof=1)) in text
    text = section("Tables 4 and 5: where the points lie")
    for table, model in (("table4", "1-nn"), ("table5", "kernel-ridge-linear")):
        for arm in ("small-perturbation-0.1", "small-perturbation", "small-perturbation-1"):
            gains = [
                values.mean() - figures[table, key[1], model, "", "clean", key[5], "accuracy"].mean()
                for key, values in figures.items()
                if key[0] == table and key[2] == model and key[4] == arm and key[6] == "accuracy"
            ]
            assert len(gains) == 48
            assert shown(np.mean(gains)).lstrip("+") in text


def test_what_the_paper_prints():
    below, equal = defaultdict(int), defaultdict(int)
    for table, model in (("table4", "1-nn"), ("table5", "kernel-ridge-linear")):
        for data in ("halfmoon", "abalone", "mnist-1v7"):
            for attack in ("fgsm", "pgd", "deepfool", "cw"):
                for budget in BUDGETS:
                    small, clean = (
                        published(table, data=data, model=model, attack=attack, arm=arm, budget=budget)
                        for arm in ("small-perturbation", "clean")
                    )
                    below[table] += small < clean
                    equal[table] += small == clean
    text = section("Tables 4 and 5 against their own claim")
    assert f"below clean in {below['table4']} of 48 cells and equal in {equal['table4']}" in text
    assert f"in Table 5 below in {below['table5']} of 48" in text


def test_theory():
    folder = ROOT / "results" / "theory"
    with (folder / "guarantees.csv").open(encoding="utf-8", newline="") as file:
        printed = [row["printed 3.1"] for row in csv.DictReader(file) if row["labels"] == "noisy"]
    printed = [float(value) for value in printed if value]
    assert f"{sum(value == 0 for value in printed)} of {len(printed)} noisy" in section("Theorem 3.1 (k-NN)")
    with (folder / "exponents.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["labels"] == "clean"]
    text = section("Theorem 3.2 (Nadaraya-Watson)")
    off = max(abs(float(row["measured"]) - float(row["repaired"])) for row in rows)
    assert f"within {shown(off)}" in text
    with (folder / "exponents.csv").open(encoding="utf-8", newline="") as file:
        noisy = [row for row in csv.DictReader(file) if (row["labels"], row["learner"]) == ("noisy", "knn")]
    for dim in ("1", "2"):
        found = [float(row["measured"]) for row in noisy if row["d"] == dim]
        assert f"{shown(max(found))} to {shown(min(found))}" in text
    with (folder / "cure.csv").open(encoding="utf-8", newline="") as file:
        excess = {(row["sample"], row["learner"]): row["excess x 1000"] for row in csv.DictReader(file)}
    text = section('"Performance improves as β increases"')
    for sample in ("β=0", "β=0.5", "β=0.75"):
        assert excess[sample, "knn"] in text
        assert excess[sample, "knn-weighted"] in text
