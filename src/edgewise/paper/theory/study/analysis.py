"""What the study found, computed from the facts of a store: rates, violations, tests, the published table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats as scipy_stats

from edgewise.arrays import Floats, Values
from edgewise.paper.theory.bounds import printed_3_2_exponent
from edgewise.paper.theory.study.reference_table import Published, drawn
from edgewise.stats import Estimate, Paired, estimate, holm, paired
from edgewise.store import Fact


Group = Mapping[tuple[Any, ...], list[Fact]]
"""Facts by the values of some of their settings."""


@dataclass(frozen=True)
class Rate:
    """A fitted exponent of the wrong area in n.

    Parameters
    ----------
    dim, beta, labels, learner
        Which experiment.
    slope, error
        The fitted exponent and its standard error.
    theory
        For local averages -1/(d - β) with clean labels and -1/(d + 2 - β) with noisy ones: what the guarantees
        suggest, not a proved rate. NaN for kernel ridge, where they suggest none.
    printed
        The paper's -1/(d + 1 + β) where it speaks of this: Nadaraya-Watson and kernel ridge on noisy labels. NaN
        elsewhere.
    sizes
        The n fitted over.
    """

    dim: int
    beta: float
    labels: str
    learner: str
    slope: float
    error: float
    theory: float
    printed: float
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Trial:
    """A claim tested: pairs of runs over the same seeds and test points.

    Parameters
    ----------
    claim, where
        What is claimed, and in which setting it is tested.
    baseline, method
        Mean excess risks.
    test
        The paired comparison of accuracy relative to the Bayes classifier: better means less excess risk.
    """

    claim: str
    where: str
    baseline: float
    method: float
    test: Paired


@dataclass(frozen=True)
class Reproduced:
    """A published cell beside ours, with the distance in standard errors of both, less rounding."""

    cell: Published
    mean: float
    error: float
    z: float


@dataclass(frozen=True)
class Curve:
    """A learner's excess risk and wrong area against the law, tuned by mean excess risk for each law."""

    learner: str
    laws: tuple[tuple[float, float], ...]
    excess: tuple[Estimate, ...]
    area: tuple[Estimate, ...]


def grouped(facts: Iterable[Fact], *names: str) -> Group:
    """Return facts by the values of these settings, in order of first appearance."""
    groups: Group = defaultdict(list)
    for fact in facts:
        groups[tuple(fact.cell.settings[name] for name in names)].append(fact)
    return dict(groups)


def rates(facts: Sequence[Fact]) -> list[Rate]:
    """Return the fitted exponents of ``theory-exponent`` facts, clean first.

    Clean: a line through the mean logs of every seed. Noisy: k, bandwidth or penalty is chosen for each n by the
    mean area, and the error is a jackknife over seeds, the choice repeated.
    """
    found: list[Rate] = []
    for (labels, learner, dim, beta), group in sorted(
        grouped(facts, "labels", "learner", "d", "beta").items()
    ):
        by_size = dict(sorted(grouped(group, "n").items()))
        sizes = tuple(int(n) for (n,) in by_size)
        if len(sizes) < 2:
            continue
        if labels == "clean":
            points = [(np.log(n), f.figures["log_area"]) for (n,), fs in by_size.items() for f in fs]
            fit = scipy_stats.linregress(*np.array(points).T)
            slope, error = float(fit.slope), float(fit.stderr)
            theory = -1 / (dim - beta) if dim > beta else -np.inf
        else:
            areas = [np.array([f.figures["area"] for f in fs]) for fs in by_size.values()]
            slope, error = _tuned_slope(np.log(sizes), areas)
            theory = np.nan if learner.startswith("krr") else -1 / (dim + 2 - beta)
        printed = np.nan if learner == "knn" else printed_3_2_exponent(dim, beta)
        found.append(Rate(dim, beta, labels, learner, slope, error, theory, printed, sizes))
    return found


def _tuned_slope(x: Floats, areas: Sequence[Floats]) -> tuple[float, float]:
    def slope(chosen: Callable[[Floats], Floats]) -> float:
        best = [max(float(chosen(a).mean(axis=0).min()), 1e-12) for a in areas]
        return float(np.polyfit(x, np.log(best), 1)[0])

    seeds = min(len(a) for a in areas)
    left_out = [slope(lambda a, i=i: np.delete(a, i, axis=0)) for i in range(seeds)]
    spread = np.sum((np.array(left_out) - np.mean(left_out)) ** 2)
    return slope(lambda a: a), float(np.sqrt((seeds - 1) / seeds * spread))


def tuned(facts: Sequence[Fact], by: str = "excess") -> tuple[Floats, Floats]:
    """Return excess risk and wrong area for each seed, at the setting of least mean ``by``."""
    ordered = sorted(facts, key=lambda f: f.cell.seed)
    best = int(np.argmin(np.mean([f.figures[by] for f in ordered], axis=0)))
    return (
        np.array([f.figures["excess"][best] for f in ordered]),
        np.array([f.figures["area"][best] for f in ordered]),
    )


