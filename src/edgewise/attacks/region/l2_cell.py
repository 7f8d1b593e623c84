"""One cell: the nearest point of a few half-spaces and a box, by a dual active set.

The half-space of a rival ``i`` is ``n_i . delta >= b_i`` with ``n_i = (x_j - x_i) / |x_j - x_i|`` and
``b_i = n_i . ((x_j - x) + (x_i - x)) / 2``, so that slacks and tolerances are lengths, and no digit is lost
where points lie close together far from the origin. For multipliers ``lam >= 0``

    delta = clip(sum lam_i n_i),   2 q = |delta|^2 - 2 sum lam_i s_i,   s_i = n_i . delta - b_i

is a lower bound on the squared distance whatever ``lam`` is, and the squared distance itself where
``s = 0``. Newton's method runs on the handful of multipliers; the box has none. Slacks are known to ``tol``
only: what is proved is ``2 q - 2 tol sum lam_i``.
"""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.compiling import INNER, PRECISE, compiled


SOLVED, CUT, EMPTY, STALLED, FULL = 0, 1, 2, 3, 4
"""How a cell ends: solved, cannot win, no point, numerically stuck, more constraints than room."""

_STEPS = 200
_SINGULAR = 1e-13
_EPS = 2.220446049250313e-16


@compiled(INNER)
def leave(x: Floats, low: Floats, high: Floats, boxed: bool, c: Cell) -> None:
    """Set how far each feature may move from ``x`` in the box from ``low`` to ``high`` (d,)."""
    if boxed:
        for t in range(x.size):
            c.low[t], c.high[t] = low[t] - x[t], high[t] - x[t]


@compiled(INNER)
def dist2(X: Floats, i: int, z: Floats) -> float:
    """Return the squared distance of row ``i`` of ``X`` to ``z``, from differences."""
    total = 0.0
    for t in range(z.size):
        gap = X[i, t] - z[t]
        total += gap * gap
    return total


@compiled(PRECISE)
def middle(i: int, j: int, X: Floats, x: Floats, out: Floats) -> None:
    """Set ``out`` (d,) to the way from ``x`` to half-way between points ``i`` and ``j``."""
    for t in range(x.size):
        out[t] = 0.5 * ((X[j, t] - x[t]) + (X[i, t] - x[t]))


@compiled(INNER)
def inside(i: int, j: int, q: Query, c: Cell, X: Floats) -> float:
    """Return how far inside the half-space of rival ``i`` against ``j`` the current step is."""
    middle(i, j, X, q.x, c.free)
    total, square = 0.0, 0.0
    for t in range(c.free.size):
        gap = X[j, t] - X[i, t]
        total += gap * (c.delta[t] - c.free[t])
        square += gap * gap
    return (total - q.margin) / np.sqrt(square) if square > 0.0 else np.inf


def slack_rounding(far: float, d: int) -> float:
    """Return what rounding may do to a slack in the cell of a point at the squared distance ``far``."""
    return _EPS * (16.0 + 2.0 * np.sqrt(d)) * np.sqrt(far)


rounding = compiled(INNER)(slack_rounding)
"""The same for kernels."""


@compiled(INNER)
def add(k: int, i: int, j: int, X: Floats, q: Query, c: Cell) -> None:
    """Append the half-space of rival ``i`` against ``j`` with multiplier 0 to ``k`` others."""
    act, lam, N, G = c.act, c.lam, c.N, c.G
    d = X.shape[1]
    middle(i, j, X, q.x, c.free)
    total, square = q.margin, 0.0
    for t in range(d):
        gap = X[j, t] - X[i, t]
        N[k, t] = gap
        total += gap * c.free[t]
        square += gap * gap
    size = max(np.sqrt(square), 1e-300)
    act[k], c.own[k], lam[k], c.size[k], c.bs[k] = i, j, 0.0, size, total / size
    scale = 1.0 / size
    for t in range(d):
        N[k, t] *= scale
    for a in range(k + 1):
        total = 0.0
        for t in range(d):
            total += N[a, t] * N[k, t]
        G[a, k] = G[k, a] = total


