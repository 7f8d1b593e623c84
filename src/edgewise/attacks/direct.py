"""The direct attack (eq. 9): straight towards the nearest training points of another class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike
from scipy.spatial.distance import cdist

from edgewise.arrays import Box, Floats, Index, Labels, check_count, check_X
from edgewise.attacks.bisection import bisect
from edgewise.attacks.frame import Proposal
from edgewise.models.access import Access
from edgewise.models.joining import check_y, positions
from edgewise.models.neighbours import Neighbours
from edgewise.progress import Advance


CHUNK = 512


@dataclass(frozen=True)
class Direct:
    """Move from x towards the nearest other-class training point x', then bisect back to the boundary.

    Equation 9 as printed has no starting point and points away from x'; what is meant, and done here, is
    ``x + r (x' - x) / |x' - x|`` with ``r <= |x' - x|``.

    Parameters
    ----------
    k
        1: towards x'. More: towards the mean of the ``k`` nearest other-class points, as the paper has it
        for k-NN; where the mean does not cross, towards single points.
    steps
        Halvings of the way; each is one query a sample.
    tries
        How many targets to try, nearest first, until one crosses.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from edgewise import attack
    >>> knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0]], [0, 1])
    >>> attack(knn, [[0.5, 0.0]], Direct()).points.round(6)
    array([[1., 0.]])
    """

    k: int = 1
    steps: int = 25
    tries: int = 10
    norm = 2

    def __post_init__(self) -> None:
        for name in ("k", "steps", "tries"):
            check_count(getattr(self, name), name)

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        neighbours = model.training_points()
        points = X.copy()
        for rows in chunks(len(X)):
            self._some(model.view(rows), X, y, rows, neighbours, box, points)
            advance(len(rows))
        return Proposal(points)

    def _some(
        self,
        model: Access,
        X: Floats,
        y: Labels,
        rows: Index,
        neighbours: Neighbours,
        box: Box | None,
        points: Floats,
    ) -> None:
        targets = other_class_points(X[rows], y[rows], neighbours, max(self.k, self.tries))
        missing = np.arange(len(rows))
        for goal in self._goals(targets, neighbours):
            end = goal[missing].astype(X.dtype)
            end = end if box is None else box.clip(end)
            known = targets[missing, 0] >= 0
            across = known & (model.labels(end, missing) != y[rows[missing]])
            hit = missing[across]
            points[rows[hit]] = bisect(
                model.view(hit), X[rows[hit]], end[across], y[rows[hit]], steps=self.steps
            )
            missing = missing[~across & known]
            if not missing.size:
                return

    def _goals(self, targets: Index, neighbours: Neighbours) -> Iterator[Floats]:
        """Yield, in order of preference, one point to move to for every sample."""
        if self.k > 1:
            wanted = targets[:, : self.k]
            weights = (wanted >= 0)[..., None]
            yield (neighbours.X[wanted] * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
        for rank in range(min(self.tries, targets.shape[1])):
            usable = np.where(targets[:, rank] >= 0, targets[:, rank], targets[:, 0])
            yield neighbours.X[usable]


def starts_of(
    given: tuple[Floats, Labels] | None, X: Floats, y: Labels, box: Box | None, dtype: DTypeLike
) -> tuple[Floats, Labels]:
    """Return the rows a label-only attack starts from, in the box, and their labels; by default ``X`` and ``y``."""
    rows, labels = (X, y) if given is None else given
    rows = check_X(rows, name="starts", n_features=X.shape[1]).astype(dtype)
    return rows if box is None else box.clip(rows), check_y(labels, len(rows), name="labels of starts")


def chunks(n: int, size: int = CHUNK) -> Iterator[Index]:
    """Yield the numbers below ``n`` in runs of at most ``size``."""
    for start in range(0, n, size):
        yield np.arange(start, min(start + size, n))


def other_class_points(X: Floats, y: Labels, neighbours: Neighbours, m: int) -> Index:
    """Return the ``m`` nearest training points not of class ``y`` for each row (n, m), nearest first.

    Where there are fewer, the row ends in -1.
    """
    found = np.full((len(X), m), -1, dtype=np.intp)
    for position in np.unique(positions(y, neighbours.classes)):
        rows = np.flatnonzero(y == neighbours.classes[position])
        others = np.flatnonzero(neighbours.y != position)
        if not others.size:
            continue
        distance = cdist(X[rows], neighbours.X[others], "sqeuclidean")
        few = min(m, len(others))
        nearest = np.argpartition(distance, few - 1, axis=1)[:, :few]
        order = np.argsort(np.take_along_axis(distance, nearest, axis=1), axis=1, kind="stable")
        found[rows, :few] = others[np.take_along_axis(nearest, order, axis=1)]
    return found
