"""k neighbours: the exact search of each query, its room, and the certified interval where it stops early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from threading import local

import numpy as np

from edgewise.arrays import Box, Floats, Index, Mask
from edgewise.attacks.region.batch import COUNTS, bounded, filters, spread
from edgewise.attacks.region.branch_and_bound import FOUND, NONE, branch
from edgewise.attacks.region.branch_nodes import LAST, ROOM, Election, width
from edgewise.attacks.region.cell_arrays import Query, room
from edgewise.attacks.region.descent import NODES, descent
from edgewise.attacks.region.index import CHUNK, RegionIndex
from edgewise.attacks.region.members import may_win
from edgewise.attacks.region.search_arrays import Search, View, points_of, scratch


_CANDIDATES = 128


def kinds_of_loss(k: int, own: int, n_classes: int) -> Index:
    """Return the ways in which a class beats ``own`` among k neighbours, rows ``e, a, b, o``.

    Ties go to the class that comes first, as scikit-learn's uniform vote has it.

    Examples
    --------
    >>> kinds_of_loss(3, 0, 2).tolist()
    [[1, 2, 1, 0]]
    """
    rows: list[tuple[int, int, int, int]] = []
    for e in range(n_classes):
        if e == own:
            continue
        tie = int(e > own)
        for a in range(max(1, tie), k + 1):
            b = min(a - tie, k - a)
            o = k - a - b
            if o == 0 or n_classes > 2:
                rows.append((e, a, b, o))
            if o == 0:
                break
    return np.array(rows, np.intp).reshape(-1, 4)


@dataclass(frozen=True)
class Votes:
    """Exact answers of k-NN queries; see `edgewise.attacks.region.batch.Nearest`.

    Parameters
    ----------
    points
        Optimal points ``(b, d)``, NaN where the search stopped early or nothing is there.
    lower
        A proved lower bound on the squared distance ``(b,)``.
    found, none
        Whether the optimum was proved; whether it was proved that there is none.
    nodes
        Nodes solved.
    seeds, sizes
        The node of each optimum and the candidates it knows, for another search from there with a margin.
    """

    points: Floats
    lower: Floats
    found: Mask
    none: Mask
    nodes: Index
    seeds: Index
    sizes: Index

    def of(self, rows: Index) -> Votes:
        """Return the answers of some queries."""
        return Votes(*(getattr(self, item.name)[rows] for item in fields(self)))


def vote(
    index: RegionIndex,
    k: int,
    X: Floats,
    own: Index,
    box: Box | None,
    *,
    nodes: int,
    margin: Floats | float = 0.0,
    start: Votes | None = None,
    threads: int = 1,
    advance: Callable[[int], object] | None = None,
    without: tuple[str, ...] = (),
) -> Votes:
    """Return for each row of ``X`` the nearest point at which k neighbours elect another class.

    ``advance`` is told of the rows whose search came to its end.
    """
    engine = _Engine(index, k, nodes, _asked(index, X, own, box, margin), filters(without))
    out = engine.out
    if start is not None:
        out.seeds[:], out.sizes[:] = start.seeds, start.sizes
        out.seeds[:, LAST] = -1

    def one(b: int) -> None:
        engine.work(b)
        if advance is not None and (engine.out.found[b] or engine.out.none[b]):
            advance(1)

    spread(one, range(len(X)), threads)
    points, beside = index.widen(out.points, X, box, 2)
    points[~out.found] = np.nan
    return replace(out, points=points, lower=out.lower + beside)


def descents(
    index: RegionIndex,
    k: int,
    X: Floats,
    own: Index,
    box: Box | None,
    margin: Floats | float = 0.0,
    *,
    begun: Floats | None = None,
    done: Callable[[int], object] | None = None,
) -> Floats:
    """Return for each row of ``X`` a near point at which k neighbours elect another class; NaN where none was met.

    ``begun`` (b, d) are points to begin with besides, NaN where there is none; ``done`` is told the row after each.
    """
    engine = _Engine(index, k, NODES, _asked(index, X, own, box, margin), filters(()))
    ends = np.full(X.shape, np.nan) if begun is None else begun
    for b, end in enumerate(index.cut(ends)):
        found = descent(index, k, *engine.search(b), end)
        if found is not None:
            engine.out.points[b] = found
        if done is not None:
            done(b)
    return index.widen(engine.out.points, X, box, 2)[0]


def _asked(index: RegionIndex, X: Floats, own: Index, box: Box | None, margin: Floats | float) -> _Asked:
    low, high = (bound[index.features] for bound in bounded(box, X.shape[1]))
    margins = np.broadcast_to(np.asarray(margin, float), (len(X),))
    return _Asked(index.cut(X), own, low, high, box is not None, margins)


@dataclass(frozen=True)
class _Asked:
    """Queries ``X`` (n, d) of classes ``own`` in the features kept, the box, and a margin each."""

    X: Floats
    own: Index
    low: Floats
    high: Floats
    boxed: bool
    margins: Floats


class _Engine:
    """The search over many queries: what is asked, where the answers go, and each thread's room."""

    def __init__(self, index: RegionIndex, k: int, nodes: int, asked: _Asked, use: Mask) -> None:
        self.index, self.k, self.nodes, self.asked, self.use = index, k, nodes, asked, use
        self.points, self.desks = points_of(index), local()
        n = len(asked.X)
        points, seeds = np.full(asked.X.shape, np.nan), np.zeros((n, width(k)), np.intp)
        found, none = np.zeros((2, n), bool)
        self.out = Votes(
            points, np.zeros(n), found, none, np.zeros(n, np.intp), seeds, np.full(n, _CANDIDATES)
        )

    def work(self, b: int) -> None:
        """Search for row ``b``, with more candidates where those it has may not suffice."""
        index, out, own = self.index, self.out, self.asked.own[b]
        search, rows, lams = self.search(b)
        types = kinds_of_loss(self.k, own, len(index.start))
        usable = types[(index.stop - index.start)[types[:, 0]] >= types[:, 1]]
        outcome, bound, solved = NONE, np.inf, 0
        while len(usable):
            of = _election(index, search, types, usable, int(out.sizes[b]))
            most = self.nodes + len(of.cand) + 64
            outcome, bound, solved = branch(search, of, rows[:most], lams, out.seeds[b])
            if outcome == FOUND:
                out.points[b] = search.w.z
            if outcome in (FOUND, NONE) or bound < of.beyond2:
                break
            out.seeds[b] = 0
            out.sizes[b] *= 8
        out.lower[b], out.found[b], out.none[b] = bound, outcome == FOUND, outcome == NONE
        out.nodes[b] = solved

    def search(self, b: int) -> tuple[Search, Index, Floats]:
        """Return what the search of row ``b`` works on, and room for its nodes and their multipliers."""
        index, asked = self.index, self.asked
        x, desk = asked.X[b], self.desks
        if not hasattr(desk, "cells"):
            desk.cells, desk.lists = room(4 * ROOM, len(x)), scratch(len(index.X), 4 * ROOM, self.points)
            most = self.nodes + len(index.X) + 64
            desk.rows, desk.lams = np.empty((most, width(self.k)), np.intp), np.empty((most, ROOM))
        lows, coords, rests, lengths = index.bounds(x[None])
        least = lows[0].reshape(-1, CHUNK).min(axis=1)
        cap, none = 1e6 * (index.largest + float(lengths[0])) ** 2, np.empty(0, np.intp)
        low, high = asked.low - x, asked.high - x
        q = Query(x, asked.own[b], low, high, asked.boxed, asked.margins[b], cap, 0.0, none)
        v = View(lows[0], least, coords[0], rests[0], lengths[0], 0, 0)
        counts = np.zeros(len(COUNTS), np.intp)
        return Search(q, desk.cells, v, self.points, desk.lists, self.use, counts), desk.rows, desk.lams


def _election(index: RegionIndex, s: Search, types: Index, usable: Index, size: int) -> Election:
    """Return who may win, of at most ``size`` candidates."""
    most = int(types[:, 2].max())
    cand, bounds, far, beyond2 = may_win(index, s, most, size)
    kind = np.searchsorted(index.start, cand, side="right") - 1
    members = int(types[:, 1].max() + types[:, 3].max())
    return Election(usable, members, cand, kind, far, bounds, beyond2)
