"""The figures of each cell of the study, computed from the cell alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy import stats

from edgewise.arrays import Floats, InputError, Mask, Values
from edgewise.paper.theory.density.boundary_density import BoundaryDensity, Mixture
from edgewise.paper.theory.problems.islands_moons_rkhs import HalfMoons, Islands, RkhsExact
from edgewise.paper.theory.problems.protocol import LabelKind, Problem, bayes, draw_labels, excess_risk
from edgewise.paper.theory.problems.ridge_ball_wave import Ball, Ridge, Wave
from edgewise.paper.theory.study.containment import (
    Setting,
    check_inside,
    design_guarantee,
    guarantees,
    guarantees_at,
    predict,
)
from edgewise.paper.theory.study.containment import measure as run_once
from edgewise.paper.theory.study.exam import exam
from edgewise.paper.theory.study.learners import scores
from edgewise.paper.theory.study.settings import bandwidths, knn_grid
from edgewise.randomness import stream
from edgewise.registry import lookup
from edgewise.store import Cell


EXAM = 4000
RIDGE_GRID = (0.1, 1.0, 10.0)
WIDE_RIDGE_GRID = (0.01, 0.1, 1.0, 10.0, 100.0)
BANDWIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""In units of `bandwidth_unit`."""

PROBLEMS: dict[str, Callable[[int, float], Problem]] = {
    "ridge": Ridge,
    "ridge-linear": lambda d, a: Ridge(d, a, "linear"),
    "ball": Ball,
    "wave": lambda _d, a: Wave(a),
    "islands": Islands,
    "moons": lambda _d, _a: HalfMoons(),
    "rkhs": lambda _d, _a: RkhsExact(),
}
"""Problems by name, from dimension and slope."""


def law_of(settings: Values) -> BoundaryDensity:
    """Return the μ_β of a cell; the half-moons' is relative to their own law."""
    problem = lookup(PROBLEMS, str(settings["problem"]), "problem")(int(settings["d"]), float(settings["a"]))
    own = isinstance(problem, HalfMoons)
    return BoundaryDensity(
        problem, float(settings["beta"]), float(settings["tau"]), "own" if own else "uniform"
    )


def work(cell: Cell) -> Values:
    """Return the figures of one cell.

    Raises
    ------
    ViolationError
        A bound was violated.
    InputError
        No experiment of that name.
    """
    return lookup(WORK, cell.what, "experiment")(cell.settings, cell.seed)


def sampler(settings: Values, seed: int) -> Values:
    """Kolmogorov-Smirnov test of the margins of n draws against their CDF."""
    law = law_of(settings)
    X = law.sample(int(settings["n"]), stream(seed, "theory-ks", law.problem.name, law.label))
    result = stats.kstest(law.problem.margin(X), law.margin_law.cdf)
    return {"p": float(result.pvalue), "distance": float(result.statistic)}


def region(settings: Values, seed: int) -> Values:
    """Guaranteed and wrong points on a grid of the wave's domain, packed to bits."""
    law, n, d, side = law_of(settings), int(settings["n"]), int(settings["d"]), int(settings["side"])
    k = 1 if settings["labels"] == "clean" else 2 * knn_grid(n, d)[-1]
    setting = Setting(law, n, settings["labels"], "knn", k)
    Z = picture_grid(law.problem, side)
    held = _picture(setting, side)
    correct = predict(setting, Z, seed) == (bayes(law.problem, Z) == 1)
    check_inside(setting, {"grid": held}, correct, seed)
    return {"guaranteed": _pack(held), "correct": _pack(correct), "side": side, "k": k}


@lru_cache(maxsize=8)
def _picture(setting: Setting, side: int) -> Mask:
    return guarantees_at(setting, picture_grid(setting.problem, side))[0]["grid"]


def picture_grid(problem: Problem, side: int) -> Floats:
    """Return a ``side`` x ``side`` grid in (x_1, margin), rows by margin: the wave's domain, unsheared."""
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    x, t = np.meshgrid(axis, axis)
    if not isinstance(problem, Wave):
        raise InputError("the region picture is drawn for the wave.")
    return np.column_stack([x.ravel(), t.ravel() + problem.height(x.ravel())])


