"""The exact search of one query: first cell, screening, then cell after cell until none can win.

It is the same for all norms. For norm 2, ``g`` is None and a value is a squared length; for norms 1 and infinity ``g``
is room for a dual simplex and a value is a length. What differs is compiled for the one that is asked for.
"""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Mask
from edgewise.attacks.region.candidates import (
    CROWDED,
    begin,
    bisector,
    bury,
    first_cell,
    keep,
    listed,
    nearest_live,
    opponent,
    survive,
)
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.compiling import BLOCK, CHOOSING, WITHIN, ZERO, compiled, dated
from edgewise.attacks.region.distance_filters import (
    CELLS,
    EXACT,
    INTERVAL,
    SCREEN,
    STEPS,
    between2,
    gap2,
    nearest,
    place,
    view,
)
from edgewise.attacks.region.dual_simplex import Program
from edgewise.attacks.region.l1_linf_cell import cut, dual_length, enclose
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
from edgewise.attacks.region.search_arrays import Answers, Asked, Points, Scratch, Search, Views


_ROUNDS = 1000
_SURE = 1e-10
_TOL = 1e-13


@compiled(CHOOSING)
def _value(length: float, g: Program | None) -> float:
    """Return a length as values are."""
    return length**2 if g is None else length


@compiled(CHOOSING)
def _apart2(i: int, j: int, g: Program | None, p: Points) -> float:
    """Return the squared distance of two training points in the dual norm."""
    return between2(i, j, p) if g is None else dual_length(i, j, p.X, g.largest) ** 2


@compiled(CHOOSING)
def _raise_bound(e: int, size: int, g: Program | None, s: Search) -> None:
    """Raise survivor ``e``'s bound by the pool members it has not met."""
    p, w = s.p, s.w
    j = w.live[e]
    for a in range(w.live_upto[e], size):
        i = w.pool[a]
        if g is None and s.use[INTERVAL] and p.apart2.size == 0:
            side = p.rest[j] - p.rest[i]
            apart2 = gap2(p.coords, j, p.coords[i]) + side * side - 1e-5 * p.largest * p.largest
            if apart2 > 0 and bisector(w.live_far[e], w.pool_far[a], apart2) <= w.live_bound[e]:
                continue
        s.counts[EXACT] += p.apart2.size == 0
        bound = bisector(w.live_far[e], w.pool_far[a], _apart2(i, j, g, p))
        if bound > w.live_bound[e]:
            w.live_bound[e], w.live_best[e] = bound, a
    w.live_upto[e] = size


@compiled(CHOOSING)
def _raise_bounds(e: int, m: int, size: int, ub: float, g: Program | None, s: Search) -> int:
    """Raise the bounds of ``m`` survivors (for other norms than 2 of ``e`` alone); return how many may win.

    The dual norm of a difference is not kept, and is taken when it has to be.
    """
    screen = s.use[SCREEN]
    first, last = (ZERO, m) if g is None else (e, e + 1)
    for f in range(last - 1, first - 1, -1):
        if not screen or _value(s.w.live_bound[f], g) < ub:
            _raise_bound(f, size, g, s)
        if screen and _value(s.w.live_bound[f], g) >= ub:
            m = bury(f, m, s.w)
    return m


@compiled(WITHIN)
def _cell(
    e: int, size: int, ub: float, path: float, g: Program | None, s: Search
) -> tuple[int, float, float, int, int, float]:
    """Solve survivor ``e``'s cell; return status, value, a proved one, half-spaces, pool size and path length."""
    q, c, p, w = s.q, s.c, s.p, s.w
    j, far = w.live[e], w.live_far[e]
    tol, cap = rounding(far, q.x.size), q.cap if q.cap >= 0.0 else far * (1 + 1e-9)
    s.counts[CELLS] += 1
    k, fresh, status = ZERO, w.live_best[e], STALLED
    if g is None:
        value = move(k, c.lam, q, c)
    else:
        value, tol = enclose(q, g), max(_TOL * np.sqrt(far), tol)
    for _ in range(_ROUNDS):
        if fresh >= 0:
            if k == c.act.size:
                status = FULL
                break
            if g is None:
                add(k, w.pool[fresh], j, p.X, q, c)
                k, value, status, steps = maximise(k + 1, value, ub, cap, tol, q, c)
            else:
                k, value, status, steps = cut(k, w.pool[fresh], j, value, ub, tol, p.X, q, c, g)
            s.counts[STEPS] += steps
            if status != SOLVED:
                break
        moved, spread = place(k, g is None, s)
        path += moved
        reach2 = dist2(p.X, j, w.z) + 2.0 * q.margin
        fresh, size = opponent(reach2, spread, path, size, j, k, tol if g is None else 2.0 * tol, s)
        status = STALLED
        if fresh < 0:
            status = FULL if fresh == CROWDED else SOLVED
            break
    sure = _value(w.live_bound[e], g)
    if g is None:
        sure = max(value - doubt(k, tol, c), sure)
    if status == SOLVED and (g is not None or sure >= value * (1 - _SURE)):
        sure = value
    return status, value, sure, k, size, path


