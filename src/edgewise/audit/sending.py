"""How fast and how stubbornly a victim is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from edgewise.arrays import InputError
from edgewise.registry import unknown


@dataclass(frozen=True)
class Sending:
    """How a victim is asked.

    Parameters
    ----------
    chunk
        Rows a request.
    concurrency
        Requests at a time.
    rate
        The most requests a second, or None.
    tries
        How often a refused request is sent before giving up; it costs no rows.
    wait, longest_wait
        Seconds before the second try, doubled each time with jitter up to the longest; a ``Retry-After`` of
        the victim goes before.
    failures
        After so many requests in a row without a usable answer, stop asking.
    """

    chunk: int = 1
    concurrency: int = 1
    rate: float | None = None
    tries: int = 8
    wait: float = 0.5
    longest_wait: float = 60.0
    failures: int = 5

    def __post_init__(self) -> None:
        for name in ("chunk", "concurrency", "tries", "failures"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise InputError(f"{name} must be a whole number of at least 1; got {getattr(self, name)!r}.")
        for name in ("rate", "wait", "longest_wait"):
            value = getattr(self, name)
            if not (name == "rate" and value is None) and not (isinstance(value, (int, float)) and value > 0):
                raise InputError(f"{name} must be a positive number; got {value!r}.")

    @classmethod
    def of(cls, table: Mapping[str, Any], where: str) -> Sending:
        """Return the settings of a TOML table."""
        known = [each.name for each in fields(cls)]
        for key in table:
            if key not in known:
                raise InputError(f"{where}: {unknown(key, known, 'key of [sending]')}")
        return cls(**table)


class Pace:
    """Keep at least ``1 / rate`` seconds between requests, across threads."""

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.gap = 0.0 if rate is None else 1 / rate
        self.clock, self.next, self.lock = clock, 0.0, threading.Lock()

    def __call__(self) -> None:
        """Wait for one's turn."""
        with self.lock:
            now = self.clock()
            wait = max(0.0, self.next - now)
            self.next = max(now, self.next) + self.gap
        if wait:
            time.sleep(wait)
