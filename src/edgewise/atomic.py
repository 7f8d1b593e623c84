"""Files that are written whole or not at all, and work that only one process may do at a time."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from edgewise.arrays import InputError


try:
    import fcntl
except ModuleNotFoundError:  # there are no such locks on Windows
    fcntl = None


@contextmanager
def replacing(path: Path | str) -> Generator[IO[bytes]]:
    """Yield a binary file that takes the place of ``path`` when the block ends well; else nothing changes.

    A file that is there keeps its mode and, where allowed, its owner; a symbolic link stays, and the file it
    points to is replaced. A second hard link keeps the old content.

    Raises
    ------
    InputError
        ``path`` is a folder, a device, a pipe or a socket, or a file that is write-protected.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with replacing(target) as file:
    ...     _ = file.write(b"whole")
    >>> target.read_text()
    'whole'
    """
    target, old = _replaceable(Path(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            with suppress(PermissionError, AttributeError):
                os.chown(part, old.st_uid, old.st_gid)
            part.chmod(stat.S_IMODE(old.st_mode))
        part.replace(target)
        _sync_folder(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, or would if they were there.

    Examples
    --------
    >>> same_file(Path("a.csv"), Path("./a.csv")), same_file(Path("a.csv"), Path("b.csv"))
    (True, False)
    """
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _replaceable(path: Path) -> tuple[Path, os.stat_result | None]:
    """Return the file behind ``path`` and what the system says of it, None for a new one."""
    target = path
    try:
        target = path.resolve() if path.is_symlink() else path
        old = target.stat()
    except FileNotFoundError:
        return target, None
    except (OSError, RuntimeError) as error:  # a link to itself, a parent that is a file
        raise InputError(f"cannot write {path}: {error}. Give the path of a file.") from None
    if not stat.S_ISREG(old.st_mode):
        raise InputError(f"{path} is no regular file and stays as it is; give the path of a file.")
    if not old.st_mode & 0o222:
        raise InputError(f"{path} is write-protected and stays as it is; give another path.")
    return target, old


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every system opens folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def alone(path: Path, doing: str) -> Generator[None]:
    """Hold the lock file ``path`` during the block; it goes with the process, however that ends.

    Raises
    ------
    InputError
        Somebody else holds it; the message says that they are ``doing`` this.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{doing} is under way already ({path} is held); wait for it to end.") from None
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)
