"""ProbCover: rows whose balls cover most of the pool."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from edgewise.arrays import Floats, Index, InputError, Mask
from edgewise.strategies.clusters import clustered
from edgewise.strategies.frame import Query, Request, chosen, draw
from edgewise.strategies.greedy_cover import nearest
from edgewise.strategies.measured import Measured, here
from edgewise.strategies.model_scores import Space, asks


@dataclass(frozen=True)
class ProbCover:
    """Greedy maximum cover by balls (Yehuda et al. 2022): each row's ball holds most rows not covered yet.

    The radius is the largest for which the share ``purity`` of balls holds points of one k-means cluster only.

    Parameters
    ----------
    purity
        In (0, 1).
    clusters
        Clusters that stand in for classes; None for as many as there are classes, 10 while that is not known.
    most
        Rows that are covered and may be picked at most; of a larger pool a uniform sample.
    space
        Where distances are measured.
    """

    purity: float = 0.95
    clusters: int | None = None
    most: int = 4000
    space: Space = "embedding"

    def __call__(self, request: Request) -> Query:
        """Choose the radius, then cover."""
        if not 0 < self.purity < 1:
            raise InputError(f"purity must lie in (0, 1); got {self.purity!r}.")
        rows = draw(request.candidates, max(self.most, request.n), request.seed, "probcover sample")
        at = Measured.of(here(request), request, np.sort(rows), self.space)
        points = at.rows(rows)
        radius = pure_radius(points, self._groups(request, points), self.purity)
        covered = np.zeros(len(rows), dtype=bool)
        if request.labelled is not None:
            covered = nearest(points, at.given(request.labelled.X)) <= radius**2
        place, score = cover(points, radius, covered, request.n)
        return chosen(list(rows[place]), list(score), queries=len(rows) * asks(request.model, self.space))

    def _groups(self, request: Request, points: Floats) -> Index:
        known = getattr(
            request.model, "classes_", () if request.labelled is None else np.unique(request.labelled.y)
        )
        k = self.clusters or (len(known) if len(known) > 1 else 10)
        return clustered(points.astype(np.float64), min(k, len(points)), request.seed)


def pure_radius(points: Floats, group: Index, purity: float) -> float:
    """Return the largest radius at which the share ``purity`` of balls hold points of one group only.

    A ball is pure until it reaches the nearest point of another group, so it is a quantile of these distances.

    Examples
    --------
    >>> pure_radius(np.array([[0.0], [1.0], [3.0], [4.0]]), np.array([0, 0, 1, 1]), 0.5)
    2.5
    """
    gap = np.full(len(points), np.inf)
    for one in np.unique(group):
        inside = group == one
        if not inside.all():
            near = NearestNeighbors(n_neighbors=1).fit(points[~inside]).kneighbors(points[inside])[0]
            gap[inside] = near[:, 0]
    if not np.isfinite(gap).all():
        return float(np.linalg.norm(points - points.mean(axis=0), axis=1).mean())
    return float(np.quantile(gap, 1 - purity))


def cover(points: Floats, radius: float, covered: Mask, n: int) -> tuple[Index, Floats]:
    """Pick ``n`` rows, one by one the one with most rows not ``covered`` (m,) in its ball; ties to the first."""
    inside = np.empty((len(points), len(points)), dtype=bool)
    size = np.square(points).sum(axis=1)
    for start in range(0, len(points), 256):
        part = slice(start, start + 256)
        inside[part] = size[part, None] + size - 2 * (points[part] @ points.T) <= radius**2
    np.fill_diagonal(inside, True)
    gain = (inside & ~covered).sum(axis=1)
    picked, won = np.empty(n, dtype=np.intp), np.empty(n)
    for step in range(n):
        best = int(np.argmax(gain))
        picked[step], won[step] = best, gain[best]
        new = inside[best] & ~covered
        covered = covered | new
        gain = gain - inside[:, new].sum(axis=1)
        gain[picked[: step + 1]] = -1
    return picked, won
