"""What callers of `edgewise.query` give beside the pool, checked."""

from __future__ import annotations

import math
from dataclasses import replace

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Index, InputError, Mask
from edgewise.data.dataset import Split
from edgewise.models.answers import known_classes
from edgewise.models.features import takes_gaps
from edgewise.models.joining import UnknownLabelError, check_y
from edgewise.models.rows import Rows, check_rows, count, described, is_frame, numbers
from edgewise.models.unwrap import Model
from edgewise.pools.pool import Pool, PoolLike


def read_source(source: PoolLike, model: Model) -> Pool:
    """Return the pool of a source; NaN in it are gaps where ``model`` says that it takes them."""
    pool = Pool.of(source)
    return replace(pool, missing=True) if takes_gaps(model) else pool


def read_candidates(candidates: ArrayLike | None, size: int) -> Index:
    """Return candidate rows, ascending, from row numbers, truth values or None for all."""
    if candidates is None:
        return np.arange(size)
    rows = np.asarray(candidates)
    if rows.dtype == bool and rows.shape == (size,):
        return np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise InputError(
            f"candidates must be row numbers of the pool or one truth value per row; got an array "
            f"of {rows.dtype} of shape {rows.shape}."
        )
    rows = rows.astype(np.intp)
    if rows.size and (rows.min() < 0 or rows.max() >= size):
        raise InputError(f"candidates must lie between 0 and {size - 1}; got {rows.min()} to {rows.max()}.")
    # Rows that ascend already are the common case, and a look costs a hundredth of sorting them.
    return rows if (np.diff(rows) > 0).all() else np.unique(rows)


def read_uniform(uniform: ArrayLike | None, known: Split | None) -> Mask | None:
    """Return which labelled points are uniform, or None for all."""
    if uniform is None or known is None:
        return None
    mask = np.asarray(uniform)
    if mask.dtype != bool or mask.shape != known.y.shape:
        raise InputError(
            f"uniform must be one truth value a labelled point, shape {known.y.shape}; got "
            f"{mask.dtype} of shape {mask.shape}."
        )
    return mask


def read_labelled(labelled: tuple[ArrayLike, ArrayLike] | None, model: Model, pool: Pool) -> Split | None:
    """Return the labelled points, their labels known to the model, or None."""
    if labelled is None:
        return None
    X, y = labelled
    if np.shape(y) == (0,):
        return None
    points = read_rows(X, pool, "labelled X")
    try:
        return Split(points, check_y(y, count(points), name="labelled y", classes=known_classes(model)))
    except UnknownLabelError as error:
        raise UnknownLabelError(f"{error} Fit the model on all that is labelled first.") from None


def read_rows(X: Rows, pool: Pool, name: str) -> Rows:
    """Return labelled rows in the container of the pool, of as many features.

    Raises
    ------
    InputError
        Another number of features, or no frame with the pool's columns beside a pool that is one.
    """
    rows = check_rows(X, name=name, missing=pool.missing)
    if pool.names is not None:
        names = tuple(nw.from_native(rows, eager_only=True).columns) if is_frame(rows) else None
        if names != pool.names:
            raise InputError(
                f"{name} must be a frame with the columns of the pool, in their order: "
                f"{', '.join(map(str, pool.names))}; got {described(rows)}."
            )
        return rows
    if (pool.shape == ()) != (rows.shape[1:] == ()):
        raise InputError(f"{name} must be {'texts, as' if pool.shape == () else 'numbers, as'} in the pool.")
    width, expected = math.prod(rows.shape[1:]), math.prod(pool.shape)
    if width != expected:
        raise InputError(f"{name} has {width} features; expected {expected}, as in the pool.")
    return numbers(rows, name=name) if is_frame(rows) else rows
