"""Run the exact search over many queries: blocks, threads, and more room where a query needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import local
from typing import TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from edgewise.arrays import Box, Floats, Index, InputError, Mask
from edgewise.attacks.region.careful import careful
from edgewise.attacks.region.cell_arrays import Cell, Query, room
from edgewise.attacks.region.dual_simplex import Program, program
from edgewise.attacks.region.index import CHUNK, Bounds, RegionIndex
from edgewise.attacks.region.l2_cell import FULL, STALLED
from edgewise.attacks.region.search import search_block
from edgewise.attacks.region.search_arrays import Answers, Asked, Scratch, Views, points_of, scratch


Item = TypeVar("Item")

_BOUNDS = 2**23  # of a block of queries, held at a time
_BLOCKS, _FEWEST = 4, 16
_ROOM = 16  # half-spaces a cell may have at first
_BLAS = ThreadpoolController()
FILTERS = ("screen", "range", "interval", "movement", "pool")
COUNTS = ("cells", "oracle_calls", "exact_distances", "newton_steps", "careful")


@dataclass(frozen=True)
class Nearest:
    """The nearest points of another region, one a query.

    Parameters
    ----------
    points
        On the boundary ``(b, d)``; NaN where none exists.
    squares, lower
        Squared distance, and a proved lower bound on it ``(b,)``: the same number, unless rounding leaves
        more than 1e-10 of it in doubt. Infinite where none exists.
    winner
        The training row (of the index) whose region was reached; -1 where none exists.
    gap
        The least squared length of a normal that holds the point back ``(b,)``.
    near
        The squared distance of the nearest own point ``(b,)``, over the features kept.
    counts
        ``(b, 4)`` as named by `COUNTS`.
    """

    points: Floats
    squares: Floats
    lower: Floats
    winner: Index
    gap: Floats
    near: Floats
    counts: Index


def find(
    index: RegionIndex,
    X: Floats,
    own: Index,
    box: Box | None,
    *,
    allowed: Index | None = None,
    margin: Floats | float = 0.0,
    norm: float = 2.0,
    bounds: Bounds | None = None,
    reach: Floats | None = None,
    threads: int = 1,
    advance: Callable[[int], object] | None = None,
    without: tuple[str, ...] = (),
) -> Nearest:
    """Return for each row of ``X`` (b, d) the nearest point where a class other than ``own`` (b,) is nearest.

    ``allowed`` (b, m) restricts the regions to those of these rows of the index. With ``margin`` (b,) every
    own point is farther, in half squared distance, by that much. ``bounds`` are those of the index for ``X``,
    ``reach`` (b,) squared lengths that no answer exceeds, where they are known. ``without`` names filters to
    switch off; that changes the time and nothing else. A query whose cells are too narrow for the fast search is
    searched again by `edgewise.attacks.region.careful`.

    Raises
    ------
    InputError
        Training points outside a box without finite bounds.
    """
    asked = _within(reach, _asked(index, X, own, box, allowed, margin, norm))
    engine = _Engine(index, asked, norm, filters(without), bounds)

    def first(rows: slice) -> None:
        engine.work(rows, _ROOM)
        if advance is not None:
            advance(rows.stop - rows.start)

    with one_blas_thread():
        spread(first, blocks(len(X), len(index.X)), threads)
        room, status = _ROOM, engine.out.status
        while (status == FULL).any():
            room *= 4
            rest = [slice(at, at + 1) for at in np.flatnonzero(status == FULL)]
            spread(lambda row, room=room: engine.work(row, room), rest, threads)
    return _with_all_features(engine, X, box)


def _asked(
    index: RegionIndex,
    X: Floats,
    own: Index,
    box: Box | None,
    allowed: Index | None,
    margin: Floats | float,
    norm: float,
) -> Asked:
    """Return the queries as the search takes them, in the features kept."""
    n, part = len(X), index.cut(X)
    low, high = bounded(box, X.shape[1])
    floor = np.zeros(n) if norm == 2 else np.maximum(0, np.maximum(low - X, X - high).max(axis=1))
    low, high = low[index.features], high[index.features]
    return Asked(
        part,
        own,
        low,
        high,
        box is not None or norm != 2,
        np.array(np.broadcast_to(np.asarray(margin, float), (n,))),
        _caps(index, part, low, high),
        floor,
        np.empty((n, 0), np.intp) if allowed is None else allowed,
    )


@dataclass(frozen=True)
class _Desk:
    """A thread's room for cells of ``K`` half-spaces, lists, and bounds of a block of queries."""

    K: int
    cells: Cell
    program: Program | None
    lists: Scratch
    lows: Floats
    least: Floats


