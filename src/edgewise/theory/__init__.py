"""The theory of boundary-concentrated sampling: known η, μ_β, bounds A to G, and what they are worth.

The page docs/layers/theory.md states each theorem as printed, what is wrong with it, and what stands in its
place.
"""

from edgewise.theory.advice import Advice, advise, advise_data
from edgewise.theory.compare import Comparison, Setting, ViolationError, compare, guarantees
from edgewise.theory.curved import HalfMoons, Islands, RkhsExact
from edgewise.theory.densities import BoundaryDensity, Mixture
from edgewise.theory.problems import Problem, bayes, draw_labels, eta, excess_risk
from edgewise.theory.run import StudyReport, run_study
from edgewise.theory.shapes import Ball, Ridge, Wave


__all__ = [
    "Advice",
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
    "StudyReport",
    "ViolationError",
    "Wave",
    "advise",
    "advise_data",
    "bayes",
    "compare",
    "draw_labels",
    "eta",
    "excess_risk",
    "guarantees",
    "run_study",
]
