"""Where a limit stopped the search with nothing found: a point that labels alone lead to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgewise.arrays import Box, Floats, Index, Labels
from edgewise.attacks.race.attack import Race
from edgewise.models.access import Access


QUESTIONS = 1000
"""How often the model is asked about a row."""


def asked(
    model: Access, X: Floats, y: Labels, rows: Index, box: Box | None, norm: float, seed: int
) -> Floats:
    """Return points ``(len(rows), d)`` that the model labels otherwise than some rows of ``X``, NaN where it has none.

    None is for rows with missing values, and for those outside the box.
    """
    points = np.full((len(rows), X.shape[1]), np.nan, X.dtype)
    known = np.asarray(~np.isnan(X).any(axis=1), bool)
    inside = np.ones(len(rows), bool) if box is None else box.contains(X[rows])
    able = np.flatnonzero(known[rows] & inside)
    if not len(able):
        return points
    some = rows[able]
    race = Race(QUESTIONS, 2 if norm == 1 else norm, starts=(X[known].astype(float), y[known]))
    access = replace(model.view(some), budget=int(model.queries.max()) + QUESTIONS)
    found = race(access, X[some], y[some], box=box, seed=seed, advance=lambda _: None).points
    crossed = model.view(some).labels(found) != y[some]
    points[able[crossed]] = found[crossed]
    return points
