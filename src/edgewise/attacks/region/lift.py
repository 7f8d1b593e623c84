"""Neighbours that see rows through an affine map, as plain neighbours in one dimension more.

A classifier compares ``A x + b`` with its training points ``z_i``. But for a part that no i changes,

    |A x + b - z_i|^2  =  |x - c_i|^2 - w_i,   c_i = A'(z_i - b),   w_i = |c_i|^2 - |z_i - b|^2:

the regions, in the units of x, are a power diagram, and that is what the Voronoi diagram of the points ``(c_i, h_i)``,
``h_i^2 = max w - w_i``, has at height 0 (Aurenhammer 1987, section 4). So the search for plain neighbours finds the
nearest point of x in its own units, with its proof, when it is held at height 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Box, Floats, Index
from edgewise.geometry import length
from edgewise.models.weights import Affine


_FEW = 256  # known points of other classes looked at first
_STEP = 1e-9  # of the mean squared size, from one to the next in an order
_SAME = 1e-6  # of a training point's size: what the map misses it by at most


@dataclass(frozen=True)
class Lift:
    """Where rows and training points lie in one dimension more.

    Parameters
    ----------
    seen
        What the classifier sees of a row.
    centre
        A row that it sees amid its training points ``(d,)``; lifted rows are counted from there.
    stretch
        What squared distances are multiplied by: rows and training points come out about as large.
    points
        Lifted training points ``(n, d + 1)``.
    origins
        Rows, from the centre, that the classifier sees as its training points ``(n, d)``; of all such the shortest.
    own
        The part of a row that the classifier sees, as a projection ``(d, d)``.
    reachable
        Whether every training point can be seen at all.
    """

    seen: Affine
    centre: Floats
    stretch: float
    points: Floats
    origins: Floats
    own: Floats
    reachable: bool

    @classmethod
    def of(cls, Z: Floats, seen: Affine, order: Index | None = None) -> Lift:
        """Lift training points ``Z`` (n, m), those of a higher ``order`` (n,) a little farther away."""
        back = np.linalg.pinv(seen.coef)
        centre = back @ (Z.mean(axis=0, dtype=float) - seen.intercept)
        moved = Z - seen(centre[None])
        stretch = float(1 / (seen.sizes[0] * seen.sizes[-1]))
        sites, origins = stretch * (moved @ seen.coef), moved @ back.T
        weight = np.square(sites).sum(axis=1) - stretch * np.square(moved).sum(axis=1)
        if order is not None:
            weight = weight - order * (_STEP * np.square(sites).sum(axis=1).mean())
        height = np.sqrt(np.maximum(weight.max() - weight, 0))
        missed = np.abs(origins @ seen.coef.T - moved).max(initial=0)
        return cls(
            seen,
            centre,
            stretch,
            np.column_stack([sites, height]),
            origins,
            back @ seen.coef,
            bool(missed <= _SAME * np.abs(moved).max(initial=0)),
        )

    def rows(self, X: Floats) -> Floats:
        """Return rows ``(b, d)`` lifted, ``(b, d + 1)``."""
        return np.column_stack([X.astype(float) - self.centre, np.zeros(len(X))])

    def goals(self, which: Index, start: Floats) -> Floats:
        """Return where training points are met from lifted rows ``start`` (b, d + 1), lifted; else their sites."""
        if not self.reachable:
            return self.points[which]
        x = start[:, :-1]
        return np.column_stack([x + self.origins[which] - x @ self.own.T, np.zeros(len(x))])

    def back(self, points: Floats) -> Floats:
        """Return lifted points ``(b, d + 1)`` as rows ``(b, d)``."""
        return np.asarray(points[:, :-1] + self.centre)

    def walls(self, box: Box | None) -> Box:
        """Return where lifted points have to stay: inside the box, and at height 0."""
        free = np.full(len(self.centre), np.inf)
        low, high = (-free, free) if box is None else (box.low - self.centre, box.high - self.centre)
        return Box(np.append(low, 0.0), np.append(high, 0.0))

    def reach(self, X: Floats, own: Index, y: Index, box: Box | None, norm: float) -> Floats:
        """Return a squared length ``(b,)`` that no answer exceeds: of the way to a row seen as a known point.

        Infinite where none of another class is known in the box.
        """
        far = np.full(len(X), np.inf)
        if not self.reachable:
            return far
        others: list[Index] = [np.flatnonzero(y != e) for e in range(int(y.max()) + 1)]
        for b, x in enumerate(X.astype(float) - self.centre):
            known, seen = others[int(own[b])], self.own @ x
            for rows in (known[:: max(1, len(known) // _FEW)], known):
                step = self.origins[rows] - seen
                if box is not None:
                    step = step[box.contains(step + x + self.centre)]
                if len(step):
                    far[b] = length(step, norm).min()
                    break
        return (far * (np.sqrt(X.shape[1]) if norm == np.inf else 1) * (1 + 1e-6)) ** 2
