"""Run the exact search over many queries: blocks, threads, and more room where a query needs it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import local
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from edgewise.arrays import Box, Floats, Index, InputError
from edgewise.attacks.region.careful import careful
from edgewise.attacks.region.cell_arrays import room
from edgewise.attacks.region.index import CHUNK, RegionIndex
from edgewise.attacks.region.l1_linf_cell import program
from edgewise.attacks.region.l1_linf_search import search_block as polyhedral_block
from edgewise.attacks.region.l2_cell import FULL, STALLED
from edgewise.attacks.region.l2_search import search_block
from edgewise.attacks.region.search_arrays import Points, Scratch


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
    threads: int = 1,
    advance: Callable[[int], object] | None = None,
    without: tuple[str, ...] = (),
) -> Nearest:
    """Return for each row of ``X`` (b, d) the nearest point where a class other than ``own`` (b,) is nearest.

    ``allowed`` (b, m) restricts the regions to those of these rows of the index. With ``margin`` (b,) every
    own point is farther, in half squared distance, by that much. ``without`` names filters to switch off;
    that changes the time and nothing else. A query whose cells are too narrow for the fast search is searched
    again by `edgewise.attacks.region.careful`.

    Raises
    ------
    InputError
        Training points outside a box without finite bounds.
    """
    n, part = len(X), index.cut(X)
    use = np.array([name not in without for name in FILTERS])
    low, high = bounded(box, X.shape[1])
    starts = np.zeros(n) if norm == 2 else np.maximum(0, np.maximum(low - X, X - high).max(axis=1))
    low, high = low[index.features], high[index.features]
    caps = _caps(index, part, low, high)
    margins = np.broadcast_to(np.asarray(margin, float), (n,))
    allowed = np.empty((n, 0), np.intp) if allowed is None else allowed
    points_, status = points_of(index), np.empty(n, np.intp)
    out = (
        np.empty(part.shape),
        np.empty(n),
        np.empty(n),
        np.empty(n, np.intp),
        np.empty(n),
        np.empty(n),
        status,
        np.zeros((n, len(COUNTS)), np.intp),
    )
    parts, desk = blocks(n, len(index.X)), local()

    def work(rows: slice, K: int) -> None:
        if getattr(desk, "K", 0) != K:
            desk.K, desk.cells = K, room(K, part.shape[1])
            desk.lists, desk.program = scratch(len(index.X), 4 * K, points_), program(K, part.shape[1])
            desk.lows = np.empty((parts[0].stop, len(index.X)), np.float32)
            desk.least = np.empty(len(index.X) // CHUNK, np.float32)
        views = index.bounds(part[rows], desk.lows[: len(part[rows])])
        answers = tuple(each[rows] for each in out)
        if norm == 2:
            search_block(
                part[rows],
                own[rows],
                low,
                high,
                box is not None,
                caps[rows],
                margins[rows],
                allowed[rows],
                *views,
                desk.least,
                desk.cells,
                points_,
                desk.lists,
                use,
                *answers,
            )
        else:
            polyhedral_block(
                part[rows],
                own[rows],
                low,
                high,
                norm == np.inf,
                starts[rows],
                margins[rows],
                *views,
                desk.least,
                desk.cells,
                desk.program,
                points_,
                desk.lists,
                use,
                *answers,
            )
        if advance is not None and K == _ROOM:
            advance(len(part[rows]))

    with one_blas_thread():
        _spread(work, parts, _ROOM, threads)
        larger = 4 * _ROOM
        while (status == FULL).any():
            _spread(work, [slice(at, at + 1) for at in np.flatnonzero(status == FULL)], larger, threads)
            larger *= 4
    reached, squares, lower, winner, gap, near, _, counts = out
    order = 2 if norm == 2 else 1
    for b in np.flatnonzero(status == STALLED):
        again = careful(index, part[b], own[b], (low, high), caps[b], margins[b], allowed[b], norm)
        lower[b], counts[b, -1] = max(lower[b], again.lower**order), 1
        if again.winner >= 0 or again.lower == np.inf:
            reached[b], squares[b] = part[b] + again.step, again.length**order
            winner[b], gap[b] = again.winner, again.gap
        lower[b] = min(lower[b], squares[b])
    reached = np.clip(reached, low, high)
    points, beside = index.widen(reached, X, box, norm)
    points[winner < 0] = np.nan
    if norm != 2:
        squares, lower = (squares + beside) ** 2, (lower + beside) ** 2
    else:
        squares, lower = squares + beside, lower + beside
    return Nearest(points, squares, lower, winner, gap, near, counts)


def blocks(n: int, m: int) -> list[slice]:
    """Return the blocks in which ``n`` queries meet ``m`` points: four or more, so that threads share them."""
    size = int(np.clip(min(_BOUNDS // m, -(-n // _BLOCKS)), _FEWEST, 256))
    return [slice(at, min(at + size, n)) for at in range(0, n, size)]


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which matrix products use one thread."""
    return _BLAS.limit(limits=1, user_api="blas")


def _spread(work: Callable[[slice, int], None], blocks: list[slice], K: int, threads: int) -> None:
    """Work on each block; what the blocks are does not depend on the number of threads."""
    if threads == 1 or len(blocks) == 1:
        for block in blocks:
            work(block, K)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, block, K) for block in blocks]:
            done.result()


def _caps(index: RegionIndex, part: Floats, low: Floats, high: Floats) -> Floats:
    """Return a squared distance no point of the box exceeds, or -1 if all training points are in the box."""
    f = index.features
    if (low <= index.low[f]).all() and (index.high[f] <= high).all():
        return np.full(len(part), -1.0)
    widest = np.maximum(high - part, part - low)
    if not np.isfinite(widest).all():
        raise InputError(
            "some training points lie outside the box, and the box is not bounded on every "
            "side. Give finite bounds for every feature, or a box that holds these points."
        )
    return np.einsum("ij,ij->i", widest, widest) * (1 + 1e-9)


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


def points_of(index: RegionIndex) -> Points:
    """Return the arrays of the index as kernels take them."""
    return Points(
        index.X,
        index.start,
        index.stop,
        index.centre,
        index.axes.astype(np.float32),
        index.coords,
        index.rest,
        index.apart2,
        index.largest,
        float(np.sqrt(index.centre @ index.centre)),
    )


def scratch(m: int, pool: int, p: Points) -> Scratch:
    """Return room for lists of ``m`` points and a pool."""
    d, width = p.axes.shape
    return Scratch(
        np.empty(m, np.intp),
        np.empty(m),
        np.empty(m),
        np.empty(m, np.intp),
        np.empty(m),
        np.empty(m),
        np.empty(m, np.intp),
        np.empty(m, np.intp),
        np.empty(pool, np.intp),
        np.empty(pool),
        np.empty(d),
        np.empty(width, np.float32),
        np.empty(4),
        np.empty(d + 1, np.intp),
        np.empty(0, np.intp),
    )
