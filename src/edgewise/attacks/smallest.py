"""The k rows of a pool nearest to a boundary, as attacks that find them give them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgewise.arrays import Floats, Index


@dataclass(frozen=True)
class Smallest:
    """The rows of a pool nearest to a boundary, nearest first.

    Parameters
    ----------
    index
        Their numbers ``(k,)``; fewer where fewer can cross.
    distance
        How far each is ``(k,)``.
    lower
        A proved lower bound on each; below ``distance`` only where a limit stopped the search.
    searched
        Rows whose bound did not rule them out.
    doubtful
        Rows that are not given and may be nearer than the last one that is, for a limit stopped their search.
    """

    index: Index
    distance: Floats
    lower: Floats
    searched: int
    doubtful: Index = field(default_factory=lambda: np.empty(0, np.intp))