@compiled(CHOOSING)
def _screen(first: int, size: int, ub: float, g: Program | None, s: Search) -> int:
    """List the cells whose bisectors with the pool, of ``size``, are nearer than ``ub``; return how many."""
    q, v, p, w, screen = s.q, s.v, s.p, s.w, s.use[SCREEN]
    i1, d1 = w.pool[0], w.pool_far[0]
    ball = ub if g is None or not g.largest else ub * np.sqrt(q.x.size)
    m = ZERO
    for e in range(listed((np.sqrt(d1) + 2.0 * ball) ** 2 if screen else np.inf, s)):
        j = w.found[e]
        if j == first:
            continue
        least = np.inf
        if screen:
            side = p.rest[j] + p.rest[i1]
            apart = np.sqrt(
                p.apart2[i1, j]
                if p.apart2.size
                else gap2(p.coords, j, p.coords[i1]) * np.float32(1.00001) + side * side
            )
            least = 2.0 * ball * (apart + 1e-6 * p.largest)
            if v.low[j] - d1 >= least:
                continue
        s.counts[EXACT] += 1
        far = dist2(p.X, j, q.x)
        if far - d1 >= least:
            continue
        s.counts[EXACT] += p.apart2.size == 0
        bound = bisector(far, d1, _apart2(i1, j, g, p))
        if bound < ub or not screen:
            m = survive(j, far, bound, m, w)
            _raise_bound(m - 1, size, g, s)
            m -= screen and w.live_bound[m - 1] >= ub
    return m


@compiled(WITHIN)
def search(best_z: Floats, g: Program | None, s: Search) -> tuple[int, float, float, int, float, float]:
    """Find the nearest point of the box where a point of another class than the own one is nearest.

    Sets ``best_z``; returns the status, the value, a proved lower bound on it, the winning point (-1: none
    exists), the least squared length of a normal that matters, and the squared distance of the nearest own point.
    """
    q, p, w = s.q, s.p, s.w
    begin(q, s.v, w)
    i1, d1 = nearest(q.x, s.v, p, w, s.counts)
    if i1 < 0:
        return SOLVED, np.inf, 0.0, -1, np.inf, np.inf
    w.pool[0], w.pool_far[0], size, path = i1, d1, ZERO + 1, 0.0
    ub, lower, winner, gap, m = np.inf, np.inf, ZERO - 1, np.inf, ZERO
    first = first_cell(s)
    if first >= 0:
        s.counts[EXACT] += 2
        far = dist2(p.X, first, q.x)
        m = survive(first, far, bisector(far, d1, _apart2(i1, first, g, p)), m, w)
    screened = False
    while m:
        e = nearest_live(m, w)
        if screened and s.use[SCREEN] and _value(w.live_bound[e], g) >= ub:
            break
        if w.live_upto[e] < size:
            m = _raise_bounds(e, m, size, ub, g, s)
            continue
        status, value, sure, k, size, path = _cell(e, size, ub, path, g, s)
        if status == FULL:
            return FULL, ub, 0.0, winner, gap, d1
        if status in (SOLVED, STALLED):
            lower = min(lower, sure)
        if status == SOLVED and value < ub:
            ub, winner = max(value, 0.0), w.live[e]
            keep(best_z, w)
            gap = dist2(p.X, i1, p.X[winner])
            for a in range(k):
                gap = min(gap, s.c.size[a] ** 2)
        m = bury(e, m, w)
        if not screened:
            screened = True
            m = _screen(first, size, np.sqrt(ub) if g is None else ub, g, s)
    lower = max(min(ub, lower), 0.0)
    return (SOLVED if lower == ub else STALLED), ub, lower, winner, gap, d1


@dated
@compiled(BLOCK)
def search_block(
    asked: Asked,
    views: Views,
    c: Cell,
    g: Program | None,
    p: Points,
    w: Scratch,
    use: Mask,
    out: Answers,
) -> None:
    """Run `search` for every query; ``out`` takes the answers."""
    for b in range(asked.X.shape[0]):
        own = asked.own[b]
        leave(asked.X[b], asked.low, asked.high, asked.boxed, c)
        margin, cap, floor, allowed = asked.margin[b], asked.cap[b], asked.floor[b], asked.allowed[b]
        q = Query(asked.X[b], own, c.low, c.high, asked.boxed, margin, cap, floor, allowed)
        s = Search(q, c, view(b, own, views, p), p, w, use, out.counts[b])
        out.status[b], out.value[b], out.lower[b], out.winner[b], out.gap[b], out.near[b] = search(
            out.points[b], g, s
        )
