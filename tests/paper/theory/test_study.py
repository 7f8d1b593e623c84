"""The study end to end in small, what is computed from its facts, and the advice."""

import json
import math
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from edgewise.advice.advise import LEARNERS, advice_for, advise, count_name
from edgewise.advice.conditions import boundary_can_help
from edgewise.arrays import InputError
from edgewise.cli import app
from edgewise.paper.report import theory as section
from edgewise.paper.report.blocks import Figure, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.theory.study import compute as module
from edgewise.paper.theory.study.analysis import containment, growth, rates, reproduced, trials
from edgewise.paper.theory.study.compute import unpack, work
from edgewise.paper.theory.study.containment import ViolationError
from edgewise.paper.theory.study.reference_table import cells, drawn
from edgewise.paper.theory.study.result_tables import summaries, write
from edgewise.paper.theory.study.run import experiment, violations
from edgewise.paper.theory.study.settings import bandwidths, knn_grid, study
from edgewise.paper.theory.study.theorem_verdicts import verdicts
from edgewise.store import Cell, Fact, Store


RISK = {"a": 4.0, "tau": 0.0, "learner": "knn"}


def test_the_full_study_is_as_large_as_asked():
    full = study()
    ball = {cell.key for cell in full if cell.what == "theory-guarantee" and cell.seed == 0}
    assert len(ball) >= 176
    assert {cell.seed for cell in full if cell.what == "theory-guarantee"} == set(range(20))
    assert len({cell.key for cell in full}) == len(full)
    assert {cell.what for cell in study(quick=True)} == {cell.what for cell in full} == set(module.WORK)
    with pytest.raises(InputError, match="at least 2"):
        study(seeds=1)


@pytest.mark.parametrize("what", sorted(module.WORK))
def test_each_kind_of_cell_repeats_and_is_plain_json(what):
    cell = next(cell for cell in study(quick=True) if cell.what == what)
    figures = work(cell)
    assert json.loads(json.dumps(figures)) == json.loads(json.dumps(work(cell)))
    assert "violations" not in figures or figures["violations"] == 0


def test_an_unknown_experiment_is_named():
    with pytest.raises(InputError, match="did you mean"):
        work(Cell("theory-risc", {}, 0))


def test_the_draw_is_from_cells_that_can_fail():
    assert len(cells()) > 300
    assert all(cell.error > 0 for cell in cells())
    assert len(drawn()) == 20
    assert drawn() == drawn() != drawn(seed=1)


def test_grids_of_the_published_table():
    assert knn_grid(5000, 1)[-1] == 293
    assert knn_grid(5000, 2)[-1] == 71
    assert bandwidths(1000, 2) == pytest.approx([c * math.sqrt(2) * 1000**-0.25 for c in (0.5, 1, 2)])


def test_a_published_cell_is_reproduced():
    # 0.1 of a second a seed: the clean 1-NN area at d = 5, published as 0.9313 ± 0.0022.
    settings = {
        "problem": "ridge",
        "d": 5,
        "a": 4.0,
        "n": 1000,
        "beta": 0.0,
        "tau": 0.0,
        "labels": "clean",
        "learner": "knn k=1",
        "measure": "area",
    }
    values = [work(Cell("theory-published", settings, seed))["value"][0] for seed in range(8)]
    error = np.std(values, ddof=1) / math.sqrt(8)
    assert abs(np.mean(values) - 0.9313) < 3 * math.hypot(error, 0.0022)
    biased = np.array(values) - 0.02
    assert abs(biased.mean() - 0.9313) > 3 * math.hypot(error, 0.0022)


def _exponent_facts(slope, labels="clean", learner="knn"):
    facts = []
    for n in (100, 400, 1600):
        for seed in range(6):
            noise = 0.05 * math.sin(seed + n)
            area = 3 * n**slope
            figures = (
                {"log_area": math.log(area) + noise}
                if labels == "clean"
                else {"k": [1, 9], "area": [0.9, area * math.exp(noise)]}
            )
            facts.append(
                Fact(
                    Cell(
                        "theory-exponent",
                        {"d": 2, "beta": 0.5, "n": n, "labels": labels, "learner": learner},
                        seed,
                    ),
                    figures,
                )
            )
    return facts


@pytest.mark.parametrize(
    ("labels", "learner", "theory", "printed"),
    [
        ("clean", "knn", -1 / 1.5, None),
        ("noisy", "knn", -1 / 3.5, None),
        ("noisy", "nw-epan", -1 / 3.5, -1 / 3.5),
        ("noisy", "krr-matern32", None, -1 / 3.5),
    ],
)
def test_rates_recover_a_power_law_and_stand_beside_what_speaks_of_them(labels, learner, theory, printed):
    (rate,) = rates(_exponent_facts(-0.4, labels, learner))
    assert rate.slope == pytest.approx(-0.4, abs=0.03)
    assert 0 < rate.error < 0.05
    for value, wanted in ((rate.theory, theory), (rate.printed, printed)):
        assert np.isnan(value) if wanted is None else value == pytest.approx(wanted)


