"""From the boundary to just beyond it, confirmed by the model itself."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Box, Floats, Index, Labels
from edgewise.attacks.region.engine import Nearest, find
from edgewise.attacks.region.fitted import Fitted
from edgewise.geometry import between
from edgewise.models.access import Access


_TRIES = 40


def cross(model: Access, X: Floats, y: Labels, own: Index, box: Box | None, at: Nearest,
          fit: Fitted) -> Floats:
    """Return points ``(b, d)`` in the dtype of ``X`` just beyond those of ``at``; NaN where there are none.

    Moving from z towards the winning training point x_j opens every tie in proportion; the first step is as
    long as the rounding of the model's distances asks, and four times longer for each row the model still
    labels ``y``. Where x_j is outside the box, the regions' walls are moved instead.
    """
    points = np.full(X.shape, np.nan, X.dtype)
    unit = np.finfo(X.dtype).eps
    winner = fit.index.X[np.maximum(at.winner, 0)]
    scale = fit.largest2 + np.einsum("ij,ij->i", at.points, at.points)
    far = np.einsum("ij,ij->i", winner - X, winner - X)
    rounding = 64 * np.finfo(float).eps * scale + 4e-12 * far + (0.5 * unit * scale if unit > 1e-10 else 0)
    tau = np.minimum(4 * rounding / np.maximum(at.gap, np.finfo(float).tiny), 0.5)
    reachable = np.ones(len(X), bool) if box is None else box.contains(winner)
    todo = np.flatnonzero(at.winner >= 0)
    for _ in range(_TRIES):
        if not len(todo):
            break
        moved = between(at.points[todo], winner[todo], tau[todo])
        walls = todo[~reachable[todo]]
        if len(walls):
            moved[~reachable[todo]] = find(fit.index, X[walls], own[walls], box, margin=tau[walls] * at.gap[walls],
                                           allowed=at.winner[walls, None]).points
        moved = moved.astype(X.dtype)
        if box is not None:
            moved = box.clip(moved)
        points[todo] = moved
        known = np.isfinite(moved).all(axis=1)
        todo, moved = todo[known], moved[known]
        if not len(todo):
            break
        failed = model.view(todo).labels(moved) == y[todo]
        todo = todo[failed & (tau[todo] < 1)]
        tau[todo] = np.minimum(4 * tau[todo], 1)
    return points