class _Engine:
    """The search over many queries: what is asked, where the answers go, and each thread's desk."""

    def __init__(
        self, index: RegionIndex, asked: Asked, norm: float, use: Mask, bounds: Bounds | None
    ) -> None:
        self.index, self.asked, self.norm, self.use, self.bounds = index, asked, norm, use, bounds
        self.points, self.desks = points_of(index), local()
        n, d = asked.X.shape
        winner, status = np.empty(n, np.intp), np.empty(n, np.intp)
        value, lower, gap, near = (np.empty(n) for _ in range(4))
        counts = np.zeros((n, len(COUNTS)), np.intp)
        self.out = Answers(np.empty((n, d)), value, lower, winner, gap, near, status, counts)

    def work(self, rows: slice, K: int) -> None:
        """Search for some rows with room for ``K`` half-spaces a cell."""
        desk, asked = self._desk(K), self.asked.of(rows)
        known = self.bounds
        bounds = self.index.bounds(asked.X, desk.lows[: len(asked.X)]) if known is None else known.of(rows)
        out = self.out.of(rows)
        search_block(
            asked,
            Views(*bounds, desk.least),
            desk.cells,
            desk.program,
            self.points,
            desk.lists,
            self.use,
            out,
        )

    def _desk(self, K: int) -> _Desk:
        desk: _Desk | None = getattr(self.desks, "mine", None)
        if desk is None or desk.K != K:
            m, (n, d) = len(self.index.X), self.asked.X.shape
            desk = _Desk(
                K,
                room(K, d),
                None if self.norm == 2 else program(K, d, self.norm == np.inf),
                scratch(m, 4 * K, self.points),
                np.empty((blocks(n, m)[0].stop if self.bounds is None else 0, m), np.float32),
                np.empty(m // CHUNK, np.float32),
            )
            self.desks.mine = desk
        return desk

    def again(self, b: int) -> None:
        """Search once more, carefully, for a row that rounding has left in doubt."""
        asked, out, order = self.asked, self.out, 2 if self.norm == 2 else 1
        x, moves = asked.X[b], (asked.low - asked.X[b], asked.high - asked.X[b])
        each = asked.margin[b], asked.cap[b], asked.floor[b], asked.allowed[b]
        near = out.value[b] ** (1 / order) * (1 + 1e-6) if out.winner[b] >= 0 else np.inf
        found = careful(self.index, Query(x, asked.own[b], *moves, True, *each), self.norm, near)
        out.lower[b], out.counts[b, -1] = max(out.lower[b], found.lower**order), 1
        if found.winner >= 0 or found.lower == np.inf:
            out.points[b], out.value[b] = x + found.step, found.length**order
            out.winner[b], out.gap[b] = found.winner, found.gap
        out.lower[b] = min(out.lower[b], out.value[b])


def _with_all_features(engine: _Engine, X: Floats, box: Box | None) -> Nearest:
    """Return the answers, those in doubt searched again, with the features that the index leaves out."""
    out, norm = engine.out, engine.norm
    for b in np.flatnonzero(out.status == STALLED).tolist():
        engine.again(b)
    reached = np.clip(out.points, engine.asked.low, engine.asked.high)
    points, beside = engine.index.widen(reached, X, box, norm)
    points[out.winner < 0] = np.nan
    squares, lower = out.value + beside, out.lower + beside
    if norm != 2:
        squares, lower = squares**2, lower**2
    return Nearest(points, squares, lower, out.winner, out.gap, out.near, out.counts)


def blocks(n: int, m: int) -> list[slice]:
    """Return the blocks in which ``n`` queries meet ``m`` points: four or more, so that threads share them."""
    size = int(np.clip(min(_BOUNDS // m, -(-n // _BLOCKS)), _FEWEST, 256))
    return [slice(at, min(at + size, n)) for at in range(0, n, size)]


def one_blas_thread() -> AbstractContextManager[object]:
    """Return a context in which matrix products use one thread."""
    return _BLAS.limit(limits=1, user_api="blas")


def filters(without: tuple[str, ...]) -> Mask:
    """Return which of `FILTERS` are on."""
    return np.array([name not in without for name in FILTERS])


def spread(work: Callable[[Item], object], items: Sequence[Item], threads: int) -> None:
    """Work on each item; what the items are does not depend on the number of threads."""
    if threads == 1 or len(items) == 1:
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, item) for item in items]:
            done.result()


def _caps(index: RegionIndex, part: Floats, low: Floats, high: Floats) -> Floats:
    """Return a squared distance that no point of the box exceeds, or -1 if all training points are in the box."""
    f = index.features
    if (low <= index.low[f]).all() and (index.high[f] <= high).all():
        return np.full(len(part), -1.0)
    widest = np.maximum(high - part, part - low)
    return np.einsum("ij,ij->i", widest, widest) * (1 + 1e-9)


def _within(reach: Floats | None, asked: Asked) -> Asked:
    """Return the queries with their caps no larger than ``reach`` (b,), and none infinite."""
    asked = asked if reach is None else asked._replace(cap=np.minimum(asked.cap, reach))
    if not np.isfinite(asked.cap).all():
        raise InputError(
            "some training points lie outside the box, and the box is not bounded on every "
            "side. Give finite bounds for every feature, or a box that holds these points."
        )
    return asked


def nearest_others(index: RegionIndex, X: Floats, own: Index, m: int) -> tuple[Index, Floats]:
    """Return the ``m`` points of other classes nearest to each row of ``X`` (b, d), and all others' distance.

    The second is the least distance, over the features kept, of a point left out; infinite if none is. Rows
    with fewer than ``m`` others repeat their nearest.
    """
    rows, beyond = np.empty((len(X), min(m, len(index.X))), np.intp), np.full(len(X), np.inf)
    square = np.einsum("ij,ij->i", index.X, index.X)
    for b, x in enumerate(index.cut(X)):
        far = np.where(index.order < 0, np.inf, square - 2 * (index.X @ x) + x @ x)
        far[index.start[own[b]] : index.stop[own[b]]] = np.inf
        near = np.argsort(far, kind="stable")[: m + 1]
        near = near[np.isfinite(far[near])]
        rows[b] = near[0] if len(near) else -1
        rows[b, : min(m, len(near))] = near[:m]
        if len(near) > m:
            beyond[b] = np.sqrt(max(far[near[m]] * (1 - 1e-12), 0.0))
    return rows, beyond


def bounded(box: Box | None, d: int) -> tuple[Floats, Floats]:
    """Return the bounds of the box, infinite without one."""
    return (np.full(d, -np.inf), np.full(d, np.inf)) if box is None else (box.low.copy(), box.high.copy())
