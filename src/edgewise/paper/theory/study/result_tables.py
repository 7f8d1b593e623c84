"""The study's findings as tables of text: printed by the command, committed, shown in the report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgewise.arrays import Values
from edgewise.atomic import replacing
from edgewise.paper.theory.study.analysis import (
    containment,
    curves,
    grouped,
    rates,
    reproduced,
    trials,
    tuned,
)
from edgewise.store import Fact


@dataclass(frozen=True)
class Summary:
    """One table.

    Parameters
    ----------
    name
        Its file, without ending.
    title
        What it shows.
    header, rows
        Text, row by row.
    brief
        Whether the command prints it.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    brief: bool = True


def summaries(facts_of: Callable[[str], list[Fact]]) -> list[Summary]:
    """Return every table that there are facts for; ``facts_of`` gives those of an experiment."""
    facts = {
        what: facts_of(f"theory-{what}")
        for what in ("sampler", "exponent", "guarantee", "design", "published", "risk", "cure")
    }
    tables = (
        _containment(facts["guarantee"], facts["design"]),
        _rates(facts["exponent"]),
        _trials(facts["risk"], facts["cure"]),
        _published(facts["published"]),
        _sampler(facts["sampler"]),
        _guarantees(facts["guarantee"]),
        _designs(facts["design"]),
        _risks(facts["risk"]),
        _cure(facts["cure"]),
    )
    return [table for table in tables if table.rows]


