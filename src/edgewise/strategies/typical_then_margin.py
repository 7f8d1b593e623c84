"""Typical rows while labels are few, the smallest margins afterwards: the simple rule with one switch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from edgewise.strategies.clusters import Typical
from edgewise.strategies.frame import Query, Request
from edgewise.strategies.uncertainty import Margin


@dataclass(frozen=True)
class TypicalThenMargin:
    """`Typical` until there are ``labels`` for each class on average, then `Margin`.

    Parameters
    ----------
    labels
        Labels a class before the switch.
    typical
        The first strategy.

    Examples
    --------
    >>> import edgewise as ew
    >>> ew.query(None, [[0.0], [0.1], [5.0]], 1, "typical-then-margin", rng=0).notes
    ('typical rows: 0 labels of no class yet, fewer than 8 a class',)
    """

    labels: int = 8
    typical: Typical = field(default_factory=Typical)

    def __call__(self, request: Request) -> Query:
        """Ask the one whose turn it is."""
        known = () if request.labelled is None else request.labelled.y
        width = len(getattr(request.model, "classes_", np.unique(known)))
        if request.model is not None and width and len(known) >= self.labels * width:
            return Margin()(request)
        classes = f"{width} classes" if width else "no class yet"
        note = f"typical rows: {len(known)} labels of {classes}, fewer than {self.labels} a class"
        return replace(self.typical(request), notes=(note,))
