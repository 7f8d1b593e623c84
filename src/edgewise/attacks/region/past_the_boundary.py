"""From the boundary to just beyond it, confirmed by the model itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgewise.arrays import Floats, Index, Mask
from edgewise.attacks.race.attack import Race
from edgewise.attacks.region.attacked import Attacked
from edgewise.attacks.region.batch import Nearest, nearest_others
from edgewise.attacks.region.k_neighbours import Votes
from edgewise.attacks.region.l2_cell import slack_rounding
from edgewise.geometry import between, length
from edgewise.progress import Advance


_TRIES = 40

QUESTIONS = 300
"""Labels asked for a row whose search among several neighbours stopped early."""


def cross(given: Attacked, at: Nearest) -> Floats:
    """Return points ``(b, d)`` in the dtype of ``X`` just beyond those of ``at``; NaN where there are none.

    Moving from z towards the winning training point x_j opens every tie in proportion; the first step is what
    the rounding of the points asks, or a 1e-10 of the way if that is more, and eight times longer for each
    row the model, with its own rounding, still labels ``y``. Where x_j is outside the box, the regions' walls
    are moved instead. Rows still without, such as where a region only touches the box, are searched again
    with all walls moved, then on the way to a training point.
    """
    X = given.X
    points = np.full(X.shape, np.nan, X.dtype)
    winner = given.goals(np.maximum(at.winner, 0), np.arange(len(X)))
    tau = _first_steps(given, at, winner)
    reachable = np.ones(len(X), bool) if given.walls is None else given.walls.contains(winner)
    todo = np.flatnonzero(at.winner >= 0)
    for _ in range(_TRIES):
        if not len(todo):
            break
        moved = between(at.points[todo], winner[todo], tau[todo])
        walls = todo[~reachable[todo]]
        if len(walls):
            again = given.nearest(walls, tau[walls] * at.gap[walls], allowed=at.winner[walls, None])
            moved[~reachable[todo]] = again.points
        todo = _keep(given, todo, moved, points)
        todo = todo[tau[todo] < 1]
        tau[todo] = np.minimum(8 * tau[todo], 1)
    todo = np.flatnonzero(~np.isfinite(points).all(axis=1) & np.isfinite(at.lower))
    margin = 64 * np.finfo(X.dtype).eps * given.squares(at.lower)
    for _ in range(8):
        if not len(todo):
            return points
        todo = _keep(given, todo, given.nearest(todo, margin[todo]).points, points)
        margin *= 32
    if len(todo):
        points[todo] = _on_the_way(given, todo)
    return points


def _first_steps(given: Attacked, at: Nearest, winner: Floats) -> Floats:
    """Return which part ``(b,)`` of the way from the boundary to the winning point to try first."""
    X, scale = given.start, given.squares(at.squares)
    unit, tiny = np.finfo(given.X.dtype).eps, np.finfo(float).tiny
    gap = np.maximum(at.gap, tiny)
    way = winner - X
    far = np.einsum("ij,ij->i", way, way)
    rough = 4 * (64 * np.finfo(float).eps * scale + 4e-12 * far) / gap
    if unit > 1e-10:
        return np.minimum(rough + unit * np.sqrt(scale / gap), 0.5)
    way = winner - at.points
    left = np.sqrt(np.einsum("ij,ij->i", way, way))
    lost = slack_rounding(1.0, X.shape[1]) * np.sqrt(far)
    fine = 16 * (lost + unit * np.sqrt(scale)) / np.sqrt(gap)
    near = 1e-10 * np.sqrt(at.squares) / np.maximum(left, tiny)
    return np.nan_to_num(np.minimum(np.minimum(rough, np.maximum(fine, near)), 0.5), nan=0.5)


def outvote(given: Attacked, at: Votes, nodes: int, advance: Advance) -> Floats:
    """Return points ``(b, d)`` at which the model, of several neighbours, confirms another label than ``y``.

    Where training points of several classes coincide, the model may decide otherwise at the optimum; the search is
    run again with these in the model's order and in the worst one, and the nearest point kept. Where that does not
    help, or the search stopped early: the nearest of the crossing of the way to a training point the model labels
    otherwise, of where a few questions lead from there, and of the end of a descent. ``advance`` is told of the rows
    whose search stopped early.
    """
    points = np.full(given.X.shape, np.nan, given.X.dtype)
    rows = np.flatnonzero(at.found)
    _past(given, rows, at.of(rows), nodes, points)

    def loose() -> Index:
        return np.flatnonzero(~attained(points, np.sqrt(at.lower), given) & ~at.none)

    def put(rows: Index, others: Floats) -> None:
        kept, X = points[rows], given.X[rows]
        nearer = ~(length(kept - X) <= length(others - X)) & np.isfinite(others).all(axis=1)
        points[rows[nearer]] = others[nearer]

    for other, rows in given.reordered(loose()):
        found = other.votes(nodes, rows)
        kept = np.flatnonzero(found.found)
        ordered = np.full_like(points, np.nan)
        _past(other, rows[kept], found.of(kept), nodes, ordered)
        put(rows, ordered[rows])
    rest = loose()
    stopped = ~(at.found | at.none)[rest]
    if len(rest):
        put(rest, _on_the_way(given, rest))
        put(rest, _by_labels(given, rest, points[rest]))
        put(rest, _descended(given, rest, points, lambda row: advance(int(stopped[row]))))
    return points


def _by_labels(given: Attacked, rows: Index, ends: Floats) -> Floats:
    """Return points ``(len(rows), d)`` that a few questions a row lead to from crossing points ``ends``, or NaN."""
    known = np.isfinite(ends).all(axis=1)
    model, points = given.model.view(rows), np.full(ends.shape, np.nan, ends.dtype)
    if known.any():
        labels = given.model.view(rows[known]).labels(ends[known])
        starts = np.vstack([ends[known], given.X]).astype(float), np.concatenate([labels, given.y])
        asked = replace(model, budget=int(model.queries[model.rows].max()) + QUESTIONS)
        race = Race(QUESTIONS, starts=starts)
        found = race(
            asked, given.X[rows], given.y[rows], box=given.box, seed=0, advance=lambda _: None
        ).points
        crossed = given.crossed(rows, found)
        points[crossed] = found[crossed]
    return points


def _descended(given: Attacked, rows: Index, begun: Floats, done: Callable[[int], object]) -> Floats:
    """Return near points that the model confirms ``(len(rows), d)``, or NaN; ``begun`` (b, d) are crossing points."""
    points, reach = np.full(given.X.shape, np.nan, given.X.dtype), np.zeros(len(given.X))
    reach[rows] = np.square(given.near(rows, begun, done=done) - given.start[rows]).sum(axis=1)
    todo, margin = rows[np.isfinite(reach[rows])], _margins(given, np.nan_to_num(reach))
    for _ in range(6):
        if not len(todo):
            break
        todo = _keep(given, todo, given.near(todo, begun, margin[todo]), points)
        margin *= 64
    return points[rows]


def _past(given: Attacked, rows: Index, at: Votes, nodes: int, points: Floats) -> None:
    """Put points into place that the model confirms, for some rows whose optima ``at`` are.

    The half-spaces of the optimum are moved by a margin that outweighs rounding, then by larger ones, then
    the search is run again from the start with that margin.
    """
    reach = np.zeros(len(points))
    reach[rows] = at.lower
    margin = _margins(given, reach)
    todo, place = rows, np.arange(len(rows))
    for attempt in range(12):
        if not len(todo):
            break
        again = at.of(place) if attempt % 3 < 2 else None
        moved = given.votes(nodes, todo, margin[todo], start=again).points
        left = np.isin(todo, _keep(given, todo, moved, points))
        todo, place = todo[left], place[left]
        margin[todo] *= 4 if attempt < 6 else 64


def _margins(given: Attacked, reach: Floats) -> Floats:
    """Return by how much to move half-spaces first ``(b,)``, for optima at squared distances ``reach`` (b,)."""
    unit = np.finfo(given.X.dtype).eps
    margin = (64 * np.finfo(float).eps + (unit if unit > 1e-10 else 0)) * given.squares(reach)
    # Far from 0 that is much, and a model that takes differences before squares needs none of it.
    return np.where((margin > 1e-3 * reach) & (reach > 0), 1e-6 * reach, margin)


def _keep(given: Attacked, rows: Index, moved: Floats, points: Floats) -> Index:
    """Put confirmed points into place; return the rows still without."""
    moved = given.back(moved).astype(points.dtype, copy=False)
    known = np.isfinite(moved).all(axis=1)
    if given.box is not None:
        moved[known] = given.box.clip(moved[known])
    crossed = np.zeros(len(rows), bool)
    crossed[known] = given.crossed(rows[known], moved[known])
    points[rows[crossed]] = moved[crossed]
    return rows[~crossed]


def _on_the_way(given: Attacked, rows: Index) -> Floats:
    """Return the crossing between each row and the nearest training point labelled otherwise, or NaN."""
    points = np.full((len(rows), given.X.shape[1]), np.nan, given.X.dtype)
    near, _ = nearest_others(given.index, given.start[rows], given.own[rows], 32)
    for e in range(near.shape[1]):
        todo = np.flatnonzero(np.isnan(points[:, 0]) & (near[:, e] >= 0))
        if not len(todo):
            break
        ends = given.back(given.goals(near[todo, e], rows[todo])).astype(given.X.dtype)
        ends = ends if given.box is None else given.box.clip(ends)
        good = given.crossed(rows[todo], ends)
        points[todo[good]] = ends[good]
    done = np.flatnonzero(np.isfinite(points[:, 0]))
    start, end = given.X[rows[done]], points[done]
    left, right = np.zeros(len(done)), np.ones(len(done))
    for _ in range(50 if len(done) else 0):
        middle = (left + right) / 2
        crossed = given.crossed(rows[done], between(start, end, middle))
        left, right = np.where(crossed, left, middle), np.where(crossed, middle, right)
    if len(done):
        points[done] = between(start, end, right)
    return points


def away(points: Floats, given: Attacked) -> Floats:
    """Return how far points are from the rows ``(b,)``; infinite where there is none."""
    return np.nan_to_num(length(np.subtract(points, given.X, dtype=float), given.norm), nan=np.inf)


def attained(points: Floats, lower: Floats, given: Attacked) -> Mask:
    """Say where a point is as near as the bound, but for what the model's rounding may ask."""
    unit = float(np.finfo(given.X.dtype).eps)
    return np.asarray(away(points, given) <= lower * (1 + 1e-3) + max(1e-6, 8 * unit) * given.size(lower**2))
