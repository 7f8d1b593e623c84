"""k-NN: best-first branch and bound over which points are among the nearest.

A class ``e`` beats the own class ``c`` at z when at least ``a`` of its points and at most ``b`` own ones are
among the k nearest. Then some *members* (``a`` points of e, ``o = k - a - b`` of third classes) are all
nearer than the own points except at most ``b``, and the members of e nearer than all points of other classes
except at most ``k - a``. A node commits members, and outsiders that have to be farther; its bound is the cell
with one half-space for each pair.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np
from numba import njit

from edgewise.attacks.region.branch_nodes import (
    ALLOWED,
    HEAD,
    LAST,
    MEMBERS,
    OUT,
    ROOM,
    TYPE,
    allowed,
    farthest,
    known,
    project,
)
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.compiling import INNER, LISTING, ZERO, dated
from edgewise.attacks.region.distance_filters import (
    INTERVAL,
    below,
    between2,
    blurred,
    counts_as,
    interval,
    place,
    slack_at,
)
from edgewise.attacks.region.l2_cell import EMPTY, STALLED, dist2, leave, rounding
from edgewise.attacks.region.search_arrays import Points, Scratch, View


LISTS: dict[str, Any] = {**INNER, "_nrt": True}
FOUND, LIMIT, NONE = 0, 1, 2


@njit(**LISTS)
def _nearer(
    reach2: float,
    j: int,
    margin: float,
    tol: float,
    spread: float,
    q: Query,
    c: Cell,
    label: int,
    row: Any,
    width: int,
    beside: int,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    count: int,
) -> int:
    """Append undecided points of class ``label`` nearer to ``z`` than member ``j`` to the list of intruders."""
    begin, end = p.start[label], p.stop[label]
    band = blurred(reach2, spread, v, p)
    radius = np.sqrt(max(reach2 + band, 0.0))
    slack = slack_at(radius, p, w)
    found = below(v.low, v.least, begin, end, (radius + spread) ** 2 * (1 + 1e-9), w.found, ZERO)
    for e in range(found):
        i = w.found[e]
        if use[INTERVAL] and interval(i, slack, p, w) >= reach2 + band:
            continue
        value = dist2(p.X, i, w.z)
        if value <= reach2 + band and not known(i, row, width, beside):
            if not counts_as(i, value, reach2, band, j, margin, tol, q, c, p):
                continue
            w.live[count], w.live_far[count] = i, value
            count += 1
    return count


@njit(**LISTS)
def _nearest_first(count: int, first: int, w: Scratch) -> None:
    """Bring the ``first`` nearest of the intruders to the front."""
    for e in range(min(first, count)):
        best = e
        for f in range(e + 1, count):
            if w.live_far[f] < w.live_far[best]:
                best = f
        w.live[e], w.live[best] = w.live[best], w.live[e]
        w.live_far[e], w.live_far[best] = w.live_far[best], w.live_far[e]


@njit(**LISTS)
def _child(row: Any, bound: float, nodes: Any, size: int, heap: Any) -> int:
    """Copy a node to the end of the list and queue it; return its number."""
    for e in range(row.size):
        nodes[size, e] = row[e]
    heappush(heap, (bound, size))
    return size


@njit(**LISTS, inline="always")
def _commit(
    row: Any,
    bound: float,
    width: int,
    types: Any,
    cand: Any,
    kind: Any,
    far: Any,
    q: Query,
    p: Points,
    w: Scratch,
    nodes: Any,
    size: int,
    heap: Any,
) -> int:
    """Queue a child for every candidate before the last member that may be the next one."""
    for e in range(row[OUT]):
        code = row[HEAD + width + ROOM + e]
        w.found[e] = code if code >= 0 else -code - 1
        w.value[e] = dist2(p.X, w.found[e], q.x)
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
            if row[HEAD + width + ROOM + e] >= 0 or same:
                gain = far[at] - w.value[e]
                if gain > 0.0:
                    apart2 = between2(w.found[e], cand[at], p)
                    least = max(least, gain * gain / (4.0 * apart2) if apart2 > 0.0 else np.inf)
        if least < np.inf and size < nodes.shape[0]:
            new = _child(row, least, nodes, size, heap)
            nodes[new, HEAD + row[MEMBERS]] = at
            nodes[new, MEMBERS] += 1
            nodes[new, LAST] = at
            size += 1
    return size


@njit(**LISTS)
def _force(
    row: Any,
    bound: float,
    room: int,
    beside: int,
    code: int,
    width: int,
    nodes: Any,
    size: int,
    heap: Any,
    w: Scratch,
) -> int:
    """Queue children: one of the nearest ``room + 1`` intruders is out, those before it are allowed."""
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


@njit(**LISTS)
def _intruders(
    beside: int,
    own: int,
    row: Any,
    width: int,
    types: Any,
    cand: Any,
    kind: Any,
    far: Any,
    margin: float,
    spread: float,
    q: Query,
    c: Cell,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
) -> int:
    """List undecided points nearer than the farthest member of ``e`` (1) or own ones nearer than any (0)."""
    rival_of = types[row[TYPE], 0]
    farther, at = farthest(row, width, cand, kind, rival_of if beside == 1 else -1, p, w)
    if at < 0:
        return 0
    reach2, j, tol = farther + 2.0 * margin, cand[at], 2.0 * rounding(far[at], q.x.size)
    count = 0
    for label in range(p.start.size):
        if (label != rival_of) if beside == 1 else (label == own):
            count = _nearer(
                reach2, j, margin, tol, spread, q, c, label, row, width, beside, v, p, w, use, count
            )
    return count


@njit(**LISTS, inline="always")
def _split(
    bound: float,
    own: int,
    row: Any,
    width: int,
    types: Any,
    cand: Any,
    kind: Any,
    far: Any,
    margin: float,
    spread: float,
    q: Query,
    c: Cell,
    v: View,
    p: Points,
    w: Scratch,
    use: Any,
    nodes: Any,
    size: int,
    heap: Any,
) -> int:
    """Queue children of a node with too many intruders at ``z``; return how many nodes there are."""
    t = row[TYPE]
    others = types[t, 3]
    for beside in (1, 0) if others > 0 else (1, 1):
        room = types[t, 2] + (others if beside == 1 else 0) - allowed(row, width, beside)
        count = _intruders(
            beside, own, row, width, types, cand, kind, far, margin, spread, q, c, v, p, w, use
        )
        if count > room:
            _nearest_first(count, room + 1, w)
            code = 1 if beside == 0 or others == 0 else -1
            return _force(row, bound, room, beside, code, width, nodes, size, heap, w)
        if others == 0:
            break
    return size


@njit(**LISTS)
def _roots(types: Any, bounds: Any, seed: Any, nodes: Any, heap: Any) -> int:
    """Queue the node to start from, or one of each type; return how many nodes there are."""
    if seed[MEMBERS] > 0:
        return _child(seed, 0.0, nodes, 0, heap) + 1
    size = 0
    if bounds.size:
        for t in range(types.shape[0]):
            seed[TYPE], seed[MEMBERS], seed[HEAD] = t, 1, 0
            size = _child(seed, bounds[0] ** 2, nodes, size, heap) + 1
    return size


@njit(**LISTS)
def _next_anchor(row: Any, bounds: Any, nodes: Any, size: int, heap: Any) -> int:
    """Queue the node whose first member is the next candidate; return how many nodes there are."""
    at = row[LAST] + 1
    if at >= bounds.size:
        return size
    new = _child(row, bounds[at] ** 2, nodes, size, heap)
    nodes[new, LAST] = nodes[new, HEAD] = at
    return size + 1


@dated
@njit(**LISTING)
def branch(
    own: int,
    types: Any,
    cand: Any,
    kind: Any,
    bounds: Any,
    far: Any,
    beyond2: float,
    cap: float,
    margin: float,
    x: Any,
    low: Any,
    high: Any,
    boxed: bool,
    lows: Any,
    coords: Any,
    rest: float,
    length: float,
    least: Any,
    c: Cell,
    p: Points,
    w: Scratch,
    use: Any,
    width: int,
    nodes: Any,
    seed: Any,
) -> tuple[int, float, int]:
    """Find the nearest point at which a class beats ``own``, best bound first.

    ``types`` (t, 4) holds e, a, b, o, and ``width`` is the most members of one; ``cand`` (m,) points of other
    classes by ascending ``bounds``, all left out have a squared bound of ``beyond2``. Starts from the node
    ``seed`` if that has members. Leaves the point in ``w.z`` and its node in ``seed``; returns the outcome, a
    lower bound on the squared distance (the distance itself if `FOUND`) and the number of nodes.
    """
    leave(x, low, high, boxed, c)
    q = Query(x, c.low, c.high, boxed)
    v = View(lows, least, coords, rest, length, 0, 0)
    heap = [(0.0, 0)]
    heap.pop()
    solved, fixed = 0, seed[LAST] < 0
    size = _roots(types, bounds, seed, nodes, heap)
    while heap:
        bound, at = heappop(heap)
        if bound > beyond2:
            return LIMIT, beyond2, solved
        row = nodes[at]
        if size + 64 + cand.size > nodes.shape[0] or row[ALLOWED] + 8 > ROOM or row[OUT] + 2 > ROOM:
            return LIMIT, bound, solved
        t = row[TYPE]
        if row[MEMBERS] == 1 and row[OUT] == 0 and row[ALLOWED] == 0 and not fixed:
            size = _next_anchor(row, bounds, nodes, size, heap)
            if kind[row[HEAD]] != types[t, 0] and types[t, 3] == 0:
                continue
        status, q2, active = project(row, width, types, cand, kind, far, margin, cap, q, c, v, p, w)
        solved += 1
        if status == EMPTY:
            continue
        q2 = max(q2, bound)
        _, spread = place(-1, active, q, c, v, p, w)
        grown = _split(
            q2, own, row, width, types, cand, kind, far, margin, spread, q, c, v, p, w, use, nodes, size, heap
        )
        if grown > size:
            size = grown
            continue
        if row[MEMBERS] < types[t, 1] + types[t, 3]:
            size = _commit(row, q2, width, types, cand, kind, far, q, p, w, nodes, size, heap)
        elif len(heap) == 0 or q2 <= heap[0][0]:
            for e in range(row.size):
                seed[e] = row[e]
            return (LIMIT if status == STALLED else FOUND), q2, solved
        else:
            size = _child(row, q2, nodes, size, heap) + 1
    return (NONE if beyond2 == np.inf else LIMIT), (np.inf if beyond2 == np.inf else beyond2), solved