def write(tables: Sequence[Summary], folder: Path, about: Values) -> None:
    """Write each table as CSV and ``about.json`` beside them, atomically one by one."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([table.header, *table.rows])
        with replacing(folder / f"{table.name}.csv") as file:
            file.write(text.getvalue().encode())
    with replacing(folder / "about.json") as file:
        file.write((json.dumps(dict(about), indent=2, sort_keys=True) + "\n").encode())


def law_name(beta: float, tau: float) -> str:
    """Return how a law is called in tables.

    Examples
    --------
    >>> law_name(0, 0), law_name(2, 0.05)
    ('0', '2, τ=0.05')
    """
    return f"{beta:g}" + (f", τ={tau:g}" if tau else "")


def _containment(ball: Sequence[Fact], design: Sequence[Fact]) -> Summary:
    rows: list[tuple[str, ...]] = []
    for name, facts in (("printed 3.1, A to E (ball masses)", ball), ("G (design)", design)):
        if facts:
            c = containment(facts)
            rows.append(
                (name, str(c["configurations"]), str(c["seeds"]), str(c["runs"]), str(c["violations"]))
            )
    return Summary(
        "containment",
        "Guaranteed set inside the measured correct set",
        ("statements", "configurations", "seeds each", "runs", "violations"),
        tuple(rows),
    )


def _rates(facts: Sequence[Fact]) -> Summary:
    rows = tuple(
        (
            r.labels,
            r.learner,
            str(r.dim),
            f"{r.beta:g}",
            f"{r.slope:.3f}",
            f"{r.error:.3f}",
            *("–" if np.isnan(value) else f"{value:.3f}" for value in (r.theory, r.printed)),
        )
        for r in rates(facts)
    )
    return Summary(
        "exponents",
        "Exponent of the wrong area in n",
        ("labels", "learner", "d", "β", "measured", "std. error", "repaired", "as printed"),
        rows,
    )


def _trials(risks: Sequence[Fact], cures: Sequence[Fact]) -> Summary:
    rows = tuple(
        (
            t.claim,
            t.where,
            f"{1000 * t.baseline:.3g}",
            f"{1000 * t.method:.3g}",
            f"{t.test.p_holm:.2g}",
            t.test.verdict(),
        )
        for t in trials(risks, cures)
    )
    return Summary(
        "paired-tests",
        "Paired tests, excess risk x 1000 (Wilcoxon, Holm)",
        ("claim", "where", "baseline", "method", "p (Holm)", "method is"),
        rows,
    )


def _published(facts: Sequence[Fact]) -> Summary:
    rows = tuple(
        (
            r.cell.measure,
            f"d={r.cell.dim} {r.cell.labels} n={r.cell.n} {r.cell.learner}",
            law_name(r.cell.beta, r.cell.tau),
            f"{r.cell.mean:g} ± {r.cell.error:g}",
            f"{r.mean:.4g} ± {r.error:.2g}",
            f"{r.z:.2f}",
        )
        for r in reproduced(facts)
    )
    return Summary(
        "published",
        "Cells of the published table drawn at random, reproduced",
        ("measure", "ridge, a = 4", "β", "published", "ours", "distance in std. errors"),
        rows,
    )


def _sampler(facts: Sequence[Fact]) -> Summary:
    rows = tuple(
        (
            f"{s['problem']} d={s['d']}",
            law_name(s["beta"], s["tau"]),
            f"{s['n']:,}",
            f"{f.figures['distance']:.5f}",
            f"{f.figures['p']:.3f}",
        )
        for f in facts
        for s in [f.cell.settings]
    )
    return Summary(
        "sampler",
        "Sampler against its law (Kolmogorov-Smirnov)",
        ("problem", "β", "draws", "distance", "p"),
        rows,
    )


def _guarantees(facts: Sequence[Fact]) -> Summary:
    rows: list[tuple[str, ...]] = []
    names = ("d", "a", "n", "labels", "learner", "beta", "tau")
    for key, group in sorted(grouped(facts, *names).items()):
        d, a, n, labels, learner, beta, tau = key
        shares = [
            f"{np.mean([f.figures[tier] for f in group]):.4f}" if tier in group[0].figures else ""
            for tier in ("paper", "uniform", "grid", "expected", "area", "excess")
        ]
        rows.append((str(d), f"{a:g}", str(n), labels, learner, law_name(beta, tau), *shares))
    return Summary(
        "guarantees",
        "Guaranteed and measured shares of the domain, ridge",
        (
            "d",
            "a",
            "n",
            "labels",
            "learner",
            "β",
            "printed 3.1",
            "uniform",
            "grid",
            "expected",
            "measured",
            "excess risk",
        ),
        tuple(rows),
        brief=False,
    )


def _designs(facts: Sequence[Fact]) -> Summary:
    rows = [
        (
            problem,
            f"{d}",
            learner,
            law_name(beta, tau),
            f"{np.mean([f.figures['design'] for f in group]):.3f}",
            f"{np.mean([f.figures['area'] for f in group]):.3f}",
        )
        for (problem, d, learner, beta, tau), group in grouped(
            facts, "problem", "d", "learner", "beta", "tau"
        ).items()
    ]
    return Summary(
        "design",
        "Theorem G's share given the sample, and the measured one, noisy labels",
        ("problem", "d", "learner", "β", "guaranteed", "measured"),
        tuple(sorted(rows)),
        brief=False,
    )


def _risks(facts: Sequence[Fact]) -> Summary:
    rows: list[tuple[str, ...]] = []
    for (problem, d, n, labels), group in grouped(facts, "problem", "d", "n", "labels").items():
        for curve in curves(group):
            rows += [
                (
                    f"{problem} d={d}",
                    str(n),
                    labels,
                    curve.learner,
                    law_name(*law),
                    f"{1000 * e.mean:.3f}",
                    f"{1000 * (e.high - e.low) / 2:.3f}",
                    f"{a.mean:.4f}",
                    f"{(a.high - a.low) / 2:.4f}",
                )
                for law, e, a in zip(curve.laws, curve.excess, curve.area, strict=True)
            ]
    return Summary(
        "risk",
        "Excess risk x 1000 and wrong area, tuned for each law, with 95 % half-widths",
        ("problem", "n", "labels", "learner", "β", "excess x 1000", "±", "wrong area", "±"),
        tuple(rows),
        brief=False,
    )


def _cure(facts: Sequence[Fact]) -> Summary:
    rows: list[tuple[str, ...]] = []
    for (scheme, beta, tau, learner), group in grouped(facts, "scheme", "beta", "tau", "learner").items():
        excess, area = tuned(group)
        rows.append(
            (
                ("½ uniform + ½ " if scheme == "half" else "") + f"β={law_name(beta, tau)}",
                learner,
                f"{1000 * excess.mean():.2f}",
                f"{1000 * excess.std(ddof=1) / np.sqrt(len(excess)):.2f}",
                f"{area.mean():.4f}",
            )
        )
    return Summary(
        "cure",
        "Noisy labels on the wave: excess risk x 1000, plain and cured",
        ("sample", "learner", "excess x 1000", "std. error", "wrong area"),
        tuple(rows),
    )
