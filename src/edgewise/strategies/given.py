"""What callers of `edgewise.query` give beside the pool, checked."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Index, InputError, Labels, Mask, check_X
from edgewise.data.dataset import Split
from edgewise.models.joining import check_y
from edgewise.pools.pool import Pool


def read_candidates(candidates: ArrayLike | None, size: int) -> Index:
    """Return candidate rows, ascending, from row numbers, truth values or None for all."""
    if candidates is None:
        return np.arange(size)
    rows = np.asarray(candidates)
    if rows.dtype == bool and rows.shape == (size,):
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise InputError(
            f"candidates must be row numbers of the pool or one truth value a row; got an array "
            f"of {rows.dtype} of shape {rows.shape}."
        )
    rows = rows.astype(np.intp)
    if rows.size and (rows.min() < 0 or rows.max() >= size):
        raise InputError(f"candidates must lie between 0 and {size - 1}; got {rows.min()} to {rows.max()}.")
    return np.unique(rows)


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


def read_labelled(labelled: tuple[ArrayLike, ArrayLike] | None, model: Any, pool: Pool) -> Split | None:
    """Return the labelled points, their labels known to the model, or None."""
    if labelled is None:
        return None
    X, y = labelled
    if np.size(X) == 0:
        return None
    points = check_X(X, name="labelled X", images=True, n_features=int(np.prod(pool.shape)))
    classes = cast("Labels | None", getattr(model, "classes_", None))
    try:
        return Split(points, check_y(y, len(points), name="labelled y", classes=classes))
    except InputError as error:
        if "does not know" not in str(error):
            raise
        raise InputError(f"{error} Fit the model on all that is labelled first.") from None
