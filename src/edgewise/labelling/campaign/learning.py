"""The learner in front of the pool: what it is fitted to, and how a model is made from labelled rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Index, InputError, Labels
from edgewise.labelling.sheet import Sheet
from edgewise.learning.fitting import fitted
from edgewise.learning.learners import LEARNERS
from edgewise.registry import lookup


@dataclass(frozen=True)
class Learning:
    """A pool as its learner takes it.

    Parameters
    ----------
    rows
        All rows of the pool.
    fit
        Returns a fitted model from the numbers of labelled rows, their labels, and a seed.
    """

    rows: Any
    fit: Callable[[Index, Labels, int], Any]


@dataclass(frozen=True)
class Guesses:
    """What a model says of rows: the likeliest class of each and its chance, NaN where it gives none."""

    label: Labels
    chance: Floats


def learning_of(sheet: Sheet, learner: str) -> Learning:
    """Return a pool scaled to mean 0 and spread 1 in front of a learner of `edgewise.learning.learners`.

    Raises
    ------
    InputError
        No learner of this name.
    """
    lookup(LEARNERS, learner, "learner")
    if learner == "network":
        raise InputError("a campaign trains no networks; give another --learner.")
    rows = sheet.pool.score(lambda part: part.reshape(len(part), -1))
    spread = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)

    def fit(index: Index, labels: Labels, seed: int) -> Any:
        return fitted(LEARNERS[learner](rows), rows[index], labels, seed=seed)

    return Learning(rows, fit)


def guesses(model: Any, rows: Any) -> Guesses:
    """Return what a fitted model says of rows."""
    if not hasattr(model, "predict_proba"):
        return Guesses(np.asarray(model.predict(rows)), np.full(len(rows), np.nan))
    chances = np.asarray(model.predict_proba(rows))
    best = chances.argmax(axis=1)
    return Guesses(np.asarray(model.classes_)[best], chances[np.arange(len(rows)), best])
