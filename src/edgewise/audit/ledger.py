"""What a victim was asked and what it answered, in one SQLite file that holds the budget, also under SIGKILL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

from edgewise import database
from edgewise.arrays import InputError, Json, JsonObject
from edgewise.database import transaction
from edgewise.models.access import BudgetError


APPLICATION_ID = 0x6564676C
SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE purses (purse TEXT PRIMARY KEY, cap INTEGER NOT NULL) STRICT;
CREATE TABLE asked (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    purse   TEXT NOT NULL REFERENCES purses,
    purpose TEXT NOT NULL,
    row     BLOB NOT NULL,
    turn    INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'refused', 'unknown', 'interrupted')),
    answer  TEXT,
    at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
CREATE INDEX asked_row ON asked (row, turn);
CREATE INDEX asked_purse ON asked (purse) WHERE state <> 'refused';
CREATE TRIGGER asked_cap BEFORE INSERT ON asked
WHEN (SELECT count(*) FROM asked WHERE purse = NEW.purse AND state <> 'refused')
     >= coalesce((SELECT cap FROM purses WHERE purse = NEW.purse), 0)
BEGIN SELECT RAISE(ABORT, 'the purse is empty'); END;
CREATE TRIGGER asked_stays BEFORE UPDATE ON asked WHEN OLD.state <> 'reserved'
BEGIN SELECT RAISE(ABORT, 'what is settled is never changed'); END;
CREATE TRIGGER asked_last BEFORE DELETE ON asked
BEGIN SELECT RAISE(ABORT, 'what was asked is never forgotten'); END
"""

Answered: TypeAlias = list[Any]
"""``[label]``, or ``[label, {class: score}]``."""

SPENT = "state <> 'refused'"


class LedgerError(InputError):
    """The file cannot be used as the ledger of this audit."""


class EmptyPurseError(BudgetError, InputError):
    """A question would have passed the budget; it was not asked.

    An `InputError` too, so that every room lets it through.
    """


@dataclass(frozen=True)
class Entry:
    """One row that was asked.

    Parameters
    ----------
    purse, purpose
        Which budget paid for it, and what for.
    row
        The row as it was sent, float64 bytes.
    turn
        0 for the first asking of this row, 1 for the first deliberate repeat, and so on.
    state
        ``reserved``, ``settled``, ``refused`` (released), ``unknown`` or ``interrupted`` (both spent).
    answer
        What was answered, if settled: see `Answered`.
    """

    purse: str
    purpose: str
    row: bytes
    turn: int
    state: str
    answer: Answered | None


