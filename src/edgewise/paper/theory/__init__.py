"""The theory of boundary-concentrated sampling: known η, μ_β, bounds A to G, and what they are worth.

The page docs/layers/theory.md states each theorem as printed, what is wrong with it, and what stands in its
place.
"""

from edgewise.paper.theory.density.boundary_density import BoundaryDensity, Mixture
from edgewise.paper.theory.problems.islands_moons_rkhs import HalfMoons, Islands, RkhsExact
from edgewise.paper.theory.problems.protocol import Problem, bayes, draw_labels, eta, excess_risk
from edgewise.paper.theory.problems.ridge_ball_wave import Ball, Ridge, Wave
from edgewise.paper.theory.study.containment import Comparison, Setting, ViolationError, compare, guarantees
from edgewise.paper.theory.study.run import experiment, violations


__all__ = [
    "Ball",
    "BoundaryDensity",
    "Comparison",
    "HalfMoons",
    "Islands",
    "Mixture",
    "Problem",
    "Ridge",
    "RkhsExact",
    "Setting",
    "ViolationError",
    "Wave",
    "bayes",
    "compare",
    "draw_labels",
    "eta",
    "excess_risk",
    "experiment",
    "guarantees",
    "violations",
]