@compiled(INNER)
def _drop(k: int, a: int, c: Cell) -> int:
    """Put the last half-space in the place of number ``a``; return how many are left."""
    act, lam, bs, s, N, G = c.act, c.lam, c.bs, c.s, c.N, c.G
    last = k - 1
    if a != last:
        act[a], lam[a], bs[a], s[a] = act[last], lam[last], bs[last], s[last]
        c.own[a], c.size[a] = c.own[last], c.size[last]
        for t in range(N.shape[1]):
            N[a, t] = N[last, t]
        for e in range(last):
            G[a, e] = G[last, e]
            G[e, a] = G[e, last]
        G[a, a] = G[last, last]
    return last


@compiled(INNER)
def move(k: int, lam: Floats, q: Query, c: Cell) -> float:
    """Set the unclipped and the clipped step; return the squared length of the latter."""
    low, high, u, delta, N = q.low, q.high, c.u, c.delta, c.N
    d = u.size
    first = lam[0] if k > 0 else 0.0
    for t in range(d):
        u[t] = first * N[0, t] if k > 0 else 0.0
    for a in range(1, k):
        step = lam[a]
        for t in range(d):
            u[t] += step * N[a, t]
    total = 0.0
    if q.boxed:
        for t in range(d):
            gap = min(max(u[t], low[t]), high[t])
            delta[t] = gap
            total += gap * gap
    else:
        for t in range(d):
            gap = u[t]
            delta[t] = gap
            total += gap * gap
    return total


@compiled(INNER)
def slack_of(a: int, k: int, lam: Floats, boxed: bool, c: Cell) -> float:
    """Return how far inside half-space ``a`` the current step is."""
    total = -c.bs[a]
    if boxed:
        N, delta = c.N, c.delta
        for t in range(delta.size):
            total += N[a, t] * delta[t]
    else:
        for e in range(k):
            total += c.G[a, e] * lam[e]
    return total


@compiled(INNER)
def _mask(q: Query, c: Cell, inward: Floats, kinks: bool) -> None:
    """Set ``free`` to 1 where the point moves with the multipliers.

    At a kink, where the unclipped step sits on a bound, that depends on the way it will be pushed.
    """
    u, low, high, free = c.u, q.low, q.high, c.free
    if kinks:
        for t in range(u.size):
            push = ((u[t] == low[t]) & (inward[t] > 0)) | ((u[t] == high[t]) & (inward[t] < 0))
            within = (u[t] > low[t]) & (u[t] < high[t])
            free[t] = 1.0 if within | (push & (low[t] < high[t])) else 0.0
    else:
        for t in range(u.size):
            free[t] = 1.0 if (u[t] > low[t]) & (u[t] < high[t]) else 0.0


@compiled(INNER)
def _on_free(a: int, e: int, c: Cell) -> float:
    """Return the product of normals ``a`` and ``e`` over the free coordinates."""
    N, free = c.N, c.free
    total = 0.0
    for t in range(free.size):
        total += free[t] * N[a, t] * N[e, t]
    return total


@compiled(INNER)
def _direction(k: int, boxed: bool, c: Cell) -> None:
    """Solve ``H v = -s`` by Cholesky, ``H`` the Gram of the normals on the free coordinates."""
    G, L, s, v = c.G, c.L, c.s, c.v
    for a in range(k):
        for e in range(a + 1):
            total = _on_free(a, e, c) if boxed else G[a, e]
            for f in range(e):
                total -= L[a, f] * L[e, f]
            if a == e:
                if total <= _SINGULAR:
                    total = 0.01
                L[a, a] = np.sqrt(total)
            else:
                L[a, e] = total / L[e, e]
    for a in range(k):
        total = -s[a]
        for f in range(a):
            total -= L[a, f] * v[f]
        v[a] = total / L[a, a]
    for a in range(k - 1, -1, -1):
        total = v[a]
        for f in range(a + 1, k):
            total -= L[f, a] * v[f]
        v[a] = total / L[a, a]


