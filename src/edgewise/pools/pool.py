"""Pools of unlabelled rows, read batch by batch: arrays, memory maps, files, torch data sets, iterables."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import narwhals as nw
import numpy as np

from edgewise.arrays import Floats, Index, InputError, check_X
from edgewise.models.rows import Rows, as_texts, check_rows, count, digest_of, is_frame, is_sparse, take
from edgewise.pools.files import READERS, Batches, array_batches, batch_rows, release


TEXTS = 8192
"""Texts that are handed on at once."""


@dataclass(frozen=True)
class Pool:
    """Rows that can be read again and again without ever being held together.

    Parameters
    ----------
    read
        Returns a fresh iterator of batches ``(m, ...)``.
    size
        The number of rows.
    shape
        The shape of a row.
    take
        Returns given rows in one step, where the source can; otherwise they are collected in a pass.
    names
        The columns of a data frame, whose rows come as frames; None for other sources.
    missing
        Whether NaN in an array stands for a gap; else it is refused.
    space
        Maps rows to where their distances are measured, where the source says so.

    Examples
    --------
    >>> pool = Pool.of([[0.0], [1.0], [2.0]])
    >>> len(pool), pool.rows(np.array([2, 0])).tolist()
    (3, [[2.0], [0.0]])
    """

    read: Callable[[], Batches]
    size: int
    shape: tuple[int, ...]
    take: Callable[[Index], Any] | None = field(default=None)
    names: tuple[Any, ...] | None = field(default=None)
    missing: bool = False
    space: Callable[[Rows], Floats] | None = field(default=None)

    @classmethod
    def of(cls, source: Any) -> Pool:
        """Return a pool of anything rows can be read from; see `edgewise.query`.

        Raises
        ------
        InputError
            Nothing readable, no rows, rows of several shapes, or an iterator that can be read only once.
        MissingExtraError
            A Parquet file without pyarrow.
        """
        if isinstance(source, Pool):
            return source
        if isinstance(source, (str, Path)):
            return _of_files([Path(source)])
        texts = None if _are_files(source) else as_texts(source)
        if texts is not None:
            return _of_container(texts)
        if isinstance(source, np.ndarray) and not _is_plain(source):
            source = check_X(source, name="pool", images=True)
        if isinstance(source, np.ndarray):
            return _of_array(source)
        if is_frame(source) or is_sparse(source):
            return _of_container(check_rows(source, name="pool"))
        if isinstance(source, Sequence) and source and isinstance(source[0], (str, Path)):
            return _of_files([Path(part) for part in cast("Sequence[Any]", source)])
        if isinstance(source, (list, tuple)) or hasattr(source, "to_numpy") or hasattr(source, "detach"):
            return _of_array(check_X(cast("Any", source), name="pool", images=True))
        if hasattr(source, "shape") and hasattr(source, "dtype") and hasattr(source, "__getitem__"):
            return _of_array(source)
        if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
            return _of_torch_data(source)
        if callable(source):
            return _of_batches(cast("Callable[[], Batches]", source))
        if isinstance(source, Iterable):
            return _of_batches(_repeated(cast("Iterable[Any]", source)))
        raise InputError(
            f"pool must be an array, a file, a torch data set or batches of rows; got "
            f"{type(source).__name__}."
        )

    @classmethod
    def of_array(cls, array: Any) -> Pool:
        """Return a pool of an array ``(n, ...)`` of numbers, whose values are checked as they are read."""
        return _of_array(array)

    def __len__(self) -> int:
        return self.size

    def batches(self) -> Iterator[tuple[int, Rows]]:
        """Yield ``(first row, rows)`` in order, rows of numbers checked to be finite."""
        start = 0
        for batch in self.read():
            try:
                rows = check_rows(batch, name="pool", missing=self.missing)
            except InputError as error:
                raise InputError(f"{error} (rows {start} to {start + len(batch) - 1} of the pool)") from None
            if tuple(rows.shape[1:]) != self.shape:
                raise InputError(
                    f"pool rows have shape {rows.shape[1:]} from row {start} on; the first had {self.shape}."
                )
            yield start, rows
            start += count(rows)
        if start != self.size:
            raise InputError(
                f"the pool had {self.size} rows and now has {start}; it must not change while it is read."
            )

    def score(self, function: Callable[[Rows], Floats]) -> Floats:
        """Return ``function`` of every row ``(n, ...)``; it gets a batch and returns one entry per row."""
        whole = np.empty(0)
        for start, rows in self.batches():
            values = np.asarray(function(rows))
            if values.shape[:1] != (count(rows),):
                raise InputError(
                    f"scoring {count(rows)} rows gave values of shape {values.shape}; expected one per row."
                )
            if start == 0:
                whole = np.empty((self.size, *values.shape[1:]), values.dtype)
            elif np.result_type(whole, values) != whole.dtype:
                whole = whole.astype(np.result_type(whole, values))
            whole[start : start + len(values)] = values
        return whole

    def rows(self, index: Index) -> Rows:
        """Return the rows ``index`` (m,) of the pool, in that order."""
        index = np.asarray(index, dtype=np.intp)
        if not len(index) and (self.take is None or self.names is None):
            return np.empty((0, *self.shape))
        if self.take is not None:
            taken = self.take(index)
            return check_rows(taken, name="pool", missing=self.missing) if len(index) else taken
        found: dict[int, Floats] = {}
        wanted = set(index.tolist())
        for start, rows in self.batches():
            for row in wanted.intersection(range(start, start + len(rows))):
                found[row] = rows[row - start].copy()
        return np.stack([found[row] for row in index.tolist()])

    def digest(self) -> str:
        """Return a digest of every value in order: equal for equal rows, whatever the batches."""
        total = hashlib.blake2b(
            repr(self.shape if self.names is None else self.names).encode(), digest_size=16
        )
        for _, rows in self.batches():
            digest_of(rows, total)
        return total.hexdigest()


def _of_array(array: Any) -> Pool:
    if array.ndim < 2 or len(array) == 0:
        raise InputError(f"pool must be (n_rows, ...) with at least one row; got shape {array.shape}.")

    def take(index: Index) -> Any:
        parts: list[Any] = []
        for start in range(0, len(index), 256):
            parts.append(np.array(array[index[start : start + 256]]))
            release(array)
        return np.concatenate(parts)

    # Only NumPy's own arrays take row numbers in any order.
    chosen = take if isinstance(array, np.ndarray) else None
    return Pool(lambda: array_batches(array), len(array), tuple(array.shape[1:]), chosen)


def _of_container(X: Rows) -> Pool:
    """Return a pool of a data frame, a sparse matrix or texts, whose batches are of the same kind."""
    size, step = count(X), batch_rows(X.shape[1:]) if X.shape[1:] else TEXTS

    def read() -> Batches:
        for start in range(0, size, step):
            yield take(X, np.arange(start, min(start + step, size)))

    names = tuple(nw.from_native(X, eager_only=True).columns) if is_frame(X) else None
    return Pool(read, size, tuple(X.shape[1:]), lambda index: take(X, index), names)


def _is_plain(array: Any) -> bool:
    return array.dtype.kind in "biuf" and not isinstance(array, np.ma.MaskedArray)


def _of_batches(read: Callable[[], Batches]) -> Pool:
    size, shape = 0, None
    for batch in read():
        rows = np.asarray(batch)
        shape = rows.shape[1:] if shape is None else shape
        size += len(rows)
    if size == 0 or not shape:
        raise InputError(
            "the pool gave no batches of rows (n_rows, ...); an iterator that is used up, or a "
            "function that returns the same iterator twice, gives none."
        )
    return Pool(read, size, shape)


def _repeated(source: Iterable[Any]) -> Callable[[], Batches]:
    if iter(source) is source:
        raise InputError(
            "the pool is an iterator, which can be read once; give a function that returns a "
            "fresh one, such as `lambda: read_batches(path)`."
        )
    return lambda: (_features(batch) for batch in source)


def _of_torch_data(data: Any) -> Pool:
    first = np.asarray(_features(data[0]))
    step = batch_rows(first.shape, 4)

    def take(index: Index) -> Any:
        return np.stack([np.asarray(_features(data[int(row)])) for row in index])

    def read() -> Batches:
        for start in range(0, len(data), step):
            yield take(np.arange(start, min(start + step, len(data))))

    if len(data) == 0 or first.ndim == 0:
        raise InputError(f"pool items must be arrays or (array, ...); item 0 has shape {first.shape}.")
    return Pool(read, len(data), first.shape, take)


def _features(item: Any) -> Any:
    """Return the points of an ``(X, y)`` item; labels that a data set carries are not looked at."""
    return item[0] if isinstance(item, (tuple, list)) else item


def _are_files(source: Any) -> bool:
    """Say whether a list of words names files: the first is there, or one ends like a pool file."""
    if not isinstance(source, (list, tuple)) or not all(isinstance(part, (str, Path)) for part in source):
        return False
    ends = (".csv", ".json", ".jsonl", *READERS)
    named = any(isinstance(part, Path) or part.lower().endswith(ends) for part in source)
    return named or os.path.isfile(source[0])  # noqa: PTH113 - a text may be too long for a path


def _of_files(paths: Sequence[Path]) -> Pool:
    for path in paths:
        if not path.is_file():
            raise InputError(f"there is no pool file {path}.")
        if path.suffix.lower() not in READERS:
            raise InputError(f"pool files are {', '.join(READERS)}; got {path.name}.")
    return _of_batches(lambda: (batch for path in paths for batch in READERS[path.suffix.lower()](path)))
