"""The exact attack on trees, forests and boosting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Index, InputError, Labels, check_box, check_count, check_X
from edgewise.attacks.frame import Proposal
from edgewise.attacks.moves import Moves
from edgewise.attacks.smallest import Smallest
from edgewise.attacks.trees.compiled import Compiled, each_nearest
from edgewise.attacks.trees.nearest import Answer, Limits
from edgewise.attacks.trees.smallest import smallest
from edgewise.geometry import check_norm, length
from edgewise.models.access import Access
from edgewise.models.answers import predict
from edgewise.models.rows import columns_of
from edgewise.models.unwrap import check_order
from edgewise.progress import Advance


@dataclass(frozen=True)
class TreesExact:
    """The nearest point that trees, forests or boosting label otherwise, with proof.

    The thresholds of all trees cut each feature into cells; within a vector of cells nothing changes. Boxes
    of cells are searched best first by the staircase bound and cut where the best leaves of the trees
    conflict, in balls of growing radius, until nothing nearer is left: the distance is the smallest there is.
    The point is the first number beyond each wall, so that the model itself confirms it. Read are decision
    trees, random forests, extra trees, gradient boosting, bagging and AdaBoost of trees (scikit-learn),
    XGBoost, LightGBM and CatBoost; monotone scalers in a pipeline, votes and calibration are seen through
    where their rule allows.

    Missing values stay missing and keep their route; features split by categories stay as they are, and
    ``counts["frozen"]`` says how many features of a row that were. For rows of float32 the nearest float32 row
    is meant.

    Parameters
    ----------
    norm
        1, 2 or infinity.
    moves
        Which features may move, which way, to which values, at which price.
    nodes
        Boxes to evaluate at most for a sample. Where they do not suffice, ``lower`` and ``distance`` enclose
        the optimum and ``counts["exact"]`` says so.
    seconds
        Processor time after which the search of a sample stops; unlike ``nodes`` it depends on the machine. The way
        to some change, where none was met, comes on top.
    starts
        Rows ``(m, d)``; where a limit is reached with nothing found even so, the nearest of them with another label.
    threads
        Samples to work on at a time; the answers do not depend on it.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from edgewise import attack
    >>> tree = DecisionTreeClassifier().fit([[0.0, 0.0], [2.0, 0.0]], ["a", "b"])
    >>> attack(tree, [[0.25, 3.0]], TreesExact(norm=1)).distance.round(6)
    array([0.75])
    """

    norm: float = 2
    moves: Moves = field(default_factory=Moves)
    nodes: int = 50_000
    seconds: float | None = None
    starts: ArrayLike | None = field(default=None, repr=False, compare=False)
    threads: int = 1
    takes_outside = True
    takes_missing = True
    confirms = True

    def __post_init__(self) -> None:
        check_norm(self.norm)
        check_count(self.nodes, "nodes")
        check_count(self.threads, "threads")
        if self.seconds is not None and not self.seconds > 0:
            raise InputError(f"seconds must be None or above 0; got {self.seconds!r}.")

    def measure(self, move: Floats, model: Any) -> Floats:
        """Return how long moves ``(n, d)`` are under the weights, a missing value not moving."""
        weights = self.moves.of(model, move.shape[1]).weights
        return length(np.where(np.isnan(move), 0.0, move * weights), self.norm)

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        known = Compiled.of(model.read(), X.dtype, X.shape[1], self.moves)
        own = known.numbers(y)
        answers = each_nearest(
            known, X, own, box, self.norm, self._limits(), threads=self.threads, advance=advance
        )
        points = np.full(X.shape, np.nan, X.dtype)
        todo = _put(answers, np.arange(len(X)), points)
        lower = np.array([answer.lower for answer in answers])
        missing = np.isinf(lower)
        todo = _unconfirmed(model, points, y, np.flatnonzero(todo))
        slack = known.cells.slack
        for strict in (4 * slack, 1e4 * slack, 1e8 * slack):
            if not len(todo):
                break
            again = each_nearest(known, X[todo], own[todo], box, self.norm, self._limits(), strict=strict)
            put = todo[_put(again, todo, points)]
            todo = _unconfirmed(model, points, y, put)
        pointless = np.array([answer.point is None for answer in answers], bool)
        failed = np.flatnonzero(pointless & ~missing)
        if self.starts is not None and len(failed):
            self._from_starts(model, X, y, failed, box, points)
        counts = {
            name: np.array([getattr(a, name) for a in answers]) for name in ("nodes", "leaves", "rungs")
        }
        moved = np.where(pointless, np.inf, self.measure(points.astype(float) - X, model.model))
        exact = missing | (lower >= np.array([a.cost for a in answers]) * (1 - 1e-12))
        frozen = len(known.cells.ensemble.codes) + np.isnan(X).sum(axis=1)
        return Proposal(
            points, np.minimum(lower, moved), missing, counts | {"exact": exact, "frozen": frozen}
        )

    def smallest(
        self,
        model: Any,
        X: ArrayLike,
        k: int,
        *,
        box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    ) -> Smallest:
        """Return the ``k`` rows of ``X`` (n, d) nearest to the boundary of ``model``, exactly.

        Most rows are ruled out by a bound; the cost is a tenth of that of all distances, or less.

        Examples
        --------
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> tree = DecisionTreeClassifier().fit([[0.0], [2.0]], ["a", "b"])
        >>> TreesExact().smallest(tree, [[0.0], [0.9], [3.0]], 1).index
        array([1])
        """
        check_order(model, columns_of(X))
        points = check_X(X, missing=True)
        check_count(k, "k")
        return self.nearest_rows(model, points.__getitem__, len(points), k, check_box(box, points.shape[1]))

    def nearest_rows(self, model: Any, rows: Any, n: int, k: int, box: Box | None) -> Smallest:
        """Return the same for rows that a function ``rows(numbers)`` gives."""
        first = rows(np.arange(min(n, 1)))
        known = Compiled.of(model, first.dtype, first.shape[1], self.moves)
        return smallest(known, rows, n, k, box, self.norm, self._limits())

    def _limits(self) -> Limits:
        return Limits(self.nodes, self.seconds)

    def _from_starts(
        self, model: Access, X: Floats, y: Labels, failed: Index, box: Box | None, points: Floats
    ) -> None:
        """Put the nearest start of another label that the moves allow, where nothing was found."""
        starts = check_X(np.asarray(self.starts), name="starts", n_features=X.shape[1]).astype(X.dtype)
        starts = starts if box is None else starts[box.contains(starts)]
        label = predict(model.model, model.contained(starts)) if len(starts) else np.empty(0, y.dtype)
        rules = self.moves.of(model.model, X.shape[1])
        for row in failed:
            low, high = rules.ranges(X[row : row + 1], None)
            fits = ((starts >= low) & (starts <= high)).all(axis=1) & (label != y[row])
            others = np.flatnonzero(fits)
            if len(others):
                away = self.measure(starts[others].astype(float) - X[row], model.model)
                points[row] = starts[others[np.argmin(away)]]


def _put(answers: list[Answer], rows: Index, points: Floats) -> Any:
    """Write the points of answers to their rows; say which have one."""
    have = np.array([answer.point is not None for answer in answers], bool)
    for row, answer in zip(rows, answers, strict=True):
        if answer.point is not None:
            points[row] = answer.point
    return have


def _unconfirmed(model: Access, points: Floats, y: Labels, rows: Index) -> Index:
    """Return the rows whose point the model itself does not label otherwise."""
    if not len(rows):
        return rows
    return rows[model.view(rows).labels(points[rows]) == y[rows]]
