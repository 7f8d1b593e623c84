"""Find, verify, fetch and keep the files of a data set.

A file counts as present only if its bytes have the known hash, and the bytes that were hashed are the bytes
that are read; so a half-written, damaged or foreign file is never used.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TypeAlias

import numpy as np

from edgewise.arrays import Array, InputError
from edgewise.atomic import replacing


Rows: TypeAlias = Array
"""Raw rows ``(n, d + 1)`` as the files have them; the label is the last column."""

ENVIRONMENT = "EDGEWISE_DATA"


_FOLDER: ContextVar[Path | None] = ContextVar("data folder", default=None)


class MissingDataError(InputError):
    """The files of a data set are nowhere to be had; the message says which, where, and how to get them."""


@dataclass(frozen=True)
class File:
    """A canonical file.

    Parameters
    ----------
    name
        Its file name.
    sha256
        The digest of its bytes, in hexadecimal.
    md5
        The digest its publisher lists, where that is an MD5.
    """

    name: str
    sha256: str
    md5: str | None = None

    def fault(self, content: bytes) -> str | None:
        """Say what is wrong with ``content``, or None if it is the canonical file."""
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            return (
                "damaged, half-written or another version: "
                f"sha256 {digest[:16]}..., not {self.sha256[:16]}..."
            )
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if self.md5 is not None and md5 != self.md5:
            return f"md5 {md5}, not {self.md5}"
        return None


@dataclass(frozen=True)
class Source:
    """Where the rows of a data set come from.

    Parameters
    ----------
    name
        What to call it in messages, and its file in the cache.
    files
        The canonical files, all needed.
    folders
        Sub-folders of a data folder in which they may lie.
    read
        Turns their bytes, in the order of ``files``, into rows.
    fetch
        Gets the same rows through scikit-learn.
    rows_sha256
        `digest` of the rows; None where what is fetched is a larger set, which scikit-learn itself keeps.
    home
        Where the files can be had by hand.
    archive
        A tar file in which the files may also lie.
    """

    name: str
    files: tuple[File, ...]
    folders: tuple[str, ...]
    read: Callable[[Sequence[bytes]], Rows]
    fetch: Callable[[], Rows]
    rows_sha256: str | None
    home: str
    archive: str | None = None


def rows(source: Source, data_home: str | Path | None = None) -> Rows:
    """Return the verified rows of ``source``.

    Looks for the canonical files in ``data_home`` (by default the folder ``$EDGEWISE_DATA`` names), then in
    the cache, then for rows kept there by an earlier fetch, then fetches them and keeps them.

    Raises
    ------
    MissingDataError
        Nothing of it was found and it could not be fetched.
    """
    looked: list[str] = []
    for place in places(data_home):
        contents = _canonical(source, place, looked)
        if contents is not None:
            return source.read(contents)
    kept = cache_folder() / f"{source.name}.npy"
    found = _kept(source, kept, looked)
    return _fetched(source, kept, looked) if found is None else found


@contextmanager
def data_from(folder: Path | None) -> Generator[None]:
    """Look for data files in ``folder`` while the block lasts; None leaves things as they are."""
    before = _FOLDER.set(folder or _FOLDER.get())
    try:
        yield
    finally:
        _FOLDER.reset(before)


def data_folder() -> Path | None:
    """Return the folder that `data_from` put in force, which workers are to use as well."""
    return _FOLDER.get()


def places(data_home: str | Path | None) -> list[Path]:
    """Return the folders to look in: the one given, in force or named by ``$EDGEWISE_DATA``, then the cache."""
    given = data_home if data_home is not None else data_folder() or os.environ.get(ENVIRONMENT)
    return [cache_folder()] if not given else [Path(given).expanduser(), cache_folder()]


def cache_folder() -> Path:
    """Return the folder for what was fetched: ``edgewise`` in ``$XDG_CACHE_HOME``, else in ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgewise"


def digest(array: Rows) -> str:
    """Return the sha256 of an array's shape, type and values, the same on every machine."""
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    head = f"{plain.dtype.str}{plain.shape}".encode()
    return hashlib.sha256(head + plain.tobytes()).hexdigest()


