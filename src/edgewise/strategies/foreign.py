"""Any function of a model and rows as a strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Floats
from edgewise.models.rows import Rows
from edgewise.models.unwrap import Model
from edgewise.strategies.frame import Query, Request, pick


ScoreFunction: TypeAlias = Callable[[Model, Rows], ArrayLike]
"""Maps a model and rows (m, ...) to one number per row."""


@dataclass(frozen=True)
class Scored:
    """A function ``(model, X) -> scores`` as a strategy, called batch by batch; the largest scores win.

    Parameters
    ----------
    function
        Returns one number per row of ``X`` (m, ...); rows are copies.

    Examples
    --------
    >>> import edgewise as ew
    >>> ew.query(None, [[1.0], [5.0], [3.0]], 2, lambda model, X: X[:, 0]).index
    array([1, 2])
    """

    function: ScoreFunction

    def __call__(self, request: Request) -> Query:
        """Score every candidate."""
        score = request.score(lambda X: self.rate(request.model, X))
        return pick(request, score, queries=0 if request.model is None else len(request.pool))

    def rate(self, model: Model, X: Floats) -> Floats:
        """Return what the function says of each row ``(m,)``."""
        return np.asarray(self.function(model, X))
