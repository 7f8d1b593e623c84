"""The outer search over cells: which are solved, which are screened, and who is the nearest rival."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.compiling import INNER, NO_NAN, WITHIN, ZERO, compiled
from edgewise.attacks.region.index import CHUNK
from edgewise.attacks.region.l2_cell import dist2, inside, move
from edgewise.attacks.region.search_arrays import Points, Scratch, Search, View, Views


SCREEN, RANGE, INTERVAL, MOVEMENT, POOL = 0, 1, 2, 3, 4
_HALF_ULP = 2.0**-24
_EPS = 2.220446049250313e-16
CELLS, CALLS, EXACT, STEPS = 0, 1, 2, 3


@compiled(NO_NAN)
def chunk_minima(low: Floats, least: Floats) -> None:
    """Set ``least[g]`` to the smallest of the `CHUNK` bounds of chunk ``g``."""
    for g in range(least.size):
        best = low[g * CHUNK]
        for t in range(1, CHUNK):
            value = low[g * CHUNK + t]
            best = value if value < best else best
        least[g] = best


@compiled(NO_NAN)
def least_estimate(low: Floats, rest: Floats, twice: float, begin: int, end: int) -> np.floating:
    """Return the smallest estimated squared distance: the bound without the unknown cross term."""
    best = np.float32(np.inf)
    for g in range(begin // CHUNK, (end + CHUNK - 1) // CHUNK):
        inner = low[g * CHUNK] + twice * rest[g * CHUNK]
        for t in range(1, CHUNK):
            value = low[g * CHUNK + t] + twice * rest[g * CHUNK + t]
            inner = value if value < inner else inner
        best = inner if inner < best else best
    return best


@compiled(INNER)
def gap2(coords: Floats, i: int, c: Floats) -> np.floating:
    """Return the squared distance in the indexed coordinates."""
    total = np.float32(0.0)
    for t in range(c.size):
        gap = coords[i, t] - c[t]
        total += gap * gap
    return total


@compiled(INNER)
def between2(i: int, j: int, p: Points) -> float:
    """Return the squared distance of two training points; rounded up where it is resident."""
    return float(p.apart2[i, j]) if p.apart2.size else dist2(p.X, i, p.X[j])


@compiled(INNER)
def below(low: Floats, least: Floats, begin: int, end: int, limit: float, out: Index, count: int) -> int:
    """Append the points of ``[begin, end)`` with a bound below ``limit`` or by a rounding above it.

    Classes start at whole chunks.
    """
    most = np.float32(limit + 1e-6 * abs(limit))
    for g in range(begin // CHUNK, (end + CHUNK - 1) // CHUNK):
        if least[g] < most:
            for i in range(g * CHUNK, min((g + 1) * CHUNK, end)):
                out[count] = i
                count += low[i] < most
    return count


@compiled(INNER)
def nearest(x: Floats, v: View, p: Points, w: Scratch, counts: Index) -> tuple[int, float]:
    """Return the point of the view's range nearest to the query and its squared distance; first in a tie."""
    twice = np.float32(2.0) * v.rest
    guess = least_estimate(v.low, p.rest, twice, v.begin, v.end)
    best, which = np.inf, -1
    limit = float(guess) + 1e-6 * abs(float(guess)) + 1e-30
    count = below(v.low, v.least, v.begin, v.end, limit, w.found, ZERO)
    for e in range(count):
        i = w.found[e]
        if v.low[i] + twice * p.rest[i] <= guess:
            counts[EXACT] += 1
            value = dist2(p.X, i, x)
            if value < best:
                best, which = value, i
    count = below(v.low, v.least, v.begin, v.end, best * (1 + 1e-12) + 1e-300, w.found, ZERO)
    for e in range(count):
        i = w.found[e]
        if v.low[i] <= best and i != which:
            counts[EXACT] += 1
            value = dist2(p.X, i, x)
            if value < best or (value == best and i < which):
                best, which = value, i
    return which, best


@compiled(WITHIN)
def view(b: int, label: int, views: Views, p: Points) -> View:
    """Return what bounds say from query ``b``, whose rivals are of class ``label``."""
    start, stop = p.start[label], p.stop[label]
    return View(views.lows[b], views.least, views.coords[b], views.rests[b], views.lengths[b], start, stop)


@compiled(INNER)
def _shift(delta: Floats, axes: Floats, cz: Floats, moved: Index) -> None:
    """Add the coordinates of ``delta`` to ``cz``, four features that moved at a time, listed in ``moved``."""
    if cz.size == delta.size:
        for t in range(delta.size):
            cz[t] += np.float32(delta[t])
        return
    count = 0
    for t in range(delta.size):
        moved[count] = t
        count += delta[t] != 0.0
    whole = count - count % 4
    for g in range(0, whole, 4):
        t0, t1, t2, t3 = moved[g], moved[g + 1], moved[g + 2], moved[g + 3]
        s0, s1 = np.float32(delta[t0]), np.float32(delta[t1])
        s2, s3 = np.float32(delta[t2]), np.float32(delta[t3])
        for e in range(cz.size):
            cz[e] += (s0 * axes[t0, e] + s1 * axes[t1, e]) + (s2 * axes[t2, e] + s3 * axes[t3, e])
    for g in range(whole, count):
        s0 = np.float32(delta[moved[g]])
        for e in range(cz.size):
            cz[e] += s0 * axes[moved[g], e]


