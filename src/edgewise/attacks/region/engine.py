"""Run the exact search over many queries: blocks, threads, and more room where a query needs it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from edgewise.arrays import Box, Floats, Index, InputError
from edgewise.attacks.region.cell import FULL, room
from edgewise.attacks.region.index import CHUNK, RegionIndex
from edgewise.attacks.region.outer import search_block
from edgewise.attacks.region.polyhedral import search_block as polyhedral_block
from edgewise.attacks.region.search import Points, Scratch
from edgewise.attacks.region.simplex import program


_BOUNDS = 2**23  # of a block of queries, held at a time
_BLAS = ThreadpoolController()
FILTERS = ("screen", "range", "interval", "movement", "pool")
COUNTS = ("cells", "oracle_calls", "exact_distances", "newton_steps")


@dataclass(frozen=True)
class Nearest:
    """The nearest points of another region, one a query.

    Parameters
    ----------
    points
        On the boundary ``(b, d)``; NaN where none exists.
    squares, lower
        Squared distance, and a proved lower bound on it ``(b,)``; infinite where none exists.
    winner
        The training row (of the index) whose region was reached; -1 where none exists.
    gap
        The least squared length of a normal that holds the point back ``(b,)``.
    near
        The squared distance of the nearest own point ``(b,)``.
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