@pytest.mark.parametrize("learner", ["nw-epan", "krr-matern32"])
def test_noisy_smoothers_shrink_their_wrong_area(learner):
    cells = [c for c in study(quick=True) if c.settings.get("learner") == learner and c.seed == 0]
    some = [
        c for c in cells if c.what == "theory-exponent" and c.settings["d"] == 1 and c.settings["beta"] == 0
    ]
    areas = {c.settings["n"]: min(work(c)["area"]) for c in some}
    assert areas[400] < areas[100] < 0.5


def test_measured_rate_of_clean_1nn_on_a_line():
    facts = [
        Fact(cell, work(cell))
        for cell in (
            Cell(
                "theory-exponent",
                {
                    "problem": "ridge",
                    "d": 1,
                    "a": 4.0,
                    "n": n,
                    "beta": 0.5,
                    "tau": 0.0,
                    "labels": "clean",
                    "learner": "knn",
                },
                seed,
            )
            for n in (100, 800, 6400)
            for seed in range(6)
        )
    ]
    (rate,) = rates(facts)
    assert rate.slope == pytest.approx(-2, abs=0.15)


def _risk_facts(boundary):
    facts = []
    for labels in ("clean", "noisy"):
        for beta, level in ((0.0, 1.0), (0.5, boundary)):
            for seed in range(10):
                value = level + 0.01 * seed
                settings = {**RISK, "problem": "ridge", "d": 2, "n": 100, "beta": beta, "labels": labels}
                facts.append(
                    Fact(Cell("theory-risk", settings, seed), {"excess": [value, 9], "area": [value, 9]})
                )
    return facts


@pytest.mark.parametrize(("boundary", "verdict"), [(2.0, "worse"), (0.5, "better"), (1.0, "undecided")])
def test_trials_follow_the_figures(boundary, verdict):
    found = trials(_risk_facts(boundary), [])
    assert {trial.claim for trial in found} == {"noisy k-NN is hurt", "clean low-d 1-NN is helped"}
    assert {trial.test.verdict() for trial in found} == {verdict}


@pytest.fixture(scope="module")
def store():
    with Store(":memory:") as facts:
        few = {"theory-risk": 3, "theory-cure": 2, "theory-guarantee": 2, "theory-design": 2}
        chosen = [
            cell
            for cell in study(quick=True)
            if cell.seed < few.get(cell.what, 2)
            and (cell.what != "theory-exponent" or cell.settings["n"] < 1000)
            and (
                cell.what not in ("theory-risk", "theory-guarantee", "theory-design")
                or cell.settings["d"] == 1
            )
            and (cell.what != "theory-published" or cell.settings["n"] < 1000)
            and (cell.what != "theory-cure" or cell.settings["learner"] in ("knn", "knn-weighted"))
            and (cell.what != "theory-region" or cell.settings["labels"] == "clean")
        ]
        for cell in chosen:
            facts.put(Fact(cell, work(cell)))
        yield facts


def test_summaries_and_files(store, tmp_path):
    tables = summaries(store.facts)
    assert {table.name for table in tables} == {
        "containment",
        "exponents",
        "paired-tests",
        "published",
        "sampler",
        "guarantees",
        "design",
        "risk",
        "cure",
    }
    write(tables, tmp_path, {"command": "edgewise theory"})
    assert json.loads((tmp_path / "about.json").read_text())["command"] == "edgewise theory"
    first = (tmp_path / "containment.csv").read_text().splitlines()
    assert first[0] == "statements,configurations,seeds each,runs,violations"
    assert all(line.endswith(",0") for line in first[1:])
    assert summaries(Store(":memory:").facts) == []


def test_findings_from_facts(store):
    guarantees = store.facts("theory-guarantee")
    counted = containment(guarantees)
    assert counted["runs"] == len(guarantees)
    assert counted["seeds"] == 2
    shares = growth(guarantees, d=1, a=4.0, labels="clean", learner="knn")
    assert all(
        guaranteed <= measured
        for (_, guaranteed), (_, measured) in zip(shares["grid"], shares["measured"], strict=True)
    )
    assert all(math.isfinite(cell.z) for cell in reproduced(store.facts("theory-published")))


def test_verdicts_need_facts(store):
    assert verdicts(Store(":memory:").facts) == []
    rows = verdicts(store.facts)
    assert len(rows) == 7
    assert {row.verdict for row in rows} == {"fails", "holds once repaired"}
    assert all(row.measured and row.measured != "not run" for row in rows)


def test_report_section_shows_every_picture(store):
    assert section.sections(Evidence(Store(":memory:"))) == []
    (part,) = section.sections(Evidence(store))
    figures = [block for block in part.blocks if isinstance(block, Figure)]
    assert len(figures) == 4
    assert all(len(figure.alt) > 80 for figure in figures)
    assert all(b"<svg" in figure.content[:1000] for figure in figures)
    captions = [block.caption for block in part.blocks if isinstance(block, Table)]
    assert captions[0] == "Verdicts on the paper's theorems"
    assert len(captions) == 7


