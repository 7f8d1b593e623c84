"""The exact attack on linear models: closed form without a box, exact with one, in L1, L2 and L-infinity.

A linear model leaves class a for class b where ``w z + c > 0`` with ``w = w_b - w_a``. Without a box the
nearest such point is at ``-(w x + c) / |w|_q``, q the dual exponent. With one, each feature moves along w
until its bound stops it, so that the distance is found on a sorted list of bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Index, InputError, Labels, Mask, check_box, check_X
from edgewise.attacks.direct import chunks
from edgewise.attacks.frame import Proposal
from edgewise.attacks.moves import Moves
from edgewise.attacks.smallest import Smallest
from edgewise.geometry import check_norm, length
from edgewise.models.access import Access
from edgewise.models.unwrap import Model
from edgewise.models.weights import Weights
from edgewise.progress import Advance


ROWS = 65_536


@dataclass(frozen=True)
class LinearExact:
    """The nearest point that a linear model labels otherwise, with proof.

    Logistic regression, linear support vector machines, ridge, perceptron and stochastic gradient
    classifiers and linear discriminant analysis, of two or more classes; scalers in a pipeline are seen
    through. ``lower`` is the distance to the boundary itself; the point lies beyond it by what rounding asks.

    Parameters
    ----------
    norm
        1, 2 or infinity.
    moves
        Frozen and one-way features and weights; whole numbers, grids and a least step are for trees.

    Examples
    --------
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from edgewise import attack
    >>> model = RidgeClassifier(1e-9).fit([[0.0, 0.0], [2.0, 0.0]], ["a", "b"])
    >>> attack(model, [[0.25, 3.0]], LinearExact()).distance.round(3)
    array([0.75])
    """

    norm: float = 2
    moves: Moves = field(default_factory=Moves)
    confirms = True

    def __post_init__(self) -> None:
        check_norm(self.norm)
        if len(self.moves.integers) or len(self.moves.grid) or np.any(self.moves.step):
            raise InputError("linear models take no integers, grid or step in moves; trees do.")

    def measure(self, move: Floats, model: object) -> Floats:
        """Return how long moves ``(n, d)`` are under the weights."""
        return length(move * self.moves.of(model, move.shape[1]).weights, self.norm)

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        known = model.weights()
        points, lower = np.full(X.shape, np.nan, X.dtype), np.empty(len(X))
        for at in range(0, len(X), ROWS):
            rows = np.arange(at, min(at + ROWS, len(X)))
            lower[rows], rival = self._distances(model.model, known, X[rows], y[rows], box)
            points[rows] = self._cross(model.view(rows), known, X[rows], y[rows], rival, box)
            advance(len(rows))
        moved = self.measure(points.astype(float) - X, model.model)
        none = np.isinf(lower)
        return Proposal(points, np.where(none, lower, np.fmin(lower, moved)), none)

    def distances(
        self,
        model: Model,
        X: ArrayLike,
        *,
        box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    ) -> Floats:
        """Return how far each row of ``X`` (n, d) is from the boundary; the model is not asked.

        Examples
        --------
        >>> from sklearn.linear_model import RidgeClassifier
        >>> model = RidgeClassifier(1e-9).fit([[0.0], [2.0]], ["a", "b"])
        >>> LinearExact().distances(model, [[0.5], [1.0]]).round(3)
        array([0.5, 0. ])
        """
        points = check_X(X)
        known, bounds = Access.to(model, 0).weights(), check_box(box, points.shape[1])
        answer = np.empty(len(points))
        for at in range(0, len(points), ROWS):
            part = slice(at, at + ROWS)
            y = known.classes[known.numbers(points[part])]
            answer[part] = self._distances(model, known, points[part], y, bounds)[0]
        return answer

    def nearest_rows(
        self, model: Model, rows: Callable[[Index], ArrayLike], n: int, k: int, box: Box | None
    ) -> Smallest:
        """Return the ``k`` nearest of the rows that a function ``rows(numbers)`` gives; the model is not asked."""
        away = [self.distances(model, rows(part), box=box) for part in chunks(n, ROWS)]
        distance = np.concatenate(away or [np.empty(0)])
        near = np.arange(n)
        if 0 < k < n:
            near = np.flatnonzero(distance <= np.partition(distance, k - 1)[k - 1])
        order = near[np.argsort(distance[near], kind="stable")[:k]]
        order = order[np.isfinite(distance[order])]
        return Smallest(order, distance[order], distance[order], n)

    def _distances(
        self, model: object, known: Weights, X: Floats, y: Labels, box: Box | None
    ) -> tuple[Floats, Index]:
        """Return the distance of each row and the class that is nearest."""
        if X.shape[1] != known.coef.shape[1]:
            raise InputError(f"X has {X.shape[1]} features; the model was fitted on {known.coef.shape[1]}.")
        rules, own = self.moves.of(model, X.shape[1]), _numbers(known, y)
        scores = known.scores(X)
        gaps = np.maximum(scores[np.arange(len(X)), own][:, None] - scores, 0.0)
        if box is None and not rules.direction.any():
            away = gaps / _sizes(known.coef / rules.weights, self.norm)[own]
        else:
            low, high = rules.ranges(X.astype(float), box)
            away = np.empty_like(gaps)
            for b in range(len(known.classes)):
                w = (known.coef[b] - known.coef[own]) / rules.weights
                room = np.where(w > 0, high - X, X - low) * rules.weights
                move = _free_moves(gaps[:, b], w, self.norm)
                stopped = np.flatnonzero(~(move <= room).all(axis=1) & (own != b))
                move[stopped] = _moves(gaps[stopped, b], w[stopped], room[stopped], self.norm)
                away[:, b] = length(move, self.norm)
        away[np.arange(len(X)), own] = np.inf
        away[np.isnan(away)] = np.inf
        rival = np.argmin(away, axis=1)
        return away[np.arange(len(X)), rival], rival

    def _cross(
        self, model: Access, known: Weights, X: Floats, y: Labels, rival: Index, box: Box | None
    ) -> Floats:
        """Return points just beyond the boundary, farther until the model confirms them; NaN where none is."""
        rules = self.moves.of(model.model, X.shape[1])
        low, high = rules.ranges(X.astype(float), box)
        own = _numbers(known, y)
        scores, points = known.scores(X), np.full(X.shape, np.nan, X.dtype)
        w = (known.coef[rival] - known.coef[own]) / rules.weights
        gap = np.maximum(scores[np.arange(len(X)), own] - scores[np.arange(len(X)), rival], 0.0)
        room = np.where(w > 0, high - X, X - low) * rules.weights
        scale = np.abs(w * X * rules.weights).sum(axis=1) + np.abs(scores).max(axis=1) + 1e-300
        todo, unit = np.arange(len(X)), float(np.finfo(X.dtype).eps)
        for extra in (4.0, 64.0, 1e3, 1e5, 1e7):
            if not len(todo):
                break
            needed = gap[todo] + extra * unit * scale[todo]
            step = _moves(needed, w[todo], room[todo], self.norm) / rules.weights
            moved = np.clip(X[todo] + step, low[todo], high[todo]).astype(X.dtype)
            moved = moved if box is None else box.clip(moved)
            crossed = model.view(todo).labels(moved) != y[todo]
            points[todo[crossed]] = moved[crossed]
            todo = todo[~crossed]
        return points


def _numbers(known: Weights, y: Labels) -> Index:
    """Return labels as class numbers."""
    order = np.argsort(known.classes, kind="stable")
    return order[np.searchsorted(known.classes, y, sorter=order)]


def _sizes(coef: Floats, norm: float) -> Floats:
    """Return how fast a unit move can change the lead of one class over another ``(c, c)``; 0 divides to inf."""
    dual = {1.0: np.inf, 2.0: 2, np.inf: 1}[float(norm)]
    size = np.stack([np.linalg.norm(coef - row, ord=dual, axis=1) for row in coef])
    return np.where(size > 0, size, 1e-300)


def _free_moves(gap: Floats, w: Floats, norm: float) -> Floats:
    """Return the sizes ``(n, d)`` of the shortest moves with ``w move >= gap`` where nothing stops them."""
    size = np.abs(w)
    with np.errstate(divide="ignore", invalid="ignore"):
        if norm == 2:
            return size * (gap / np.einsum("ij,ij->i", w, w))[:, None]
        if norm == np.inf:
            return np.where(size > 0, (gap / size.sum(axis=1))[:, None], 0.0)
        move, largest = np.zeros_like(size), np.argmax(size, axis=1)
        rows = np.arange(len(size))
        move[rows, largest] = gap / size[rows, largest]
        return move


def _moves(gap: Floats, w: Floats, room: Floats, norm: float) -> Floats:
    """Return the shortest moves ``(n, d)`` with ``w move >= gap`` and ``|move| <= room``; infinite where none is."""
    size, sign, free = np.abs(w), np.sign(w), np.maximum(room, 0.0)
    if norm == 1:
        order = np.argsort(-size, axis=1, kind="stable")
        with np.errstate(invalid="ignore"):
            reach = np.where(size > 0, size * free, 0.0)
        most = np.take_along_axis(reach, order, axis=1)
        before = np.concatenate([np.zeros((len(gap), 1)), np.cumsum(most, axis=1)[:, :-1]], axis=1)
        used = np.clip(gap[:, None] - before, 0.0, most)
        ordered = np.take_along_axis(size, order, axis=1)
        short = np.divide(used, ordered, out=np.zeros_like(used), where=ordered > 0)
        move = np.zeros_like(short)
        np.put_along_axis(move, order, short, axis=1)
        return _signed(move, sign, gap > reach.sum(axis=1))
    # L2 moves w t, L-infinity moves t, each stopped at its room: solve for t on the sorted stops.
    pace = size if norm == 2 else (size > 0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        stop = np.where(pace > 0, free / np.where(pace > 0, pace, 1.0), 0.0)
    order = np.argsort(stop, axis=1, kind="stable")
    ordered = np.take_along_axis(stop, order, axis=1)
    rate = np.take_along_axis(size * pace, order, axis=1)
    slope = np.cumsum(rate[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(invalid="ignore"):
        filled = np.cumsum(np.where(rate > 0, rate * ordered, 0.0), axis=1)
    before = np.concatenate([np.zeros((len(gap), 1)), filled[:, :-1]], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        at_stop = before + slope * ordered
        t = np.where(slope > 0, (gap[:, None] - before) / np.where(slope > 0, slope, 1.0), np.inf)
    reached = np.where(np.isnan(at_stop), np.inf, at_stop) >= gap[:, None]
    first = np.argmax(reached, axis=1)
    chosen = np.maximum(np.take_along_axis(t, first[:, None], axis=1), 0.0)
    possible = reached.any(axis=1) & np.isfinite(chosen[:, 0])
    move = np.minimum(pace * np.where(possible[:, None], chosen, 0.0), np.where(pace > 0, free, 0.0))
    return _signed(move, sign, ~possible)


def _signed(move: Floats, sign: Floats, impossible: Mask) -> Floats:
    """Return moves along the weights' signs; infinite rows where no move suffices."""
    signed = move * np.where(sign == 0, 1.0, sign)
    signed[impossible] = np.inf
    return signed
