"""k-NN: a near point that is not proved nearest, from cell to cell, for queries whose search a limit stops.

At a point where most of k neighbours are of a class e, some a = k // 2 + 1 of e are nearer than all points of other
classes but k - a. The nearest point to the query where these a (*members*) are, with these k - a *allowed* to be as
near as they like, is a cell's; it is no farther. At its walls a member or an allowed point changes places with the
point that it ties with, as long as that leads nearer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.region.branch_and_bound import child, split
from edgewise.attacks.region.branch_nodes import ALLOWED, HEAD, MEMBERS, OUT, ROOM, Election, project
from edgewise.attacks.region.compiling import INNER, LISTING, compiled, dated
from edgewise.attacks.region.distance_filters import place
from edgewise.attacks.region.index import RegionIndex
from edgewise.attacks.region.l2_cell import SOLVED
from edgewise.attacks.region.members import may_win
from edgewise.attacks.region.search_arrays import Search


NEAR, STARTS, CLASSES = 1000, 8, 4
"""Points looked at on either side, of which so many, and so many classes, are begun with."""

GROWN, LIKELY = 2, 12
"""Classes whose members are taken one by one, and how many points more than twice these may be one."""

KEPT, TRIES = 5, 150
"""Beginnings that are followed, and cells solved for one of them at most."""

TIES = 1e-7
"""Of a squared distance: points that differ by less are on a wall."""

NODES = 300
"""Intruders forced out of one cell at most."""


@dataclass(frozen=True)
class Cell:
    """A cell of class ``kind``: its nearest point ``z``, how far that is, squared, and who is in it."""

    squared: float
    z: Floats
    kind: int
    members: tuple[int, ...]
    allowed: tuple[int, ...]


def descent(index: RegionIndex, k: int, s: Search, rows: Index, lams: Floats, end: Floats) -> Floats | None:
    """Return a near point ``(d,)`` at which most of k neighbours are of one other class; None where none was met.

    ``rows`` and ``lams`` are room for `NODES` nodes; ``end`` (d,) is such a point, or NaN. The query's margin is kept.
    More than 80 neighbours are too many.
    """
    if k - (k // 2 + 1) > ROOM:
        return None
    around = _Around(index, k, s, rows, lams)
    begun = sorted(around.begun(end), key=lambda cell: cell.squared)[:KEPT]
    ends = [around.improved(cell) for cell in begun]
    return min(ends, key=lambda cell: cell.squared).z if ends else None


class _Around:
    """The points about a query, by their rows in the index."""

    def __init__(self, index: RegionIndex, k: int, s: Search, rows: Index, lams: Floats) -> None:
        self.k, self.s, self.nodes, self.lams, self.most = k, s, rows[:NODES], lams, k // 2 + 1
        own: Index = np.arange(int(index.start[s.q.own]), int(index.stop[s.q.own]))
        self.others = may_win(index, s, k // 2, NEAR)[0]
        near = np.argsort(np.square(index.X[own] - s.q.x).sum(axis=1), kind="stable")
        self.rows = np.concatenate([self.others, own[near[:NEAR]]])
        self.kinds = np.searchsorted(index.start, self.rows, side="right") - 1
        self.points = index.X[self.rows]

    def begun(self, end: Floats) -> Iterator[Cell]:
        """Give cells about ``end`` and the query, on the way to the nearest, and where those that may win are."""
        x = self.s.q.x
        if np.isfinite(end).all():
            near = self.kinds[self._nearest_first(end)[: self.k]]
            for kind in np.unique(near[near != self.s.q.own]).tolist():
                yield from self._cell_at(end, kind)
        order = self._nearest_first(x).tolist()
        others = [e for e in order if e < len(self.others)]
        for kind in list(dict.fromkeys(self.kinds[others].tolist()))[:CLASSES]:
            yield from self._cell_at(x, kind)
        for e in others[:STARTS]:
            for z in (self.points[e], (self.points[e] + x) / 2):
                yield from self._cell_at(z, int(self.kinds[e]))
        for e in range(min(STARTS, len(self.others))):
            kind, rest = int(self.kinds[e]), [i for i in order[: self.k] if i != e]
            alone = self._solved(kind, (e,), tuple(rest[: self.k - 1]))
            if alone is not None:
                yield from self._cell_at(alone.z, kind)
        for kind in list(dict.fromkeys(self.kinds[: len(self.others)].tolist()))[:GROWN]:
            yield from self._grown(kind, order)

    def _grown(self, kind: int, order: list[int]) -> Iterator[Cell]:
        """Give the cell of a class whose members are taken one by one, each the one that costs least."""
        likely = np.flatnonzero(self.kinds[: len(self.others)] == kind)[: LIKELY + 2 * self.most].tolist()
        allowed = tuple([i for i in order if self.kinds[i] != kind][: self.k - self.most])
        cell: Cell | None = None
        while cell is None or len(cell.members) < self.most:
            held = () if cell is None else cell.members
            tried = [self._solved(kind, (*held, e), allowed) for e in likely if e not in held]
            cell = min((one for one in tried if one is not None), key=lambda one: one.squared, default=None)
            if cell is None:
                return
        yield cell

    def improved(self, cell: Cell) -> Cell:
        """Change one member or allowed point after another while that leads nearer."""
        tries = 0
        while True:
            for members, allowed in self._changes(cell):
                tries += 1
                new = self._solved(cell.kind, members, allowed)
                if new is not None and new.squared < cell.squared * (1 - 1e-9):
                    cell = new
                    break
                if tries >= TRIES:
                    return cell
            else:
                return cell

    def _nearest_first(self, z: Floats) -> Index:
        return np.argsort(np.square(self.points - z).sum(axis=1), kind="stable")

    def _cell_at(self, z: Floats, kind: int) -> Iterator[Cell]:
        order, a = self._nearest_first(z), self.most
        inside = self.kinds[order] == kind
        members, allowed = order[inside][:a], order[~inside][: self.k - a]
        if len(members) == a:
            found = self._solved(kind, tuple(members.tolist()), tuple(allowed.tolist()))
            yield from () if found is None else (found,)

    def _changes(self, cell: Cell) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Give the members and allowed points of the cells next to one, and of some beside."""
        far = np.square(self.points - cell.z).sum(axis=1)
        reach = far[list(cell.members)].max()
        wall = np.flatnonzero(np.abs(far - reach) < TIES * reach).tolist()
        held = [i for i in wall if i in cell.members]
        apart = [i for i in wall if i not in cell.members and i not in cell.allowed]
        for new in apart:
            if self.kinds[new] == cell.kind:
                yield from ((_with(cell.members, old, new), cell.allowed) for old in held)
            else:
                last = sorted(cell.allowed, key=lambda i: -far[i])[:3]
                yield from ((cell.members, _with(cell.allowed, old, new)) for old in last)
        same = np.flatnonzero(self.kinds == cell.kind)
        spare = [i for i in same[np.argsort(far[same], kind="stable")].tolist() if i not in cell.members][:2]
        yield from ((_with(cell.members, old, new), cell.allowed) for old in held for new in spare)

    def _solved(self, kind: int, members: tuple[int, ...], allowed: tuple[int, ...]) -> Cell | None:
        a, s, inside = len(members), self.s, self.rows[list(members)]
        far = np.square(self.points[list(members)] - s.q.x).sum(axis=1)
        way = np.array([[kind, a, len(allowed), 0]], np.intp)
        of = Election(way, a, inside, np.full(a, kind, np.intp), far, np.zeros(a), np.inf)
        root = np.zeros(self.nodes.shape[1], np.intp)
        root[MEMBERS], root[ALLOWED] = a, len(allowed)
        root[HEAD : HEAD + a] = np.arange(a)
        root[HEAD + a : HEAD + a + len(allowed)] = -self.rows[list(allowed)] - 1
        squared = _solve(s, of, self.nodes, self.lams, root)
        return Cell(squared, s.w.z.copy(), kind, members, allowed) if squared < np.inf else None


