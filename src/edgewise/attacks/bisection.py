"""Lock-step bisection: every sample halves its segment at each question, one batch a step."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Index, Labels, Mask
from edgewise.geometry import between
from edgewise.models.access import Access


RESERVE = 1
"""Queries a method leaves of a sample's budget, for the frame's verification."""


def can_ask(model: Access, of: Index) -> Mask:
    """Say for each row asked on behalf of ``of`` whether its sample can pay for all of its rows."""
    rows = np.bincount(of, minlength=len(model.rows))
    return np.asarray((model.left() >= rows + RESERVE)[of])


def bisect(
    model: Access, X: Floats, crossed: Floats, y: Labels, *, steps: int, of: Index | None = None
) -> Floats:
    """Return, on each segment from ``X`` (m, ...) to ``crossed``, the nearest point known to cross.

    Parameters
    ----------
    X, crossed
        Ends with label ``y`` and with another label.
    y
        The labels to lose, one a segment.
    steps
        Halvings: the segment's length shrinks by ``2 ** -steps``. A sample stops earlier when its budget
        ends or the next point equals an end.
    of
        The sample each segment belongs to.
    """
    of = np.arange(len(X)) if of is None else of
    low, high = np.zeros(len(X)), np.ones(len(X))
    best = crossed.copy()
    active = np.arange(len(X))
    for _ in range(steps):
        active = active[can_ask(model, of[active])]
        if not active.size:
            break
        middle = (low[active] + high[active]) / 2
        points = between(X[active], crossed[active], middle)
        moved = (points != best[active]).reshape(len(active), -1).any(axis=1)
        active, middle, points = active[moved], middle[moved], points[moved]
        across = model.labels(points, of[active]) != y[active]
        high[active[across]], low[active[~across]] = middle[across], middle[~across]
        best[active[across]] = points[across]
    return best
