"""The index of a model of nearest neighbours: made at the first call for a training set, and kept with the model."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from edgewise.arrays import Floats, Index, Labels
from edgewise.attacks.region.coinciding import agreed_classes, mixed_places
from edgewise.attacks.region.condensed import deciding
from edgewise.attacks.region.index import RegionIndex
from edgewise.attacks.region.lift import Lift
from edgewise.models.access import Access, UnansweredError
from edgewise.models.neighbours import Neighbours
from edgewise.models.unwrap import last_step
from edgewise.models.weights import Affine


SPREADS = (1e-18, 1e18)
"""How far training points may lie from their mean: bounds on squared distances are kept in float32."""


@dataclass(frozen=True)
class Fitted:
    """The training points of a model, indexed, with what links them to it.

    Parameters
    ----------
    X, y
        All points ``(n, d)`` in float64, lifted where there is a lift, and their classes ``(n,)``; where points of
        several classes coincide, all have the class the model says.
    classes
        The model's labels.
    largest2
        The largest squared norm of a training point, as the model's own arithmetic meets it.
    index
        With one neighbour, of the points that decide where the boundary is (see `deciding`); else of all.
    kept
        Which they are: rows of ``X``.
    lift
        What takes rows to where plain distances to ``X`` count, where the model does not compare them as they are.
    mixed
        Rows of the training points at each place where several classes are.
    """

    X: Floats
    y: Index
    classes: Labels
    largest2: float
    index: RegionIndex
    kept: Index
    lift: Lift | None
    mixed: list[list[int]]

    @property
    def size(self) -> float:
        """The size of the training points, in the units of the feature whose own are the least."""
        sizes = np.ones(1) if self.lift is None else self.lift.seen.sizes
        return float(np.sqrt(self.largest2) * sizes[-1] / sizes[0])

    @cached_property
    def whole(self) -> RegionIndex:
        """The index of all points."""
        complete = int((self.index.order >= 0).sum()) == len(self.X)
        return self.index if complete else RegionIndex.of(self.X, self.y, len(self.classes))


_KEPT: WeakKeyDictionary[object, tuple[Neighbours, Index, Floats, Fitted]] = WeakKeyDictionary()


def fitted(access: Access) -> tuple[Fitted, Neighbours]:
    """Return the index of the model behind ``access``, built at the first call for that training set.

    It is kept as long as the model lives and is used again only for the very arrays it was made from (every
    fit makes new ones), unchanged: the labels are compared, of the points one weighted sum a row. That is
    done once for an ``access``.
    """
    if "region" not in access.kept:
        access.kept["region"] = _fitted(access)
    return access.kept["region"]


def _fitted(access: Access) -> tuple[Fitted, Neighbours]:
    known = access.neighbours()
    sums = _weighted(known.X)
    kept = None
    with suppress(TypeError):
        kept = _KEPT.get(access.model)
    if kept is not None:
        before, y, before_sums, made = kept
        same = before.X is known.X and before.y is known.y and (before.k == 1) == (known.k == 1)
        if (
            same
            and _alike(before.seen, known.seen)
            and np.array_equal(y, known.y)
            and np.array_equal(before_sums, sums)
        ):
            return made, known
    mixed = mixed_places(known)
    y = agreed_classes(last_step(access.model), known, mixed) if known.k == 1 else known.y
    made = _made(known, y, mixed, None)
    with suppress(TypeError):
        _KEPT[access.model] = (known, known.y.copy(), sums, made)
    return made, known


def in_order(access: Access, order: Index) -> Fitted:
    """Return the same with training points of a higher ``order`` (n,) a little farther away."""
    made, known = fitted(access)
    return _made(known, known.y, made.mixed, order)


def _made(known: Neighbours, y: Index, mixed: list[list[int]], order: Index | None) -> Fitted:
    points = np.asarray(known.points, np.float64)
    _check_spread(points)
    rows = deciding(points, y) if known.k == 1 else np.arange(len(points))
    seen = Affine.identity(int(points.shape[1])) if known.seen is None and order is not None else known.seen
    lift = None
    if seen is not None:
        with np.errstate(all="ignore"):
            lift = Lift.of(points, seen, order)
        _check_spread(lift.points)
    X = points if lift is None else lift.points
    index = RegionIndex.of(X[rows], y[rows], len(known.classes))
    return Fitted(X, y, known.classes, float(np.einsum("ij,ij->i", X, X).max()), index, rows, lift, mixed)


def squared_lengths(X: Floats, rows: Index) -> Floats:
    """Return those of ``X`` (b, d), which are the ``rows`` (b,) asked about; `UnansweredError` if one is too long."""
    with np.errstate(over="ignore"):
        squares = np.einsum("ij,ij->i", X, X, dtype=float)
    far = np.flatnonzero(~(squares <= SPREADS[1] ** 2))
    if len(far):
        raise UnansweredError(
            f"{len(far)} of the rows asked about hold numbers that are too large for the exact search, over "
            f"{SPREADS[1]:g} (first: row {rows[far[0]]}). Where such a number stands for a missing value, replace it "
            "or leave the row out; else give the features in another unit and fit again, or use 'race' (labels only)."
        )
    return squares


def _check_spread(X: Floats) -> None:
    """Raise `UnansweredError` where squared distances of ``X`` (n, d) are none that the search can compare."""
    with np.errstate(all="ignore"):
        away = np.abs(X - X.mean(axis=0)).max(axis=1)
    row, (least, most) = int(np.argmax(away)), SPREADS
    if not (away[row] == 0 or least <= away[row] <= most):
        raise UnansweredError(
            f"training points lie up to {away[row]:.1g} from their mean (row {row}), and the exact search takes "
            f"{least:g} to {most:g}. Where such a number stands for a missing value, replace it; else give the "
            "features in another unit and fit again, or use 'race' (labels only)."
        )


def _alike(one: Affine | None, other: Affine | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one.coef, other.coef) and np.array_equal(one.intercept, other.intercept)


def _weighted(X: Floats) -> Floats:
    """Return a sum of each row with weights that no two features share."""
    return np.einsum("ij,j->i", X, np.random.default_rng(0).uniform(1, 2, int(X.shape[1])).astype(X.dtype))
