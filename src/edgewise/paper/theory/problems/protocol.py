"""Two-class problems whose regression function η(x) = P(y = 1 | x) is known: all can be checked.

Every problem has a *margin* t(x), zero on the boundary B = {η = 1/2} and positive where the Bayes label is 1,
and a *link* ``half`` with η(x) - 1/2 = half(t(x)), odd and increasing. Near B both are exact to the last
bit of t, which η itself is not: labels and weights are taken from t.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from edgewise.arrays import Box, Floats, Index, InputError


LabelKind: TypeAlias = Literal["clean", "noisy"]
"""``clean``: y = 1[η(x) > 1/2]; ``noisy``: y ~ Bernoulli(η(x))."""


@runtime_checkable
class Problem(Protocol):
    """What every problem answers; all are frozen and hashable.

    ``lipschitz`` bounds |t(x) - t(x')| / |x - x'|; ``uniform`` and ``own`` draw from the uniform law on the
    domain Ω and from the problem's own law.
    """

    @property
    def name(self) -> str:
        """How tables call it."""
        ...

    @property
    def dim(self) -> int:
        """The number of features d."""
        ...

    @property
    def box(self) -> Box:
        """The smallest box around Ω."""
        ...

    @property
    def lipschitz(self) -> float:
        """A Lipschitz constant of the margin."""
        ...

    def margin(self, X: Floats) -> Floats:
        """Return t(x) for each row of X (n, d)."""
        ...

    def half(self, t: Floats) -> Floats:
        """Return η - 1/2 where the margin is t."""
        ...

    def uniform(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the uniform law on Ω."""
        ...

    def own(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw from the problem's own law."""
        ...


@runtime_checkable
class Charted(Problem, Protocol):
    """A problem whose margin has a law in closed form: μ_β is then sampled by inverse CDF in the margin."""

    @property
    def span(self) -> tuple[float, float]:
        """The values the margin takes on Ω."""
        ...

    def margin_density(self, t: Floats) -> Floats:
        """Return the density of t(x) for x uniform on Ω."""
        ...

    def place(self, t: Floats, rng: np.random.Generator) -> Floats:
        """Draw x uniformly from {t(x) = t} ∩ Ω for each t (n,)."""
        ...


def eta(problem: Problem, X: Floats) -> Floats:
    """Return η(x) = P(y = 1 | x) for each row of ``X`` (n, d).

    Examples
    --------
    >>> from edgewise.paper.theory.problems.ridge_ball_wave import Ridge
    >>> eta(Ridge(dim=1, a=4.0), np.array([[0.0], [1.0]])).round(3)
    array([0.5  , 0.982])
    """
    return 0.5 + problem.half(problem.margin(X))


def bayes(problem: Problem, X: Floats) -> Index:
    """Return the Bayes label g(x) = 1[η(x) > 1/2] of each row; 0 on the boundary itself."""
    return (problem.margin(X) > 0).astype(np.intp)


def distance_from_half(problem: Problem, X: Floats) -> Floats:
    """Return u(x) = |η(x) - 1/2|, in [0, 1/2]."""
    return np.abs(problem.half(problem.margin(X)))


def draw_labels(problem: Problem, X: Floats, kind: LabelKind, rng: np.random.Generator) -> Index:
    """Return labels 0 or 1 for the rows of ``X``: the Bayes labels (clean) or Bernoulli(η) (noisy)."""
    if kind == "clean":
        return bayes(problem, X)
    if kind != "noisy":
        raise InputError(f"labels must be 'clean' or 'noisy'; got {kind!r}.")
    return (rng.random(len(X)) < eta(problem, X)).astype(np.intp)


def excess_risk(problem: Problem, X: Floats, wrong: Floats, weight: Floats | None = None) -> float:
    """Return E 2u(x) 1[ĝ(x) ≠ g(x)] over the rows of ``X`` with ``wrong`` (n,) in [0, 1]."""
    return float(np.average(2 * distance_from_half(problem, X) * wrong, weights=weight))
