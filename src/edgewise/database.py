"""SQLite files that lose nothing: whose they are, all-or-nothing writes, and reading where nobody can write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path


BUSY_SECONDS = 60


@contextmanager
def transaction(db: sqlite3.Connection) -> Generator[None]:
    """Write all that is done inside, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def is_new(db: sqlite3.Connection) -> bool:
    """Say whether nothing was ever made in the file."""
    return db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0


def create(db: sqlite3.Connection, schema: str, application: int, version: int) -> None:
    """Make the tables of ``schema`` and mark the file as this program's."""
    for statement in schema.strip().split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {application}")
    db.execute(f"PRAGMA user_version = {version}")


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of the file's tables."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def fault(db: sqlite3.Connection, application: int, version: int) -> str | None:
    """Say why the file is not one of this program that it can use, or None."""
    if db.execute("PRAGMA application_id").fetchone()[0] != application:
        return "is a database of another program; give another path."
    if (there := version_of(db)) > version:
        return f"was written by a newer edgewise (schema {there}, this one knows {version}); update edgewise."
    return None


def keep_every_commit(db: sqlite3.Connection) -> None:
    """Write in place with a rollback journal: a lost or damaged log could take commits with it unseen."""
    db.execute("PRAGMA busy_timeout = 0")
    with suppress(sqlite3.OperationalError):  # an old file that somebody else has open stays as it is
        db.execute("PRAGMA journal_mode = DELETE")
    db.execute(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS}")
    db.execute("PRAGMA synchronous = EXTRA")


def opened_to_read(path: Path, checked: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """Open a file that is not to be changed, in a folder that perhaps cannot be written, and check it."""
    uri, log = path.absolute().as_uri(), path.with_name(path.name + "-wal")

    def opened(how: str) -> sqlite3.Connection:
        return passed(sqlite3.connect(f"{uri}?{how}", uri=True, isolation_level=None), checked)

    try:
        return opened("mode=ro")
    except sqlite3.OperationalError:
        left = path.with_name(path.name + "-journal")
        if left.exists() and left.stat().st_size:
            _roll_back(f"{uri}?mode=rw")
            return opened("mode=ro")
        # A file that once kept a log wants one beside it even to be read; without it, all is there.
        if log.exists() and log.stat().st_size:
            raise
        return opened("immutable=1")


def passed(db: sqlite3.Connection, checked: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """Return the connection once ``checked`` has not raised; else close it."""
    try:
        checked(db)
    except BaseException:
        db.close()
        raise
    return db


def _roll_back(uri: str) -> None:
    """Undo the write that a killed run left half done; without this the file would be read in the middle of it."""
    db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        is_new(db)
    finally:
        db.close()
