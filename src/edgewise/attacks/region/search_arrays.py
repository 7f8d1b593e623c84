"""The arrays a search works on: queries and answers, the points of an index, what bounds say, and room for lists."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgewise.arrays import Floats, Index, Mask
from edgewise.attacks.region.cell_arrays import Cell, Query
from edgewise.attacks.region.index import RegionIndex


class Asked(NamedTuple):
    """Queries: a row or an entry each, but for ``low``, ``high`` (d,) and ``boxed``; see `Query`.

    ``low`` and ``high`` are bounds of the box, not of the moves.
    """

    X: Floats
    own: Index
    low: Floats
    high: Floats
    boxed: bool
    margin: Floats
    cap: Floats
    floor: Floats
    allowed: Index

    def of(self, rows: slice) -> Asked:
        """Return some of the queries."""
        each = (self.margin[rows], self.cap[rows], self.floor[rows], self.allowed[rows])
        return Asked(self.X[rows], self.own[rows], self.low, self.high, self.boxed, *each)


class Answers(NamedTuple):
    """What a search finds, a row or an entry each: see `edgewise.attacks.region.batch.Nearest`, and its status.

    For other norms than 2, ``value`` and ``lower`` are lengths, not squares.
    """

    points: Floats
    value: Floats
    lower: Floats
    winner: Index
    gap: Floats
    near: Floats
    status: Index
    counts: Index

    def of(self, rows: slice) -> Answers:
        """Return those of some queries, as views."""
        return Answers._make(each[rows] for each in self)


class Points(NamedTuple):
    """The arrays of a `RegionIndex` that a search reads, ``axes`` in float32; ``apart2`` may be empty.

    ``offset`` is how far the centre is from the origin.
    """

    X: Floats
    start: Index
    stop: Index
    centre: Floats
    axes: Floats
    coords: Floats
    rest: Floats
    apart2: Floats
    largest: float
    offset: float


class Views(NamedTuple):
    """What the bounds say from each of some queries, as `RegionIndex.bounds` returns it, and room for minima."""

    lows: Floats
    coords: Floats
    rests: Floats
    lengths: Floats
    least: Floats


class View(NamedTuple):
    """What the bounds say from one query: bounds, chunk minima, coordinates, rest, and its rivals' range."""

    low: Floats
    least: Floats
    c: Floats
    rest: float
    length: float
    begin: int
    end: int


class Scratch(NamedTuple):
    """Room for lists of points, and what is known of the current point ``z``, rounded.

    ``found`` with ``value``: points that pass a filter; ``seen``: when a point was last looked at, its least
    distance plus the path so far; ``live``: cells that may win, with squared distance, bound, best pool
    member and how many were met; ``pool`` with squared distances: own points that ever held a point back;
    ``cz``: coordinates of ``z``; ``about``: its distance from the centre, their error, its rest and that
    one's error; ``moved``: a list of features.
    """

    found: Index
    value: Floats
    seen: Floats
    live: Index
    live_far: Floats
    live_bound: Floats
    live_best: Index
    live_upto: Index
    pool: Index
    pool_far: Floats
    z: Floats
    cz: Floats
    about: Floats
    moved: Index


class Search(NamedTuple):
    """All that the search of one query works on; ``use`` says which filters are on, ``counts`` what was done."""

    q: Query
    c: Cell
    v: View
    p: Points
    w: Scratch
    use: Mask
    counts: Index


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
    found, live, live_best, live_upto = (np.empty(m, np.intp) for _ in range(4))
    value, seen, live_far, live_bound = (np.empty(m) for _ in range(4))
    return Scratch(
        found,
        value,
        seen,
        live,
        live_far,
        live_bound,
        live_best,
        live_upto,
        np.empty(pool, np.intp),
        np.empty(pool),
        np.empty(d),
        np.empty(width, np.float32),
        np.empty(4),
        np.empty(d + 1, np.intp),
    )