def find(index: RegionIndex, X: Floats, own: Index, box: Box | None, *, allowed: Index | None = None,
         margin: Floats | float = 0.0,
         norm: float = 2.0, threads: int = 1,
         advance: Callable[[int], object] | None = None, without: tuple[str, ...] = ()) -> Nearest:
    """Return for each row of ``X`` (b, d) the nearest point where a class other than ``own`` (b,) is nearest.

    ``allowed`` (b, m) restricts the regions to those of these rows of the index. With ``margin`` (b,) every
    own point is farther, in half squared distance, by that much. ``without`` names filters to switch off;
    that changes the time and nothing else.

    Raises
    ------
    InputError
        Training points outside a box without finite bounds.
    """
    n, d = X.shape
    use = np.array([name not in without for name in FILTERS])
    low, high = bounded(box, d)
    caps = _caps(index, X, box)
    margins = np.broadcast_to(np.asarray(margin, float), (n,))
    allowed = np.empty((n, 0), np.intp) if allowed is None else allowed
    points_ = points_of(index)
    out = Nearest(np.full((n, d), np.nan), np.empty(n), np.empty(n), np.empty(n, np.intp), np.empty(n),
                  np.empty(n), np.zeros((n, len(COUNTS)), np.intp))
    status = np.empty(n, np.intp)

    def work(rows: Index, K: int) -> int:
        part = np.ascontiguousarray(X[rows], dtype=np.float64)
        lows, coords, rests, lengths = index.bounds(part)
        m, least = len(rows), np.empty(len(index.X) // CHUNK, np.float32)
        answers = (np.empty_like(part), np.empty(m), np.empty(m), np.empty(m, np.intp), np.empty(m),
                   np.empty(m), np.empty(m, np.intp), np.zeros((m, len(COUNTS)), np.intp))
        cells, lists = room(K, d), scratch(len(index.X), 4 * K, points_)
        if norm == 2:
            search_block(part, own[rows], low, high, box is not None, caps[rows], margins[rows],
                         allowed[rows], lows, coords, rests, lengths, least, cells, points_, lists, use,
                         *answers)
        else:
            outside = np.maximum(low - part, part - high).max(axis=1)
            polyhedral_block(part, own[rows], low, high, norm == np.inf, np.maximum(outside, 0), lows,
                             coords, rests, lengths, least, cells, program(K, d), points_, lists, use,
                             *answers)
        targets = (out.points, out.squares, out.lower, out.winner, out.gap, out.near, status, out.counts)
        for target, answer in zip(targets, answers, strict=True):
            target[rows] = answer
        if advance is not None:
            advance(len(rows))
        return len(rows)

    size = int(np.clip(_BOUNDS // len(index.X), 16, 128))
    with _BLAS.limit(limits=1, user_api="blas"):
        _spread(work, np.arange(n), size, 16, threads)
        room_ = 16
        while (status == FULL).any():
            room_ *= 4
            _spread(work, np.flatnonzero(status == FULL), size, room_, threads)
    out.points[out.winner < 0] = np.nan
    if norm != 2:
        out.squares[:], out.lower[:] = out.squares**2, out.lower**2
    return out


def _spread(work: Callable[[Index, int], int], rows: Index, size: int, K: int, threads: int) -> None:
    """Cut ``rows`` into blocks that do not depend on the number of threads, and work on each."""
    blocks = [rows[at:at + size] for at in range(0, len(rows), size)]
    if threads == 1 or len(blocks) == 1:
        for block in blocks:
            work(block, K)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, block, K) for block in blocks]:
            done.result()


def _caps(index: RegionIndex, X: Floats, box: Box | None) -> Floats:
    """Return a squared distance no point of the box exceeds, or -1 where every point is in the box."""
    if box is None or inside(index, box):
        return np.full(len(X), -1.0)
    widest = np.maximum(box.high - X, X - box.low)
    if not np.isfinite(widest).all():
        raise InputError("some training points lie outside the box, and the box is not bounded on every "
                         "side. Give finite bounds for every feature, or a box that holds these points.")
    return np.einsum("ij,ij->i", widest, widest) * (1 + 1e-9)


def inside(index: RegionIndex, box: Box) -> bool:
    """Say whether every training point lies in the box."""
    return bool((box.low <= index.low).all() and (index.high <= box.high).all())


def nearest_others(index: RegionIndex, X: Floats, own: Index, m: int) -> tuple[Index, Floats]:
    """Return the ``m`` points of other classes nearest to each row of ``X`` (b, d), and all others' distance.

    The second is the least distance of a point left out; infinite if none is. Rows with fewer than ``m``
    others repeat their nearest.
    """
    rows, beyond = np.empty((len(X), min(m, len(index.X))), np.intp), np.full(len(X), np.inf)
    square = np.einsum("ij,ij->i", index.X, index.X)
    for b, x in enumerate(X):
        far = np.where(index.order < 0, np.inf, square - 2 * (index.X @ x) + x @ x)
        far[index.start[own[b]]:index.stop[own[b]]] = np.inf
        near = np.argsort(far, kind="stable")[:m + 1]
        near = near[np.isfinite(far[near])]
        rows[b] = near[0] if len(near) else -1
        rows[b, :min(m, len(near))] = near[:m]
        if len(near) > m:
            beyond[b] = np.sqrt(max(far[near[m]] * (1 - 1e-12), 0.0))
    return rows, beyond


def bounded(box: Box | None, d: int) -> tuple[Floats, Floats]:
    """Return the bounds of the box, infinite without one."""
    return (np.full(d, -np.inf), np.full(d, np.inf)) if box is None else (box.low.copy(), box.high.copy())


def points_of(index: RegionIndex) -> Points:
    """Return the arrays of the index as kernels take them."""
    return Points(index.X, index.start, index.stop, index.centre, index.axes.astype(np.float32), index.coords,
                  index.rest, index.largest)


def scratch(m: int, pool: int, p: Points) -> Scratch:
    """Return room for lists of ``m`` points and a pool."""
    d, width = p.axes.shape
    return Scratch(np.empty(m, np.intp), np.empty(m), np.empty(m), np.empty(m, np.intp), np.empty(m),
                   np.empty(m), np.empty(m, np.intp), np.empty(m, np.intp), np.empty(pool, np.intp),
                   np.empty(pool), np.empty(d), np.empty(width, np.float32), np.empty(4),
                   np.empty(0, np.intp))
