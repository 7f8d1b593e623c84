"""Who has which item in hand: nobody else gets it until it is answered or the time is up."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable


SECONDS = 600.0
"""How long a page holds an item."""

DAYS = 7 * 24 * 3600.0
"""How long a batch in a CSV file holds its items."""


def take(db: sqlite3.Connection, items: Iterable[str], holder: str, seconds: float) -> None:
    """Give items to a holder, for so long."""
    until = time.time() + seconds
    db.executemany(
        "INSERT INTO leases VALUES (?1, ?2, ?3) ON CONFLICT (item) DO UPDATE SET holder = ?2, until = ?3",
        [(item, holder, until) for item in items],
    )


def release(db: sqlite3.Connection, items: Iterable[str]) -> None:
    """Free items, whoever holds them."""
    db.executemany("DELETE FROM leases WHERE item = ?", [(item,) for item in items])


def held(db: sqlite3.Connection) -> dict[str, str]:
    """Return the holder of each item that is in somebody's hands now, the earliest taken first."""
    rows = db.execute("SELECT item, holder FROM leases WHERE until > ? ORDER BY until, rowid", (time.time(),))
    return dict(rows.fetchall())
