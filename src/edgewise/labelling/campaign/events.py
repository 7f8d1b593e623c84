"""The file of a campaign: events that are only ever added, each with a digest chained to the one before."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from edgewise import database
from edgewise.arrays import InputError, Values
from edgewise.database import transaction
from edgewise.digests import of_bytes


APPLICATION_ID = 0x6564636D
SCHEMA_VERSION = 1
BUSY_SECONDS = 30
COLUMNS = "seq, id, kind, item, body, at"

KINDS = ("campaign", "pick", "label", "skip", "unsure", "undo")
"""What can happen: settings, an item chosen, a verdict (label, skip, cannot tell), a verdict taken back."""

_SCHEMA = """
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE,
    kind   TEXT NOT NULL,
    item   TEXT NOT NULL,
    body   TEXT NOT NULL,
    at     TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT;
CREATE TABLE leases (item TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL) STRICT;
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events never change'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are kept'); END
"""


class CampaignError(InputError):
    """The campaign file cannot be used, or an event contradicts one that is there."""


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Parameters
    ----------
    id
        Made by whoever says it; an event said twice is there once.
    kind
        One of `KINDS`.
    item
        The key of the item it is about; empty for the whole campaign.
    body
        The rest, as plain JSON values.
    at
        When it happened, UTC.
    seq
        Its number in the file; 0 before it is there.
    """

    id: str
    kind: str
    item: str
    body: Values
    at: str
    seq: int = 0


def now() -> str:
    """Return the time in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Log:
    """The events of one campaign file; use as a context manager.

    An event is on disk when `append` returns, also under SIGKILL or a power cut. Several processes and threads
    may share the file. Opening checks the whole chain of digests.

    Parameters
    ----------
    path
        The SQLite file. ``":memory:"`` keeps it in memory.
    create
        Make the file if it is missing.

    Raises
    ------
    CampaignError
        No such file, another program's, a newer version's, or one that is not what was written.

    Examples
    --------
    >>> with Log(":memory:", create=True) as log:
    ...     said = Event("1", "label", "row", {"label": "yes"}, now())
    ...     log.append([said]), log.append([said]), len(log.since(0))
    ([1], [1], 1)
    """

    path: Path | str
    create: bool = False
    _db: sqlite3.Connection = field(init=False, repr=False)
    _lock: threading.RLock = field(init=False, repr=False, default_factory=threading.RLock)
    _checked: tuple[int, str] = field(init=False, repr=False, default=(0, ""))

    def __post_init__(self) -> None:
        if not self.create and str(self.path) != ":memory:" and not Path(self.path).is_file():
            raise CampaignError(f"there is no campaign {self.path}; begin one with `edgewise label`.")
        try:
            self._db = self._open()
        except (sqlite3.Error, OSError) as error:
            raise CampaignError(
                f"cannot use {self.path} as a campaign: {error}. Give a file that edgewise made, or a new path in a "
                "folder that can be written."
            ) from None
        try:
            self.since(0)
        except BaseException:
            self._db.close()
            raise

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            str(self.path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        return database.passed(db, self._check)

    def _check(self, db: sqlite3.Connection) -> None:
        if not database.is_new(db) and (fault := database.fault(db, APPLICATION_ID, SCHEMA_VERSION)):
            raise CampaignError(f"{self.path} {fault}")
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        # A network drive has no shared memory for the log; there every commit is written in place.
        db.execute(f"PRAGMA synchronous = {'FULL' if mode == 'wal' else 'EXTRA'}")
        db.execute("PRAGMA fullfsync = 1")
        with transaction(db):
            if database.is_new(db):
                database.create(db, _SCHEMA, APPLICATION_ID, SCHEMA_VERSION)

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Do the block's writes all or none, and alone; blocks may lie in one another."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            try:
                with transaction(self._db):
                    yield self._db
            except sqlite3.Error as error:
                raise CampaignError(
                    f"cannot write to {self.path}: {error}. Nothing of this was written, all before it is kept."
                ) from None

    def append(self, events: Sequence[Event]) -> list[int]:
        """Write events, all or none, and return their numbers; those that are there keep theirs.

        Raises
        ------
        CampaignError
            An event of the same id says something else, or the file cannot be written.
        """
        with self.transaction() as db:
            return [self._append(db, event) for event in events]

    def _append(self, db: sqlite3.Connection, event: Event) -> int:
        if event.kind not in KINDS:
            raise CampaignError(f"an event is one of {', '.join(KINDS)}; got {event.kind!r}.")
        body = _dump(dict(event.body))
        there = db.execute("SELECT seq, kind, item, body FROM events WHERE id = ?", (event.id,)).fetchone()
        if there is not None:
            if there[1:] != (event.kind, event.item, body):
                raise CampaignError(f"an event {event.id} is there already and says something else.")
            return int(there[0])
        last = db.execute("SELECT seq, digest FROM events ORDER BY seq DESC LIMIT 1").fetchone() or (0, "")
        row = (last[0] + 1, event.id, event.kind, event.item, body, event.at)
        db.execute(
            f"INSERT INTO events ({COLUMNS}, digest) VALUES (?,?,?,?,?,?,?)", (*row, _digest(last[1], row))
        )
        return int(row[0])

    def since(self, seq: int) -> list[Event]:
        """Return the events after number ``seq``, in order, each as it was written.

        Raises
        ------
        CampaignError
            One of them is not what was written.
        """
        with self._lock:
            known, digest = self._checked
            start = min(seq, known)
            try:
                rows = self._db.execute(
                    f"SELECT {COLUMNS}, digest FROM events WHERE seq > ? ORDER BY seq", (start,)
                ).fetchall()
            except sqlite3.Error as error:
                raise CampaignError(
                    f"cannot read {self.path}: {error}. Put a copy of it in its place."
                ) from None
            for row in rows:
                if row[0] <= known:
                    continue
                if row[0] != known + 1 or row[-1] != _digest(digest, row[:-1]):
                    raise CampaignError(
                        f"{self.path} is damaged: event {row[0]} is not what was written (its digest differs). "
                        "Put a copy of the file in its place."
                    )
                known, digest = row[0], row[-1]
            self._checked = (known, digest)
        return [
            Event(id, kind, item, json.loads(body), at, number)
            for number, id, kind, item, body, at, _ in rows
            if number > seq
        ]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _digest(before: str, row: tuple[object, ...]) -> str:
    return of_bytes(_dump([before, *row]).encode())


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
