"""The index of a model of nearest neighbours: made at the first call for a training set, and kept with the model."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from edgewise.arrays import Box, Floats, Index, Labels
from edgewise.attacks.region.condensed import deciding
from edgewise.attacks.region.index import RegionIndex
from edgewise.attacks.region.lift import Lift
from edgewise.models.access import Access, predict
from edgewise.models.neighbours import Neighbours
from edgewise.models.weights import Affine


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
    """

    X: Floats
    y: Index
    classes: Labels
    largest2: float
    index: RegionIndex
    kept: Index
    lift: Lift | None

    def rows(self, X: Floats) -> Floats:
        """Return rows as they are searched, in float64."""
        return X.astype(np.float64) if self.lift is None else self.lift.rows(X)

    def walls(self, box: Box | None) -> Box | None:
        """Return where what is searched has to stay."""
        return box if self.lift is None else self.lift.walls(box)

    def reach(self, X: Floats, own: Index, box: Box | None, norm: float) -> Floats | None:
        """Return a squared length that no answer for rows ``X`` exceeds ``(b,)``, where the search needs one."""
        return None if self.lift is None else self.lift.reach(X, own, self.y, box, norm)

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
    points = np.asarray(known.points, np.float64)
    y = agreed_classes(known) if known.k == 1 else known.y
    rows = deciding(points, y) if known.k == 1 else np.arange(len(points))
    lift = None if known.seen is None else Lift.of(points, known.seen)
    X = points if lift is None else lift.points
    index = RegionIndex.of(X[rows], y[rows], len(known.classes))
    made = Fitted(X, y, known.classes, float(np.einsum("ij,ij->i", X, X).max()), index, rows, lift)
    with suppress(TypeError):
        _KEPT[access.model] = (known, known.y.copy(), sums, made)
    return made, known


def _alike(one: Affine | None, other: Affine | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one.coef, other.coef) and np.array_equal(one.intercept, other.intercept)


def _weighted(X: Floats) -> Floats:
    """Return a sum of each row with weights that no two features share."""
    return np.einsum("ij,j->i", X, np.random.default_rng(0).uniform(1, 2, int(X.shape[1])).astype(X.dtype))


def agreed_classes(known: Neighbours) -> Index:
    """Return the classes of the training points, of coinciding ones of several classes as the model resolves them.

    At such a place the region of one class has the point and the others' are empty; which one is the model's
    own doing, so it is asked once (charged to no sample).
    """
    X = np.asarray(known.X, np.float64)
    buckets: dict[int, list[int]] = {}
    for row, values in enumerate(np.ascontiguousarray(X) + 0.0):
        buckets.setdefault(hash(values.tobytes()), []).append(row)
    y = known.y.copy()
    for rows in buckets.values():
        if len(rows) > 1 and len(set(y[rows].tolist())) > 1:
            for group in _equal(X, rows):
                if len(set(y[group].tolist())) > 1:
                    label = predict(known.model, known.X[group[:1]])[0]
                    y[group] = int(np.flatnonzero(known.classes == label)[0])
    return y


def _equal(X: Floats, rows: list[int]) -> list[list[int]]:
    """Cut ``rows`` into groups of identical points."""
    groups: list[list[int]] = []
    for row in rows:
        for group in groups:
            if np.array_equal(X[group[0]], X[row]):
                group.append(row)
                break
        else:
            groups.append([row])
    return groups
