"""Least L1 or L-infinity step over a few half-spaces: a dual simplex with as many rows as half-spaces.

Every feature's step has a convex piecewise linear cost: its slopes ``g_0 < g_1 < ..`` are the reduced costs
at which the step jumps from one value to the next. The dual is concave and piecewise linear in the
multipliers ``lam >= 0`` of the half-spaces; a vertex has as many tight *items* as there are half-spaces, each
a multiplier at 0 or a feature whose reduced cost ``w_t = sum lam_i n_it`` is at a slope. One pivot frees the
worst item and moves along the edge over as many jumps as still raise the dual. Adding a half-space, or
widening the features' ranges, keeps the vertex valid: that is the warm start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.region.compiling import INNER, compiled


OPTIMAL, UNBOUNDED, STUCK = 0, 1, 2
_PIVOTS = 500
_TINY = 1e-13


class Program(NamedTuple):
    """Room for ``K`` rows and ``d + 1`` columns; the last column relaxes every row.

    ``N`` (K, d + 1) and ``b`` (K,) are the half-spaces; ``values`` (d + 1, 3) and ``slopes`` (d + 1, 2) the
    steps and where they jump, ``jumps`` how many there are; ``state`` which step a column takes. ``item``
    (K,) holds the tight items (a column, or ``-1 - row``) and ``at`` (K,) the jump a tight column is at.
    """

    N: Floats
    b: Floats
    values: Floats
    slopes: Floats
    jumps: Index
    state: Index
    item: Index
    at: Index
    lam: Floats
    w: Floats
    dw: Floats
    dl: Floats
    y: Floats
    M: Floats
    step: Floats
    when: Floats
    who: Index
    tight: Index
    largest: bool


def program(K: int, d: int, largest: bool) -> Program:
    """Return room for ``K`` half-spaces in ``d`` features."""
    m = d + 1
    ints = np.intp
    return Program(
        np.zeros((K, m)),
        np.zeros(K),
        np.zeros((m, 3)),
        np.zeros((m, 2)),
        np.zeros(m, ints),
        np.zeros(m, ints),
        np.zeros(K, ints),
        np.zeros(K, ints),
        np.zeros(K),
        np.zeros(m),
        np.zeros(m),
        np.zeros(K),
        np.zeros(K),
        np.zeros((K, K + 1)),
        np.zeros(m),
        np.zeros(m + K),
        np.zeros(m + K, ints),
        np.zeros(m, ints),
        largest,
    )


@compiled(INNER)
def _solve(k: int, M: Floats) -> bool:
    """Solve the system in the first ``k`` rows of ``M`` (k, k + 1) in place; False if singular."""
    for c in range(k):
        pivot = c
        for r in range(c + 1, k):
            if abs(M[r, c]) > abs(M[pivot, c]):
                pivot = r
        if abs(M[pivot, c]) < 1e-14:
            return False
        for e in range(c, k + 1):
            M[c, e], M[pivot, e] = M[pivot, e], M[c, e]
        for r in range(k):
            if r != c and M[r, c] != 0.0:
                factor = M[r, c] / M[c, c]
                for e in range(c, k + 1):
                    M[r, e] -= factor * M[c, e]
    for c in range(k):
        M[c, k] /= M[c, c]
    return True


@compiled(INNER)
def _entry(item: int, row: int, g: Program) -> float:
    """Return the coefficient of a tight item in a row."""
    if item >= 0:
        return g.N[row, item]
    return 1.0 if -1 - item == row else 0.0


@compiled(INNER)
def _primal(k: int, g: Program) -> bool:
    """Set the steps of all columns and, in ``y``, the value of every tight item."""
    m = g.step.size
    for t in range(m):
        g.step[t] = 0.0 if g.tight[t] else g.values[t, g.state[t]]
    for a in range(k):
        rest = g.b[a]
        for t in range(m):
            rest -= g.N[a, t] * g.step[t]
        for e in range(k):
            g.M[a, e] = _entry(g.item[e], a, g)
        g.M[a, k] = rest
    if not _solve(k, g.M):
        return False
    for e in range(k):
        g.y[e] = g.M[e, k]
        if g.item[e] >= 0:
            g.step[g.item[e]] = g.y[e]
    return True


@compiled(INNER)
def _worst(k: int, g: Program, tol: float) -> tuple[int, float, float]:
    """Return the tight item that most violates its range, which way its reduced cost goes, how much."""
    worst, which, way = tol, -1, 0.0
    for e in range(k):
        item = g.item[e]
        if item < 0:
            if g.y[e] > worst:
                worst, which, way = g.y[e], e, 1.0
        else:
            above = g.y[e] - g.values[item, g.at[e] + 1]
            under = g.values[item, g.at[e]] - g.y[e]
            if above > worst:
                worst, which, way = above, e, 1.0
            if under > worst:
                worst, which, way = under, e, -1.0
    return which, way, worst


@compiled(INNER)
def _edge(k: int, leaving: int, way: float, g: Program) -> bool:
    """Set ``dl`` and ``dw``: how multipliers and reduced costs move when one tight item is freed."""
    for e in range(k):
        for a in range(k):
            g.M[e, a] = _entry(g.item[e], a, g)
        g.M[e, k] = way if e == leaving else 0.0
    if not _solve(k, g.M):
        return False
    for a in range(k):
        g.dl[a] = g.M[a, k]
    m = g.dw.size
    for t in range(m):
        g.dw[t] = 0.0
    for a in range(k):
        for t in range(m):
            g.dw[t] += g.dl[a] * g.N[a, t]
    return True


@compiled(INNER)
def _crossings(k: int, leaving: int, g: Program) -> int:
    """List when columns reach their next slope, and multipliers 0, along the edge."""
    count = 0
    for t in range(g.dw.size):
        if g.tight[t] and t != g.item[leaving]:
            continue
        rate = g.dw[t]
        if abs(rate) <= _TINY:
            continue
        state = g.state[t]
        if rate > 0 and state < g.jumps[t]:
            g.when[count], g.who[count] = max((g.slopes[t, state] - g.w[t]) / rate, 0.0), t
            count += 1
        elif rate < 0 and state > 0:
            g.when[count], g.who[count] = max((g.slopes[t, state - 1] - g.w[t]) / rate, 0.0), t
            count += 1
    for a in range(k):
        fixed = False
        for e in range(k):
            fixed = fixed or g.item[e] == -1 - a
        if not fixed and g.dl[a] < -_TINY:
            g.when[count], g.who[count] = g.lam[a] / -g.dl[a], -1 - a
            count += 1
    return count


@compiled(INNER)
def _walk(k: int, leaving: int, way: float, slope: float, g: Program) -> bool:
    """Move along the edge to where the dual no longer rises; False if it rises for ever."""
    old = g.item[leaving]
    if old >= 0:
        g.tight[old] = 0
        g.state[old] = g.at[leaving] + (1 if way > 0 else 0)
    while True:
        count = _crossings(k, leaving, g)
        best = -1
        for e in range(count):
            if best < 0 or g.when[e] < g.when[best]:
                best = e
        if best < 0:
            return False
        length, item = g.when[best], g.who[best]
        for a in range(k):
            g.lam[a] = max(g.lam[a] + length * g.dl[a], 0.0)
        for t in range(g.w.size):
            g.w[t] += length * g.dw[t]
        if item < 0:
            g.item[leaving] = item
            g.lam[-1 - item] = 0.0
            return True
        up = g.dw[item] > 0
        jump = g.state[item] if up else g.state[item] - 1
        loss = abs(g.dw[item]) * (g.values[item, jump + 1] - g.values[item, jump])
        if loss >= slope:
            g.item[leaving], g.at[leaving] = item, jump
            g.w[item] = g.slopes[item, jump]
            g.tight[item] = 1
            return True
        slope -= float(loss)
        g.state[item] += 1 if up else -1


@compiled(INNER)
def append(k: int, b: float, g: Program) -> int:
    """Count row ``k``, whose normal is in place already, among the half-spaces; its multiplier is 0."""
    g.b[k], g.lam[k], g.item[k], g.at[k] = b, 0.0, -1 - k, 0
    return k + 1


@compiled(INNER)
def restart(g: Program) -> None:
    """Forget all half-spaces; every reduced cost is 0 and every step the cheapest."""
    for t in range(g.w.size):
        g.w[t], g.tight[t], g.state[t] = 0.0, 0, 0
        while g.state[t] < g.jumps[t] and g.slopes[t, g.state[t]] < 0.0:
            g.state[t] += 1


@compiled(INNER)
def optimise(k: int, tol: float, g: Program) -> tuple[int, int]:
    """Pivot to the optimum over ``k`` half-spaces of unit normals; return the status and the pivots."""
    for pivot in range(_PIVOTS):
        if not _primal(k, g):
            return STUCK, pivot
        leaving, way, slope = _worst(k, g, tol)
        if leaving < 0:
            return OPTIMAL, pivot
        if not _edge(k, leaving, way, g):
            return STUCK, pivot
        if not _walk(k, leaving, way, slope, g):
            return UNBOUNDED, pivot
    return STUCK, _PIVOTS
