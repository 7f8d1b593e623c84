"""The label-only attack (the paper's BBox; eqs. 11-12, Cheng et al. 2018): descend the boundary distance.

Along a direction theta the boundary lies at distance g(theta) (eq. 11); g is lowered by random
gradient-free descent (eq. 12). All samples and all their random directions ask in lock step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.spatial.distance import cdist

from edgewise.arrays import Box, Floats, Index, InputError, Labels, check_count
from edgewise.attacks.bisection import bisect, can_ask
from edgewise.attacks.direct import chunks, starts_of
from edgewise.attacks.frame import Proposal, flattened
from edgewise.models.access import Access
from edgewise.progress import Advance
from edgewise.randomness import row_streams


FIRST_HALVINGS = 14
REACH = 0.3
LINE_SEARCH = 4
SHORTEST_STEP = 1e-3
LONGEST_STEP = 0.2
PATIENCE = 3


@dataclass(frozen=True)
class Opt:
    """Minimise the distance to the boundary from labels alone, within a hard budget a sample.

    It starts from data: the nearest of ``starts`` (by default, the other samples attacked) of another label,
    asked before they are believed. With a box every point asked is in it.

    Parameters
    ----------
    budget
        The most queries a sample may cost in all, the frame's two included; never exceeded by one.
    directions
        Random directions a descent step (q in Cheng et al.).
    smoothing
        Their length relative to the direction they perturb (beta).
    halvings
        Questions that measure g along one direction.
    starts
        Points to start from ``(m, d)`` and the labels ``(m,)`` they are thought to have; None for the batch.
    neighbours
        Three random directions in four are combinations of those to this many nearest starts of either
        side; 0 draws all of them anywhere, as Cheng et al. do, which finds little in hundreds of features.
    tries
        How many starts, nearest first, a sample bisects towards; the descent begins at the best.

    Examples
    --------
    >>> from edgewise import attack
    >>> circle = lambda X: (np.hypot(*X.T) > 1).astype(int)
    >>> found = attack(circle, [[0.3, 0.4]], Opt(budget=500, starts=([[2.0, 2.0]], [1])), rng=0)
    >>> bool(found.found[0]), bool(found.distance[0] < 0.51), int(found.queries[0]) <= 500
    (True, True, True)
    """

    budget: int = 2000
    directions: int = 10
    smoothing: float = 0.1
    halvings: int = 7
    starts: tuple[Floats, Labels] | None = None
    neighbours: int = 30
    tries: int = 10
    norm = 2

    def __post_init__(self) -> None:
        for name, low in (("budget", 3), ("directions", 1), ("halvings", 1), ("neighbours", 0), ("tries", 1)):
            check_count(getattr(self, name), name, low=low)
        if not 0 < self.smoothing < 1:
            raise InputError(f"smoothing must lie in (0, 1); got {self.smoothing!r}.")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        flat = flattened(X)
        points = flat.copy()
        starts, labels = starts_of(self.starts, flat, y, box, X.dtype)
        for rows in chunks(len(X)):
            view = _Shaped(model.view(rows), X.shape[1:])
            descent = _Descent(self, view, flat[rows], y[rows], box, row_streams(seed, flat[rows], "opt"))
            descent.start(starts, labels)
            descent.run()
            points[rows] = descent.best
            advance(len(rows))
        return Proposal(points.reshape(X.shape))


@dataclass(frozen=True)
class _Shaped:
    """Access that takes flat rows and asks the model in its own shape."""

    access: Access
    shape: tuple[int, ...]

    def labels(self, Z: Floats, of: Index) -> Labels:
        return self.access.labels(Z.reshape(len(Z), *self.shape), of)


class _Descent:
    """The state of one batch: the best crossing point of each sample, and which samples still work."""

    def __init__(
        self, settings: Opt, model: _Shaped, X: Floats, y: Labels, box: Box | None, streams: list[Generator]
    ) -> None:
        self.settings, self.model, self.X, self.y, self.box = settings, model, X, y, box
        self.streams = streams
        self.best = X.copy()
        self.radius = np.full(len(X), np.inf)
        self.step = np.full(len(X), LONGEST_STEP)

    def start(self, starts: Floats, labels: Labels) -> None:
        """Bisect towards the nearest starts of another label and keep the nearest crossing point."""
        self.starts = starts
        distance = cdist(self.X, starts)
        same = labels[None, :] == self.y[:, None]
        others = np.where(same, np.inf, distance)
        self.near = np.hstack(
            [
                _nearest(np.where(same, distance, np.inf), self.settings.neighbours),
                _nearest(others, self.settings.neighbours),
            ]
        )
        tries = min(self.settings.tries, len(starts))
        order = _nearest(others, tries)
        for rank in range(tries):
            rows = np.flatnonzero(np.isfinite(others[np.arange(len(self.X)), order[:, rank]]))
            rows = rows[can_ask(self.model.access, rows)]
            goal = starts[order[rows, rank]]
            across = self.model.labels(goal, rows) != self.y[rows]
            rows, goal = rows[across], goal[across]
            ends = bisect(
                self.model.access.view(rows),
                self._shape(self.X[rows]),
                self._shape(goal),
                self.y[rows],
                steps=FIRST_HALVINGS,
            ).reshape(goal.shape)
            nearer = _norms(ends.astype(float) - self.X[rows])[:, 0] < self.radius[rows]
            self._accept(rows[nearer], ends[nearer])

    def run(self) -> None:
        """Descend until the budget is spent or several fresh starts of the step have not helped."""
        patience = np.full(len(self.X), PATIENCE)
        active = np.flatnonzero(np.isfinite(self.radius) & (self.radius > 0))
        while active.size:
            before = self.radius[active]
            self._line_search(active, self._gradient(active))
            patience[active[self.radius[active] < before]] = PATIENCE
            stuck = active[self.step[active] < SHORTEST_STEP]
            self.step[stuck] = LONGEST_STEP
            patience[stuck] -= 1
            active = active[patience[active] > 0]
            active = active[
                can_ask(self.model.access, np.repeat(active, self.settings.directions))[
                    :: self.settings.directions
                ]
            ]

    def _gradient(self, active: Index) -> Floats:
        """Estimate the gradient of g by differences along random directions (eq. 12), averaged."""
        q, beta = self.settings.directions, self.settings.smoothing
        d = self.X.shape[1]
        noise = np.stack([self._noise(i, q) for i in active]).astype(self.X.dtype)
        noise /= np.maximum(np.linalg.norm(noise, axis=2, keepdims=True), np.finfo(noise.dtype).tiny)
        turned = (self._direction(active)[:, None, :] + beta * noise).reshape(-1, d)
        of = np.repeat(active, q)
        reached, _ = self._distance(turned / _norms(turned), of, top=1 + REACH)
        rise = (reached / self.radius[of] - 1).reshape(len(active), q, 1)
        return np.asarray((rise * noise).mean(axis=1), self.X.dtype)

    def _noise(self, i: int, q: int) -> Floats:
        """Draw ``q`` directions for sample ``i``: every fourth anywhere, the rest among nearby data."""
        draw = self.streams[i].normal
        anywhere = draw(size=(q, self.X.shape[1]))
        if not self.settings.neighbours:
            return anywhere
        near = draw(size=(q, self.near.shape[1])) @ (self.starts[self.near[i]] - self.best[i])
        return np.where(np.arange(q)[:, None] % 4 == 0, anywhere, near)

    def _line_search(self, active: Index, gradient: Floats) -> None:
        """Step against the gradient, longer while g falls, shorter until it does."""
        downhill = -gradient / _norms(gradient)
        improved = np.zeros(len(active), bool)
        working = np.arange(len(active))
        for _ in range(LINE_SEARCH):
            working = working[can_ask(self.model.access, active[working])]
            rows = active[working]
            turned = self._direction(rows) + self.step[rows, None].astype(self.X.dtype) * downhill[working]
            _, points = self._distance(turned / _norms(turned), rows, top=1.0)
            better = (points != self.X[rows]).any(axis=1)
            better &= _norms(points.astype(float) - self.X[rows])[:, 0] < self.radius[rows]
            self._accept(rows[better], points[better])
            self.step[rows] *= np.where(better, 2.0, 0.5)
            working, stop = working[better | ~improved[working]], working[better]
            improved[stop] = True

    def _distance(self, directions: Floats, of: Index, top: float) -> tuple[Floats, Floats]:
        """Return g along each direction by halving the shell ``radius * [1 - reach, top]``, and that point.

        Where nothing in the shell crosses, g is the top and the point is the sample itself.
        """
        radius = self.radius[of]
        low, high = radius * (1 - REACH), radius * top
        points = self.X[of].copy()
        active = np.arange(len(of))
        for _ in range(self.settings.halvings):
            active = active[can_ask(self.model.access, of[active])]
            middle = (low[active] + high[active]) / 2
            asked = self._along(directions[active], of[active], middle)
            across = self.model.labels(asked, of[active]) != self.y[of[active]]
            hit = active[across]
            high[hit], points[hit] = middle[across], asked[across]
            low[active[~across]] = middle[~across]
        return high, points

    def _along(self, directions: Floats, of: Index, t: Floats) -> Floats:
        points = self.X[of] + t[:, None].astype(self.X.dtype) * directions
        return points if self.box is None else self.box.clip(points)

    def _direction(self, rows: Index) -> Floats:
        delta = self.best[rows] - self.X[rows]
        return delta / _norms(delta)

    def _accept(self, rows: Index, points: Floats) -> None:
        self.best[rows] = points
        self.radius[rows] = np.linalg.norm(points.astype(float) - self.X[rows], axis=1)

    def _shape(self, Z: Floats) -> Floats:
        return Z.reshape(len(Z), *self.model.shape)


def _norms(delta: Floats) -> Floats:
    """Return the length of each row as a column, never 0."""
    return np.maximum(np.linalg.norm(delta, axis=1, keepdims=True), np.finfo(delta.dtype).tiny)


def _nearest(distance: Floats, m: int) -> Index:
    """Return the columns of the ``m`` smallest entries of each row, smallest first."""
    return np.argsort(distance, axis=1, kind="stable")[:, :m]
