"""k-NN: best-first branch and bound over which points are among the nearest.

A class ``e`` beats the own class ``c`` at z when at least ``a`` of its points and at most ``b`` own ones are
among the k nearest. Then some *members* (``a`` points of e, ``o = k - a - b`` of third classes) are all nearer
than the own points except at most ``b``, and the members of e nearer than all points of other classes except
at most ``k - a``. A node commits members, and outsiders that have to be farther; its bound is the cell
with one half-space for each pair.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np
from numba import njit

from edgewise.attacks.region.cell import EMPTY, FLAGS, INNER, SOLVED, Cell, Query, add, dist2, maximise, move
from edgewise.attacks.region.search import INTERVAL, Points, Scratch, View, below, interval, place, slack_at


ROOM = 40
"""Points a node may allow, and force out, before the search stops with an interval."""

TYPE, MEMBERS, ALLOWED, OUT, LAST, HEAD = 0, 1, 2, 3, 4, 5
FOUND, LIMIT, NONE = 0, 1, 2
_EPS = 2.220446049250313e-16


@njit(**INNER)
def _settle(k: int, q: Query, c: Cell, w: Scratch) -> None:
    """Set ``z`` to the current point."""
    if not q.boxed:
        move(k, c.lam, q, c)
    for t in range(w.z.size):
        w.z[t] = min(max(c.u[t], q.low[t]), q.high[t]) if q.boxed else c.u[t]


@njit(**INNER)
def _farthest(row: Any, width: int, cand: Any, kind: Any, only: int, p: Points, w: Scratch) -> tuple[float, int]:
    """Return the largest squared distance of a member to ``z`` and its candidate; ``only`` a class, or -1."""
    far, which = -1.0, -1
    for e in range(row[MEMBERS]):
        at = row[HEAD + e]
        if only < 0 or kind[at] == only:
            value = dist2(p.X, cand[at], w.z)
            if value > far:
                far, which = value, at
    return far, which


@njit(**INNER)
def _project(row: Any, width: int, types: Any, cand: Any, kind: Any, far: Any, margin: float, cap: float,
             q: Query, c: Cell, p: Points, w: Scratch) -> tuple[int, float, int]:
    """Solve the node's cell into ``z``; return status, squared distance and how many half-spaces hold it."""
    k, q2 = 0, move(0, c.lam, q, c)
    rival_of = types[row[TYPE], 0]
    base = HEAD + width + ROOM
    for _ in range(1000):
        _settle(k, q, c, w)
        worst, j, i = 0.0, -1, -1
        far_all, at_all = _farthest(row, width, cand, kind, -1, p, w)
        far_own, at_own = _farthest(row, width, cand, kind, rival_of, p, w)
        for e in range(row[OUT]):
            code = row[base + e]
            out = code if code >= 0 else -code - 1
            at = at_all if code >= 0 else at_own
            if at < 0:
                continue
            tol = 4e-13 * far[at] + 4.0 * _EPS * np.sqrt(far[at]) * 2.0 * p.largest
            gap = 0.5 * (dist2(p.X, out, w.z) - (far_all if code >= 0 else far_own)) - margin
            if gap < -tol and gap < worst:
                worst, j, i = gap, at, out
        if j < 0:
            return SOLVED, q2, k
        code = j * p.X.shape[0] + i
        for e in range(k):
            if c.act[e] == code:
                return SOLVED, q2, k
        if k == c.act.size:
            return SOLVED, q2, k
        add(k, i, cand[j], p.X, 0.5 * (far[j] - dist2(p.X, i, q.x)) + margin, c)
        c.act[k] = code
        if c.G[k, k] == 0.0:
            return EMPTY, q2, k
        tol = 4e-13 * far[j] + 4.0 * _EPS * np.sqrt(far[j]) * 2.0 * p.largest
        k, q2, status, _ = maximise(k + 1, q2, np.inf, cap, tol, q, c)
        if status == EMPTY:
            return EMPTY, q2, k
    return SOLVED, q2, k


@njit(**INNER)
def _allowed(row: Any, width: int, beside: int) -> int:
    """Return how many intruders the node allows nearer than all members (0) or than those of e (1)."""
    count = 0
    for e in range(row[ALLOWED]):
        count += (row[HEAD + width + e] < 0) == (beside == 1)
    return count


