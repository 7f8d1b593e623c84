"""Points that a classifier is examined on."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats
from edgewise.paper.theory.density.boundary_density import BoundaryDensity, Mixture
from edgewise.paper.theory.problems.protocol import Charted, Problem


def exam(problem: Problem, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return test points and weights that average to the uniform law, half of them placed near the boundary.

    Errors live there: the same count of points measures small areas with much less noise.
    """
    if not isinstance(problem, Charted):
        return problem.uniform(count, rng), np.ones(count)
    half = Mixture(BoundaryDensity(problem, 0.75), 0.5)
    Z = half.sample(count, rng)
    return Z, 1 / half.propensity(Z)
