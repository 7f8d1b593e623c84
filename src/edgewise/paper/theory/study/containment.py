"""Where a classifier is guaranteed right, where it is right, and that the first lies in the second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edgewise.arrays import Floats, Index, InputError, Mask, check_count
from edgewise.paper.theory.bounds import (
    mass_needed,
    printed_3_1,
    theorem_a,
    theorem_b,
    theorem_c,
    theorem_c_uniform,
    theorem_d,
    theorem_e,
    theorem_g,
)
from edgewise.paper.theory.bounds.constants import check_delta
from edgewise.paper.theory.density.ball_mass import Balls, balls, has_masses, inner_radii
from edgewise.paper.theory.density.boundary_density import BoundaryDensity
from edgewise.paper.theory.problems.protocol import (
    LabelKind,
    Problem,
    bayes,
    distance_from_half,
    draw_labels,
    excess_risk,
)
from edgewise.paper.theory.study.learners import scores, smoother_weights
from edgewise.randomness import stream


class ViolationError(RuntimeError):
    """A classifier was wrong where a bound guarantees it right; the message says how to run it again."""


@dataclass(frozen=True)
class Setting:
    """One situation: who learns what from which sample.

    Parameters
    ----------
    law
        μ_β, with its problem.
    n
        Labels.
    labels
        ``"clean"`` or ``"noisy"``.
    learner
        A name of `edgewise.paper.theory.study.learners.SCORERS`.
    tuning
        Its k, bandwidth h or penalty λ.
    delta
        Allowed chance that a tier fails.
    points
        M, the points on Ω that sets are told on: a uniform draw, the same for all settings of a problem.
    """

    law: BoundaryDensity
    n: int
    labels: LabelKind
    learner: str
    tuning: float
    delta: float = 0.05
    points: int = 1000

    def __post_init__(self) -> None:
        check_count(self.n, "n")
        check_count(self.points, "points")
        check_delta(self.delta)

    @property
    def problem(self) -> Problem:
        """The problem."""
        return self.law.problem


@dataclass(frozen=True)
class Run:
    """What one seed showed.

    Parameters
    ----------
    correct
        Where the classifier equals the Bayes classifier (M,).
    area, mass
        Its share of Ω, and under μ_β. The second falls with β because μ_β itself moves to the hard points:
        it must not be compared across β.
    excess
        Excess risk under the uniform law.
    """

    correct: Mask
    area: float
    mass: float
    excess: float


@dataclass(frozen=True)
class Comparison:
    """Guaranteed against measured, over seeds.

    Parameters
    ----------
    guaranteed
        For each tier where the guarantee holds (M,); ``"design"`` depends on the sample and is not here.
    share
        For each tier its share of Ω, with ``"expected"``, the lower bound of the mean correct share.
    runs
        One a seed.
    """

    guaranteed: Mapping[str, Mask]
    share: Mapping[str, float]
    runs: tuple[Run, ...]


def compare(setting: Setting, seeds: int, *, design: bool = False) -> Comparison:
    """Measure ``seeds`` samples against every tier of guarantees.

    Parameters
    ----------
    setting
        What to compare.
    seeds
        Seeds 0 to ``seeds`` - 1.
    design
        Check Theorem G on each sample too (any learner that is linear in its labels).

    Raises
    ------
    ViolationError
        A point was guaranteed and wrong; with its seed.

    Examples
    --------
    >>> from edgewise.paper.theory.problems.ridge_ball_wave import Ridge
    >>> result = compare(Setting(BoundaryDensity(Ridge(dim=1), 0.5), 200, "clean", "knn", 1), seeds=3)
    >>> result.share["grid"] > 0.95, min(run.area for run in result.runs) > 0.99
    (True, True)
    """
    tiers, share = guarantees(setting)
    runs = tuple(measure(setting, seed, design=design) for seed in range(check_count(seeds, "seeds")))
    return Comparison(tiers, share, runs)


def region(setting: Setting) -> Floats:
    """Return the M points of Ω that sets are told on."""
    return _region(setting.problem, setting.points)


@lru_cache(maxsize=64)
def _region(problem: Problem, points: int) -> Floats:
    return problem.uniform(points, stream(0, "theory-region", problem.name))


@lru_cache(maxsize=256)
def guarantees(setting: Setting) -> tuple[Mapping[str, Mask], Mapping[str, float]]:
    """Return the tiers of a setting that need no sample, and their shares of Ω.

    Tiers: ``paper`` (printed Theorem 3.1, for the record), ``uniform`` (A, C, D), ``grid`` ({ψ ≤ δ/M}: B, C,
    E). Learners without ball bounds have none.
    """
    if setting.learner not in ("knn", "nw-box") or not has_masses(setting.problem):
        return {}, {}
    Z = region(setting)
    return guarantees_at(setting, Z, _held(setting.law, setting.labels, setting.points, _radii(setting)))


def _radii(setting: Setting) -> float:
    """How many inner radii a setting asks for, or minus its one bandwidth."""
    if setting.learner == "nw-box":
        return -setting.tuning
    return 1 if setting.labels == "clean" else 24


@lru_cache(maxsize=64)
def _held(law: BoundaryDensity, labels: LabelKind, points: int, radii: float) -> Balls:
    return _balls(law, labels, _region(law.problem, points), radii)


def _balls(law: BoundaryDensity, labels: LabelKind, Z: Floats, radii: float) -> Balls:
    radius = np.full((len(Z), 1), -radii) if radii < 0 else inner_radii(law.problem, Z, int(radii))
    return balls(law, Z, labels, radius)


def guarantees_at(
    setting: Setting, Z: Floats, held: Balls | None = None
) -> tuple[Mapping[str, Mask], Mapping[str, float]]:
    """Return the same at points ``Z`` (M, d) of the caller, with their ``held`` balls where known."""
    n, d, delta = setting.n, setting.problem.dim, setting.delta
    held = _balls(setting.law, setting.labels, Z, _radii(setting)) if held is None else held
    if setting.learner == "nw-box":
        mass, trusted = held.mass[:, 0], held.agreement[:, 0]
        psi = theorem_e(mass, trusted, n)
        tiers = {"uniform": trusted - 0.5 > theorem_d(mass, n, d, delta)}
    elif setting.labels == "clean":
        k = int(setting.tuning)
        mass = held.mass[:, 0]
        psi = theorem_c(mass, n, k)
        tiers = {"uniform": theorem_c_uniform(mass, n, k, d, delta)}
    else:
        k = int(setting.tuning)
        psi = theorem_b(held, n, k)
        slope = setting.problem.lipschitz * float(2 * setting.problem.half(np.array([1e-6]))[0] / 2e-6)
        tiers = {
            "paper": printed_3_1(
                held,
                distance_from_half(setting.problem, Z),
                n,
                k,
                d,
                delta,
                lipschitz=slope,
                mass=mass_needed(n, k, d, delta),
            ),
            "uniform": theorem_a(held, n, k, d, delta),
        }
    tiers["grid"] = psi <= delta / len(Z)
    share = {name: float(mask.mean()) for name, mask in tiers.items()}
    return tiers, {**share, "expected": float(np.mean(1 - psi))}


def predict(setting: Setting, Z: Floats, seed: int) -> Floats:
    """Return the classifier of one seed at ``Z`` (M, d)."""
    X, y = draw(setting, seed)
    return scores(setting.learner, X, y, Z, [setting.tuning])[0] > 0


def draw(setting: Setting, seed: int) -> tuple[Floats, Index]:
    """Return the labelled sample of one seed."""
    rng = stream(seed, "theory-sample", setting.law.label, setting.problem.name, setting.n)
    X = setting.law.sample(setting.n, rng)
    return X, draw_labels(setting.problem, X, setting.labels, rng)


def measure(setting: Setting, seed: int, *, design: bool = False) -> Run:
    """Return what one seed shows, having checked every tier against it.

    Raises
    ------
    ViolationError
        A point was guaranteed and wrong.
    """
    Z, problem = region(setting), setting.problem
    correct = predict(setting, Z, seed) == (bayes(problem, Z) == 1)
    tiers = dict(guarantees(setting)[0])
    if design:
        tiers["design"] = design_guarantee(setting, seed)
    check_inside(setting, tiers, correct, seed)
    weight = setting.law.weight(Z)
    finite = np.isfinite(weight)
    return Run(
        correct,
        float(correct.mean()),
        float(np.average(correct[finite], weights=weight[finite])),
        excess_risk(problem, Z, ~correct),
    )


def check_inside(setting: Setting, tiers: Mapping[str, Mask], correct: Mask, seed: int) -> None:
    """Raise a `ViolationError` unless every tier's set lies in the correct set.

    A tier may fail with probability δ (2δ for A and D); the printed theorem has no such excuse, nor any
    claim on being right.
    """
    for tier, guaranteed in tiers.items():
        wrong = int(np.sum(guaranteed & ~correct))
        if wrong:
            raise ViolationError(
                f"{wrong} of {len(correct)} points are guaranteed (tier {tier}, δ = "
                f"{setting.delta:g}) and wrong: {setting.problem.name}, "
                f"{setting.law.label}, n = {setting.n}, {setting.labels} labels, "
                f"{setting.learner} at {setting.tuning:g}, seed {seed}."
            )


def design_guarantee(setting: Setting, seed: int) -> Mask:
    """Return where Theorem G guarantees the classifier of this seed, given its points: {bound ≤ δ/M}."""
    if setting.learner == "local-linear":
        raise InputError("Theorem G needs the weights of a linear smoother: k-NN, NW or kernel ridge.")
    Z, problem = region(setting), setting.problem
    X, _ = draw(setting, seed)
    w = smoother_weights(setting.learner, X, Z, setting.tuning)
    centred = problem.half(problem.margin(X))
    side = np.where(bayes(problem, Z) == 1, 1.0, -1.0)
    if setting.labels == "clean":
        centred = np.where(bayes(problem, X) == 1, 0.5, -0.5)
    return theorem_g(w, centred, side, clean=setting.labels == "clean") <= setting.delta / len(Z)
