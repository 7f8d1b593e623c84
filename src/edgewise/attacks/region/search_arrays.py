"""The arrays a search works on: the points of an index, what is known from a query, and room for lists."""

from __future__ import annotations

from typing import Any, NamedTuple


class Points(NamedTuple):
    """The arrays of a `RegionIndex` that a search reads, ``axes`` in float32; ``apart2`` may be empty.

    ``offset`` is how far the centre is from the origin.
    """

    X: Any
    start: Any
    stop: Any
    centre: Any
    axes: Any
    coords: Any
    rest: Any
    apart2: Any
    largest: float
    offset: float


class View(NamedTuple):
    """What the bounds say from one query: bounds, chunk minima, coordinates, rest, and its rivals' range."""

    low: Any
    least: Any
    c: Any
    rest: Any
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

    found: Any
    value: Any
    seen: Any
    live: Any
    live_far: Any
    live_bound: Any
    live_best: Any
    live_upto: Any
    pool: Any
    pool_far: Any
    z: Any
    cz: Any
    about: Any
    moved: Any
    none: Any