@njit(**INNER)
def _known(i: int, row: Any, width: int, beside: int) -> bool:
    """Say whether the node has decided about point ``i``."""
    for e in range(row[ALLOWED]):
        if row[HEAD + width + e] == (-i - 1 if beside == 1 else i):
            return True
    for e in range(row[OUT]):
        code = row[HEAD + width + ROOM + e]
        if code == i or (beside == 1 and code == -i - 1):
            return True
    return False


@njit(**INNER)
def _nearer(reach2: float, spread: float, label: int, row: Any, width: int, beside: int, v: View, p: Points,
            w: Scratch, use: Any, count: int) -> int:
    """Append undecided points of class ``label`` nearer to ``z`` than ``reach2`` to the list of intruders."""
    begin, end = p.start[label], p.stop[label]
    radius = np.sqrt(max(reach2, 0.0))
    slack = slack_at(radius, p, w)
    found = below(v.low, v.least, begin, end, (radius + spread) ** 2 * (1 + 1e-9), w.found, 0)
    for e in range(found):
        i = w.found[e]
        if use[INTERVAL] and interval(i, slack, p, w) >= reach2:
            continue
        value = dist2(p.X, i, w.z)
        if value < reach2 and not _known(i, row, width, beside):
            w.live[count], w.live_far[count] = i, value
            count += 1
    return count


@njit(**INNER)
def _nearest_first(count: int, first: int, w: Scratch) -> None:
    """Bring the ``first`` nearest of the intruders to the front."""
    for e in range(min(first, count)):
        best = e
        for f in range(e + 1, count):
            if w.live_far[f] < w.live_far[best]:
                best = f
        w.live[e], w.live[best] = w.live[best], w.live[e]
        w.live_far[e], w.live_far[best] = w.live_far[best], w.live_far[e]


@njit(**INNER)
def _child(row: Any, bound: float, nodes: Any, size: int, heap: Any) -> int:
    """Copy a node to the end of the list and queue it; return its number."""
    for e in range(row.size):
        nodes[size, e] = row[e]
    heappush(heap, (bound, size))
    return size


@njit(**INNER)
def _commit(row: Any, bound: float, width: int, types: Any, cand: Any, kind: Any,
            far: Any, q: Query, p: Points, nodes: Any, size: int, heap: Any) -> int:
    """Queue a child for every candidate before the last member that may be the next one."""
    for at in range(row[LAST] - 1, -1, -1):
        same = kind[at] == types[row[TYPE], 0]
        have = 0
        for e in range(row[MEMBERS]):
            have += kind[row[HEAD + e]] == types[row[TYPE], 0]
        others = row[MEMBERS] - have
        if (same and have >= types[row[TYPE], 1]) or (not same and others >= types[row[TYPE], 3]):
            continue
        least = bound
        for e in range(row[OUT]):
            code = row[HEAD + width + ROOM + e]
            if code >= 0 or same:
                i = code if code >= 0 else -code - 1
                gain = far[at] - dist2(p.X, i, q.x)
                apart2 = dist2(p.X, i, p.X[cand[at]])
                if gain > 0.0:
                    least = max(least, gain * gain / (4.0 * apart2) if apart2 > 0.0 else np.inf)
        if least < np.inf and size < nodes.shape[0]:
            new = _child(row, least, nodes, size, heap)
            nodes[new, HEAD + row[MEMBERS]] = at
            nodes[new, MEMBERS] += 1
            nodes[new, LAST] = at
            size += 1
    return size


@njit(**INNER)
def _force(row: Any, bound: float, room: int, beside: int, code: int, width: int, nodes: Any, size: int,
           heap: Any, w: Scratch) -> int:
    """Queue children in which one of the nearest ``room + 1`` intruders is out and those before it allowed."""
    for e in range(room + 1):
        if size < nodes.shape[0]:
            new = _child(row, bound, nodes, size, heap)
            for f in range(e):
                nodes[new, HEAD + width + nodes[new, ALLOWED]] = -w.live[f] - 1 if beside == 1 else w.live[f]
                nodes[new, ALLOWED] += 1
            i = w.live[e]
            nodes[new, HEAD + width + ROOM + nodes[new, OUT]] = i if code > 0 else -i - 1
            nodes[new, OUT] += 1
            size += 1
    return size


