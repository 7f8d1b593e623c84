"""The exact search of one query: first cell, screening, then cell after cell until none can win."""

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
from edgewise.attacks.region.distance_filters import (
    CELLS,
    EXACT,
    INTERVAL,
    SCREEN,
    STEPS,
    below,
    between2,
    gap2,
    nearest,
    place,
)
from edgewise.attacks.region.l2_cell import (
    FULL,
    SOLVED,
    STALLED,
    add,
    dist2,
    doubt,
    leave,
    maximise,
    move,
    rounding,
)
from edgewise.attacks.region.search_arrays import Points, Scratch, View


_ROUNDS = 1000
_SURE = 1e-10


@njit(**INNER)
def _raise_bound(e: int, size: int, p: Points, w: Scratch, use: Any, counts: Any) -> None:
    """Raise survivor ``e``'s bound by the pool members it has not met."""
    j = w.live[e]
    for a in range(w.live_upto[e], size):
        i = w.pool[a]
        if use[INTERVAL] and a > 0 and p.apart2.size == 0:
            side = p.rest[j] - p.rest[i]
            apart2 = gap2(p.coords, j, p.coords[i]) + side * side - 1e-5 * p.largest * p.largest
            if apart2 > 0 and bisector(w.live_far[e], w.pool_far[a], apart2) <= w.live_bound[e]:
                continue
        counts[EXACT] += p.apart2.size == 0
        bound = bisector(w.live_far[e], w.pool_far[a], between2(i, j, p))
        if bound > w.live_bound[e] or a == 0:
            w.live_bound[e], w.live_best[e] = bound, a
    w.live_upto[e] = size


@njit(**INNER)
def _raise_all(m: int, size: int, ub2: float, p: Points, w: Scratch, use: Any, counts: Any) -> int:
    """Raise the bounds of survivors that may win and bury the others; return how many are left."""
    for e in range(m - 1, -1, -1):
        if w.live_bound[e] ** 2 < ub2 or not use[SCREEN]:
            _raise_bound(e, size, p, w, use, counts)
        if use[SCREEN] and w.live_bound[e] ** 2 >= ub2:
            m = bury(e, m, w)
    return m


@njit(**WITHIN)
def _cell(
    e: int,
    size: int,
    ub2: float,
    cap: float,
    margin: float,
    path: float,
    q: Query,
    c: Cell,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    counts: Any,
) -> tuple[int, float, int, int, float]:
    """Solve survivor ``e``'s cell; return status, twice the dual, half-spaces, pool size and path length."""
    j, far = w.live[e], w.live_far[e]
    tol = rounding(far, q.x.size)
    counts[CELLS] += 1
    k, fresh = ZERO, w.live_best[e]
    q2 = move(k, c.lam, q, c)
    for _ in range(_ROUNDS):
        if fresh >= 0:
            if k == c.act.size:
                return FULL, q2, k, size, path
            add(k, w.pool[fresh], j, p.X, margin, q, c)
            k, q2, status, steps = maximise(k + 1, q2, ub2, cap, tol, q, c)
            counts[STEPS] += steps
            if status != SOLVED:
                return status, q2, k, size, path
        moved, spread = place(j, k, q, c, v, p, w)
        path += moved
        reach2 = dist2(p.X, j, w.z) + 2.0 * margin
        fresh, size = opponent(reach2, spread, path, size, j, k, margin, tol, q, c, v, p, w, use, counts)
        if fresh < 0:
            return (FULL if fresh == CROWDED else SOLVED), q2, k, size, path
    return STALLED, q2, k, size, path


@njit(**INNER)
def _screen(
    i1: int,
    d1: float,
    first: int,
    size: int,
    ub: float,
    own: int,
    allowed: Any,
    q: Query,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    counts: Any,
) -> int:
    """List the cells whose bisectors with the pool, of ``size``, are nearer than ``ub``; return how many."""
    count = ZERO
    limit = (np.sqrt(d1) + 2.0 * ub) ** 2 if use[SCREEN] else np.inf
    if allowed.size:
        for j in allowed:
            w.found[count] = j
            count += 1
    else:
        for label in range(p.start.size):
            if label != own:
                count = below(v.low, v.least, p.start[label], p.stop[label], limit, w.found, count)
    m = ZERO
    for e in range(count):
        j = w.found[e]
        if j == first:
            continue
        least = np.inf
        if use[SCREEN]:
            side = p.rest[j] + p.rest[i1]
            apart = np.sqrt(
                p.apart2[i1, j]
                if p.apart2.size
                else gap2(p.coords, j, p.coords[i1]) * np.float32(1.00001) + side * side
            )
            least = 2.0 * ub * (apart + 1e-6 * p.largest)
            if v.low[j] - d1 >= least:
                continue
        counts[EXACT] += 1
        far = dist2(p.X, j, q.x)
        if far - d1 >= least:
            continue
        counts[EXACT] += p.apart2.size == 0
        bound = bisector(far, d1, between2(i1, j, p))
        if bound < ub or not use[SCREEN]:
            m = survive(j, far, bound, m, w)
            _raise_bound(m - 1, size, p, w, use, counts)
            m -= use[SCREEN] and w.live_bound[m - 1] >= ub
    return m


