"""k-NN: best-first branch and bound over which points are among the nearest.

A class ``e`` beats the own class ``c`` at z when at least ``a`` of its points and at most ``b`` own ones are
among the k nearest. Then some *members* (``a`` points of e, ``o = k - a - b`` of third classes) are all
nearer than the own points except at most ``b``, and the members of e nearer than all points of other classes
except at most ``k - a``. A node commits members, and outsiders that have to be farther; its bound is the cell
with one half-space for each pair.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TypeAlias

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.region.branch_nodes import (
    ALLOWED,
    HEAD,
    HELD,
    LAST,
    MEMBERS,
    OUT,
    ROOM,
    TYPE,
    Election,
    allowed,
    farthest,
    known,
    project,
)
from edgewise.attacks.region.compiling import LISTING, LISTS, compiled, dated
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
from edgewise.attacks.region.l2_cell import EMPTY, STALLED, dist2, rounding
from edgewise.attacks.region.search_arrays import Scratch, Search


Heap: TypeAlias = list[tuple[float, int]]
"""Bounds and numbers of the nodes to be looked at."""

FOUND, LIMIT, NONE = 0, 1, 2


@compiled(LISTS)
def _nearest(
    count: int,
    most: int,
    reach2: float,
    band: float,
    j: int,
    tol: float,
    row: Index,
    beside: int,
    of: Election,
    s: Search,
) -> int:
    """Put the ``most`` nearest of ``count`` possible intruders nearer to ``z`` than member ``j`` on the list.

    They are taken by their bounds, as far as needed; returns how many there are.
    """
    p, w = s.p, s.w
    listed = 0
    while count > 0:
        least = 0
        for e in range(1, count):
            least = e if w.value[e] < w.value[least] else least
        if listed == most and w.value[least] >= w.live_far[most - 1]:
            break
        i = w.found[least]
        count -= 1
        w.found[least], w.value[least] = w.found[count], w.value[count]
        value = dist2(p.X, i, w.z)
        if known(i, row, of.width, beside) or not counts_as(i, value, reach2, band, j, tol, s.q, s.c, p):
            continue
        if listed == most and value >= w.live_far[most - 1]:
            continue
        at = min(listed, most - 1)
        while at > 0 and w.live_far[at - 1] > value:
            w.live[at], w.live_far[at] = w.live[at - 1], w.live_far[at - 1]
            at -= 1
        w.live[at], w.live_far[at] = i, value
        listed = min(listed + 1, most)
    return listed


@compiled(LISTS)
def _child(row: Index, bound: float, nodes: Index, size: int, heap: Heap) -> int:
    """Copy a node to the end of the list and queue it; return its number."""
    for e in range(row.size):
        nodes[size, e] = row[e]
    heappush(heap, (bound, size))
    return size


@compiled({**LISTS, "inline": "always"})
def _commit(row: Index, bound: float, of: Election, s: Search, nodes: Index, size: int, heap: Heap) -> int:
    """Queue a child for every candidate before the last member that may be the next one."""
    p, w, kind, base = s.p, s.w, of.kind, HEAD + of.width + ROOM
    way = of.types[row[TYPE]]
    rival, members, others = way[0], way[1], way[3]
    for e in range(row[OUT]):
        code = row[base + e]
        w.found[e] = code if code >= 0 else -code - 1
        w.value[e] = dist2(p.X, w.found[e], s.q.x)
    for at in range(row[LAST] - 1, -1, -1):
        same = kind[at] == rival
        have = 0
        for e in range(row[MEMBERS]):
            have += kind[row[HEAD + e]] == rival
        if (same and have >= members) or (not same and row[MEMBERS] - have >= others):
            continue
        least = bound
        for e in range(row[OUT]):
            if row[base + e] >= 0 or same:
                gain = of.far[at] - w.value[e]
                if gain > 0.0:
                    apart2 = between2(w.found[e], of.cand[at], p)
                    least = max(least, gain * gain / (4.0 * apart2) if apart2 > 0.0 else np.inf)
        if least < np.inf and size < nodes.shape[0]:
            new = _child(row, least, nodes, size, heap)
            nodes[new, HEAD + row[MEMBERS]] = at
            nodes[new, MEMBERS] += 1
            nodes[new, LAST] = at
            size += 1
    return size


@compiled(LISTS)
def _force(
    row: Index,
    bound: float,
    room: int,
    beside: int,
    code: int,
    width: int,
    nodes: Index,
    size: int,
    heap: Heap,
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


@compiled(LISTS)
def _intruders(beside: int, most: int, row: Index, spread: float, of: Election, s: Search) -> int:
    """List undecided points nearer than the farthest member of ``e`` (1) or own ones nearer than any (0).

    Of them the ``most`` nearest; returns how many those are.
    """
    v, p, w = s.v, s.p, s.w
    rival = of.types[row[TYPE], 0]
    far2, at = farthest(row, rival if beside == 1 else -1, of, p, w)
    if at < 0:
        return 0
    reach2, j, tol = far2 + 2.0 * s.q.margin, of.cand[at], 2.0 * rounding(of.far[at], s.q.x.size)
    band = blurred(reach2, spread, v, p)
    radius = np.sqrt(max(reach2 + band, 0.0))
    slack, limit = slack_at(radius, p, w), (radius + spread) ** 2 * (1 + 1e-9)
    count = 0
    for label in range(p.start.size):
        if (label != rival) if beside == 1 else (label == s.q.own):
            found = below(v.low, v.least, p.start[label], p.stop[label], limit, w.found, count)
            for e in range(count, found):
                i = w.found[e]
                least = interval(i, slack, p, w) if s.use[INTERVAL] else -1.0
                if least < reach2 + band:
                    w.found[count], w.value[count] = i, least
                    count += 1
    return _nearest(count, most, reach2, band, j, tol, row, beside, of, s)


@compiled({**LISTS, "inline": "always"})
def _split(
    bound: float, row: Index, spread: float, of: Election, s: Search, nodes: Index, size: int, heap: Heap
) -> int:
    """Queue children of a node with too many intruders at ``z``; return how many nodes there are."""
    way = of.types[row[TYPE]]
    others = way[3]
    for beside in (1, 0) if others > 0 else (1, 1):
        room = way[2] + (others if beside == 1 else 0) - allowed(row, of.width, beside)
        if _intruders(beside, room + 1, row, spread, of, s) > room:
            code = 1 if beside == 0 or others == 0 else -1
            return _force(row, bound, room, beside, code, of.width, nodes, size, heap, s.w)
        if others == 0:
            break
    return size


@compiled(LISTS)
def _roots(of: Election, seed: Index, nodes: Index, heap: Heap) -> int:
    """Queue the node to start from, or one of each type; return how many nodes there are."""
    if seed[MEMBERS] > 0:
        return _child(seed, 0.0, nodes, 0, heap) + 1
    size = 0
    if of.bounds.size:
        for t in range(of.types.shape[0]):
            seed[TYPE], seed[MEMBERS], seed[HEAD] = t, 1, 0
            size = _child(seed, of.bounds[0] ** 2, nodes, size, heap) + 1
    return size


@compiled(LISTS)
def _next_anchor(row: Index, bounds: Floats, nodes: Index, size: int, heap: Heap) -> int:
    """Queue the node whose first member is the next candidate; return how many nodes there are."""
    at = row[LAST] + 1
    if at >= bounds.size:
        return size
    new = _child(row, bounds[at] ** 2, nodes, size, heap)
    nodes[new, LAST] = nodes[new, HEAD] = at
    nodes[new, HELD] = 0
    return size + 1


@dated
@compiled(LISTING)
def branch(s: Search, of: Election, nodes: Index, lams: Floats, seed: Index) -> tuple[int, float, int]:
    """Find the nearest point at which a class beats the own one, best bound first.

    Starts from the node ``seed`` if that has members. Leaves the point in ``w.z`` and its node in ``seed``;
    returns the outcome, a lower bound on the squared distance (the distance itself if `FOUND`) and the number of
    nodes.
    """
    heap = [(0.0, 0)]
    heap.pop()
    solved, active, fixed = 0, 0, seed[LAST] < 0
    seed[HELD] = 0
    size = _roots(of, seed, nodes, heap)
    while heap:
        bound, at = heappop(heap)
        if bound > of.beyond2:
            return LIMIT, of.beyond2, solved
        row = nodes[at]
        if size + 64 + of.cand.size > nodes.shape[0] or row[ALLOWED] + 8 > ROOM or row[OUT] + 2 > ROOM:
            return LIMIT, bound, solved
        way = of.types[row[TYPE]]
        if row[MEMBERS] == 1 and row[OUT] == 0 and row[ALLOWED] == 0 and not fixed:
            size = _next_anchor(row, of.bounds, nodes, size, heap)
            if of.kind[row[HEAD]] != way[0] and way[3] == 0:
                continue
        status, q2, active = project(at, nodes, active, lams, of, s)
        solved += 1
        if status == EMPTY:
            continue
        q2 = max(q2, bound)
        _, spread = place(active, True, s)
        grown = _split(q2, row, spread, of, s, nodes, size, heap)
        if grown > size:
            size = grown
            continue
        if row[MEMBERS] < way[1] + way[3]:
            size = _commit(row, q2, of, s, nodes, size, heap)
        elif len(heap) == 0 or q2 <= heap[0][0]:
            for e in range(row.size):
                seed[e] = row[e]
            return (LIMIT if status == STALLED else FOUND), q2, solved
        else:
            size = _child(row, q2, nodes, size, heap) + 1
    return (NONE if of.beyond2 == np.inf else LIMIT), of.beyond2, solved
