"""What an attack on nearest neighbours is given, and the searches it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from edgewise.arrays import Box, Floats, Index, Labels, Mask
from edgewise.attacks.region.batch import Nearest, find
from edgewise.attacks.region.coinciding import asked_order, own_first
from edgewise.attacks.region.fitted import Fitted, fitted, in_order, squared_lengths
from edgewise.attacks.region.index import Bounds, RegionIndex
from edgewise.attacks.region.k_neighbours import Votes, descents, vote
from edgewise.models.access import Access
from edgewise.models.unwrap import last_step
from edgewise.progress import Advance


EVERY = slice(None)

ABOUT = 1e3
"""Squared, how many times farther than the boundary and 0 training points may lie that have a say in a label."""


@dataclass(frozen=True)
class Attacked:
    """Rows ``X`` (b, d) that a model of nearest neighbours labels ``y`` (b,) and is to label otherwise.

    Parameters
    ----------
    model
        Access to it.
    X, y
        The rows and their labels.
    box
        Where to stay.
    norm
        What is to be small.
    whole
        Look at all training points, also at those that do not decide where the boundary is.
    order
        What to take before what among coinciding training points of several classes ``(n,)``, if anything is.
    """

    model: Access
    X: Floats
    y: Labels
    box: Box | None
    norm: float = 2.0
    whole: bool = False
    order: Index | None = None

    @cached_property
    def fit(self) -> Fitted:
        """The index of its training points."""
        return fitted(self.model)[0] if self.order is None else in_order(self.model, self.order)

    @cached_property
    def index(self) -> RegionIndex:
        """The index that is searched."""
        return self.fit.whole if self.whole else self.fit.index

    @cached_property
    def own(self) -> Index:
        """The classes of the rows ``(b,)``."""
        return np.searchsorted(self.fit.classes, self.y).astype(np.intp)

    @cached_property
    def _searched(self) -> tuple[Floats, Floats]:
        lift = self.fit.lift
        rows = self.X.astype(np.float64, copy=False) if lift is None else lift.rows(self.X)
        return rows, squared_lengths(rows, self.model.rows)

    @property
    def start(self) -> Floats:
        """The rows as they are searched, in float64, none of them too long."""
        return self._searched[0]

    @property
    def own2(self) -> Floats:
        """Their squared lengths ``(b,)``."""
        return self._searched[1]

    @cached_property
    def walls(self) -> Box | None:
        """Where what is searched has to stay."""
        lift = self.fit.lift
        return self.box if lift is None else lift.walls(self.box)

    @cached_property
    def reach(self) -> Floats | None:
        """Squared lengths that no answer exceeds, where the search needs some."""
        lift = self.fit.lift
        return None if lift is None else lift.reach(self.X, self.own, self.fit.y, self.box, self.norm)

    def squares(self, reach: Floats) -> Floats:
        """Return the size of the numbers that decide a row's label in a model that expands squared distances ``(b,)``.

        ``reach`` (b,) is a squared distance to the boundary; a training point much farther away has no say there.
        """
        return np.minimum(self.fit.largest2 + self.own2, ABOUT * (self.own2 + reach))

    def size(self, reach: Floats) -> Floats:
        """Return the size of training points about the rows ``(b,)``, in the units of `Fitted.size`."""
        part = np.sqrt(ABOUT * (self.own2 + reach) / self.fit.largest2) if self.fit.largest2 else np.ones(1)
        return self.fit.size * np.minimum(part, 1)

    def nearest(
        self,
        rows: Index | slice = EVERY,
        margin: Floats | float = 0.0,
        *,
        allowed: Index | None = None,
        bounds: Bounds | None = None,
        threads: int = 1,
        advance: Advance | None = None,
    ) -> Nearest:
        """Return where some of the rows cross, one neighbour; see `edgewise.attacks.region.batch.find`."""
        return find(
            self.index,
            self.start[rows],
            self.own[rows],
            self.walls,
            allowed=allowed,
            margin=margin,
            norm=self.norm,
            bounds=bounds,
            reach=None if self.reach is None else self.reach[rows],
            threads=threads,
            advance=advance,
        )

    def votes(
        self,
        nodes: int,
        rows: Index | slice = EVERY,
        margin: Floats | float = 0.0,
        *,
        start: Votes | None = None,
        threads: int = 1,
        advance: Advance | None = None,
    ) -> Votes:
        """Return where some of the rows cross, several neighbours; see `edgewise.attacks.region.k_neighbours.vote`."""
        return vote(
            self.index,
            self.model.neighbours().k,
            self.start[rows],
            self.own[rows],
            self.walls,
            nodes=nodes,
            margin=margin,
            start=start,
            threads=threads,
            advance=advance,
        )

    def near(
        self,
        rows: Index,
        begun: Floats,
        margin: Floats | float = 0.0,
        *,
        done: Callable[[int], object] | None = None,
    ) -> Floats:
        """Return near points ``(len(rows), d)``, several neighbours; see `edgewise.attacks.region.descent`.

        ``begun`` (b, d) are points that are labelled otherwise, NaN where none is known; ``done`` is told which of
        ``rows`` is done.
        """
        lift, k, ends = self.fit.lift, self.model.neighbours().k, begun[rows].astype(float)
        ends = ends if lift is None else lift.rows(ends)
        start, own = self.start[rows], self.own[rows]
        return descents(self.index, k, start, own, self.walls, margin, begun=ends, done=done)

    def reordered(self, rows: Index) -> Iterator[tuple[Attacked, Index]]:
        """Give the same with coinciding training points in other orders, and for which of the rows to try it."""
        known, places = self.model.neighbours(), self.fit.mixed
        if not places or not len(rows):
            return
        yield replace(self, order=asked_order(last_step(self.model.model), known, places)), rows
        for own in np.unique(self.own[rows]).tolist():
            yield replace(self, order=own_first(known, places, own)), rows[self.own[rows] == own]

    def goals(self, sites: Index, rows: Index) -> Floats:
        """Return where, searched from some of the rows, training points of the index ``(len(rows),)`` are met."""
        if self.fit.lift is None:
            return self.index.whole(sites)
        number = self.index.order[sites]
        number = self.fit.kept[number] if self.index is self.fit.index else number
        return self.fit.lift.goals(number, self.start[rows])

    def back(self, points: Floats) -> Floats:
        """Return what was searched as rows."""
        return points if self.fit.lift is None else self.fit.lift.back(points)

    def crossed(self, rows: Index, points: Floats) -> Mask:
        """Ask the model whether it labels the points ``(len(rows), d)`` otherwise than the rows."""
        return np.asarray(self.model.view(rows).labels(points) != self.y[rows])
