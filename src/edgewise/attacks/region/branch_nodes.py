"""One node of the k-NN search: a row of integers, and the cell it stands for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.compiling import INNER, WITHIN, compiled
from edgewise.attacks.region.distance_filters import blurred
from edgewise.attacks.region.l2_cell import (
    EMPTY,
    SOLVED,
    STALLED,
    add,
    dist2,
    doubt,
    inside,
    maximise,
    move,
    rounding,
    slack_of,
)
from edgewise.attacks.region.search_arrays import Points, Scratch, Search


ROOM = 40
"""Points a node may allow, and force out, before the search stops with an interval."""

TYPE, MEMBERS, ALLOWED, OUT, LAST, PARENT, HELD, HEAD = 0, 1, 2, 3, 4, 5, 6, 7
"""Where a row keeps its type, how many members, points allowed and out, its last member, its parent and how many
half-spaces hold that, and the lists: members, allowed, out, half-spaces."""


def width(k: int) -> int:
    """Return the length of a row for k neighbours.

    Examples
    --------
    >>> width(3) - width(1)
    4
    """
    return HEAD + 2 * k + 3 * ROOM


class Election(NamedTuple):
    """Who may win the vote at some point instead of the query's own class.

    Parameters
    ----------
    types, width
        The ways to lose ``(t, 4)``, rows ``e, a, b, o``, and the most members of one.
    cand, kind, far, bounds
        Points of other classes that may be members ``(m,)``, by ascending bound on their distance from the boundary:
        their rows, classes, squared distances from the query, and the bounds.
    beyond2
        A squared bound for all points left out.
    """

    types: Index
    width: int
    cand: Index
    kind: Index
    far: Floats
    bounds: Floats
    beyond2: float


@compiled(INNER)
def settle(k: int, q: Query, c: Cell, w: Scratch) -> None:
    """Set ``z`` to the current point."""
    if not q.boxed:
        move(k, c.lam, q, c)
    for t in range(w.z.size):
        w.z[t] = q.x[t] + c.delta[t]


@compiled(INNER)
def farthest(row: Index, only: int, of: Election, p: Points, w: Scratch) -> tuple[float, int]:
    """Return the largest squared distance of a member to ``z`` and its candidate; ``only`` a class, or -1."""
    far, which = -1.0, -1
    for e in range(row[MEMBERS]):
        at = row[HEAD + e]
        if only < 0 or of.kind[at] == only:
            value = dist2(p.X, of.cand[at], w.z)
            if value > far:
                far, which = value, at
    return far, which


@compiled(WITHIN)
def _resumed(row: Index, there: int, lams: Floats, of: Election, s: Search) -> tuple[int, float]:
    """Set the half-spaces that hold the parent, of which the first ``there`` may stand in place already.

    Returns how many these are, and twice the dual value.
    """
    q, c, p = s.q, s.c, s.p
    n, base, k = p.X.shape[0], HEAD + of.width + 2 * ROOM, row[HELD]
    for e in range(k):
        j, i = row[base + e] // n, row[base + e] % n
        if e >= there or c.act[e] != i or c.own[e] != j:
            there = e
            add(e, i, j, p.X, q, c)
        c.lam[e] = lams[row[PARENT], e]
    q2 = move(k, c.lam, q, c)
    for e in range(k):
        c.s[e] = slack_of(e, k, c.lam, q.boxed, c)
        q2 -= 2.0 * c.lam[e] * c.s[e]
    return k, q2


@compiled(WITHIN)
def project(
    number: int, nodes: Index, there: int, lams: Floats, of: Election, s: Search
) -> tuple[int, float, int]:
    """Solve the cell of a node into ``z``; return status, squared distance and how many half-spaces hold it.

    The first ``there`` half-spaces are those of the node solved before. What holds it is kept for its children.
    """
    row, base, n = nodes[number], HEAD + of.width + 2 * ROOM, s.p.X.shape[0]
    status, q2, k = _solved(row, there, lams, of, s)
    row[PARENT], row[HELD] = number, k if k <= ROOM else 0
    for e in range(row[HELD]):
        row[base + e], lams[number, e] = s.c.own[e] * n + s.c.act[e], s.c.lam[e]
    return status, q2, k


@compiled(INNER)
def _held(i: int, j: int, k: int, c: Cell) -> bool:
    """Say whether the half-space of rival ``i`` against ``j`` is one of the ``k``."""
    held = False
    for e in range(k):
        held = held or (c.act[e] == i and c.own[e] == j)
    return held


@compiled(WITHIN)
def _solved(row: Index, there: int, lams: Floats, of: Election, s: Search) -> tuple[int, float, int]:
    q, c, p, w = s.q, s.c, s.p, s.w
    k, q2 = _resumed(row, there, lams, of, s)
    tol = 0.0
    for e in range(row[MEMBERS]):
        tol = max(tol, rounding(of.far[row[HEAD + e]], q.x.size))
    rival_of = of.types[row[TYPE], 0]
    base = HEAD + of.width + ROOM
    for _ in range(1000):
        settle(k, q, c, w)
        worst, j, i = 0.0, -1, -1
        far_all, at_all = farthest(row, -1, of, p, w)
        far_own, at_own = far_all, at_all
        if of.types[row[TYPE], 3] > 0:
            far_own, at_own = farthest(row, rival_of, of, p, w)
        for e in range(row[OUT]):
            code = row[base + e]
            out = code if code >= 0 else -code - 1
            at = at_all if code >= 0 else at_own
            if at < 0:
                continue
            reach2 = (far_all if code >= 0 else far_own) + 2.0 * q.margin
            if dist2(p.X, out, w.z) <= reach2 + blurred(reach2, np.sqrt(q2), s.v, p):
                if _held(out, of.cand[at], k, c):
                    continue
                gap = inside(out, of.cand[at], q, c, p.X)
                if gap < -rounding(of.far[at], q.x.size) and gap < worst:
                    worst, j, i = gap, at, out
        if j < 0:
            return SOLVED, _proved(q2, k, tol, c), k
        if k == c.act.size:
            return STALLED, _proved(q2, k, tol, c), k
        add(k, i, of.cand[j], p.X, q, c)
        if c.size[k] <= 1e-300 and q.margin >= 0.0:
            return EMPTY, q2, k
        k, q2, status, _ = maximise(k + 1, q2, np.inf, q.cap, tol, q, c)
        if status != SOLVED:
            return status, _proved(q2, k, tol, c), k
    return STALLED, _proved(q2, k, tol, c), k


@compiled(INNER)
def _proved(q2: float, k: int, tol: float, c: Cell) -> float:
    """Return twice the dual value, less what rounding may have done to it if that is not negligible."""
    unsure = doubt(k, tol, c)
    return q2 if unsure <= 1e-9 * q2 else max(q2 - unsure, 0.0)


@compiled(INNER)
def allowed(row: Index, width: int, beside: int) -> int:
    """Return how many intruders the node allows nearer than all members (0) or than those of e (1)."""
    count = 0
    for e in range(row[ALLOWED]):
        count += (row[HEAD + width + e] < 0) == (beside == 1)
    return count


@compiled(INNER)
def known(i: int, row: Index, width: int, beside: int) -> bool:
    """Say whether the node has decided about point ``i``."""
    for e in range(row[ALLOWED]):
        if row[HEAD + width + e] == (-i - 1 if beside == 1 else i):
            return True
    for e in range(row[OUT]):
        code = row[HEAD + width + ROOM + e]
        if code == i or (beside == 1 and code == -i - 1):
            return True
    return False