@compiled(INNER)
def _along(t: float, k: int, q: Query, c: Cell) -> tuple[float, float]:
    """Evaluate at ``lam + t v``; set the slacks, return twice the dual value and its slope along ``v``.

    Without a box all of it is in the Gram matrix, and the point itself is not needed.
    """
    lam = c.lam2
    for a in range(k):
        lam[a] = max(c.lam[a] + t * c.v[a], 0.0)
    total, slope = move(k, lam, q, c) if q.boxed else 0.0, 0.0
    for a in range(k):
        c.s[a] = slack_of(a, k, lam, q.boxed, c)
        total -= lam[a] * (2.0 * c.s[a] if q.boxed else c.s[a] - c.bs[a])
        slope -= c.v[a] * c.s[a]
    return total, slope


@compiled(INNER)
def _climb(k: int, stop2: float, q: Query, c: Cell) -> tuple[float, int]:
    """Move the multipliers along ``v``; return twice the dual value and what blocked (half-space or -1)."""
    slope = 0.0
    longest, blocking = np.inf, -1
    for a in range(k):
        slope -= c.v[a] * c.s[a]
        if c.v[a] < 0 and c.lam[a] < -c.v[a] * longest:
            longest, blocking = -c.lam[a] / c.v[a], a
    t = min(1.0, longest)
    left, right = 0.0, np.inf
    q2, now = _along(t, k, q, c)
    for _ in range(100):
        if abs(now) <= 0.3 * slope or (t >= longest and now >= 0.0) or q2 >= stop2:
            break
        if now > 0.0:
            left = t
            t = min(4.0 * t, longest) if right == np.inf else 0.5 * (left + right)
        else:
            right = t
            t = 0.5 * (left + right) if left > 0.0 else t * max(slope / (slope - now), 0.1)
        q2, now = _along(t, k, q, c)
    for a in range(k):
        c.lam[a] = c.lam2[a]
    return q2, (blocking if t >= longest else -1)


@compiled(INNER)
def doubt(k: int, tol: float, c: Cell) -> float:
    """Return by how much twice the dual may be wrong where slacks are known to ``tol``."""
    total = 0.0
    for a in range(k):
        total += c.lam[a]
    return 2.0 * tol * total


@compiled(INNER)
def maximise(
    k: int, q2: float, ub2: float, cap: float, tol: float, q: Query, c: Cell
) -> tuple[int, float, int, int]:
    """Raise the dual, twice its value ``q2`` before, over ``k`` half-spaces, the last one new and violated.

    Stops as soon as what is proved reaches ``ub2`` (`CUT`: the cell cannot win) or passes ``cap`` (`EMPTY`:
    no point is that far). Returns how many half-spaces stay, twice the value, the status and the steps.
    """
    c.s[k - 1] = slack_of(k - 1, k, c.lam, q.boxed, c)
    for step in range(_STEPS):
        worst, unsure = 0.0, doubt(k, tol, c)
        for a in range(k):
            worst = max(worst, abs(c.s[a]))
        if q2 - unsure >= ub2:
            return k, q2, CUT, step
        if q2 - unsure > cap:
            return k, q2, EMPTY, step
        if worst <= tol:
            return k, q2, SOLVED, step
        if unsure > 0.5 * q2 and q2 > 1e6 * tol * tol:
            return k, q2, STALLED, step
        if q.boxed:
            _mask(q, c, c.N[k - 1], step == 0)
        _direction(k, q.boxed, c)
        newest = k - 1
        q2, blocking = _climb(k, min(ub2, cap), q, c)
        if blocking >= 0:
            k = _drop(k, blocking, c)
            if step == 0 and blocking == newest:
                return k, q2, SOLVED, step
    return k, q2, STALLED, _STEPS
