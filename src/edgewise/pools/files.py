"""Readers of pool files, batch by batch, which refuse what is damaged or foreign in one sentence."""

from __future__ import annotations

import importlib
import json
import mmap
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from edgewise.arrays import Array, InputError, is_array
from edgewise.importing import needing
from edgewise.models.rows import Rows


BATCH_BYTES = 16 * 2**20
"""How much of a pool is held at once; a batch is as many rows as fit, at least one."""

Batches = Iterator[Rows]


class Schema(Protocol):
    """What is read of the schema of a Parquet file."""

    names: list[str]
    metadata: Mapping[bytes, bytes] | None


DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    NotImplementedError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What readers raise on files that are cut off, altered or of another kind."""


def batch_rows(shape: tuple[int, ...], itemsize: int = 8) -> int:
    """Return how many rows of a shape are held at once."""
    return max(1, BATCH_BYTES // max(1, itemsize * int(np.prod(shape))))


def array_batches(array: Array) -> Batches:
    """Yield an array batch by batch; pages of a memory map are let go."""
    step = batch_rows(array.shape[1:])
    for start in range(0, len(array), step):
        yield np.array(array[start : start + step])
        release(array)


def release(array: Array) -> None:
    """Let mapped pages go, which would otherwise count as ours until the whole file is."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and getattr(array, "mode", None) in ("r", "r+"):
        mapped.madvise(mmap.MADV_DONTNEED)


def pyarrow(what: str, module: str = "") -> ModuleType:
    """Return pyarrow, or one of its modules, or say what to install.

    Raises
    ------
    MissingExtraError
        There is no pyarrow; ``what`` needs it.
    """
    with needing(what):
        whole = importlib.import_module("pyarrow")
        return importlib.import_module(f"pyarrow.{module}") if module else whole


def no_such_file(path: Path) -> None:
    """Raise `InputError` unless ``path`` is a file that is there."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected a file.")
    if not path.is_file():
        raise InputError(f"there is no file {path}.")


LABEL = "label"
"""The column of labels: in batches, and in pools, where it is not learned from."""


def index_columns(schema: Schema) -> list[str]:
    """Return the columns of a Parquet schema that are the row index of pandas, not data."""
    about = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    names = [name for name in about.get("index_columns", []) if isinstance(name, str)]
    return [name for name in schema.names if name in names or name.startswith("__index_level_")]


def data_columns(schema: Schema) -> list[str]:
    """Return the columns of a Parquet schema that are data, in order: neither pandas' row index nor labels."""
    index = index_columns(schema)
    return [name for name in schema.names if name not in index and name.casefold() != LABEL]


def _read_npy(path: Path) -> Batches:
    array = np.load(path, mmap_mode="r")
    _check_array(array, path)
    return array_batches(array)


def _read_npz(path: Path) -> Batches:
    with np.load(path) as archive:
        if not archive.files:
            raise InputError(f"{path} holds no array.")
        name = "X" if "X" in archive.files else archive.files[0]
        array = archive[name]
    _check_array(array, path)
    return array_batches(array)


def _check_array(array: object, path: Path) -> None:
    if not is_array(array):
        raise InputError(f"{path} is an archive of arrays under the name of one; call it .npz.")
    if array.ndim < 2 or not len(array) or array.dtype.kind not in "biuf":
        raise InputError(
            f"{path} must hold numbers (n_rows, ...), at least one row; got shape {array.shape} of {array.dtype}."
        )


def _read_parquet(path: Path) -> Batches:
    parquet = pyarrow("reading Parquet", "parquet")
    with parquet.ParquetFile(path) as file:
        names = data_columns(file.schema_arrow)
        for batch in file.iter_batches(batch_rows((len(names),)), columns=names):
            columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
            other = [
                name for name, column in zip(names, columns, strict=True) if column.dtype.kind not in "biuf"
            ]
            if other or not names:
                raise InputError(
                    f"{path.name} must hold columns of numbers only; these are none: {', '.join(other)}."
                )
            yield np.column_stack(columns)


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, at most 200 characters."""
    return (str(error).strip().splitlines() or [""])[0][:200]


def _told(read: Callable[[Path], Batches]) -> Callable[[Path], Batches]:
    """Turn what a reader raises on a damaged file into one sentence."""

    def batches(path: Path) -> Batches:
        try:
            yield from read(path)
        except InputError:
            raise
        except DAMAGE as error:
            raise InputError(
                f"{path} cannot be read as a pool ({type(error).__name__}: {first_line(error)})."
            ) from None

    return batches


READERS: dict[str, Callable[[Path], Batches]] = {
    ".npy": _told(_read_npy),
    ".npz": _told(_read_npz),
    ".parquet": _told(_read_parquet),
}
"""What reads a pool file batch by batch, by its suffix."""
