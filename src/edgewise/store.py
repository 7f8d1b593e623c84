"""One SQLite file of keyed facts: written once, atomically, never changed; safe to kill at any moment."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from edgewise.arrays import InputError


APPLICATION_ID = 0x65646765
SCHEMA_VERSION = 1
BUSY_SECONDS = 60

_SCHEMA = """
CREATE TABLE facts (
    key      TEXT PRIMARY KEY,
    what     TEXT NOT NULL,
    settings TEXT NOT NULL,
    seed     INTEGER NOT NULL,
    figures  TEXT NOT NULL,
    seconds  REAL NOT NULL,
    written  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
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
    settings: Mapping[str, Any]
    seed: int

    @property
    def key(self) -> str:
        """A digest of all three; equal cells have equal keys whatever the order of their settings."""
        text = _dump([self.what, dict(self.settings), self.seed])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Fact:
    """A cell and its figures, with the seconds they took."""

    cell: Cell
    figures: Mapping[str, Any]
    seconds: float = 0.0


@dataclass
class Store:
    """The facts of one file; use as a context manager.

    Parameters
    ----------
    path
        The file; made if missing, with its WAL beside it. ``":memory:"`` keeps it in memory.
    read_only
        Refuse to write, and do not make a file.

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
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreError(
                f"cannot use {self.path} as a store: {error}. Give the path of a file made by "
                "edgewise, or a new one in a folder that can be written."
            ) from None

    def _open(self) -> sqlite3.Connection:
        path = Path(self.path)
        if self.read_only and not path.is_file():
            raise StoreError(f"there is no store at {path}; run an experiment with --store {path} first.")
        target = f"{path.absolute().as_uri()}?mode=ro" if self.read_only else str(self.path)
        db = sqlite3.connect(target, timeout=BUSY_SECONDS, isolation_level=None, uri=self.read_only)
        try:
            self._check(db)
            if not self.read_only:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
        except BaseException:
            db.close()
            raise
        return db

    def _check(self, db: sqlite3.Connection) -> None:
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        application, version = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if tables == 0 and not self.read_only:
            with _transaction(db):
                if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                    for statement in _SCHEMA.split(";\n"):
                        if statement.strip():
                            db.execute(statement)
                    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            return
        if application != APPLICATION_ID:
            raise StoreError(f"{self.path} is a database of another program; give another path.")
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} was written by a newer edgewise (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); update edgewise."
            )
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise StoreError(f"{self.path} is damaged; move it away and run again.")

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
        with _transaction(self._db):
            return sum(self._put(fact) for fact in facts)

    def _put(self, fact: Fact) -> bool:
        row = (
            fact.cell.key,
            fact.cell.what,
            _dump(dict(fact.cell.settings)),
            fact.cell.seed,
            _dump(dict(fact.figures)),
            fact.seconds,
        )
        there = self._db.execute("SELECT figures FROM facts WHERE key = ?", (row[0],)).fetchone()
        if there is None:
            self._db.execute(
                "INSERT INTO facts (key, what, settings, seed, figures, seconds) VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
        elif there[0] != row[4]:
            raise StoreError(
                f"{self.path} holds other figures for {fact.cell.what} {row[2]} seed "
                f"{fact.cell.seed}; use a new store for a changed experiment."
            )
        return there is None

    def get(self, cell: Cell) -> Fact | None:
        """Return the fact about ``cell``, or None."""
        row = self._db.execute("SELECT figures, seconds FROM facts WHERE key = ?", (cell.key,)).fetchone()
        return None if row is None else Fact(cell, json.loads(row[0]), row[1])

    def facts(self, what: str | None = None) -> list[Fact]:
        """Return all facts, or those of one experiment, by experiment, settings and seed."""
        rows = self._db.execute(
            "SELECT what, settings, seed, figures, seconds FROM facts WHERE ?1 IS NULL OR what = ?1 "
            "ORDER BY what, settings, seed",
            (what,),
        )
        return [
            Fact(Cell(name, json.loads(settings), seed), json.loads(figures), seconds)
            for name, settings, seed, figures, seconds in rows
        ]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Generator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    except TypeError as error:
        raise StoreError(f"facts hold plain JSON values (numbers, strings, lists): {error}.") from None
