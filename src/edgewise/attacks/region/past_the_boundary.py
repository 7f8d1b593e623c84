"""From the boundary to just beyond it, confirmed by the model itself."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Box, Floats, Index, Labels
from edgewise.attacks.region.batch import Nearest, find, nearest_others
from edgewise.attacks.region.index import Fitted
from edgewise.attacks.region.k_neighbours import Votes, vote
from edgewise.attacks.region.l2_cell import rounding
from edgewise.geometry import between
from edgewise.models.access import Access


_TRIES = 40


def cross(
    model: Access, X: Floats, y: Labels, own: Index, box: Box | None, at: Nearest, fit: Fitted, norm: float
) -> Floats:
    """Return points ``(b, d)`` in the dtype of ``X`` just beyond those of ``at``; NaN where there are none.

    Moving from z towards the winning training point x_j opens every tie in proportion; the first step is what
    the rounding of the points asks, or a 1e-10 of the way if that is more, and eight times longer for each
    row the model, with its own rounding, still labels ``y``. Where x_j is outside the box, the regions' walls
    are moved instead. Rows still without, such as where a region only touches the box, are searched again
    with all walls moved, then on the way to a training point.
    """
    points = np.full(X.shape, np.nan, X.dtype)
    winner = fit.index.whole(np.maximum(at.winner, 0))
    tau = _first_steps(X, at, winner, fit)
    reachable = np.ones(len(X), bool) if box is None else box.contains(winner)
    todo = np.flatnonzero(at.winner >= 0)
    for _ in range(_TRIES):
        if not len(todo):
            break
        moved = between(at.points[todo], winner[todo], tau[todo])
        walls = todo[~reachable[todo]]
        if len(walls):
            moved[~reachable[todo]] = find(
                fit.index,
                X[walls].astype(float),
                own[walls],
                box,
                margin=tau[walls] * at.gap[walls],
                allowed=at.winner[walls, None],
                norm=norm,
            ).points
        todo = _keep(model, y, box, todo, moved, points)
        todo = todo[tau[todo] < 1]
        tau[todo] = np.minimum(8 * tau[todo], 1)
    todo = np.flatnonzero(~np.isfinite(points).all(axis=1) & (at.winner >= 0))
    margin = 64 * np.finfo(X.dtype).eps * _squares(X, fit)
    for _ in range(8):
        if not len(todo):
            return points
        again = find(fit.index, X[todo].astype(float), own[todo], box, margin=margin[todo], norm=norm)
        todo = _keep(model, y, box, todo, again.points, points)
        margin *= 32
    if len(todo):
        points[todo] = _on_the_way(model, X, y, own, box, todo, fit)
    return points


def _squares(X: Floats, fit: Fitted) -> Floats:
    """Return the size of the numbers a model meets that expands squared distances ``(b,)``."""
    return fit.largest2 + np.einsum("ij,ij->i", X, X, dtype=float)


def _first_steps(X: Floats, at: Nearest, winner: Floats, fit: Fitted) -> Floats:
    """Return which part ``(b,)`` of the way from the boundary to the winning point to try first."""
    unit, tiny = np.finfo(X.dtype).eps, np.finfo(float).tiny
    gap, scale = np.maximum(at.gap, tiny), _squares(X, fit)
    far = np.einsum("ij,ij->i", winner - X, winner - X)
    rough = 4 * (64 * np.finfo(float).eps * scale + 4e-12 * far) / gap
    if unit > 1e-10:
        return np.minimum(rough + unit * np.sqrt(scale / gap), 0.5)
    left = np.sqrt(np.einsum("ij,ij->i", winner - at.points, winner - at.points))
    fine = 16 * (rounding.py_func(far, X.shape[1]) + unit * np.sqrt(scale)) / np.sqrt(gap)
    near = 1e-10 * np.sqrt(at.squares) / np.maximum(left, tiny)
    return np.nan_to_num(np.minimum(np.minimum(rough, np.maximum(fine, near)), 0.5), nan=0.5)


def outvote(
    model: Access,
    X: Floats,
    y: Labels,
    own: Index,
    box: Box | None,
    at: Votes,
    fit: Fitted,
    k: int,
    nodes: int,
) -> Floats:
    """Return points ``(b, d)`` at which ``model``, with ``k`` neighbours, confirms another label than ``y``.

    The half-spaces of the optimum are moved by a margin that outweighs rounding, then by larger ones, then
    the search is run again from the start with that margin. Where none of it helps, or the search stopped
    early: the crossing of the way to a training point the model labels otherwise.
    """
    points = np.full(X.shape, np.nan, X.dtype)
    unit = np.finfo(X.dtype).eps
    margin = 64 * np.finfo(float).eps * _squares(X, fit)
    if unit > 1e-10:
        margin = margin + unit * _squares(X, fit)
    todo = np.flatnonzero(at.found)
    for attempt in range(12):
        if not len(todo):
            break
        moved = vote(
            fit.index,
            k,
            X[todo].astype(float),
            own[todo],
            box,
            nodes=nodes,
            margin=margin[todo],
            start=at.of(todo) if attempt % 3 < 2 else None,
        ).points
        todo = _keep(model, y, box, todo, moved, points)
        margin[todo] *= 4 if attempt < 6 else 64
    failed = np.flatnonzero(~np.isfinite(points).all(axis=1) & ~at.none)
    if len(failed):
        points[failed] = _on_the_way(model, X, y, own, box, failed, fit)
    return points


def _keep(model: Access, y: Labels, box: Box | None, rows: Index, moved: Floats, points: Floats) -> Index:
    """Put confirmed points into place; return the rows still without."""
    moved = moved.astype(points.dtype)
    known = np.isfinite(moved).all(axis=1)
    if box is not None:
        moved[known] = box.clip(moved[known])
    crossed = np.zeros(len(rows), bool)
    crossed[known] = model.view(rows[known]).labels(moved[known]) != y[rows[known]]
    points[rows[crossed]] = moved[crossed]
    return rows[~crossed]


def _on_the_way(
    model: Access, X: Floats, y: Labels, own: Index, box: Box | None, rows: Index, fit: Fitted
) -> Floats:
    """Return the crossing between each row and the nearest training point labelled otherwise, or NaN."""
    points = np.full((len(rows), X.shape[1]), np.nan, X.dtype)
    near, _ = nearest_others(fit.index, X[rows].astype(float), own[rows], 32)
    for e in range(near.shape[1]):
        todo = np.flatnonzero(np.isnan(points[:, 0]) & (near[:, e] >= 0))
        if not len(todo):
            break
        ends = fit.index.whole(near[todo, e]).astype(X.dtype)
        ends = ends if box is None else box.clip(ends)
        good = model.view(rows[todo]).labels(ends) != y[rows[todo]]
        points[todo[good]] = ends[good]
    done = np.flatnonzero(np.isfinite(points[:, 0]))
    start, end = X[rows[done]], points[done]
    left, right = np.zeros(len(done)), np.ones(len(done))
    for _ in range(50 if len(done) else 0):
        middle = (left + right) / 2
        crossed = model.view(rows[done]).labels(between(start, end, middle)) != y[rows[done]]
        left, right = np.where(crossed, left, middle), np.where(crossed, middle, right)
    if len(done):
        points[done] = between(start, end, right)
    return points
