"""The requests to a victim: rows are reserved, sent, written; sent again where that is of use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from edgewise.arrays import InputError
from edgewise.audit.ledger import Answered, Ledger
from edgewise.audit.sending import Pace, Sending
from edgewise.audit.victims.target import RefusedError, Reply, Target, TargetError, UnknownError


ASKED_AGAIN = 1
"""How often a row without a usable answer is asked once more; each asking is paid."""

Key = tuple[bytes, int]
"""A row as it is sent, and which asking of it this is."""

Outcome: TypeAlias = "Sequence[Reply] | Exception"


class VictimDownError(InputError):
    """The victim stopped answering. What was answered is in the ledger; the same call goes on from there."""


@dataclass
class Line:
    """The line to a victim: its ledger, its pace, and how often in a row it gave nothing that can be used."""

    target: Target
    ledger: Ledger
    sending: Sending
    on_answers: Callable[[int], None] | None = None
    _failed: int = field(default=0, init=False)
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self._pace = Pace(self.sending.rate)

    def failed(self, message: str) -> None:
        """Count a request without a usable answer; stop after too many in a row."""
        self._failed += 1
        if self._failed >= self.sending.failures:
            raise VictimDownError(
                f"{self.target.name} gave no usable answer {self._failed} times in a row; the last: {message}. "
                "Every answer so far is in the ledger; the same command goes on from there."
            )

    def answered(self, rows: int) -> None:
        """Forget failures: a usable answer came."""
        self._failed = 0
        if self.on_answers is not None:
            self.on_answers(rows)

    def pause(self) -> None:
        """Wait until the rate allows another request."""
        self._pace()


@dataclass(frozen=True)
class Requests:
    """The requests of one call: who pays, what for, and the shape of a row."""

    line: Line
    purse: str
    purpose: str
    shape: tuple[int, ...]

    def fetch(self, keys: Sequence[Key]) -> dict[Key, Answered]:
        """Send rows chunk by chunk, some at a time; the ledger is written by this thread alone."""
        how = self.line.sending
        chunks = [list(keys[at : at + how.chunk]) for at in range(0, len(keys), how.chunk)]
        answers: dict[Key, Answered] = {}
        for at in range(0, len(chunks), how.concurrency):
            group = chunks[at : at + how.concurrency]
            if len(group) > 1:
                answers |= self.together(group)
            for chunk in group:
                rest = [key for key in chunk if key not in answers]
                answers |= self.settled(rest) if rest else {}
        return answers

    def _reserved(self, chunk: Sequence[Key]) -> list[int]:
        rows, turns = [key[0] for key in chunk], [key[1] for key in chunk]
        return self.line.ledger.reserve(self.purse, self.purpose, rows, turns)

    def raw(self, chunk: Sequence[Key]) -> Outcome:
        """Send a chunk once; return its replies, or what went wrong. Writes nothing."""
        self.line.pause()
        X = np.frombuffer(b"".join(key[0] for key in chunk)).reshape(len(chunk), *self.shape)
        try:
            replies = self.line.target.send(X.copy())
        except (RefusedError, UnknownError, TargetError) as problem:
            return problem
        except Exception as problem:  # noqa: BLE001 - whatever a victim raises, its rows are spent
            return UnknownError(f"{type(problem).__name__}: {problem}")
        if len(replies) != len(chunk):
            return UnknownError(f"{len(chunk)} rows were answered with {len(replies)}")
        return replies

    def written(self, chunk: Sequence[Key], numbers: Sequence[int], outcome: Outcome) -> dict[Key, Answered]:
        """Write what came of a chunk; return its answers, none if there are none."""
        ledger = self.line.ledger
        if isinstance(outcome, Exception):
            ledger.close_unanswered(numbers, "refused" if isinstance(outcome, RefusedError) else "unknown")
            return {}
        answers: list[Answered] = [
            [reply.label] if reply.scores is None else [reply.label, dict(reply.scores)] for reply in outcome
        ]
        ledger.settle(numbers, answers)
        self.line.answered(len(chunk))
        return dict(zip(chunk, answers, strict=True))

    def together(self, group: Sequence[Sequence[Key]]) -> dict[Key, Answered]:
        """Send chunks at a time; write what came of every one before any problem is raised."""
        reserved = [self._reserved(chunk) for chunk in group]
        with ThreadPoolExecutor(len(group)) as threads:
            outcomes = list(threads.map(self.raw, group))
        answers: dict[Key, Answered] = {}
        for chunk, numbers, outcome in zip(group, reserved, outcomes, strict=True):
            answers |= self.written(chunk, numbers, outcome)
        for outcome in outcomes:
            self._judged(outcome)
        return answers

    def settled(self, chunk: Sequence[Key]) -> dict[Key, Answered]:
        """Send a chunk until it is answered, or asked once more than it should, or the purse is empty."""
        ledger = self.line.ledger
        while max(ledger.failures(*key) for key in chunk) <= ASKED_AGAIN:
            if ledger.left(self.purse) < len(chunk):
                return {}
            answers, outcome = self._once(chunk)
            if isinstance(outcome, RefusedError):
                answers = self._patiently(chunk, outcome)
            if answers:
                return answers
        return {}

    def _once(self, chunk: Sequence[Key]) -> tuple[dict[Key, Answered], Outcome]:
        numbers = self._reserved(chunk)
        outcome = self.raw(chunk)
        answers = self.written(chunk, numbers, outcome)
        self._judged(outcome)
        return answers, outcome

    def _judged(self, outcome: Outcome) -> None:
        """Stop where asking on is of no use."""
        if isinstance(outcome, TargetError):
            raise outcome
        if isinstance(outcome, UnknownError):
            self.line.failed(str(outcome))

    def _patiently(self, chunk: Sequence[Key], outcome: Outcome) -> dict[Key, Answered]:
        """Send a chunk that was refused again and again, ever later."""
        import stamina

        how, answers = self.line.sending, dict[Key, Answered]()

        def wait(problem: Exception) -> bool | float:
            if not isinstance(problem, RefusedError):
                return False
            return True if problem.wait is None else min(problem.wait, how.longest_wait)

        try:
            for attempt in stamina.retry_context(
                on=wait,
                attempts=how.tries,
                timeout=None,
                wait_initial=how.wait,
                wait_max=how.longest_wait,
                wait_jitter=how.wait,
            ):
                with attempt:
                    if attempt.num > 1:
                        answers, outcome = self._once(chunk)
                    if isinstance(outcome, RefusedError):
                        raise outcome
        except RefusedError as error:
            raise VictimDownError(
                f"{self.line.target.name} refused a request {how.tries} times; the last: {error}. No row was spent "
                "on it; the same command goes on from there."
            ) from None
        return answers
