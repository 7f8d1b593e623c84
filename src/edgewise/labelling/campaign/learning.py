"""The learner in front of the pool: what it is fitted to, and how a model is made from labelled rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Index, Labels
from edgewise.labelling.next_batch import NextBatch
from edgewise.labelling.sheet import Sheet
from edgewise.learning.fitting import fitted
from edgewise.models.rows import Rows
from edgewise.models.unwrap import Model
from edgewise.pools.pool import Pool


@dataclass(frozen=True)
class Learning:
    """A pool as its learner takes it.

    Parameters
    ----------
    pool
        All rows of the pool.
    fit
        Returns a fitted model from the numbers of labelled rows, their labels, and a seed.
    how
        What was made of the columns, in words.
    """

    pool: Pool
    fit: Callable[[Index, Labels, int], Model]
    how: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guesses:
    """What a model says of rows: the likeliest class of each and its chance, NaN where it gives none."""

    label: Labels
    chance: Floats


def learning_of(sheet: Sheet, learner: str) -> Learning:
    """Return a pool in front of a learner, with the features that `edgewise query` would make.

    Raises
    ------
    InputError
        No learner of this name.
    """
    prepared = NextBatch(learner=learner).prepare(sheet)

    def fit(index: Index, labels: Labels, seed: int) -> Model:
        return fitted(prepared.learner, prepared.pool.rows(index), labels, seed=seed)

    return Learning(prepared.pool, fit, prepared.notes)


def guesses(model: Model, rows: Rows) -> Guesses:
    """Return what a fitted model says of rows."""
    if not hasattr(model, "predict_proba"):
        label = np.asarray(model.predict(rows))
        return Guesses(label, np.full(len(label), np.nan))
    chances = np.asarray(model.predict_proba(rows))
    best = chances.argmax(axis=1)
    return Guesses(np.asarray(model.classes_)[best], chances[np.arange(len(best)), best])


def all_guesses(model: Model, pool: Pool) -> Guesses:
    """Return what a fitted model says of every row of a pool."""
    parts = [guesses(model, rows) for _, rows in pool.batches()]
    return Guesses(
        np.concatenate([part.label for part in parts]), np.concatenate([part.chance for part in parts])
    )