def exponent(settings: Values, seed: int) -> Values:
    """Area of the wrong set: exact in one dimension for clean 1-NN, by weighted test points otherwise."""
    law, n, d = law_of(settings), int(settings["n"]), int(settings["d"])
    rng = stream(seed, "theory-exponent", law.label, law.problem.name, n)
    if settings["labels"] == "noisy" and settings["learner"] != "knn":
        learner = str(settings["learner"])
        grid = (
            WIDE_RIDGE_GRID if learner.startswith("krr") else [c * bandwidth_unit(n, d) for c in BANDWIDTHS]
        )
        return {"grid": list(grid), "area": _wrong_areas(law, n, "noisy", learner, list(grid), rng, 2000)[0]}
    if settings["labels"] == "noisy":
        grid = sorted({max(1, round(c * n ** (2 / (2 + d)))) for c in (0.25, 0.5, 1, 2, 4)})
        grid = [k for k in grid if k <= n]
        return {"k": grid, "area": _wrong_areas(law, n, "noisy", "knn", grid, rng, 2000)[0]}
    if d == 1:
        # One exact draw is so noisy (its error is exponential) that a cell averages the log of 50.
        logs = [float(np.log(_gap(law.sample(n, rng)[:, 0]))) for _ in range(50)]
        return {"log_area": float(np.mean(logs))}
    return {"log_area": float(np.log(_wrong_areas(law, n, "clean", "knn", [1], rng, 20_000)[0][0]))}


def _gap(x: Floats) -> float:
    """Return the share of [-1, 1] that clean 1-NN gets wrong: the two labels nearest to 0 decide."""
    below, above = x[x <= 0], x[x > 0]
    if not below.size or not above.size:
        return 0.5
    return float(abs(below.max() + above.min()) / 4)


def _wrong_areas(
    law: BoundaryDensity | Mixture,
    n: int,
    labels: LabelKind,
    learner: str,
    grid: Sequence[float],
    rng: np.random.Generator,
    points: int = EXAM,
) -> tuple[list[float], ...]:
    """Return areas of the wrong set and excess risks for each setting, and the wrong mass under the law.

    Test points come first from the stream, so that runs of one seed share them, whatever their law is.
    """
    problem = law.problem
    Z, weight = exam(problem, points, rng)
    X = law.sample(n, rng)
    y = draw_labels(problem, X, labels, rng)
    base = learner.removesuffix("-weighted")
    votes = None
    if base != learner:
        # A point that rounding put on the boundary itself has infinite density, and no say.
        votes = np.maximum(1 / (law.propensity(X) if isinstance(law, Mixture) else law.density(X)), 1e-12)
    wrong = (scores(base, X, y, Z, grid, votes) > 0) != (bayes(problem, Z) == 1)
    areas = [float(np.average(w, weights=weight)) for w in wrong]
    risks = [excess_risk(problem, Z, w, weight) for w in wrong]
    own: list[float] = []
    if isinstance(law, BoundaryDensity) and base == "knn":
        inside = law.sample(points, rng)
        own = [
            float(w.mean())
            for w in np.not_equal(scores(base, X, y, inside, grid, votes) > 0, bayes(problem, inside) == 1)
        ]
    return areas, risks, own


def risk(settings: Values, seed: int) -> Values:
    """Wrong area and excess risk of a learner over its grid of settings."""
    law, n, d = law_of(settings), int(settings["n"]), int(settings["d"])
    learner = str(settings["learner"])
    grid = tuning_grid(learner, n, d)
    rng = stream(seed, "theory-risk", law.problem.name, n, str(settings["labels"]))
    areas, risks, own = _wrong_areas(law, n, settings["labels"], learner, grid, rng, 2000)
    return {"grid": grid, "area": areas, "excess": risks, "mass": own}