@njit(**WITHIN)
def search(
    own: int,
    cap: float,
    margin: float,
    allowed: Any,
    q: Query,
    c: Cell,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    best_z: Any,
    counts: Any,
) -> tuple[int, float, float, int, float, float]:
    """Find the nearest point of the box where a point of another class than ``own`` is nearest.

    Nearest by ``margin``: every rival's squared distance is larger by twice that at least.

    Sets ``best_z``; returns the status, the squared distance, a proved lower bound on it, the winning point
    (-1: none exists), the least squared length of a normal that matters, and the squared distance of the
    nearest own point.
    """
    begin(q, v, w)
    i1, d1 = nearest(q.x, v, p, v.begin, v.end, w, counts)
    if i1 < 0:
        return SOLVED, np.inf, 0.0, -1, np.inf, np.inf
    w.pool[0], w.pool_far[0], size, path = i1, d1, ZERO + 1, 0.0
    first = first_cell(i1, d1, own, allowed, v, p, w)
    ub2, lower2, winner, gap, m = np.inf, np.inf, ZERO - 1, np.inf, ZERO
    if first >= 0:
        counts[EXACT] += 2
        far = dist2(p.X, first, q.x)
        m = survive(first, far, bisector(far, d1, between2(i1, first, p)), m, w)
    screened = False
    while m:
        e = nearest_live(m, w)
        if screened and w.live_bound[e] ** 2 >= ub2 and use[SCREEN]:
            break
        if w.live_upto[e] < size:
            m = _raise_all(m, size, ub2, p, w, use, counts)
            continue
        limit = cap if cap >= 0.0 else w.live_far[e] * (1 + 1e-9)
        status, q2, k, size, path = _cell(e, size, ub2, limit, margin, path, q, c, v, p, w, use, counts)
        if status == FULL:
            return FULL, ub2, 0.0, winner, gap, d1
        sure2 = max(q2 - doubt(k, rounding(w.live_far[e], q.x.size), c), w.live_bound[e] ** 2)
        if status == SOLVED:
            lower2 = min(lower2, q2 if sure2 >= q2 * (1 - _SURE) else sure2)
        elif status == STALLED:
            lower2 = min(lower2, sure2)
        if status == SOLVED and q2 < ub2:
            ub2, winner = max(q2, 0.0), w.live[e]
            keep(best_z, w)
            gap = dist2(p.X, i1, p.X[winner])
            for a in range(k):
                gap = min(gap, c.size[a] ** 2)
        m = bury(e, m, w)
        if not screened:
            screened = True
            m = _screen(i1, d1, first, size, np.sqrt(ub2), own, allowed, q, v, p, w, use, counts)
    lower2 = max(min(ub2, lower2), 0.0)
    return (SOLVED if lower2 == ub2 else STALLED), ub2, lower2, winner, gap, d1


@dated
@njit(**BLOCK)
def search_block(
    X: Any,
    own: Any,
    low: Any,
    high: Any,
    boxed: bool,
    caps: Any,
    margins: Any,
    allowed: Any,
    lows: Any,
    coords: Any,
    rests: Any,
    lengths: Any,
    least: Any,
    c: Cell,
    p: Points,
    w: Scratch,
    use: Any,
    points: Any,
    squares: Any,
    lowers: Any,
    winners: Any,
    gaps: Any,
    nears: Any,
    status: Any,
    counts: Any,
) -> None:
    """Run `search` for every row of ``X``; the last eight arrays take the answers."""
    for b in range(X.shape[0]):
        leave(X[b], low, high, boxed, c)
        q = Query(X[b], c.low, c.high, boxed)
        v = View(lows[b], least, coords[b], rests[b], lengths[b], p.start[own[b]], p.stop[own[b]])
        status[b], squares[b], lowers[b], winners[b], gaps[b], nears[b] = search(
            own[b], caps[b], margins[b], allowed[b], q, c, v, p, w, use, points[b], counts[b]
        )
