"""The boundary-concentrated law μ_β with its normaliser and an exact sampler.

μ_β has density c_β max(u(x), τ)^(-β) relative to a law P on the domain Ω, u(x) = |η(x) - 1/2| (the paper's
section 2.3 has τ = 0 and P uniform). With a linear crossing it is integrable without a cap exactly for
β < 1, in every dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgewise.arrays import Floats, InputError, check_count
from edgewise.paper.theory.density.grid_rejection import CELLS, CellSampler, cell_sampler
from edgewise.paper.theory.density.margin_cdf import MarginLaw, check_exponent, margin_law
from edgewise.paper.theory.problems.protocol import Charted, Problem, distance_from_half


@dataclass(frozen=True)
class BoundaryDensity:
    """μ_β: density c_β max(u, τ)^(-β) relative to the uniform law on Ω or to the problem's own law.

    Parameters
    ----------
    problem
        The problem.
    beta, tau
        Exponent β ≥ 0 and cap τ in [0, 1/2]; β ≥ 1 needs τ > 0.
    law
        ``"uniform"`` or ``"own"``: what μ_β is relative to.

    Raises
    ------
    InputError
        (β, τ) gives no density, or the own law is asked without a cap on a problem that has no chart.

    Examples
    --------
    >>> from edgewise.paper.theory.problems.ridge_ball_wave import Ridge
    >>> law = BoundaryDensity(Ridge(dim=2), beta=0.5)
    >>> X = law.sample(1000, np.random.default_rng(0))
    >>> bool(np.mean(np.abs(X[:, 0]) < 0.25) > 0.4)
    True
    """

    problem: Problem
    beta: float = 0.0
    tau: float = 0.0
    law: Literal["uniform", "own"] = "uniform"

    def __post_init__(self) -> None:
        check_exponent(self.beta, self.tau)
        if self.law not in ("uniform", "own"):
            raise InputError(f"law must be 'uniform' or 'own'; got {self.law!r}.")
        if self.law == "own" and self.beta > 0 and self.tau == 0 and not isinstance(self.problem, Charted):
            raise InputError(
                f"{self.problem.name}: relative to its own law μ_β is sampled by thinning, "
                "exact only for a bounded weight: give tau > 0, or take law='uniform'."
            )

    @property
    def label(self) -> str:
        """How tables call it: β, and τ where there is a cap."""
        return f"β={self.beta:g}" + (f", τ={self.tau:g}" if self.tau else "")

    @property
    def margin_law(self) -> MarginLaw:
        """The law of the margin; for charted problems."""
        if not isinstance(self.problem, Charted):
            raise InputError(f"{self.problem.name} has no closed-form margin law.")
        return margin_law(self.problem, self.beta, self.tau)

    @property
    def normaliser(self) -> float:
        """c_β, so that c_β max(u, τ)^(-β) integrates to 1 against the law it is relative to."""
        if isinstance(self.problem, Charted):
            return self.margin_law.normaliser
        if self.beta == 0:
            return 1.0
        if self.law == "own":
            raise InputError(
                "the normaliser relative to an own law without chart is not in closed form; "
                "take law='uniform', or relative() with its mean over a sample of that law."
            )
        return self._cells.normaliser

    def weight(self, X: Floats) -> Floats:
        """Return max(u, τ)^(-β), the density up to c_β."""
        with np.errstate(divide="ignore"):
            return np.maximum(distance_from_half(self.problem, X), self.tau) ** -float(self.beta)

    def density(self, X: Floats) -> Floats:
        """Return dμ_β / d(law) at the rows of ``X``: how often a point is drawn, relative to the law."""
        return self.normaliser * self.weight(X)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw ``n`` points exactly from μ_β.

        Charted problems by inverse CDF in the margin; others by thinning (weight bounded by the cap, no
        limit on tries) or, without a cap, cell by cell (`edgewise.paper.theory.density.grid_rejection`).
        """
        check_count(n, "n")
        if self.beta == 0:
            return self.problem.own(n, rng) if self.law == "own" else self.problem.uniform(n, rng)
        if isinstance(self.problem, Charted):
            return self.problem.place(self.margin_law.quantile(rng.random(n)), rng)
        if self.law == "uniform" and (self.tau == 0 or self.problem.dim in CELLS):
            return self._cells.sample(n, rng)
        base = self.problem.uniform if self.law == "uniform" else self.problem.own
        return _thin(base, lambda X: self.weight(X) * self.tau**self.beta, n, rng)

    @property
    def _cells(self) -> CellSampler:
        return cell_sampler(self.problem, self.beta, self.tau)


def _thin(
    draw: Callable[[int, np.random.Generator], Floats],
    keep: Callable[[Floats], Floats],
    n: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw until ``n`` are kept, each with probability ``keep(x)`` ≤ 1: exact, however rare that is."""
    kept: list[Floats] = []
    found = 0
    while found < n:
        X = draw(max(4 * n, 1000), rng)
        kept.append(X[rng.random(len(X)) < keep(X)])
        found += len(kept[-1])
    return np.concatenate(kept)[:n]


@dataclass(frozen=True)
class Mixture:
    """A mixture of the base law (share 1 - s) and one μ_β (share s), with its propensities.

    Parameters
    ----------
    density
        The μ_β.
    share
        s in [0, 1].

    Examples
    --------
    >>> from edgewise.paper.theory.problems.ridge_ball_wave import Ridge
    >>> half = Mixture(BoundaryDensity(Ridge(dim=1), 0.5), 0.5)
    >>> X = half.sample(2000, np.random.default_rng(0))
    >>> round(float(np.mean(1 / half.propensity(X))), 1)
    1.0
    """

    density: BoundaryDensity
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise InputError(f"share must lie in [0, 1]; got {self.share!r}.")

    @property
    def problem(self) -> Problem:
        """The problem."""
        return self.density.problem

    def propensity(self, X: Floats) -> Floats:
        """Return how often a point is drawn relative to the base law: 1 - s + s dμ_β/dlaw."""
        return 1 - self.share + self.share * self.density.density(X)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw round((1 - s) n) points of the base law, the rest from μ_β: a stratified draw."""
        boundary = round(self.share * check_count(n, "n"))
        base = BoundaryDensity(self.problem, law=self.density.law)
        parts = [law.sample(m, rng) for law, m in ((base, n - boundary), (self.density, boundary)) if m]
        return np.concatenate(parts)