def test_region_bits_survive_packing(store):
    fact = store.facts("theory-region")[0]
    side = fact.figures["side"]
    held, right = (unpack(fact.figures[name], side * side) for name in ("guaranteed", "correct"))
    assert len(held) == side * side
    assert not (held.astype(bool) & ~right.astype(bool)).any()


def test_run_study_reports_violations(monkeypatch):
    def broken(cell):
        if cell.seed == 1:
            raise ViolationError(f"seed {cell.seed}.")
        return {}

    monkeypatch.setattr(
        "edgewise.paper.theory.study.run.study", lambda **_: [Cell("x", {}, seed) for seed in range(3)]
    )
    monkeypatch.setattr("edgewise.paper.theory.study.run.work", broken)
    with Store(":memory:") as facts:
        summary = experiment().run(facts, "test").summary
    assert summary.computed == 2
    assert [failure.message for failure in violations(summary)] == ["ViolationError: seed 1."]


@pytest.mark.parametrize(
    ("n", "dim", "noise", "learner", "verdict"),
    [
        (1000, 2, 0.0, "knn", "yes"),
        (10, 2, 0.0, "knn", "no"),
        (1000, 2, 0.2, "knn", "no"),
        (10**6, 2, 0.2, "knn", "no"),
        (1000, 2, 0.2, "weighted", "perhaps"),
        (5000, 5, 0.0, "knn", "perhaps"),
        (1000, 10, 0.0, "knn", "no"),
        (1000, 10, 0.0, "pooling", "yes"),
        (1000, 2, 0.2, "pooling", "perhaps"),
        (100, 784, 0.0, "linear", "yes"),
    ],
)
def test_advice(n, dim, noise, learner, verdict):
    advice = advice_for(n, dim, noise=noise, learner=learner)
    assert advice.verdict == verdict
    assert advice.floor == pytest.approx(1.5 / math.sqrt(n))
    assert advice.evidence
    assert advice.limits
    if learner == "knn" and not boundary_can_help(n, dim, noisy=noise > 0.01):
        assert advice.verdict == "no"
        assert advice.beta == 0


def test_advice_from_data_estimates_both():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (2000, 2)) @ rng.normal(size=(2, 6))
    clean = X[:, 0] > 0
    assert advise(X, clean).verdict == "yes"
    flipped = advise(X, clean ^ (rng.random(2000) < 0.2))
    assert flipped.verdict == "no"
    assert re.search(r"dimension (1\.[7-9]|2\.[0-3]) of 6", flipped.evidence[0])
    assert "taken as noisy" in flipped.evidence[1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: advice_for(0, 2), "at least 1"),
        (lambda: advice_for(10, -1), "dim"),
        (lambda: advice_for(10, math.nan), "dim"),
        (lambda: advice_for(10, 2, noise=0.5), "1/2"),
        (lambda: advice_for(10, 2, noise=-0.1), "1/2"),
        (lambda: advice_for(10, 2, learner="forest"), "knn"),
    ],
)
def test_bad_advice_input(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_command_line(tmp_path, monkeypatch):
    runner = CliRunner()
    answer = runner.invoke(app, ["theory", "advise", "--n", "1000", "--dim", "2"])
    assert answer.exit_code == 0
    assert answer.stdout.startswith("YES:")
    assert "Limits:" in answer.stdout
    assert "Effective dimension" in runner.invoke(app, ["theory", "advise", "--data", "halfmoon"]).stdout
    assert isinstance(runner.invoke(app, ["theory", "advise", "--n", "10"]).exception, InputError)
    both = runner.invoke(app, ["theory", "advise", "--data", "halfmoon", "--dim", "2"])
    assert isinstance(both.exception, InputError)
    few = [cell for cell in study(quick=True) if cell.what in ("theory-sampler", "theory-published")][:16]
    monkeypatch.setattr("edgewise.paper.theory.study.run.study", lambda **_: few)
    run = ["theory", "--store", str(tmp_path / "runs.db"), "--jobs", "1", "--publish", str(tmp_path / "out")]
    first = runner.invoke(app, run)
    assert first.exit_code == 0
    assert "16 cells computed, 0 were there, 0 failed" in first.stdout
    assert "0 cells computed, 16 were there" in runner.invoke(app, run).stdout
    assert (tmp_path / "out" / "sampler.csv").exists() or (tmp_path / "out" / "published.csv").exists()


@pytest.mark.slow
def test_the_quick_study_runs_whole_and_resumes(tmp_path):
    with Store(tmp_path / "quick.db") as facts:
        first = experiment(quick=True).run(facts, "test").summary
        assert first.failures == ()
        assert violations(first) == ()
        assert experiment(quick=True).run(facts, "test", jobs=2).summary.computed == 0
        worst = max(
            abs(rate.slope - rate.theory)
            for rate in rates(facts.facts("theory-exponent"))
            if rate.labels == "clean"
        )
        assert worst < 0.3


def test_every_learner_of_the_advice_is_described():
    assert set(LEARNERS) == {"knn", "weighted", "pooling", "linear"}
    assert count_name(10**12) == "10^12"
