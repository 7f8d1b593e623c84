"""The outer search for L1 and L-infinity: the same cells, the length of the way measured otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from edgewise.attacks.region.candidates import (
    CROWDED,
    begin,
    bisector,
    bury,
    first_cell,
    keep,
    nearest_live,
    opponent,
    survive,
)
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.compiling import BLOCK, INNER, WITHIN, ZERO, dated
from edgewise.attacks.region.distance_filters import CELLS, EXACT, SCREEN, STEPS, below, gap2, nearest, place
from edgewise.attacks.region.l1_linf_cell import OPTIMAL, UNBOUNDED, Program, append, optimise, restart
from edgewise.attacks.region.l2_cell import CUT, EMPTY, FULL, SOLVED, STALLED, dist2, leave, middle, rounding
from edgewise.attacks.region.search_arrays import Points, Scratch, View


_ROUNDS = 300
_TOL = 1e-13


@njit(**INNER)
def _dual_length(i: int, j: int, X: Any, largest: bool) -> float:
    """Return ``|x_j - x_i|`` in the norm dual to L-infinity (``largest``) or L1."""
    total = 0.0
    for t in range(X.shape[1]):
        gap = abs(X[j, t] - X[i, t])
        total = total + gap if largest else max(total, gap)
    return total


@njit(**INNER)
def _ranges(t: float, q: Query, largest: bool, g: Program) -> None:
    """Set the steps every feature may take: within ``t`` (L-infinity) or at a cost of 1 a unit (L1)."""
    for e in range(q.x.size):
        low, high = q.low[e], q.high[e]
        if largest:
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
    g.jumps[last] = 1 if largest else 0


@njit(**INNER)
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


@njit(**WITHIN)
def _least(
    k: int, t: float, ub: float, tol: float, q: Query, largest: bool, g: Program
) -> tuple[int, float, int]:
    """Return the status, the least length over ``k`` half-spaces (at least ``t``) and the pivots."""
    pivots = 0
    for _ in range(200):
        status, more = optimise(k, tol, g)
        pivots += more
        if status == UNBOUNDED:
            return EMPTY, np.inf, pivots
        if status != OPTIMAL:
            return STALLED, t, pivots
        if not largest:
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
        _ranges(t, q, largest, g)
    return STALLED, t, pivots


@njit(**INNER)
def _row(k: int, i: int, j: int, margin: float, q: Query, c: Cell, X: Any, g: Program) -> int:
    """Append the half-space of rival ``i`` against ``j``, scaled to a unit normal."""
    d = X.shape[1]
    size = np.sqrt(dist2(X, i, X[j]))
    if size == 0.0:
        return k
    middle(i, j, X, q.x, c.free)
    total = margin
    for t in range(d):
        g.N[k, t] = (X[j, t] - X[i, t]) / size
        total += (X[j, t] - X[i, t]) * c.free[t]
    g.N[k, d] = 1.0
    return append(k, total / size, g)


@njit(**WITHIN)
def _cell(
    e: int,
    size: int,
    ub: float,
    start: float,
    margin: float,
    path: float,
    largest: bool,
    q: Query,
    c: Cell,
    g: Program,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    counts: Any,
) -> tuple[int, float, int, int, float]:
    """Solve survivor ``e``'s cell; return status, length, half-spaces, pool size and path length."""
    j, far = w.live[e], w.live_far[e]
    tol = rounding(far, q.x.size)
    unit = max(_TOL * np.sqrt(far), tol)
    counts[CELLS] += 1
    t, k, fresh = start, ZERO, w.live_best[e]
    _ranges(t, q, largest, g)
    restart(g)
    for _ in range(_ROUNDS):
        if fresh >= 0:
            if k == g.b.size:
                return FULL, t, k, size, path
            c.act[k] = w.pool[fresh]
            k = _row(k, w.pool[fresh], j, margin, q, c, p.X, g)
            status, t, pivots = _least(k, t, ub, unit, q, largest, g)
            counts[STEPS] += pivots
            if status != SOLVED:
                return status, t, k, size, path
        for f in range(q.x.size):
            c.delta[f] = g.step[f] if k > 0 else min(max(0.0, q.low[f]), q.high[f])
        moved, spread = place(-1, k, q, c, v, p, w)
        path += moved
        reach2 = dist2(p.X, j, w.z) + 2.0 * margin
        fresh, size = opponent(
            reach2, spread, path, size, j, k, margin, 2.0 * unit, q, c, v, p, w, use, counts
        )
        if fresh < 0:
            return (FULL if fresh == CROWDED else SOLVED), t, k, size, path
    return STALLED, t, k, size, path


@njit(**INNER)
def _raise_bound(e: int, size: int, largest: bool, p: Points, w: Scratch) -> None:
    """Raise survivor ``e``'s bound by the pool members it has not met."""
    for a in range(w.live_upto[e], size):
        apart = _dual_length(w.pool[a], w.live[e], p.X, largest)
        bound = bisector(w.live_far[e], w.pool_far[a], apart**2)
        if bound > w.live_bound[e]:
            w.live_bound[e], w.live_best[e] = bound, a
    w.live_upto[e] = size