@compiled(INNER)
def place(k: int, euclidean: bool, s: Search) -> tuple[float, float]:
    """Set ``z`` and what is known of it in the indexed coordinates; return its last step and way from ``x``."""
    q, c, p, w = s.q, s.c, s.p, s.w
    z, cz, delta = w.z, w.cz, c.delta
    if not q.boxed:
        move(k, c.lam, q, c)
    moved, length, away, touched = 0.0, 0.0, 0.0, 0.0
    for t in range(z.size):
        new = q.x[t] + delta[t]
        gap = new - z[t]
        moved += gap * gap
        z[t] = new
        gap = new - p.centre[t]
        length += gap * gap
        away += delta[t] * delta[t]
        touched += delta[t] != 0.0
    length, away = np.sqrt(length), np.sqrt(away)
    for e in range(cz.size):
        cz[e] = s.v.c[e]
    if q.boxed or not euclidean:
        blur = (touched + 8.0) * np.sqrt(cz.size) * away
        _shift(delta, p.axes, cz, w.moved)
    else:
        blur = 8.0 * away
        for a in range(k):
            step = np.float32(c.lam[a] / c.size[a])
            blur += 8.0 * c.lam[a] / c.size[a] * p.largest
            i, j = c.act[a], c.own[a]
            for e in range(cz.size):
                cz[e] += step * (p.coords[j, e] - p.coords[i, e])
    blur = _HALF_ULP * (blur + 2.0 * length)
    inside = 0.0
    for e in range(cz.size):
        inside += cz[e] * cz[e]
    w.about[0], w.about[1], w.about[2] = length, blur, 0.0
    w.about[3] = 0.0
    if cz.size < z.size:
        most = np.sqrt(max(length * length - inside + 2.0 * length * blur, 0.0))
        w.about[2] = most
        w.about[3] = most - np.sqrt(max(length * length - inside - 2.0 * length * blur, 0.0))
    return np.sqrt(moved), away


@compiled(INNER)
def slack_at(radius: float, p: Points, w: Scratch) -> float:
    """Return what float32 may have cost an interval bound on a squared distance to ``z`` below ``radius``."""
    length, blur = w.about[0], w.about[1]
    return (
        8.0 * (w.cz.size + 8) * _HALF_ULP * p.largest * length
        + 4e-6 * (length * length + p.largest * p.largest)
        + 4.0 * (radius + blur) * blur
    )


@compiled(INNER)
def interval(i: int, slack: float, p: Points, w: Scratch) -> float:
    """Return a lower bound on the squared distance of point ``i`` to ``z``."""
    side = w.about[2] - p.rest[i]
    side = max(side - w.about[3], -side, 0.0)
    return gap2(p.coords, i, w.cz) + side * side - slack


@compiled(INNER)
def blurred(reach2: float, spread: float, v: View, p: Points) -> float:
    """Return what rounding may do to a squared distance of ``reach2`` to ``z``, at ``spread`` from the query."""
    return (
        4.0
        * _EPS
        * (
            (4.0 + np.sqrt(p.X.shape[1])) * abs(reach2)
            + np.sqrt(abs(reach2)) * (p.offset + v.length + spread)
        )
    )


@compiled(INNER)
def counts_as(
    i: int, value: float, reach2: float, band: float, j: int, tol: float, q: Query, c: Cell, p: Points
) -> bool:
    """Say whether rival ``i``, at ``value`` from ``z``, is nearer than ``x_j``, at ``reach2``, certainly."""
    if value < reach2 - band:
        return True
    return value <= reach2 + band and inside(i, j, q, c, p.X) < -tol


@compiled(INNER)
def rival(
    reach2: float, band: float, spread: float, path: float, j: int, k: int, tol: float, s: Search
) -> int:
    """Return the rival nearest to ``z`` of those nearer than ``x_j``, at ``reach2``, and not active; else -1.

    Three filters discard points that cannot be it: by distance from the query (``spread`` is that of ``z``),
    by the interval in the indexed coordinates, and by how far ``z`` has moved since a point was last seen.
    """
    c, v, p, w, use = s.c, s.v, s.p, s.w, s.use
    best, which = reach2 + band, -1
    radius = np.sqrt(max(best, 0.0))
    slack = slack_at(radius, p, w)
    limit = (radius + spread) ** 2 if use[RANGE] else np.inf
    s.counts[CALLS] += 1
    count = below(v.low, v.least, v.begin, v.end, limit, w.found, ZERO)
    kept = 0
    for e in range(count):
        i = w.found[e]
        if use[MOVEMENT] and w.seen[i] - path >= radius:
            continue
        value = interval(i, slack, p, w) if use[INTERVAL] else -1.0
        if use[INTERVAL]:
            w.seen[i] = np.sqrt(max(value, 0.0)) - w.about[1] + path
            if value >= best:
                continue
        active = False
        for a in range(k):
            active = active or c.act[a] == i
        if not active:
            w.found[kept], w.value[kept] = i, value
            kept += 1
    while kept > 0:
        least = 0
        for e in range(1, kept):
            least = e if w.value[e] < w.value[least] else least
        if w.value[least] >= best:
            break
        i = w.found[least]
        s.counts[EXACT] += 1
        value = dist2(p.X, i, w.z)
        w.seen[i] = np.sqrt(value) * (1.0 - 1e-9) + path
        if value < best and counts_as(i, value, reach2, band, j, tol, s.q, c, p):
            best, which = value, i
        kept -= 1
        w.found[least], w.value[least] = w.found[kept], w.value[kept]
    return which
