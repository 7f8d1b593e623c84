"""Rows as a model takes them: arrays, data frames (pandas, polars, Arrow), sparse matrices and texts.

A model gets a frame as a frame, its names and their order untouched, a sparse matrix as a sparse matrix and texts
as a list; what measures distances gets their numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import scipy.sparse as sp

from edgewise.arrays import Floats, Index, InputError, check_X, is_array, is_list
from edgewise.registry import unknown


Rows: TypeAlias = Any
"""``n`` rows of an array, a data frame or a sparse matrix, as they were given; texts as an array of objects."""


def is_frame(X: Rows) -> bool:
    """Return whether ``X`` is a data frame: pandas, polars, Arrow, or another that narwhals reads."""
    return not is_array(X) and nw.dependencies.is_into_dataframe(X)


def columns_of(X: Rows) -> tuple[str, ...] | None:
    """Return the names of the columns of a frame, None of other rows."""
    return tuple(map(str, _frame(X).columns)) if is_frame(X) else None


def is_sparse(X: Rows) -> bool:
    """Return whether ``X`` is a sparse matrix or array."""
    return bool(sp.issparse(X))


def is_texts(X: Rows) -> bool:
    """Return whether ``X`` is texts, one per row, as `check_rows` returns them."""
    return is_array(X) and X.ndim == 1 and X.dtype.kind == "O"


def as_texts(X: Rows) -> Rows | None:
    """Return a list, an array or a column of texts as an array of objects, or None if it is none.

    Examples
    --------
    >>> as_texts(["good film", "bad film"]).shape, as_texts([[1.0]]) is None
    ((2,), True)
    """
    held = X
    if not is_array(X) and nw.dependencies.is_into_series(X):
        held = nw.from_native(X, series_only=True).to_list()
    if is_array(held) and held.ndim == 1 and held.dtype.kind in "OU":
        held = held.tolist()
    if not is_list(held) or not held or not all(isinstance(text, str) for text in held):
        return None
    texts = np.empty(len(held), dtype=object)
    texts[:] = held
    return texts


def handed(X: Rows) -> Rows:
    """Return rows as a model is handed them: texts as a list, everything else as it is."""
    return X.tolist() if is_texts(X) else X


def check_rows(X: Rows, *, name: str = "X", missing: bool = False) -> Rows:
    """Return rows that a model can be given: a frame as it is, a sparse matrix as CSR, texts, else finite numbers.

    With ``missing`` NaN may stand for a missing value.

    Raises
    ------
    InputError
        No rows, or outside a frame values that are no numbers or NaN.
    """
    if is_frame(X):
        if 0 in X.shape:
            raise InputError(
                f"{name} is empty: shape {tuple(X.shape)}. Give at least one row and one column."
            )
        names = [str(column) for column in getattr(X, "column_names", X.columns)]
        if len(set(names)) < len(names):
            raise InputError(f"{name} has a column name twice: {', '.join(names)}. Rename one.")
        return X
    if is_sparse(X):
        return _checked_sparse(X, name)
    if not is_array(X) and nw.dependencies.is_into_lazyframe(X):
        raise InputError(
            f"{name} is a {type(X).__name__}, which holds no rows yet; call its collect() first."
        )
    texts = as_texts(X)
    return check_X(X, name=name, images=True, missing=missing) if texts is None else texts


def count(X: Rows) -> int:
    """Return the number of rows."""
    return int(X.shape[0])


def take(X: Rows, index: Index) -> Rows:
    """Return rows ``index`` (m,) in that order, as the same kind of container."""
    if is_frame(X):
        return _frame(X)[np.asarray(index).tolist(), :].to_native()
    return X[index]


def stacked(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all ``parts``, one after another, in one container of their kind.

    Raises
    ------
    InputError
        Parts of several kinds, or frames of other columns.
    """
    if len(parts) == 1:
        return parts[0]
    if all(is_frame(part) for part in parts):
        frames = [_frame(part) for part in parts]
        names = frames[0].columns
        if any(frame.columns != names for frame in frames):
            raise InputError(
                f"the frames must have the same columns in the same order; got {names} and "
                f"{next(frame.columns for frame in frames if frame.columns != names)}."
            )
        return nw.concat(frames, how="vertical").to_native()
    if all(is_sparse(part) for part in parts):
        return sp.vstack(parts, format="csr")
    if any(is_frame(part) or is_sparse(part) or is_texts(part) != is_texts(parts[0]) for part in parts):
        raise InputError(
            f"rows come as {' and '.join(sorted({type(part).__name__ for part in parts}))}; give all of them "
            "in the container of the pool."
        )
    # The latest rows decide the precision, as those of a pool do beside start rows.
    return np.concatenate([part.astype(parts[-1].dtype, copy=False) for part in parts])


