"""A model of trees, compiled for one dtype of rows: what attack, radius and selection share."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.arrays import Box, Floats, Index, InputError, Labels
from edgewise.attacks.moves import Moves, Rules
from edgewise.attacks.trees.cells import Cells, cells_of, compile_cells
from edgewise.attacks.trees.domain import Domain, allowed
from edgewise.attacks.trees.kernels.forest import winners
from edgewise.attacks.trees.nearest import Answer, Limits, Query, Seat, ask, nearest
from edgewise.attacks.trees.reading import read
from edgewise.attacks.trees.reading.scalers import Scaling
from edgewise.models.unwrap import unwrapped
from edgewise.progress import Advance


@dataclass(frozen=True)
class Compiled:
    """Cells of a model, the steps in front of its trees, and how rows may move.

    Parameters
    ----------
    cells
        For rows of one dtype.
    classes
        The labels.
    scaling
        The steps, or None.
    rules
        How features may move.
    """

    cells: Cells
    classes: Labels
    scaling: Scaling | None
    rules: Rules

    @classmethod
    def of(cls, model: Any, dtype: np.dtype[Any], n_features: int, moves: Moves) -> Compiled:
        """Return a fitted model compiled for rows ``(n, d)`` of a dtype.

        Raises
        ------
        InputError
            A model that is not read, or rows of another width.
        """
        model = unwrapped(model)
        reading = read(model)
        width = int(getattr(model, "n_features_in_", reading.ensemble.n_features))
        if width != n_features:
            raise InputError(f"X has {n_features} features; the model was fitted on {width}.")
        scaling = Scaling(reading.steps, width, dtype) if reading.steps else None
        ensemble = reading.ensemble if scaling is None else scaling.pulled(reading.ensemble)
        return cls(compile_cells(ensemble, dtype), ensemble.classes, scaling, moves.of(model, width))

    def numbers(self, y: Labels) -> Index:
        """Return labels as positions among the classes."""
        order = np.argsort(self.classes, kind="stable")
        return order[np.searchsorted(self.classes, y, sorter=order)]

    def winners(self, X: Floats) -> tuple[Index, Floats]:
        """Return the class number of each row ``X`` (n, d) and its lead over the next, without the model."""
        rows = X if self.scaling is None else X.copy()
        if self.scaling is not None:
            for row in np.flatnonzero(np.isnan(X).any(axis=1)):
                rows[row] = self.scaling.stand_in(X[row])
        Z = cells_of(self.cells, rows)
        own, ahead = np.zeros(len(X), np.int32), np.zeros(len(X))
        sums = np.zeros((2, len(self.cells.forest.init)))
        winners(self.cells.forest, Z, sums, own, ahead)
        return own.astype(np.intp), ahead

    def domain(self, X: Floats, box: Box | None) -> Domain:
        """Return where rows may move."""
        return allowed(self.cells, box, self.rules, X)

    def query(
        self, domain: Domain, seat: Seat, x: Floats, own: int, norm: float, within: float = np.inf
    ) -> Query:
        """Return the query at a row; a missing value stays missing and keeps its route."""
        frozen = None
        if self.scaling is not None and np.isnan(x).any():
            frozen, x = np.isnan(x), self.scaling.stand_in(x)
        return ask(self.cells, domain, seat, x, own, norm, frozen, within)


def each_nearest(
    known: Compiled,
    X: Floats,
    own: Index,
    box: Box | None,
    norm: float,
    limits: Limits,
    *,
    strict: float = 0.0,
    threads: int = 1,
    advance: Advance | None = None,
) -> list[Answer]:
    """Return the nearest change of class of every row ``X`` (n, d) of class number ``own`` (n,)."""
    domain = known.domain(X, box)
    answers: list[Answer | None] = [None] * len(X)

    def some(rows: Sequence[int]) -> None:
        seat = Seat.at(known.cells)
        for row in rows:
            query = known.query(domain, seat, X[row], int(own[row]), norm)
            answer = nearest(query, limits, strict=strict)
            if answer.point is not None:
                answer.point[np.isnan(X[row])] = np.nan
            answers[row] = answer
            if advance is not None:
                advance(1)

    if threads == 1 or len(X) < 2:
        some(range(len(X)))
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(some, [range(k, len(X), threads) for k in range(threads)]))
    return [answer for answer in answers if answer is not None]
