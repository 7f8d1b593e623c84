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
    project,
)
from edgewise.attacks.region.compiling import INNER, LISTING, LISTS, compiled, dated
from edgewise.attacks.region.distance_filters import between2, blurred, place
from edgewise.attacks.region.intruders import intruders
from edgewise.attacks.region.l2_cell import EMPTY, STALLED, dist2, inside, rounding
from edgewise.attacks.region.search_arrays import Search


Heap: TypeAlias = list[tuple[float, int]]
"""Bounds and numbers of the nodes to be looked at."""

FOUND, LIMIT, NONE = 0, 1, 2


@compiled(INNER)
def _outside(q2: float, i: int, row: Index, only: int, of: Election, s: Search) -> float:
    """Return a bound on the squared distance with ``i`` farther than all members, or those of class ``only``.

    ``z``, ``q2`` away, breaks the new half-space by a length; one step along its normal raises twice the dual value
    by the square of that.
    """
    most = 0.0
    for e in range(row[MEMBERS]):
        at = row[HEAD + e]
        if only < 0 or of.kind[at] == only:
            broken = -inside(i, of.cand[at], s.q, s.c, s.p.X)
            most = max(most, broken - rounding(of.far[at], s.q.x.size))
    return q2 + most * most


@compiled(LISTS)
def child(row: Index, bound: float, nodes: Index, size: int, heap: Heap) -> int:
    """Copy a node to the end of the list and queue it; return its number."""
    for e in range(row.size):
        nodes[size, e] = row[e]
    heappush(heap, (bound, size))
    return size


@compiled({**LISTS, "inline": "always"})
def _commit(
    row: Index,
    bound: float,
    q2: float,
    spread: float,
    of: Election,
    s: Search,
    nodes: Index,
    size: int,
    heap: Heap,
) -> int:
    """Queue a child for every candidate before the last member that may be the next one."""
    p, w, kind, base = s.p, s.w, of.kind, HEAD + of.width + ROOM
    way = of.types[row[TYPE]]
    rival, members, others = way[0], way[1], way[3]
    for e in range(row[OUT]):
        code = row[base + e]
        w.found[e] = code if code >= 0 else -code - 1
        w.value[e] = dist2(p.X, w.found[e], w.z)
    for at in range(row[LAST] - 1, -1, -1):
        same = kind[at] == rival
        have = 0
        for e in range(row[MEMBERS]):
            have += kind[row[HEAD + e]] == rival
        if (same and have >= members) or (not same and row[MEMBERS] - have >= others):
            continue
        least, far2 = bound, dist2(p.X, of.cand[at], w.z)
        unsure = 2.0 * (blurred(far2, spread, s.v, p) - s.q.margin)
        for e in range(row[OUT]):
            gain = far2 - w.value[e] - unsure
            if gain > 0.0 and (row[base + e] >= 0 or same):
                apart2 = between2(w.found[e], of.cand[at], p)
                least = max(least, q2 + gain * gain / (4.0 * apart2) if apart2 > 0.0 else np.inf)
        if least < np.inf and size < nodes.shape[0]:
            new = child(row, least, nodes, size, heap)
            nodes[new, HEAD + row[MEMBERS]] = at
            nodes[new, MEMBERS] += 1
            nodes[new, LAST] = at
            size += 1
    return size


@compiled(LISTS)
def _force(
    row: Index,
    bound: float,
    q2: float,
    room: int,
    beside: int,
    code: int,
    of: Election,
    s: Search,
    nodes: Index,
    size: int,
    heap: Heap,
) -> int:
    """Queue children: one of the ``room + 1`` intruders listed is out, those before it are allowed."""
    w, width, only = s.w, of.width, -1 if code > 0 else of.types[row[TYPE], 0]
    for e in range(room + 1):
        if size < nodes.shape[0]:
            least = max(bound, _outside(q2, w.live[e], row, only, of, s))
            new = child(row, least, nodes, size, heap)
            for f in range(e):
                nodes[new, HEAD + width + nodes[new, ALLOWED]] = -w.live[f] - 1 if beside == 1 else w.live[f]
                nodes[new, ALLOWED] += 1
            i = w.live[e]
            nodes[new, HEAD + width + ROOM + nodes[new, OUT]] = i if code > 0 else -i - 1
            nodes[new, OUT] += 1
            size += 1
    return size


@compiled({**LISTS, "inline": "always"})
def split(
    bound: float,
    q2: float,
    row: Index,
    spread: float,
    of: Election,
    s: Search,
    nodes: Index,
    size: int,
    heap: Heap,
) -> int:
    """Queue children of a node with too many intruders at ``z``; return how many nodes there are."""
    way = of.types[row[TYPE]]
    others = way[3]
    for beside in (1, 0) if others > 0 else (1, 1):
        room = way[2] + (others if beside == 1 else 0) - allowed(row, of.width, beside)
        if intruders(beside, room + 1, row, spread, of, s) > room:
            code = 1 if beside == 0 or others == 0 else -1
            return _force(row, bound, q2, room, beside, code, of, s, nodes, size, heap)
        if others == 0:
            break
    return size


@compiled(LISTS)
def _roots(of: Election, seed: Index, nodes: Index, heap: Heap) -> int:
    """Queue the node to start from, or one of each type; return how many nodes there are."""
    if seed[MEMBERS] > 0:
        return child(seed, 0.0, nodes, 0, heap) + 1
    size = 0
    if of.bounds.size:
        for t in range(of.types.shape[0]):
            seed[TYPE], seed[MEMBERS], seed[HEAD] = t, 1, 0
            size = child(seed, of.bounds[0] ** 2, nodes, size, heap) + 1
    return size


@compiled(LISTS)
def _next_anchor(row: Index, bounds: Floats, nodes: Index, size: int, heap: Heap) -> int:
    """Queue the node whose first member is the next candidate; return how many nodes there are."""
    at = row[LAST] + 1
    if at >= bounds.size:
        return size
    new = child(row, bounds[at] ** 2, nodes, size, heap)
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
        bound = max(q2, bound)
        _, spread = place(active, True, s)
        grown = split(bound, q2, row, spread, of, s, nodes, size, heap)
        if grown > size:
            size = grown
            continue
        if row[MEMBERS] < way[1] + way[3]:
            size = _commit(row, bound, q2, spread, of, s, nodes, size, heap)
        elif len(heap) == 0 or bound <= heap[0][0]:
            for e in range(row.size):
                seed[e] = row[e]
            return (LIMIT if status == STALLED else FOUND), bound, solved
        else:
            size = child(row, bound, nodes, size, heap) + 1
    return (NONE if of.beyond2 == np.inf else LIMIT), of.beyond2, solved