def curves(facts: Sequence[Fact]) -> list[Curve]:
    """Return one curve a learner from ``theory-risk`` facts of one problem and kind of labels."""
    found: list[Curve] = []
    for (learner,), group in grouped(facts, "learner").items():
        laws = dict(
            sorted(grouped(group, "tau", "beta").items(), key=lambda item: (item[0][0] > 0, item[0][1]))
        )
        figures = [tuned(fs) for fs in laws.values()]
        found.append(
            Curve(
                str(learner),
                tuple((float(b), float(t)) for t, b in laws),
                tuple(estimate(excess) for excess, _ in figures),
                tuple(estimate(area) for _, area in figures),
            )
        )
    return found


def trials(risks: Sequence[Fact], cures: Sequence[Fact]) -> list[Trial]:
    """Return the three claims tested, Holm-corrected over all of them.

    "noisy k-NN is hurt" and "clean low-d 1-NN is helped": β = 1/2 against uniform. "weighted votes cure": the
    same samples with inverse-density votes against plain ones.
    """
    rows: list[tuple[str, str, Floats, Floats]] = []
    for (problem, d, n), group in grouped(risks, "problem", "d", "n").items():
        where = f"{problem} d={d}, n={n}, β=0.5 against uniform"
        noisy, clean = (_pair(group, labels) for labels in ("noisy", "clean"))
        if noisy is not None:
            rows.append(("noisy k-NN is hurt", where, *noisy))
        if clean is not None and d <= 2:
            rows.append(("clean low-d 1-NN is helped", where, *clean))
    for (beta, tau, scheme), group in grouped(cures, "beta", "tau", "scheme").items():
        learners = {name: fs for (name,), fs in grouped(group, "learner").items()}
        for name in ("knn", "nw-epan"):
            if beta > 0 and name in learners and f"{name}-weighted" in learners:
                law = f"β={beta:g}" + (f", τ={tau:g}" if tau else "")
                rows.append(
                    (
                        "weighted votes cure",
                        f"wave, noisy, {name} from {'half uniform, half ' if scheme == 'half' else ''}{law}",
                        tuned(learners[name])[0],
                        tuned(learners[f"{name}-weighted"])[0],
                    )
                )
    tests = holm([paired(-method, -base) for _, _, base, method in rows])
    return [
        Trial(claim, where, float(base.mean()), float(method.mean()), test)
        for (claim, where, base, method), test in zip(rows, tests, strict=True)
    ]


def _pair(group: Sequence[Fact], labels: str) -> tuple[Floats, Floats] | None:
    """Excess risks of k-NN under uniform and β = 1/2: tuned when noisy, 1-NN when clean."""
    laws = grouped(
        [
            f
            for f in group
            if f.cell.settings["learner"] == "knn"
            and f.cell.settings["labels"] == labels
            and f.cell.settings["tau"] == 0
        ],
        "beta",
    )
    if (0.0,) not in laws or (0.5,) not in laws:
        return None
    if labels == "noisy":
        return tuned(laws[(0.0,)])[0], tuned(laws[(0.5,)])[0]
    return _nearest(laws[(0.0,)]), _nearest(laws[(0.5,)])


def _nearest(facts: Sequence[Fact]) -> Floats:
    """Return each seed's excess risk of 1-NN, the first of the grid."""
    return np.array([f.figures["excess"][0] for f in sorted(facts, key=lambda f: f.cell.seed)])


def reproduced(facts: Sequence[Fact]) -> list[Reproduced]:
    """Return the drawn cells of the published table beside ours, tuned as that table is."""
    found: list[Reproduced] = []
    for cell in drawn():
        key = {
            "d": cell.dim,
            "labels": cell.labels,
            "n": cell.n,
            "learner": cell.learner,
            "beta": cell.beta,
            "tau": cell.tau,
            "measure": cell.measure,
        }
        values = np.array(
            [
                f.figures["value"]
                for f in facts
                if all(f.cell.settings[name] == value for name, value in key.items())
            ]
        )
        if len(values) < 2:
            continue
        best = int(np.argmin(values.mean(axis=0)))
        mean, error = float(values[:, best].mean()), float(values[:, best].std(ddof=1) / np.sqrt(len(values)))
        z = max(abs(mean - cell.mean) - cell.unit, 0) / float(np.hypot(error, cell.error))
        found.append(Reproduced(cell, mean, error, z))
    return found


def containment(facts: Sequence[Fact]) -> Values:
    """Return how much was checked against the guarantees: configurations, runs, and violations.

    Violations raise and leave no fact, so a stored one is always 0; the study's exit code tells.
    """
    groups = grouped(facts, "problem", "d", "a", "n", "beta", "tau", "labels", "learner")
    return {
        "configurations": len(groups),
        "runs": len(facts),
        "seeds": min((len(group) for group in groups.values()), default=0),
        "violations": int(sum(f.figures["violations"] for f in facts)),
    }


def growth(facts: Sequence[Fact], **settings: object) -> dict[str, list[tuple[float, float]]]:
    """Return each tier's share, and the measured one, against β (no cap) for ``theory-guarantee`` facts."""
    chosen = [
        f
        for f in facts
        if f.cell.settings["tau"] == 0
        and all(f.cell.settings[name] == value for name, value in settings.items())
    ]
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (beta,), group in sorted(grouped(chosen, "beta").items()):
        for tier in ("paper", "uniform", "grid", "expected", "area"):
            values = [f.figures[tier] for f in group if tier in f.figures]
            if values:
                found["measured" if tier == "area" else tier].append((float(beta), float(np.mean(values))))
    return dict(found)