@dataclass
class Ledger:
    """Every row a victim is asked, reserved before it is sent; use as a context manager.

    A row is spent from the moment it is reserved. It is released only when the victim refused it before
    working on it. A process that dies between sending and writing leaves a reserved row: it counts as spent,
    state ``interrupted``, from the next opening on. One process at a time can hold the file.

    Parameters
    ----------
    path
        The file; made if missing. ``":memory:"`` keeps it in memory.
    caps
        The most rows each purse may spend, by name.
    about
        What this audit is: plain JSON values. A file about something else is refused.

    Raises
    ------
    LedgerError
        Another program's file, another audit's, a damaged one, or one that another process holds.

    Examples
    --------
    >>> with Ledger(":memory:", {"extract": 1}) as ledger:
    ...     (row,) = ledger.reserve("extract", "seed", [b"row"], [0])
    ...     ledger.settle([row], [["cat"]])
    ...     ledger.answer(b"row"), ledger.left("extract")
    (['cat'], 0)
    """

    path: Path | str
    caps: Mapping[str, int]
    about: JsonObject = field(default_factory=dict[str, Json])
    _db: sqlite3.Connection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            self._db = self._open()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise LedgerError(f"cannot use {self.path} as a ledger: {error}.") from None
            raise LedgerError(f"another process holds {self.path}; wait for it or stop it first.") from None
        except (sqlite3.DatabaseError, OSError) as error:
            raise LedgerError(
                f"cannot use {self.path} as a ledger: {error}. Give a file made by `edgewise audit`, or a new "
                "path in a folder that can be written."
            ) from None

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(str(self.path), timeout=1, isolation_level=None)
        try:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            with transaction(db):
                self._check(db)
                db.execute("UPDATE asked SET state = 'interrupted' WHERE state = 'reserved'")
                for purse, cap in self.caps.items():
                    db.execute(
                        "INSERT INTO purses VALUES (?1, ?2) ON CONFLICT DO UPDATE SET cap = ?2", (purse, cap)
                    )
        except BaseException:
            db.close()
            raise
        return db

    def _check(self, db: sqlite3.Connection) -> None:
        about = json.dumps(dict(self.about), sort_keys=True)
        if database.is_new(db):
            database.create(db, _SCHEMA, APPLICATION_ID, SCHEMA_VERSION)
            db.execute("INSERT INTO about VALUES ('audit', ?)", (about,))
            return
        if fault := database.fault(db, APPLICATION_ID, SCHEMA_VERSION):
            raise LedgerError(f"{self.path} {fault}")
        there = db.execute("SELECT value FROM about WHERE name = 'audit'").fetchone()[0]
        if there != about:
            old, new = json.loads(there), json.loads(about)
            changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            raise LedgerError(
                f"{self.path} is the ledger of another audit; what differs: {', '.join(changed)}. Give a new "
                "ledger, or repeat the settings of the old one."
            )

    def reserve(self, purse: str, purpose: str, rows: Sequence[bytes], turns: Sequence[int]) -> list[int]:
        """Reserve rows, durably, all or none; return their numbers.

        Raises
        ------
        EmptyPurseError
            The purse does not hold that many.
        """
        try:
            with transaction(self._db):
                return [
                    int(
                        self._db.execute(
                            "INSERT INTO asked (purse, purpose, row, turn, state) VALUES (?, ?, ?, ?, 'reserved')",
                            (purse, purpose, row, turn),
                        ).lastrowid
                        or 0
                    )
                    for row, turn in zip(rows, turns, strict=True)
                ]
        except sqlite3.IntegrityError:
            cap = self.caps.get(purse, 0)
            raise EmptyPurseError(
                f"{len(rows)} more rows would pass the budget: {self.left(purse)} are left of {cap}."
            ) from None

    def settle(self, numbers: Sequence[int], answers: Sequence[Answered]) -> None:
        """Write the answers of reserved rows."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE asked SET state = 'settled', answer = ? WHERE id = ?",
                [(json.dumps(answer), number) for number, answer in zip(numbers, answers, strict=True)],
            )

    def close_unanswered(self, numbers: Sequence[int], state: str) -> None:
        """Write that reserved rows were ``refused`` (released) or are ``unknown`` (spent)."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE asked SET state = ? WHERE id = ?", [(state, number) for number in numbers]
            )

    def left(self, purse: str) -> int:
        """Return how many rows the purse may still spend."""
        cap = self._db.execute("SELECT cap FROM purses WHERE purse = ?", (purse,)).fetchone()
        return 0 if cap is None else max(0, cap[0] - self.spent(purse))

    def spent(self, purse: str) -> int:
        """Return how many rows the purse has spent, unknown ones included."""
        query = f"SELECT count(*) FROM asked WHERE purse = ? AND {SPENT}"
        return int(self._db.execute(query, (purse,)).fetchone()[0])

    def spent_on(self, purse: str, rows: Iterable[bytes]) -> int:
        """Return how many of these the purse has spent on given rows: each as often as it was asked."""
        query = f"SELECT count(*) FROM asked WHERE purse = ? AND row = ? AND {SPENT}"
        return sum(int(self._db.execute(query, (purse, row)).fetchone()[0]) for row in rows)

    def answer(self, row: bytes, turn: int = 0) -> Answered | None:
        """Return the answer recorded for a row, or None."""
        found = self._db.execute(
            "SELECT answer FROM asked WHERE row = ? AND turn = ? AND state = 'settled' ORDER BY id",
            (row, turn),
        ).fetchone()
        return None if found is None else json.loads(found[0])

    def failures(self, row: bytes, turn: int = 0) -> int:
        """Return how often the victim was asked this row and gave no answer that can be used."""
        query = "SELECT count(*) FROM asked WHERE row = ? AND turn = ? AND state = 'unknown'"
        return int(self._db.execute(query, (row, turn)).fetchone()[0])

    def entries(self) -> list[Entry]:
        """Return every row asked, in order."""
        rows = self._db.execute("SELECT purse, purpose, row, turn, state, answer FROM asked ORDER BY id")
        return [
            Entry(purse, purpose, row, turn, state, None if answer is None else json.loads(answer))
            for purse, purpose, row, turn, state, answer in rows
        ]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
