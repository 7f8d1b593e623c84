"""The files of a pool in pieces, and the file of scores beside each."""

from __future__ import annotations

import glob
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

from edgewise.arrays import Array, Floats, Index, InputError
from edgewise.atomic import replacing
from edgewise.digests import of_bytes
from edgewise.pools.files import DAMAGE, READERS, data_columns, pyarrow
from edgewise.pools.pool import Pool


ROW_GROUP = 2**18
"""Rows of a score file that are held at once."""


@dataclass(frozen=True)
class Shards:
    """The files of a pool, in the order of their names; rows are numbered through all of them.

    Parameters
    ----------
    paths
        The files.
    sizes
        Rows of each.
    shape
        The shape of a row.
    """

    paths: tuple[Path, ...]
    sizes: tuple[int, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, source: Shards | str | Path | Sequence[str | Path]) -> Shards:
        """Return the shards that a pattern such as ``"shards/*.parquet"`` or a list of files names.

        Only headers are read.

        Raises
        ------
        InputError
            No such files, a file that cannot be read, no rows, or rows of several shapes.
        """
        if isinstance(source, Shards):
            return source
        if isinstance(source, (str, Path)):
            paths = sorted(map(Path, glob.glob(str(source), recursive=True)))  # noqa: PTH207 - also absolute patterns
        else:
            paths = [Path(path) for path in source]
        if not paths:
            raise InputError(
                f"no files match {str(source)!r}. Give a pattern in quotes, such as "
                "'shards/*.parquet', or a list of files."
            )
        looks = [_look(path) for path in paths]
        for path, (_, shape) in zip(paths, looks, strict=True):
            if shape != looks[0][1]:
                raise InputError(
                    f"shards must have rows of one shape; {path} has {shape}, {paths[0]} has {looks[0][1]}."
                )
        return cls(tuple(paths), tuple(size for size, _ in looks), looks[0][1])

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> Index:
        """The number of the first row of each shard, and of all rows at the end."""
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.intp)

    def locate(self, index: Index) -> tuple[Index, Index]:
        """Return the shard of each row number ``(n,)``, and its row in that shard."""
        shard = np.searchsorted(self.starts, index, side="right") - 1
        return shard, index - self.starts[shard]

    def pool(self, number: int) -> Pool:
        """Return one shard as a pool, read batch by batch."""
        return open_shard(self.paths[number], self.sizes[number], self.shape)


def open_shard(path: Path, size: int, shape: tuple[int, ...]) -> Pool:
    """Return a shard as a pool without looking at it."""
    return Pool(lambda: READERS[path.suffix.lower()](path), size, shape)


def _look(path: Path) -> tuple[int, tuple[int, ...]]:
    if path.suffix.lower() not in READERS:
        raise InputError(f"shards are {', '.join(READERS)}; got {path.name}.")
    try:
        if path.suffix.lower() == ".parquet":
            with arrow().ParquetFile(path) as found:
                size, shape = found.metadata.num_rows, (len(data_columns(found.schema_arrow)),)
        elif path.suffix.lower() == ".npy":
            size, *rest = np.load(path, mmap_mode="r").shape
            shape = tuple(rest)
        else:
            size, *rest = _npz_shape(path)
            shape = tuple(rest)
    except DAMAGE as error:
        raise InputError(f"{path} is no shard that can be read ({type(error).__name__}: {error}).") from None
    if size == 0 or not shape:
        raise InputError(f"{path} has no rows of features; leave it out of the pool.")
    return size, shape


def _npz_shape(path: Path) -> tuple[int, ...]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        with archive.open("X.npy" if "X.npy" in names else names[0]) as file:
            version = np.lib.format.read_magic(cast("Any", file))
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            return read(cast("Any", file))[0]


def arrow() -> ModuleType:
    """Return pyarrow's Parquet module, or say what to install."""
    return pyarrow("a pool in shards, which has files of scores,", "parquet")


@dataclass(frozen=True)
class State:
    """What a file of scores says about its shard, by which it is known to be still right.

    Parameters
    ----------
    scoring
        The digest of model, strategy and settings.
    rows, bytes, modified
        Of the shard, as the file system gives them.
    digest
        Of the bytes of the shard.
    values
        Of the scores themselves.
    """

    scoring: str
    rows: int
    bytes: int
    modified: int
    digest: str = ""
    values: str = ""

    @classmethod
    def now(cls, scoring: str, path: Path, rows: int) -> State:
        """Return the state of a shard, without its digest."""
        seen = path.stat()
        return cls(scoring, rows, seen.st_size, seen.st_mtime_ns)

    def same_place(self, other: State) -> bool:
        """Say whether nothing hints at a change: scoring, rows, size and time are equal."""
        return (self.scoring, self.rows, self.bytes, self.modified) == (
            other.scoring,
            other.rows,
            other.bytes,
            other.modified,
        )


def digest_of(path: Path) -> str:
    """Return a digest of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def write_scores(target: Path, columns: Mapping[str, Floats], state: State) -> None:
    """Write the columns of a shard's rows and what they belong to, whole or not at all."""
    about = json.dumps({**vars(state), "values": _values([columns])})
    table = pyarrow("").table(dict(columns)).replace_schema_metadata({"edgewise": about})
    with replacing(target) as file:
        arrow().write_table(
            table,
            file,
            row_group_size=ROW_GROUP,
            write_page_checksum=True,
            use_dictionary=False,
            write_statistics=False,
        )


def read_state(target: Path) -> State | None:
    """Return what a file of scores belongs to; None if it is missing, damaged or no such file.

    Every score is read and compared with the digest of what was written.
    """
    try:
        with arrow().ParquetFile(target, page_checksum_verification=True) as file:
            state = State(**json.loads(file.schema_arrow.metadata[b"edgewise"]))
        whole = state.values == _values(read_scores(target))
    except Exception:  # noqa: BLE001 - readers raise anything on a damaged file; it is computed again
        return None
    return state if whole else None


def _values(parts: Iterable[Mapping[str, Array]]) -> str:
    """Return a digest of columns that come in parts, the same whatever the parts."""
    totals: dict[str, hashlib.blake2b] = {}
    for part in parts:
        for name, column in part.items():
            array = np.ascontiguousarray(column)
            total = totals.setdefault(f"{name} {array.dtype.str}", hashlib.blake2b(digest_size=16))
            total.update(array.data)
    return of_bytes(repr([(name, totals[name].hexdigest()) for name in sorted(totals)]).encode())


def read_scores(target: Path) -> Iterator[dict[str, Array]]:
    """Yield the columns of a file of scores, a part at a time."""
    with arrow().ParquetFile(target, page_checksum_verification=True) as file:
        for batch in file.iter_batches(ROW_GROUP):
            yield {
                name: column.to_numpy()
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            }