def _with(points: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    return (*(i for i in points if i != old), new)


@compiled(INNER)
def _forget(row: Index, width: int, active: int, s: Search) -> None:
    """Leave out of a node's list the points forced out whose half-spaces do not hold its optimum: it stays the same."""
    base, kept = HEAD + width + ROOM, 0
    for e in range(row[OUT]):
        for f in range(active):
            if s.c.act[f] == row[base + e]:
                row[base + kept] = row[base + e]
                kept += 1
                break
    row[OUT] = kept


@dated
@compiled(LISTING)
def _solve(s: Search, of: Election, nodes: Index, lams: Floats, root: Index) -> float:
    """Set ``w.z`` to the nearest point of the cell of ``root``; return its squared distance, infinite without one.

    All points that come between are forced out, one after another, where no more are allowed.
    """
    heap = [(0.0, 0)]
    heap.pop()
    size, active = child(root, 0.0, nodes, 0, heap) + 1, 0
    while heap:
        at = heappop(heap)[1]
        heap.clear()
        row = nodes[at]
        status, q2, active = project(at, nodes, active, lams, of, s)
        if row[OUT] + 2 > ROOM:
            _forget(row, of.width, active, s)
        if status != SOLVED or size + 2 > nodes.shape[0] or row[OUT] + 2 > ROOM:
            return np.inf
        _, spread = place(active, True, s)
        grown = split(q2, q2, row, spread, of, s, nodes, size, heap)
        if grown == size:
            return q2
        size = grown
    return np.inf