@njit(**INNER)
def _intruders(beside: int, own: int, row: Any, width: int, types: Any, cand: Any, kind: Any, margin: float,
               spread: float, v: View, p: Points, w: Scratch, use: Any) -> int:
    """List undecided points nearer than the farthest member of ``e`` (1) or own ones nearer than any (0)."""
    rival_of = types[row[TYPE], 0]
    far, at = _farthest(row, width, cand, kind, rival_of if beside == 1 else -1, p, w)
    if at < 0:
        return 0
    reach2 = far * (1.0 - 1e-12) + 2.0 * margin
    count = 0
    for label in range(p.start.size):
        if (label != rival_of) if beside == 1 else (label == own):
            count = _nearer(reach2, spread, label, row, width, beside, v, p, w, use, count)
    return count


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def branch(own: int, types: Any, cand: Any, kind: Any, bounds: Any, far: Any, beyond2: float, cap: float,
           margin: float, x: Any, low: Any, high: Any, boxed: bool, lows: Any, coords: Any, rest: float,
           length: float, least: Any, c: Cell, p: Points, w: Scratch, use: Any, nodes: Any,
           seed: Any) -> tuple[int, float, int]:
    """Find the nearest point at which a class beats ``own``, best bound first.

    ``types`` (t, 4) holds e, a, b, o; ``cand`` (m,) points of other classes by ascending ``bounds``, all left
    out have a squared bound of ``beyond2``. Starts from the node ``seed`` if that has members. Leaves the
    point in ``w.z`` and its node in ``seed``; returns the outcome, a lower bound on the squared distance
    (the distance itself if `FOUND`) and the number of nodes.
    """
    q = Query(x, low, high, boxed)
    v = View(lows, least, coords, rest, length, 0, 0)
    width = types[:, 1].max() + types[:, 3].max()
    heap = [(0.0, 0)]
    heap.pop()
    size, solved, reached = 0, 0, 0.0
    if seed[MEMBERS] > 0:
        size = _child(seed, 0.0, nodes, 0, heap) + 1
    elif cand.size:
        for t in range(types.shape[0]):
            seed[TYPE], seed[MEMBERS], seed[HEAD] = t, 1, 0
            size = _child(seed, bounds[0] ** 2, nodes, size, heap) + 1
    fixed = seed[LAST] < 0
    while heap:
        bound, at = heappop(heap)
        reached = max(reached, bound)
        if bound > beyond2:
            return LIMIT, beyond2, solved
        row = nodes[at].copy()
        if size + 64 + cand.size > nodes.shape[0] or row[ALLOWED] + 8 > ROOM or row[OUT] + 2 > ROOM:
            return LIMIT, bound, solved
        t = row[TYPE]
        if row[MEMBERS] == 1 and row[OUT] == 0 and row[ALLOWED] == 0 and not fixed:
            if row[LAST] + 1 < cand.size:
                row[LAST] += 1
                row[HEAD] += 1
                size = _child(row, bounds[row[LAST]] ** 2, nodes, size, heap) + 1
                row[LAST] -= 1
                row[HEAD] -= 1
            if kind[row[HEAD]] != types[t, 0] and types[t, 3] == 0:
                continue
        status, q2, active = _project(row, width, types, cand, kind, far, margin, cap, q, c, p, w)
        solved += 1
        if status == EMPTY:
            continue
        q2 = max(q2, bound)
        _, spread = place(-1, active, q, c, v, p, w)
        room = types[t, 2] + types[t, 3] - _allowed(row, width, 1)
        count = _intruders(1, own, row, width, types, cand, kind, margin, spread, v, p, w, use)
        if count > room:
            _nearest_first(count, room + 1, w)
            size = _force(row, q2, room, 1, 1 if types[t, 3] == 0 else -1, width, nodes, size, heap, w)
            continue
        if types[t, 3] > 0:
            room = types[t, 2] - _allowed(row, width, 0)
            count = _intruders(0, own, row, width, types, cand, kind, margin, spread, v, p, w, use)
            if count > room:
                _nearest_first(count, room + 1, w)
                size = _force(row, q2, room, 0, 1, width, nodes, size, heap, w)
                continue
        if row[MEMBERS] < types[t, 1] + types[t, 3]:
            size = _commit(row, q2, width, types, cand, kind, far, q, p, nodes, size, heap)
        elif len(heap) == 0 or q2 <= heap[0][0]:
            for e in range(row.size):
                seed[e] = row[e]
            return FOUND, q2, solved
        else:
            size = _child(row, q2, nodes, size, heap) + 1
    return (NONE if beyond2 == np.inf else LIMIT), (np.inf if beyond2 == np.inf else beyond2), solved
