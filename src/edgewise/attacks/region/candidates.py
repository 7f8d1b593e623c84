"""The lists of a search: cells that may still win, and own points that ever held one back (the pool)."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats
from edgewise.attacks.region.cell_arrays import Query
from edgewise.attacks.region.compiling import INNER, WITHIN, ZERO, compiled
from edgewise.attacks.region.distance_filters import (
    EXACT,
    INTERVAL,
    POOL,
    below,
    blurred,
    chunk_minima,
    counts_as,
    gap2,
    interval,
    least_estimate,
    rival,
    slack_at,
)
from edgewise.attacks.region.l2_cell import dist2
from edgewise.attacks.region.search_arrays import Points, Scratch, Search, View


SETTLED, CROWDED = -1, -2
_ROUNDED = 1e-14


@compiled(INNER)
def bisector(far_j: float, far_i: float, apart2: float) -> float:
    """Return the distance from the query to where ``x_j`` becomes as near as ``x_i``, less than rounding."""
    gain = far_j - far_i - _ROUNDED * (far_j + far_i)
    if gain <= 0.0:
        return 0.0
    return gain / (2.0 * np.sqrt(apart2)) if apart2 > 0.0 else np.inf


@compiled(INNER)
def violated(reach2: float, band: float, size: int, j: int, k: int, tol: float, s: Search) -> int:
    """Return the pool member nearest to ``z`` of those nearer than ``x_j``, not yet active; else -1."""
    c, p, w = s.c, s.p, s.w
    best, which = reach2 + band, -1
    slack = slack_at(np.sqrt(max(best, 0.0)), p, w)
    for a in range(size):
        active = False
        for e in range(k):
            active = active or c.act[e] == w.pool[a]
        if not active and not (s.use[INTERVAL] and interval(w.pool[a], slack, p, w) >= best):
            s.counts[EXACT] += 1
            value = dist2(p.X, w.pool[a], w.z)
            if value < best and counts_as(w.pool[a], value, reach2, band, j, tol, s.q, c, p):
                best, which = value, a
    return which


@compiled(INNER)
def enter(i: int, size: int, q: Query, p: Points, w: Scratch) -> int:
    """Put rival ``i`` into the pool unless it is there; return its place, or the pool's size if full."""
    for a in range(size):
        if w.pool[a] == i:
            return a
    if size < w.pool.size:
        w.pool[size], w.pool_far[size] = i, dist2(p.X, i, q.x)
    return size


@compiled(WITHIN)
def opponent(
    reach2: float, spread: float, path: float, size: int, j: int, k: int, tol: float, s: Search
) -> tuple[int, int]:
    """Return the place in the pool of a rival nearer to ``z`` than ``x_j`` is, and the pool's size.

    ``reach2`` is the squared distance of ``x_j``, and what a rival's has to stay above. The place is
    `SETTLED` if there is none beyond rounding, ``tol``; `CROWDED` if the pool is full.
    """
    band = blurred(reach2, spread, s.v, s.p)
    fresh = violated(reach2, band, size, j, k, tol, s) if s.use[POOL] else -1
    if fresh < 0:
        i = rival(reach2, band, spread, path, j, k, tol, s)
        fresh = SETTLED if i < 0 else enter(i, size, s.q, s.p, s.w)
        if fresh == size:
            fresh, size = (CROWDED, size) if size == s.w.pool.size else (size, size + 1)
    return fresh, size


@compiled(INNER)
def nearest_live(m: int, w: Scratch) -> int:
    """Return the place of the surviving cell with the least bound."""
    e = 0
    for a in range(1, m):
        if w.live_bound[a] < w.live_bound[e]:
            e = a
    return e


@compiled(INNER)
def bury(e: int, m: int, w: Scratch) -> int:
    """Put the last survivor in the place of number ``e``; return how many are left."""
    m -= 1
    w.live[e], w.live_far[e], w.live_bound[e] = w.live[m], w.live_far[m], w.live_bound[m]
    w.live_best[e], w.live_upto[e] = w.live_best[m], w.live_upto[m]
    return m


@compiled(INNER)
def survive(j: int, far: float, bound: float, m: int, w: Scratch) -> int:
    """Append ``j`` to the cells that may win."""
    w.live[m], w.live_far[m], w.live_bound[m], w.live_best[m], w.live_upto[m] = j, far, bound, 0, 1
    return m + 1


@compiled(INNER)
def begin(q: Query, v: View, w: Scratch) -> None:
    """Forget what an earlier query has left behind."""
    chunk_minima(v.low, v.least)
    for i in range(v.begin, v.end):
        w.seen[i] = -np.inf
    for t in range(w.z.size):
        w.z[t] = q.x[t]


@compiled(INNER)
def keep(best_z: Floats, w: Scratch) -> None:
    """Copy the current point to ``best_z``."""
    for t in range(best_z.size):
        best_z[t] = w.z[t]


@compiled(INNER)
def listed(limit: float, s: Search) -> int:
    """List the points whose cells are searched: those allowed or, if any is, those bounded below ``limit``."""
    q, v, p, w = s.q, s.v, s.p, s.w
    count = ZERO
    for j in q.allowed:
        w.found[count] = j
        count += 1
    if count == 0:
        for label in range(p.start.size):
            if label != q.own:
                count = below(v.low, v.least, p.start[label], p.stop[label], limit, w.found, count)
    return count


@compiled(INNER)
def first_cell(s: Search) -> int:
    """Return a promising cell: among the points estimated nearest, the one with the nearest bisector."""
    q, v, p, w = s.q, s.v, s.p, s.w
    i1, d1, twice = w.pool[0], w.pool_far[0], np.float32(2.0) * v.rest
    guess = np.float32(np.inf)
    for j in q.allowed:
        guess = min(guess, v.low[j] + twice * p.rest[j])
    if q.allowed.size == 0:
        for label in range(p.start.size):
            if label != q.own:
                guess = min(guess, least_estimate(v.low, p.rest, twice, p.start[label], p.stop[label]))
    best, which = np.inf, -1
    for e in range(listed(float(guess) + 0.05 * abs(float(guess)) + 1e-30, s)):
        j = w.found[e]
        estimate = v.low[j] + twice * p.rest[j]
        if estimate <= guess + np.float32(0.05) * abs(guess) or which < 0:
            side = p.rest[j] - p.rest[i1]
            apart2 = gap2(p.coords, j, p.coords[i1]) + side * side
            bound = bisector(estimate, d1, max(apart2, 1e-30))
            if bound < best or which < 0:
                best, which = bound, j
    return which
