"""The kernel-substitution attack (eq. 10): follow the gradient of a soft k-NN, transfer to the k-NN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Box, Floats, Index, InputError, Labels, check_count
from edgewise.attacks.bisection import bisect
from edgewise.attacks.direct import chunks, other_class_points
from edgewise.attacks.frame import Proposal
from edgewise.models.access import Access
from edgewise.models.nadaraya_watson import NadarayaWatsonClassifier, soft_neighbours
from edgewise.models.neighbours import Neighbours
from edgewise.progress import Advance


@dataclass(frozen=True)
class KernelSubstitute:
    """Step along the gradient of the soft k-NN until the k-NN itself changes its label, then bisect back.

    The soft classifier votes with weights ``exp(-|z - x|^2 / c)`` over the training points. Every step has
    the same length (PGD in L2, eq. 14, with the step apart from the radius); after each one the model is
    asked, and samples that crossed leave the batch.

    Parameters
    ----------
    c
        The kernel's scale in squared input units; None takes a tenth of the mean squared distance from
        training points to the nearest one of another class: close to the hard k-NN, yet with a gradient.
    steps
        Most gradient steps.
    step
        Their length, relative to each sample's distance to the nearest other-class training point.
    halvings
        Bisection steps back to the boundary, on the segment to the sample; 0 leaves the transferred point.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from edgewise import attack
    >>> knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0]], [0, 1])
    >>> attack(knn, [[0.5, 0.0]], KernelSubstitute()).points.round(4)
    array([[1., 0.]])
    """

    c: float | None = None
    steps: int = 30
    step: float = 0.1
    halvings: int = 15
    norm = 2

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")
        check_count(self.halvings, "halvings", low=0)
        for name in ("step", "c"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise InputError(f"{name} must be a finite number above 0; got {value!r}.")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        neighbours = model.training_points()
        points = X.copy()
        if len(np.unique(neighbours.y)) < 2:
            return Proposal(points)
        soft = soft_neighbours(self.c or _typical_scale(neighbours))
        soft.fit(neighbours.X, neighbours.classes[neighbours.y])
        away = _distance_to_others(X, y, neighbours)
        for rows in chunks(len(X)):
            view, start = model.view(rows), X[rows]
            walked, crossed = self._walk(view, soft, start, y[rows], away[rows], box)
            hit = np.flatnonzero(crossed)
            walked[hit] = bisect(view.view(hit), start[hit], walked[hit], y[rows[hit]], steps=self.halvings)
            points[rows[hit]] = walked[hit]
            advance(len(rows))
        return Proposal(points)

    def _walk(
        self,
        model: Access,
        soft: NadarayaWatsonClassifier,
        X: Floats,
        y: Labels,
        away: Floats,
        box: Box | None,
    ) -> tuple[Floats, Labels]:
        """Return where each sample got to, and whether the model changed its label there."""
        points, crossed = X.copy(), np.zeros(len(X), bool)
        own = np.searchsorted(soft.classes_, y)
        active = np.arange(len(X))
        for _ in range(self.steps):
            direction = _downhill(soft, points[active], own[active])
            moved = points[active] + (self.step * away[active])[:, None] * direction
            moved = moved.astype(X.dtype)
            points[active] = moved if box is None else box.clip(moved)
            crossed[active] = model.labels(points[active], active) != y[active]
            active = active[~crossed[active]]
            if not active.size:
                break
        return points, crossed


def _downhill(soft: NadarayaWatsonClassifier, X: Floats, own: Index) -> Floats:
    """Return unit directions in which the soft classifier's best other class gains most on the own one."""
    scores, pullback = soft.scores_and_pullback(X)
    rows = np.arange(len(X))
    rivals = scores.copy()
    rivals[rows, own] = -np.inf
    weights = np.zeros_like(scores)
    weights[rows, np.argmax(rivals, axis=1)] = 1
    weights[rows, own] = -1
    gradient = pullback(weights)
    return gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), np.finfo(float).tiny)


def _distance_to_others(X: Floats, y: Labels, neighbours: Neighbours) -> Floats:
    """Return each sample's distance to the nearest training point of another class."""
    nearest = other_class_points(X, y, neighbours, 1)[:, 0]
    return np.linalg.norm(neighbours.X[nearest] - X, axis=1)


def _typical_scale(neighbours: Neighbours, most: int = 500) -> float:
    """Return a tenth of the mean squared distance between classes, over evenly spaced training points."""
    rows = np.linspace(0, len(neighbours.y) - 1, min(most, len(neighbours.y))).astype(int)
    away = _distance_to_others(neighbours.X[rows], neighbours.classes[neighbours.y[rows]], neighbours)
    return float(np.mean(away**2)) / 10 or 1.0
