"""What an attack on nearest neighbours is given, and the searches it makes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgewise.arrays import Box, Floats, Index, Labels, Mask
from edgewise.attacks.region.batch import Nearest, find
from edgewise.attacks.region.fitted import Fitted, fitted
from edgewise.attacks.region.index import RegionIndex
from edgewise.models.access import Access


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
    """

    model: Access
    X: Floats
    y: Labels
    box: Box | None
    norm: float = 2.0
    whole: bool = False

    @cached_property
    def fit(self) -> Fitted:
        """The index of its training points."""
        return fitted(self.model)[0]

    @cached_property
    def index(self) -> RegionIndex:
        """The index that is searched."""
        return self.fit.whole if self.whole else self.fit.index

    @cached_property
    def own(self) -> Index:
        """The classes of the rows ``(b,)``."""
        return np.searchsorted(self.fit.classes, self.y).astype(np.intp)

    @cached_property
    def squares(self) -> Floats:
        """The size of the numbers a model meets that expands squared distances ``(b,)``."""
        return self.fit.largest2 + np.einsum("ij,ij->i", self.X, self.X, dtype=float)

    def start(self, rows: Index) -> Floats:
        """Return some of the rows in float64."""
        return self.X[rows].astype(np.float64)

    def nearest(self, rows: Index, margin: Floats, allowed: Index | None = None) -> Nearest:
        """Return where some of the rows cross with a margin; see `edgewise.attacks.region.batch.find`."""
        return find(
            self.index,
            self.start(rows),
            self.own[rows],
            self.box,
            allowed=allowed,
            margin=margin,
            norm=self.norm,
        )

    def crossed(self, rows: Index, points: Floats) -> Mask:
        """Ask the model whether it labels the points ``(len(rows), d)`` otherwise than the rows."""
        return np.asarray(self.model.view(rows).labels(points) != self.y[rows])
