"""A model of trees, compiled for one dtype of rows: what attack, radius and selection share."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.arrays import Box, Floats, Index, InputError, Labels
from edgewise.attacks.moves import Moves, Rules
from edgewise.attacks.trees.batch import Batch
from edgewise.attacks.trees.cells import LARGEST, Cells, cells_of, compile_cells, some_rows
from edgewise.attacks.trees.domain import allowed
from edgewise.attacks.trees.kernels.forest import winners
from edgewise.attacks.trees.nearest import Answer, Limits, Seat, ask, nearest
from edgewise.attacks.trees.reading import read
from edgewise.attacks.trees.reading.scalers import Scaling
from edgewise.models.answers import UnansweredError, predict
from edgewise.models.unwrap import named, unwrapped
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
    def of(cls, model: Any, dtype: np.dtype[Any], n_features: int | None, moves: Moves) -> Compiled:
        """Return a fitted model compiled for rows ``(n, d)`` of a dtype; of any width if none is given.

        Raises
        ------
        InputError
            A model that is not read, that does not answer as it was read, or rows of another width.
        """
        model = unwrapped(model)
        reading = read(model)
        width = int(getattr(model, "n_features_in_", reading.ensemble.n_features))
        if n_features is not None and width != n_features:
            raise InputError(f"X has {n_features} features; the model was fitted on {width}.")
        scaling = Scaling(reading.steps, width, dtype) if reading.steps else None
        ensemble = reading.ensemble if scaling is None else scaling.pulled(reading.ensemble)
        made = cls(compile_cells(ensemble, dtype), ensemble.classes, scaling, moves.of(model, width))
        made._check(model, dtype)
        return made

    def _check(self, model: Any, dtype: np.dtype[Any]) -> None:
        """Hold what was read against what the model answers, at rows of random cells."""
        if len(self.classes) < 2:
            return
        rows = some_rows(self.cells, dtype)
        own, ahead = self.winners(rows)
        said = self.numbers(predict(model, named(model, rows)))
        if ((own != said) & (ahead > 4 * self.cells.slack)).any():
            raise UnansweredError(
                f"{type(model).__name__} does not answer as the trees in it say, so that nothing would be proved. "
                "For other models use 'race' (labels only), or a gradient attack."
            )

    def numbers(self, y: Labels) -> Index:
        """Return labels as positions among the classes."""
        order = np.argsort(self.classes, kind="stable")
        return order[np.searchsorted(self.classes, y, sorter=order)]

    def winners(self, X: Floats) -> tuple[Index, Floats]:
        """Return the class number of each row ``X`` (n, d) and its lead over the next, without the model."""
        Z = cells_of(self.cells, self._seen(X))
        own, ahead = np.zeros(len(X), np.int32), np.zeros(len(X))
        sums = np.zeros((2, len(self.cells.forest.init)))
        winners(self.cells.forest, Z, sums, own, ahead)
        return own.astype(np.intp), ahead

    def batch(self, X: Floats, own: Index, box: Box | None, norm: float) -> Batch:
        """Return the queries at rows of class numbers ``own``; a missing value stays and keeps its route."""
        missing = np.isnan(X)
        if self.scaling is not None and (large := np.abs(X[~missing]).max(initial=0)) > LARGEST:
            raise InputError(
                f"X holds {large:.3g}; behind scalers walls are sought up to {LARGEST:g}. Give features in other units."
            )
        frozen = missing if self.scaling is not None and missing.any() else None
        domain = allowed(self.cells, box, self.rules, X)
        return Batch.of(self.cells, domain, self._seen(X), own, norm, frozen)

    def _seen(self, X: Floats) -> Floats:
        """Return rows in which a missing value that a step fills in is a number that means the same."""
        if self.scaling is None:
            return X
        rows = X.copy()
        for row in np.flatnonzero(np.isnan(X).any(axis=1)):
            rows[row] = self.scaling.stand_in(X[row])
        return rows


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
    batch = known.batch(X, own, box, norm)
    answers: list[Answer | None] = [None] * len(X)

    def some(rows: Sequence[int]) -> None:
        seat = Seat.at(known.cells)
        for row in rows:
            answer = nearest(ask(batch, seat, row), limits, strict=strict)
            if answer.point is not None:
                stays = np.isnan(X[row])
                stays[list(known.cells.ensemble.codes)] = True
                answer.point[stays] = X[row, stays]
            answers[row] = answer
            if advance is not None:
                advance(1)

    if threads == 1 or len(X) < 2:
        some(range(len(X)))
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(some, [range(k, len(X), threads) for k in range(threads)]))
    return [answer for answer in answers if answer is not None]