@njit(**INNER)
def _screen(
    i1: int,
    d1: float,
    first: int,
    size: int,
    ub: float,
    own: int,
    largest: bool,
    q: Query,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    counts: Any,
) -> int:
    """List the cells whose bisectors with the pool, of ``size``, are nearer than ``ub``; return how many."""
    ball = ub * np.sqrt(q.x.size) if largest else ub
    limit = (np.sqrt(d1) + 2.0 * ball) ** 2 if use[SCREEN] else np.inf
    count, m = ZERO, ZERO
    for label in range(p.start.size):
        if label != own:
            count = below(v.low, v.least, p.start[label], p.stop[label], limit, w.found, count)
    for e in range(count):
        j = w.found[e]
        if j == first:
            continue
        if use[SCREEN]:
            side = p.rest[j] + p.rest[i1]
            apart = np.sqrt(gap2(p.coords, j, p.coords[i1]) * np.float32(1.00001) + side * side)
            if v.low[j] - d1 >= 2.0 * ball * (apart + 1e-6 * p.largest):
                continue
        counts[EXACT] += 2
        far = dist2(p.X, j, q.x)
        bound = bisector(far, d1, _dual_length(i1, j, p.X, largest) ** 2)
        if bound < ub or not use[SCREEN]:
            m = survive(j, far, bound, m, w)
            _raise_bound(m - 1, size, largest, p, w)
            m -= use[SCREEN] and w.live_bound[m - 1] >= ub
    return m


@njit(**WITHIN)
def _search(
    own: int,
    start: float,
    margin: float,
    largest: bool,
    q: Query,
    c: Cell,
    g: Program,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    best_z: Any,
    counts: Any,
) -> tuple[int, float, float, int, float, float]:
    """As `edgewise.attacks.region.l2_search.search`, lengths in place of squares."""
    begin(q, v, w)
    i1, d1 = nearest(q.x, v, p, v.begin, v.end, w, counts)
    if i1 < 0:
        return SOLVED, np.inf, 0.0, -1, np.inf, np.inf
    w.pool[0], w.pool_far[0], size, path = i1, d1, ZERO + 1, 0.0
    ub, stalled, winner, gap, m = np.inf, np.inf, ZERO - 1, np.inf, ZERO
    first = first_cell(i1, d1, own, w.none, v, p, w)
    if first >= 0:
        far = dist2(p.X, first, q.x)
        bound = bisector(far, d1, _dual_length(i1, first, p.X, largest) ** 2)
        m = survive(first, far, bound, m, w)
    screened = False
    while m:
        e = nearest_live(m, w)
        if screened and w.live_bound[e] >= ub and use[SCREEN]:
            break
        if w.live_upto[e] < size:
            _raise_bound(e, size, largest, p, w)
            continue
        status, t, k, size, path = _cell(
            e, size, ub, start, margin, path, largest, q, c, g, v, p, w, use, counts
        )
        if status == FULL:
            return FULL, ub, 0.0, winner, gap, d1
        if status == SOLVED and t < ub:
            ub, winner = t, w.live[e]
            keep(best_z, w)
            gap = dist2(p.X, i1, p.X[winner])
            for a in range(k):
                gap = min(gap, dist2(p.X, c.act[a], p.X[winner]))
        elif status == STALLED:
            stalled = min(stalled, w.live_bound[e])
        m = bury(e, m, w)
        if not screened:
            screened = True
            m = _screen(i1, d1, first, size, ub, own, largest, q, v, p, w, use, counts)
    lower = min(ub, stalled)
    return (SOLVED if lower == ub else STALLED), ub, lower, winner, gap, d1


@dated
@njit(**BLOCK)
def search_block(
    X: Any,
    own: Any,
    low: Any,
    high: Any,
    largest: bool,
    starts: Any,
    margins: Any,
    lows: Any,
    coords: Any,
    rests: Any,
    lengths: Any,
    least: Any,
    c: Cell,
    g: Program,
    p: Points,
    w: Scratch,
    use: Any,
    points: Any,
    bounds: Any,
    lowers: Any,
    winners: Any,
    gaps: Any,
    nears: Any,
    status: Any,
    counts: Any,
) -> None:
    """Search for every row of ``X``; the last eight arrays take the answers."""
    for b in range(X.shape[0]):
        leave(X[b], low, high, True, c)
        q = Query(X[b], c.low, c.high, True)
        v = View(lows[b], least, coords[b], rests[b], lengths[b], p.start[own[b]], p.stop[own[b]])
        status[b], bounds[b], lowers[b], winners[b], gaps[b], nears[b] = _search(
            own[b], starts[b], margins[b], largest, q, c, g, v, p, w, use, points[b], counts[b]
        )