def tuning_grid(learner: str, n: int, d: int) -> Sequence[float]:
    """Return the settings a learner is tuned over."""
    if learner.startswith("knn"):
        wide = [k for k in (2 * knn_grid(n, d)[-1], 4 * knn_grid(n, d)[-1]) if k <= n // 2]
        return [*knn_grid(n, d), *wide]
    if learner.startswith("krr"):
        return list(RIDGE_GRID)
    return bandwidths(n, d)


def cure(settings: Values, seed: int) -> Values:
    """Excess risk with wide grids, plain and with inverse-density votes, from one law or half and half."""
    density, n, d = law_of(settings), int(settings["n"]), int(settings["d"])
    law = Mixture(density, 0.5) if settings["scheme"] == "half" else density
    learner = str(settings["learner"])
    grid: Sequence[float] = [c * bandwidth_unit(n, d) for c in (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)]
    if learner.startswith("knn"):
        grid = [k for k in (10, 20, 40, 80, 160, 320) if k <= n // 2]
    rng = stream(seed, "theory-cure", n)
    areas, risks, _ = _wrong_areas(law, n, settings["labels"], learner, grid, rng, 2000)
    return {"grid": grid, "area": areas, "excess": risks}


def bandwidth_unit(n: int, d: int) -> float:
    """Return √d n^(-1/(d+2)), the unit of bandwidths."""
    return bandwidths(n, d)[1]


def guarantee(settings: Values, seed: int) -> Values:
    """Guaranteed shares and what was measured; a violation raises."""
    law, n, d = law_of(settings), int(settings["n"]), int(settings["d"])
    knn = settings["learner"] == "knn"
    tuning = (1 if settings["labels"] == "clean" else knn_grid(n, d)[-1]) if knn else n ** (-1 / (d + 2))
    setting = Setting(law, n, settings["labels"], settings["learner"], tuning)
    run = run_once(setting, seed)
    share = guarantees(setting)[1]
    return {
        **{name: round(value, 6) for name, value in share.items()},
        "area": run.area,
        "mass": run.mass,
        "excess": run.excess,
        "tuning": float(tuning),
        "violations": 0,
    }


def design(settings: Values, seed: int) -> Values:
    """Theorem G's share given the sample, and what was measured; a violation raises."""
    law, n = law_of(settings), int(settings["n"])
    setting = Setting(
        law,
        n,
        settings["labels"],
        settings["learner"],
        31 if settings["learner"] == "knn" else 1.0,
        points=400,
    )
    run = run_once(setting, seed)
    held = design_guarantee(setting, seed)
    check_inside(setting, {"design": held}, run.correct, seed)
    return {"design": float(held.mean()), "area": run.area, "excess": run.excess, "violations": 0}


def published(settings: Values, seed: int) -> Values:
    """One seed of a cell of the published table, with that table's own grids."""
    law, n, d, learner = law_of(settings), int(settings["n"]), int(settings["d"]), str(settings["learner"])
    grid: Sequence[float]
    if learner.startswith("knn k="):
        base, grid = "knn", [1 if learner == "knn k=1" else knn_grid(n, d)[-1]]
    else:
        base = learner
        grid = {"knn": knn_grid(n, d), "nw-epan": bandwidths(n, d), "krr-linear": [0.01, 1.0]}[learner]
    rng = stream(seed, "theory-published", law.label, law.problem.name, n, str(settings["labels"]), learner)
    areas, risks, own = _wrong_areas(law, n, settings["labels"], base, grid, rng)
    value = {"risk": [1000 * r for r in risks], "area": [1 - a for a in areas], "mass": [1 - a for a in own]}[
        str(settings["measure"])
    ]
    return {"grid": grid, "value": value}


def _pack(mask: Mask) -> str:
    return np.packbits(np.asarray(mask, bool)).tobytes().hex()


def unpack(text: str, count: int) -> Floats:
    """Return the mask of ``count`` values that `region` packed."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8))[:count].astype(float)


WORK: dict[str, Callable[[Values, int], Values]] = {
    "theory-sampler": sampler,
    "theory-region": region,
    "theory-exponent": exponent,
    "theory-cure": cure,
    "theory-guarantee": guarantee,
    "theory-risk": risk,
    "theory-design": design,
    "theory-published": published,
}
"""Experiments by the name of their cells."""