def _canonical(source: Source, place: Path, looked: list[str]) -> list[bytes] | None:
    """Return the bytes of every file if all of them lie in ``place`` and are right."""
    if not place.is_dir():
        looked.append(f"{place} (no such folder)")
        return None
    members = _members(source, place)
    contents: list[bytes] = []
    for file in source.files:
        content, fault = _one(file, [place / folder for folder in source.folders], members)
        if content is None:
            looked.append(f"{place} ({file.name}: {fault})")
            return None
        contents.append(content)
    return contents


def _one(
    file: File, folders: Sequence[Path], members: Callable[[str], bytes | None]
) -> tuple[bytes | None, str]:
    fault = "not there"
    for folder in folders:
        path = folder / file.name
        try:
            content = path.read_bytes() if path.is_file() else None
        except OSError as error:
            fault = f"cannot be read: {error.strerror}"
            continue
        if content is None:
            continue
        wrong = file.fault(content)
        if wrong is None:
            return content, ""
        fault = f"{path} is {wrong}"
    content = members(file.name)
    if content is not None:
        wrong = file.fault(content)
        return (content, "") if wrong is None else (None, f"in the archive, {wrong}")
    return None, fault


def _members(source: Source, place: Path) -> Callable[[str], bytes | None]:
    """Return a reader of the archive's members by file name; it is opened when first asked."""
    found: dict[str, bytes] = {}
    paths = [] if source.archive is None else [place / folder / source.archive for folder in source.folders]
    pending = [path for path in paths if path.is_file()]
    wanted = {file.name for file in source.files}

    def member(name: str) -> bytes | None:
        while pending and name not in found:
            found.update(_unpacked(pending.pop(0), wanted))
        return found.get(name)

    return member


def _unpacked(path: Path, wanted: set[str]) -> dict[str, bytes]:
    """Return the wanted members of a tar file as bytes; of a damaged one, those before the damage."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member) if Path(member.name).name in wanted else None
                if stream is not None:
                    found[Path(member.name).name] = stream.read()
    except (tarfile.TarError, EOFError, OSError):
        pass
    return found


def _kept(source: Source, path: Path, looked: list[str]) -> Rows | None:
    if source.rows_sha256 is None or not path.is_file():
        return None
    try:
        array: Rows = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        if digest(array) == source.rows_sha256:
            return array
    except (OSError, ValueError, EOFError):
        pass
    looked.append(f"{path} (damaged or half-written)")
    return None


def _fetched(source: Source, keep: Path, looked: list[str]) -> Rows:
    _say(f"edgewise: {source.name} is not on this machine; fetching it ...")
    try:
        with warnings.catch_warnings():
            # scikit-learn warns at each retry; a failure is reported once, below.
            warnings.simplefilter("ignore")
            array = source.fetch()
    except (OSError, ValueError, HTTPException, EOFError) as error:
        raise _missing(source, looked, f"fetching failed: {type(error).__name__}: {error}") from None
    if source.rows_sha256 is None:
        return array
    if digest(array) != source.rows_sha256:
        raise _missing(source, looked, "what was fetched is not the canonical data (its hash differs)")
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    try:
        with replacing(keep) as file:
            file.write(buffer.getvalue())
    except (OSError, InputError) as error:
        _say(
            f"edgewise: could not keep {source.name} in {keep.parent} ({error}); "
            "the next load will fetch it again."
        )
    return array


def _missing(source: Source, looked: Sequence[str], last: str) -> MissingDataError:
    names = ", ".join(file.name for file in source.files)
    archive = f" (or {source.archive} with them inside)" if source.archive else ""
    return MissingDataError(
        f"{source.name}: {names}{archive} not found. Looked in: {'; '.join(looked)}; {last}. "
        f"Get them from {source.home}, put them in a folder, and name it: "
        f"edgewise.load(..., data_home=FOLDER) or {ENVIRONMENT}=FOLDER."
    )


def _say(message: str) -> None:
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False, emoji=False)