def like(points: Floats, given: Rows) -> Rows:
    """Return ``points`` (m, d) in the container of ``given``: a frame with its names, or the array itself.

    Examples
    --------
    >>> like(np.zeros((1, 2)), np.ones((3, 2)))
    array([[0., 0.]])
    """
    if is_frame(given):
        if hasattr(given, "iloc"):
            return type(given)(points, columns=given.columns)
        frame = _frame(given)
        return nw.from_dict(
            {name: points[:, i] for i, name in enumerate(frame.columns)}, backend=frame.implementation
        ).to_native()
    return sp.csr_array(points) if is_sparse(given) else points.astype(given.dtype, copy=False)


def framed(points: Floats, names: Sequence[str]) -> Rows:
    """Return ``points`` (m, d) as a frame with these names, as a model that was fitted to names is asked."""
    columns = dict(zip(names, points.T, strict=True))
    return nw.from_dict(columns, backend="pandas" if find_spec("pandas") else "polars").to_native()


def with_columns(points: Floats, columns: Sequence[str], given: Rows) -> Rows:
    """Return the frame ``given`` (m rows) with ``points`` (m, k) in these columns, the others untouched."""
    frame = _frame(given)
    made = nw.from_dict(
        {name: points[:, i] for i, name in enumerate(columns)}, backend=frame.implementation
    ).to_native()
    if hasattr(given, "iloc"):
        made.index = given.index
    fresh = nw.from_native(made, eager_only=True)
    return frame.with_columns(*(fresh[name] for name in columns)).to_native()


def only(X: Rows, columns: Sequence[str], *, name: str = "X") -> Rows:
    """Return a frame of these ``columns`` of a frame.

    Raises
    ------
    InputError
        No frame, no columns, one twice, or one that it does not have.
    """
    if not is_frame(X):
        raise InputError(f"columns name those of a frame; {name} is {described(X)}.")
    have = _frame(X).columns
    if isinstance(columns, str) or not columns or len(set(columns)) < len(columns):
        raise InputError(f"columns must be a list of different names; got {columns!r}.")
    for column in columns:
        if column not in have:
            raise InputError(unknown(column, map(str, have), f"column of {name}"))
    return _frame(X).select(*columns).to_native()


def numbers(X: Rows, *, name: str = "X", missing: bool = False) -> Floats:
    """Return rows as finite numbers ``(n, d)``, for what measures distances or moves points.

    With ``missing`` an empty cell is NaN.

    Raises
    ------
    InputError
        A frame with a column that holds no numbers, or with empty cells.
    """
    if is_frame(X):
        frame = _frame(X)
        others = [
            column
            for column, dtype in frame.schema.items()
            if not (dtype.is_numeric() or dtype == nw.Boolean)
        ]
        if others:
            raise InputError(
                f"{name} has columns that hold no numbers ({', '.join(map(str, others))}), and this measures "
                "distances between rows. Fit a pipeline that encodes them, as with "
                "make_pipeline(make_column_transformer(...), model), or drop them; an attack takes the columns that "
                "may move as columns=[...]."
            )
        columns = [series.cast(nw.Float64()).to_numpy() for series in frame.iter_columns()]
        return check_X(np.column_stack(columns), name=name, missing=missing)
    if is_sparse(X):
        return check_X(X.toarray(), name=name)
    if is_texts(X):
        raise InputError(
            f"{name} holds texts, and this measures distances between rows or moves them. Give numbers, such as "
            "TfidfVectorizer().fit_transform(texts)."
        )
    return X


def digest_of(X: Rows, digest: hashlib.blake2b) -> None:
    """Add every value of ``X``, and the names of a frame, to a running hash."""
    if is_frame(X):
        for series in _frame(X).iter_columns():
            digest.update(f"{series.name!r}: {series.to_list()!r}".encode())
    elif is_texts(X):
        digest.update("".join(map(repr, X.tolist())).encode("utf-8", "surrogatepass"))
    elif is_sparse(X):
        for part in (X.indptr, X.indices, X.data):
            digest.update(np.ascontiguousarray(part).data)
    else:
        digest.update(np.ascontiguousarray(X).data)


def described(X: Rows) -> str:
    """Return what ``X`` is in a few words, for an error."""
    if is_frame(X):
        names = ", ".join(map(str, _frame(X).columns[:6]))
        return f"a frame of {count(X)} rows with the columns {names}"
    if is_texts(X):
        return f"{len(X)} texts"
    kind = "a sparse matrix" if is_sparse(X) else "an array"
    return f"{kind} of shape {tuple(X.shape)} ({X.dtype})"


def _checked_sparse(X: Rows, name: str) -> sp.csr_array:
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"{name} must be 2-d with at least one row and one column; got shape {X.shape}.")
    made = X.tocsr()
    if made.dtype.kind not in "fiub":
        raise InputError(f"{name} must hold real numbers; got a sparse matrix of {made.dtype}.")
    if made.dtype.kind != "f":
        made = made.astype(np.float64)
    if not np.isfinite(made.data).all():
        raise InputError(f"{name} has NaN or infinite values. Drop or impute them.")
    return made


def _frame(X: Rows) -> nw.DataFrame[Rows]:
    return nw.from_native(X, eager_only=True)
