"""A victim behind the ledger: every row is written before it is sent, and no answer is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Floats, InputError, Labels, check_X
from edgewise.audit.ledger import Answered, EmptyPurseError, Ledger
from edgewise.audit.sending import Pace, Sending
from edgewise.audit.victims.target import RefusedError, Reply, Target, TargetError, UnknownError
from edgewise.models.answers import UnansweredError


ASKED_AGAIN = 1
"""How often a row without a usable answer is asked once more; each asking is paid."""


class VictimDownError(InputError):
    """The victim stopped answering. What was answered is in the ledger; the same call goes on from there."""


@dataclass
class Metered:
    """A victim behind a ledger: it never answers more rows than its purse holds, and no answer is lost.

    It is a model for everything in edgewise: a callable from rows to labels. A row that was answered before
    is answered from the ledger and costs nothing.

    Parameters
    ----------
    target
        Who answers.
    ledger
        Where every row is written before it is sent.
    sending
        How it is asked.
    purse, purpose
        Who pays, and what for, where a call does not say.
    repeatable
        Whether the same row always gets the same answer; if not, nothing is answered from the ledger but the
        rows of an interrupted run, in their order.
    on_answers
        Called with the number of rows that a request was answered for.

    Examples
    --------
    >>> from edgewise.audit.victims.local import LocalModel
    >>> ledger = Ledger(":memory:", {"extract": 2})
    >>> victim = Metered(LocalModel(lambda X: (X[:, 0] > 0).astype(int)), ledger)
    >>> victim([[1.0], [-1.0]]), victim([[1.0]]), ledger.left("extract")
    (array([1, 0]), array([1]), 0)
    """

    target: Target
    ledger: Ledger
    sending: Sending = field(default_factory=Sending)
    purse: str = "extract"
    purpose: str = "call"
    repeatable: bool = True
    on_answers: Callable[[int], None] | None = None
    _turns: dict[bytes, int] = field(default_factory=dict[bytes, int], repr=False)
    _failed: int = field(default=0, repr=False)
    _pace: Pace = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pace = Pace(self.sending.rate)

    def __call__(self, X: ArrayLike) -> Labels:
        """Return the labels ``(n,)`` of rows ``X`` (n, d).

        Raises
        ------
        EmptyPurseError
            The purse does not hold that many new rows; then nothing is asked.
        UnansweredError
            A row was asked and paid, but no answer came that can be used.
        """
        replies = self.ask(check_X(X), whole=True)
        missing = sum(reply is None for reply in replies)
        if missing:
            raise UnansweredError(
                f"{missing} of {len(replies)} rows got no answer that can be used; they are spent, and in the ledger."
            )
        return np.array([reply.label for reply in replies if reply is not None])

    def ask(
        self,
        X: Floats,
        *,
        purpose: str | None = None,
        purse: str | None = None,
        again: bool = False,
        whole: bool = False,
    ) -> list[Reply | None]:
        """Ask for the rows ``X`` (n, d); None where no usable answer came. Shorter when the purse runs empty.

        Parameters
        ----------
        again
            Ask rows that were answered before once more, as a deliberate repeat.
        whole
            All rows or none: a purse that is too small raises `EmptyPurseError` before anything is asked.

        Raises
        ------
        VictimDownError
            It refused too often, or gave nothing usable too often in a row.
        TargetError
            It will not answer as declared.
        """
        rows = self.target.as_sent(np.asarray(X, float))
        keys = [(row.tobytes(), self._turn(row.tobytes(), again)) for row in rows]
        paying, what = purse or self.purse, purpose or self.purpose
        found = {key: self.ledger.answer(*key) for key in keys}
        new = [key for key in dict.fromkeys(keys) if found[key] is None]
        new = [key for key in new if self.ledger.failures(*key) <= ASKED_AGAIN]
        left = self.ledger.left(paying)
        if whole and len(new) > left:
            raise EmptyPurseError(f"{len(new)} more rows would pass the budget: {left} are left.")
        promised = set(new[:left])
        fetched = self._fetch(new[:left], paying, what, rows.shape[1])
        cut = next((at for at, key in enumerate(keys) if key in set(new) - promised), len(keys))
        answers = [fetched.get(key, found[key]) for key in keys[:cut]]
        return [None if answer is None else _reply(answer) for answer in answers]

    def _turn(self, row: bytes, again: bool) -> int:
        """Return which asking of this row it is: always the first, unless repeats are wanted."""
        if row in self._turns and (again or not self.repeatable):
            self._turns[row] += 1
        else:
            self._turns.setdefault(row, 0)
        return self._turns[row] if again or not self.repeatable else 0

    def _fetch(self, keys: Sequence[Key], purse: str, purpose: str, width: int) -> dict[Key, Answered]:
        """Send rows chunk by chunk, some at a time; the ledger is written by this thread alone."""
        size = self.sending.chunk
        chunks = [list(keys[at : at + size]) for at in range(0, len(keys), size)]
        answers: dict[Key, Answered] = {}
        send = _Sender(self, purse, purpose, width)
        for at in range(0, len(chunks), self.sending.concurrency):
            group = chunks[at : at + self.sending.concurrency]
            if len(group) > 1:
                answers |= send.together(group)
            for chunk in group:
                rest = [key for key in chunk if key not in answers]
                answers |= send.settled(rest) if rest else {}
        return answers

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


Key = tuple[bytes, int]
Outcome: TypeAlias = "Sequence[Reply] | Exception"


@dataclass(frozen=True)
class _Sender:
    """The steps of one chunk: reserve, send, write."""

    victim: Metered
    purse: str
    purpose: str
    width: int

    def reserved(self, chunk: Sequence[Key]) -> list[int]:
        rows, turns = [key[0] for key in chunk], [key[1] for key in chunk]
        return self.victim.ledger.reserve(self.purse, self.purpose, rows, turns)

    def raw(self, chunk: Sequence[Key]) -> Outcome:
        """Send a chunk once; return its replies, or what went wrong. Writes nothing."""
        self.victim.pause()
        X = np.frombuffer(b"".join(key[0] for key in chunk)).reshape(len(chunk), self.width)
        try:
            replies = self.victim.target.send(X.copy())
        except (RefusedError, UnknownError, TargetError) as problem:
            return problem
        except Exception as problem:  # noqa: BLE001 - whatever a victim raises, its rows are spent
            return UnknownError(f"{type(problem).__name__}: {problem}")
        if len(replies) != len(chunk):
            return UnknownError(f"{len(chunk)} rows were answered with {len(replies)}")
        return replies

    def written(self, chunk: Sequence[Key], numbers: Sequence[int], outcome: Outcome) -> dict[Key, Answered]:
        """Write what came of a chunk; return its answers, none if there are none."""
        ledger = self.victim.ledger
        if isinstance(outcome, Exception):
            ledger.close_unanswered(numbers, "refused" if isinstance(outcome, RefusedError) else "unknown")
            return {}
        answers: list[Answered] = [
            [reply.label] if reply.scores is None else [reply.label, dict(reply.scores)] for reply in outcome
        ]
        ledger.settle(numbers, answers)
        self.victim.answered(len(chunk))
        return dict(zip(chunk, answers, strict=True))

    def together(self, group: Sequence[Sequence[Key]]) -> dict[Key, Answered]:
        """Send chunks at a time; write what came of every one before any problem is raised."""
        reserved = [self.reserved(chunk) for chunk in group]
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
        ledger = self.victim.ledger
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
        numbers = self.reserved(chunk)
        outcome = self.raw(chunk)
        answers = self.written(chunk, numbers, outcome)
        self._judged(outcome)
        return answers, outcome

    def _judged(self, outcome: Outcome) -> None:
        """Stop where asking on is of no use."""
        if isinstance(outcome, TargetError):
            raise outcome
        if isinstance(outcome, UnknownError):
            self.victim.failed(str(outcome))

    def _patiently(self, chunk: Sequence[Key], outcome: Outcome) -> dict[Key, Answered]:
        """Send a chunk that was refused again and again, ever later."""
        import stamina

        how, answers = self.victim.sending, dict[Key, Answered]()

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
                f"{self.victim.target.name} refused a request {how.tries} times; the last: {error}. No row was spent "
                "on it; the same command goes on from there."
            ) from None
        return answers


def _reply(answer: Answered) -> Reply:
    return Reply(answer[0], answer[1] if len(answer) > 1 else None)
