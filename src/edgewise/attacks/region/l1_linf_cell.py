"""One cell for L1 and L-infinity: the same half-spaces, the length of the way measured otherwise."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.compiling import INNER, WITHIN, compiled
from edgewise.attacks.region.dual_simplex import OPTIMAL, UNBOUNDED, Program, append, optimise, restart
from edgewise.attacks.region.l2_cell import CUT, EMPTY, SOLVED, STALLED, dist2, middle


@compiled(INNER)
def dual_length(i: int, j: int, X: Floats, largest: bool) -> float:
    """Return ``|x_j - x_i|`` in the norm dual to L-infinity (``largest``) or L1."""
    total = 0.0
    for t in range(X.shape[1]):
        gap = abs(X[j, t] - X[i, t])
        total = total + gap if largest else max(total, gap)
    return total


@compiled(INNER)
def _ranges(t: float, q: Query, g: Program) -> None:
    """Set the steps every feature may take: within ``t`` (L-infinity) or at a cost of 1 a unit (L1)."""
    for e in range(q.x.size):
        low, high = q.low[e], q.high[e]
        if g.largest:
            g.values[e, 0], g.values[e, 1] = max(low, -t), min(high, t)
            g.jumps[e], g.slopes[e, 0] = 1, 0.0
        elif low > 0.0 or high < 0.0:
            g.values[e, 0], g.values[e, 1] = low, high
            g.jumps[e], g.slopes[e, 0] = 1, 1.0 if low > 0.0 else -1.0
        else:
            g.values[e, 0], g.values[e, 1], g.values[e, 2] = low, 0.0, high
            g.jumps[e], g.slopes[e, 0], g.slopes[e, 1] = 2, -1.0, 1.0
    last = q.x.size
    g.values[last, 0], g.values[last, 1], g.slopes[last, 0] = 0.0, np.inf, 1.0
    g.jumps[last] = 1 if g.largest else 0


@compiled(INNER)
def enclose(q: Query, g: Program) -> float:
    """Forget all half-spaces; return the length that no step falls short of."""
    _ranges(q.floor, q, g)
    restart(g)
    return q.floor


@compiled(INNER)
def _widen(t: float, k: int, q: Query, g: Program) -> float:
    """Return a larger ``t`` below which the multipliers prove that nothing is; infinite if nothing is."""
    for _ in range(60):
        lack, rate = 0.0, 0.0
        for a in range(k):
            lack += g.lam[a] * g.b[a]
        for e in range(q.x.size):
            w = g.w[e]
            if w > 0.0:
                high = q.high[e]
                lack -= w * min(high, t)
                rate += w if t < high else 0.0
            elif w < 0.0:
                low = q.low[e]
                lack -= w * max(low, -t)
                rate -= w if -t > low else 0.0
        if lack <= 1e-15 * t:
            return t
        if rate <= 1e-300:
            return np.inf
        t += lack / rate
    return t


@compiled(WITHIN)
def _least(k: int, t: float, ub: float, tol: float, q: Query, g: Program) -> tuple[int, float, int]:
    """Return the status, the least length over ``k`` half-spaces (at least ``t``) and the pivots."""
    pivots = 0
    for _ in range(200):
        status, more = optimise(k, tol, g)
        pivots += more
        if status == UNBOUNDED:
            return EMPTY, np.inf, pivots
        if status != OPTIMAL:
            return STALLED, t, pivots
        if not g.largest:
            total = 0.0
            for e in range(q.x.size):
                total += abs(g.step[e])
            return (CUT if total >= ub else SOLVED), total, pivots
        if g.step[q.x.size] <= 2.0 * tol:
            return SOLVED, t, pivots
        wider = _widen(t, k, q, g)
        if wider == np.inf:
            return EMPTY, np.inf, pivots
        if wider >= ub:
            return CUT, wider, pivots
        if wider <= t:
            return SOLVED, t, pivots
        t = wider
        _ranges(t, q, g)
    return STALLED, t, pivots


@compiled(INNER)
def _row(k: int, i: int, j: int, q: Query, c: Cell, X: Floats, g: Program) -> int:
    """Append the half-space of rival ``i`` against ``j``, scaled to a unit normal."""
    d = X.shape[1]
    size = np.sqrt(dist2(X, i, X[j]))
    if size == 0.0:
        return k
    middle(i, j, X, q.x, c.free)
    total = q.margin
    for t in range(d):
        g.N[k, t] = (X[j, t] - X[i, t]) / size
        total += (X[j, t] - X[i, t]) * c.free[t]
    g.N[k, d] = 1.0
    c.act[k], c.size[k] = i, size
    return append(k, total / size, g)


@compiled(WITHIN)
def cut(
    k: int, i: int, j: int, t: float, ub: float, tol: float, X: Floats, q: Query, c: Cell, g: Program
) -> tuple[int, float, int, int]:
    """Add the half-space of rival ``i`` against ``j`` to ``k`` others, and set the step.

    Returns how many there are, the least length over them (``t`` before), the status and the pivots.
    """
    k = _row(k, i, j, q, c, X, g)
    status, t, pivots = _least(k, t, ub, tol, q, g)
    for e in range(q.x.size):
        c.delta[e] = g.step[e] if k > 0 else min(max(0.0, q.low[e]), q.high[e])
    return k, t, status, pivots
