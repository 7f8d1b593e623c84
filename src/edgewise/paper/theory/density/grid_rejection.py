"""Exact sampling from u(x)^(-β) in one or two dimensions where the margin has no closed-form law.

The domain is cut into cells. In a cell away from the boundary the weight is bounded; in a cell at the
boundary it is dominated, along the steepest axis, by |x_j - b|^(-β) with b the crossing on that line, which
has an inverse CDF. A draw takes a cell by its envelope's mass and is accepted with probability
weight / envelope. Envelopes are checked at every draw: one that is too low raises, it never biases.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edgewise.arrays import Floats, Index, InputError
from edgewise.paper.theory.problems.protocol import Problem


CELLS = {1: 4096, 2: 192}
"""Cells along each axis."""

SAFETY = 0.6
"""Bounds seen on a cell's lattice are scaled by this before they are relied on."""


@dataclass(frozen=True)
class CellSampler:
    """Cells with their envelopes.

    Parameters
    ----------
    problem, beta, tau
        The weight max(u, τ)^(-β).
    corner, size
        Lower corners (m, d) and the common cell size (d,).
    axis
        Axis of the crossing for each cell, or -1 where the weight is bounded (m,).
    level
        Bound of the weight, or the factor of |x_j - b|^(-β) (m,).
    normaliser
        c_β relative to the uniform law, by Gauss quadrature with the singularity substituted away; relative
        error about 1e-5.
    """

    problem: Problem
    beta: float
    tau: float
    corner: Floats
    size: Floats
    axis: Index
    level: Floats
    normaliser: float

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw ``n`` points; an envelope found too low is a `RuntimeError`."""
        cumulative = np.cumsum(self.mass())
        kept: list[Floats] = []
        found = 0
        while found < n:
            tries = max(2 * (n - found), 256)
            cells = np.searchsorted(cumulative, rng.random(tries) * float(cumulative[-1]), side="right")
            X, chance = self._propose(np.minimum(cells, len(cumulative) - 1), rng)
            if (chance > 1 + 1e-9).any():
                raise RuntimeError(
                    f"the envelope of {self.problem.name} at β={self.beta:g} is too low by "
                    f"a factor {chance.max():.3g}; use more cells."
                )
            kept.append(X[rng.random(tries) < chance])
            found += len(kept[-1])
        return np.concatenate(kept)[:n]

    def mass(self) -> Floats:
        """Return each envelope's integral over its proposal region."""
        volume = float(np.prod(self.size))
        length = self.size[np.maximum(self.axis, 0)]
        open_end = max(1 - self.beta, 1e-9)
        line = 2 * (2 * length) ** open_end / open_end
        return self.level * np.where(self.axis < 0, volume, volume / length * line)

    def _propose(self, cells: Index, rng: np.random.Generator) -> tuple[Floats, Floats]:
        X = self.corner[cells] + rng.random((len(cells), len(self.size))) * self.size
        with np.errstate(divide="ignore"):
            u = np.maximum(np.abs(self.problem.half(self.problem.margin(X))), self.tau)
            chance = u**-self.beta / self.level[cells]
        for j in range(len(self.size)):
            rows = np.flatnonzero(self.axis[cells] == j)
            if rows.size:
                X[rows], chance[rows] = self._at_boundary(X[rows], cells[rows], j, rng)
        return X, chance

    def _at_boundary(
        self, X: Floats, cells: Index, j: int, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        h = self.size[j]
        low = self.corner[cells, j]
        b = crossing(self.problem, X, j, low - h, low + 2 * h)
        reach = 2 * h * rng.random(len(X)) ** (1 / (1 - self.beta))
        sign = np.where(rng.random(len(X)) < 0.5, -1.0, 1.0)
        X[:, j] = b + sign * reach
        inside = (X[:, j] >= low) & (X[:, j] < low + h)
        u = np.abs(self.problem.half(self.problem.margin(X)))
        # Closer than rounding shows, u is its tangent's: slope times distance.
        close = reach < 1e-7 * h
        u[close] = reach[close] * np.abs(_slope(self.problem, X[close], j, 1e-4 * h))
        chance = (u / np.maximum(reach, 1e-300)) ** -self.beta / self.level[cells]
        return X, np.where(inside, chance, 0.0)


def crossing(problem: Problem, X: Floats, j: int, low: Floats, high: Floats) -> Floats:
    """Return where the margin changes sign on each row's line along axis j, from ``low`` to ``high`` (n,).

    Without a sign change it is the end where the margin is smaller.
    """

    def margin(at: Floats) -> Floats:
        Z = X.copy()
        Z[:, j] = at
        return problem.margin(Z)

    at_low, at_high = margin(low), margin(high)
    a, b = low.copy(), high.copy()
    for _ in range(52):
        middle = (a + b) / 2
        same = (margin(middle) > 0) == (at_low > 0)
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    nearer = np.where(np.abs(at_low) < np.abs(at_high), low, high)
    return np.where((at_low > 0) == (at_high > 0), nearer, (a + b) / 2)


def _slope(problem: Problem, X: Floats, j: int, step: float) -> Floats:
    shift = np.zeros(X.shape[1])
    shift[j] = step
    return (problem.half(problem.margin(X + shift)) - problem.half(problem.margin(X - shift))) / (2 * step)


@lru_cache(maxsize=32)
def cell_sampler(problem: Problem, beta: float, tau: float) -> CellSampler:
    """Return the sampler of max(u, τ)^(-β) relative to the uniform law on the problem's box.

    Raises
    ------
    InputError
        More than two dimensions, or a boundary too flat for the envelopes (give a cap).

    Examples
    --------
    >>> from edgewise.paper.theory.problems.islands_moons_rkhs import RkhsExact
    >>> cell_sampler(RkhsExact(), 0.5, 0.0).sample(5, np.random.default_rng(0)).shape
    (5, 2)
    """
    d = problem.dim
    if d not in CELLS:
        raise InputError(
            f"{problem.name}: without a closed-form margin law μ_β is sampled in one or two "
            f"dimensions; this problem has {d}. Ridge and ball go to any dimension."
        )
    box, count = problem.box, CELLS[d]
    size = (box.high - box.low) / count
    grid = np.meshgrid(*[np.arange(count)] * d, indexing="ij")
    corner = box.low + np.stack([g.ravel() for g in grid], axis=1) * size
    offsets = np.stack([g.ravel() for g in np.meshgrid(*[np.linspace(0, 1, 3)] * d, indexing="ij")], axis=1)
    values = np.stack([problem.half(problem.margin(corner + o * size)) for o in offsets], axis=1)
    nearest = np.abs(values).min(axis=1)
    spread = values.max(axis=1) - values.min(axis=1)
    axis = np.full(len(corner), -1)
    level = np.maximum(SAFETY * np.maximum(nearest - spread / 2, 0), tau)
    if tau == 0 and beta > 0:
        at = np.flatnonzero(nearest <= 2 * spread)
        axis[at], level[at] = _steepest(problem, corner[at], offsets, size)
    with np.errstate(divide="ignore"):
        sampler = CellSampler(problem, beta, tau, corner, size, axis, level ** -float(beta), 1.0)
    integral = _integral(sampler)
    return CellSampler(problem, beta, tau, corner, size, axis, sampler.level, 1 / integral)


def _steepest(problem: Problem, corner: Floats, offsets: Floats, size: Floats) -> tuple[Index, Floats]:
    """Return each cell's axis of fastest change of η, and a safe lower bound of the slope along it."""
    around = [corner + (3 * offset - 1) * size for offset in offsets]
    slopes = np.stack(
        [
            np.stack([np.abs(_slope(problem, X, j, 1e-3 * float(size[j]))) for X in around]).min(axis=0)
            for j in range(len(size))
        ]
    )
    axis = np.argmax(slopes, axis=0)
    best = SAFETY * slopes.max(axis=0)
    if (best <= 1e-6).any():
        raise InputError(
            f"{problem.name}: η is flat somewhere at its boundary (slope below 1e-6), so u^-β "
            "may not be integrable; give a cap tau > 0."
        )
    return axis, best


def _integral(cells: CellSampler) -> float:
    """Return the mean of max(u, τ)^(-β) over the box."""
    total = 0.0
    nodes, weights = np.polynomial.legendre.leggauss(6)
    nodes, weights = (nodes + 1) / 2, weights / 2
    d, power = len(cells.size), 1 / (1 - cells.beta) if cells.beta < 1 else 1.0
    for j in range(-1, d):
        rows = cells.axis == j
        corner = cells.corner[rows]
        others = [nodes] * (d if j < 0 else d - 1)
        mesh = np.meshgrid(*others, indexing="ij") if others else [np.zeros(1)]
        products = np.meshgrid(*[weights] * len(others), indexing="ij")
        factor = np.prod(products, axis=0).ravel() if others else np.ones(1)
        for point, w in zip(np.stack([m.ravel() for m in mesh], axis=1), factor, strict=True):
            if not len(corner):
                continue
            if j < 0:
                u = np.abs(cells.problem.half(cells.problem.margin(corner + point * cells.size)))
                total += w * float(np.sum(np.maximum(u, cells.tau) ** -cells.beta))
                continue
            X = corner.copy()
            X[:, [i for i in range(d) if i != j]] += point[: d - 1] * np.delete(cells.size, j)
            h = float(cells.size[j])
            b = crossing(cells.problem, X, j, corner[:, j] - h, corner[:, j] + 2 * h)
            for sign, length in ((-1, b - corner[:, j]), (1, corner[:, j] + h - b)):
                total += w * _line(cells, X, j, (b, sign, length), (nodes, weights, power)) / h
    return total / len(cells.corner)


def _line(
    cells: CellSampler,
    X: Floats,
    j: int,
    piece: tuple[Floats, int, Floats],
    rule: tuple[Floats, Floats, float],
) -> float:
    """Integrals of u^(-β) from the crossing b to the cell's end, in v with distance = v^power."""
    b, sign, length = piece
    nodes, weights, power = rule
    # A crossing outside the cell leaves a piece that starts at the cell's near end.
    h = float(cells.size[j])
    start, end = np.clip(length - h, 0, None), np.maximum(length, 0)
    low, high = start ** (1 / power), end ** (1 / power)
    total = 0.0
    for node, weight in zip(nodes, weights, strict=True):
        v = low + node * (high - low)
        reach = np.maximum(v**power, 1e-9 * h)
        Z = X.copy()
        Z[:, j] = b + sign * reach
        ratio = np.abs(cells.problem.half(cells.problem.margin(Z))) / reach
        with np.errstate(divide="ignore"):
            values = np.where(high > low, ratio**-cells.beta, 0.0)
        total += weight * float(np.sum(values * (high - low) * power))
    return total
