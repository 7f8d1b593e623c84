"""One SQLite file of keyed facts: written once, atomically, never changed; safe to kill at any moment."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from edgewise import database
from edgewise.arrays import InputError, Values
from edgewise.database import transaction
from edgewise.digests import of_bytes


APPLICATION_ID = 0x65646765
SCHEMA_VERSION = 2
COLUMNS = "key, what, settings, seed, figures, seconds, written"

_SCHEMA = """
CREATE TABLE facts (
    key      TEXT PRIMARY KEY,
    what     TEXT NOT NULL,
    settings TEXT NOT NULL,
    seed     INTEGER NOT NULL,
    figures  TEXT NOT NULL,
    seconds  REAL NOT NULL,
    written  TEXT NOT NULL,
    digest   TEXT
) STRICT;
CREATE INDEX facts_what ON facts (what);
CREATE TRIGGER facts_stay BEFORE UPDATE ON facts BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END;
CREATE TRIGGER facts_last BEFORE DELETE ON facts BEGIN SELECT RAISE(ABORT, 'facts are never deleted'); END;
"""


class StoreError(InputError):
    """The store file cannot be used, or a fact would be changed."""


@dataclass(frozen=True)
class Cell:
    """What a fact is about.

    Parameters
    ----------
    what
        The experiment, such as ``"table2"``.
    settings
        Everything that decides the figures but the seed; plain JSON values.
    seed
        The seed.
    """

    what: str
    settings: Values
    seed: int

    @property
    def key(self) -> str:
        """A digest of all three; equal cells have equal keys whatever the order of their settings."""
        return _key(self.what, _dump(dict(self.settings)), self.seed)


@dataclass(frozen=True)
class Fact:
    """A cell and its figures, with the seconds they took."""

    cell: Cell
    figures: Values
    seconds: float = 0.0


@dataclass
class Store:
    """The facts of one file; use as a context manager.

    Every fact carries a digest that is checked whenever the fact is read, and the file's structure is checked
    when it is opened. Stores of before 0.2 are read as they are and written from then on with digests; their
    own facts have none.

    Parameters
    ----------
    path
        The file; made if missing. ``":memory:"`` keeps it in memory.
    read_only
        Refuse to write, and do not make a file; a folder that cannot be written will do.

    Raises
    ------
    StoreError
        The file is no edgewise store, is damaged, is from a newer version, or cannot be written.

    Examples
    --------
    >>> with Store(":memory:") as store:
    ...     store.put(Fact(Cell("demo", {"n": 3}, seed=0), {"accuracy": 1.0}))
    ...     store.get(Cell("demo", {"n": 3}, seed=0)).figures
    True
    {'accuracy': 1.0}
    """

    path: Path | str
    read_only: bool = False
    _db: sqlite3.Connection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            self._db = self._open()
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise StoreError(
                f"cannot use {self.path} as a store: {error}. Give the path of a file made by "
                "edgewise, or a new one in a folder that can be written."
            ) from None

    def _open(self) -> sqlite3.Connection:
        path = Path(self.path)
        if not self.read_only:
            db = sqlite3.connect(str(self.path), timeout=database.BUSY_SECONDS, isolation_level=None)
            return database.passed(db, self._check)
        if not path.is_file():
            raise StoreError(f"there is no store at {path}; run an experiment with --store {path} first.")
        return database.opened_to_read(path, self._check)

    def _check(self, db: sqlite3.Connection) -> None:
        if database.is_new(db) and not self.read_only:
            database.keep_every_commit(db)
            with transaction(db):
                if database.is_new(db):
                    database.create(db, _SCHEMA, APPLICATION_ID, SCHEMA_VERSION)
            return
        if fault := database.fault(db, APPLICATION_ID, SCHEMA_VERSION):
            raise StoreError(f"{self.path} {fault}")
        said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok" or database.version_of(db) < 1:
            raise StoreError(
                f"{self.path} is damaged ({said}); put a copy in its place, or move it away and run again."
            )
        if not self.read_only:
            database.keep_every_commit(db)
            with transaction(db):
                if database.version_of(db) == 1:
                    db.execute("ALTER TABLE facts ADD COLUMN digest TEXT")
                    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def put(self, fact: Fact) -> bool:
        """Write a fact; return False if the same fact is there already.

        Raises
        ------
        StoreError
            The cell holds other figures: a fact is never changed.
        """
        return self.put_all([fact]) == 1

    def put_all(self, facts: Iterable[Fact]) -> int:
        """Write facts, all or none; return how many were not there already.

        Raises
        ------
        StoreError
            A cell holds other figures.
        """
        try:
            with transaction(self._db):
                return sum(self._put(fact) for fact in facts)
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot write to {self.path}: {error}. Nothing of this was written, all before it is kept; "
                "free some space, or mend the folder's permissions, and run again."
            ) from None

    def _put(self, fact: Fact) -> bool:
        cell, figures = fact.cell, _dump(dict(fact.figures))
        settings = _dump(dict(cell.settings))
        key = _key(cell.what, settings, cell.seed)
        there = self._rows("key = ?", key)
        if there:
            if there[0][3] != figures:
                raise StoreError(
                    f"{self.path} holds other figures for {cell.what} {settings} seed {cell.seed}; "
                    "use a new store for a changed experiment."
                )
            return False
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = (key, cell.what, settings, cell.seed, figures, float(fact.seconds), now)
        self._db.execute(
            f"INSERT INTO facts ({COLUMNS}, digest) VALUES (?,?,?,?,?,?,?,?)", (*row, _digest(row))
        )
        return True

    def get(self, cell: Cell) -> Fact | None:
        """Return the fact about ``cell``, or None.

        Raises
        ------
        StoreError
            It is not what was written.
        """
        found = self._rows("key = ?", cell.key)
        return Fact(cell, json.loads(found[0][3]), found[0][4]) if found else None

    def facts(self, what: str | None = None) -> list[Fact]:
        """Return all facts, or those of one experiment, by experiment, settings and seed.

        Raises
        ------
        StoreError
            One of them is not what was written.
        """
        return [
            Fact(Cell(name, json.loads(settings), seed), json.loads(figures), seconds)
            for name, settings, seed, figures, seconds in self._rows("?1 IS NULL OR what = ?1", what)
        ]

    def _rows(self, where: str, value: str | None) -> list[tuple[Any, ...]]:
        """Return (what, settings, seed, figures, seconds) of facts, each as it was written."""
        digest = "digest" if self._digests else "NULL"
        try:
            rows = self._db.execute(
                f"SELECT {COLUMNS}, {digest} FROM facts WHERE {where} ORDER BY what, settings, seed", (value,)
            ).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise StoreError(f"cannot read {self.path}: {error}. Put a copy of it in its place.") from None
        for row in rows:
            if row[0] != _key(*row[1:4]) or row[-1] not in (None, _digest(row[:-1])):
                raise StoreError(
                    f"a fact of {self.path} is damaged: {row[1]} {row[2]} seed {row[3]} is not what was "
                    "written (its digest differs). Put a copy of the file in its place, or move it away."
                )
        return [row[1:6] for row in rows]

    @cached_property
    def _digests(self) -> bool:
        return database.version_of(self._db) > 1

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _key(what: str, settings: str, seed: int) -> str:
    return hashlib.sha256(f"[{_dump(what)},{settings},{_dump(seed)}]".encode()).hexdigest()[:32]


def _digest(row: tuple[object, ...]) -> str:
    return of_bytes(_dump(row).encode())


_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def _dump(value: object) -> str:
    try:
        return _JSON.encode(value)
    except TypeError as error:
        raise StoreError(f"facts hold plain JSON values (numbers, strings, lists): {error}.") from None
