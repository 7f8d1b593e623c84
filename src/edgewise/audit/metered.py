"""A victim behind the ledger: every row is written before it is sent, and no answer is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Floats, Labels, check_X
from edgewise.audit.ledger import Answered, EmptyPurseError, Ledger
from edgewise.audit.requests import ASKED_AGAIN, Key, Line, Requests
from edgewise.audit.sending import Sending
from edgewise.audit.victims.target import Reply, Target
from edgewise.learning.answer import MissingAnswersError
from edgewise.learning.oracle import Victim
from edgewise.models.unwrap import Model


EXTRACT, MEASURE = "extract", "measure"
"""The purse that pays for what a copy learns from, and the one that pays for measuring."""


@dataclass
class Metered:
    """A victim behind a ledger: it never answers more rows than its purse holds, and no answer is lost.

    It is a model for everything in edgewise, a callable from rows to labels, and an oracle for `edgewise.learn`. A
    row that was answered before is answered from the ledger and costs nothing. `edgewise.retrain` measures from
    the purse ``"measure"`` where the ledger has one.

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
    purse: str = EXTRACT
    purpose: str = "call"
    repeatable: bool = True
    on_answers: Callable[[int], None] | None = None
    _turns: dict[bytes, int] = field(default_factory=dict[bytes, int], repr=False)
    _line: Line = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._line = Line(self.target, self.ledger, self.sending, self.on_answers)

    def __call__(self, X: ArrayLike) -> Labels:
        """Return the labels ``(n,)`` of rows ``X`` (n, ...).

        Raises
        ------
        EmptyPurseError
            The purse does not hold that many new rows; then nothing is asked.
        MissingAnswersError
            A row was asked and paid, but no answer came that can be used.
        """
        return self._labels(X)

    @property
    def measuring(self) -> Model:
        """The same victim, paid from the purse ``"measure"`` where the ledger has one."""
        if not self.ledger.caps.get(MEASURE):
            return self
        return partial(self._labels, purse=MEASURE)

    def as_oracle(self) -> Victim:
        """Return the victim as an oracle: rows without a usable answer are rows without a label."""
        return Victim(self)

    def _labels(self, X: ArrayLike, purse: str | None = None) -> Labels:
        replies = self.ask(check_X(X, images=True), purse=purse, purpose=purse, whole=True)
        labels = [None if reply is None else reply.label for reply in replies]
        missing = labels.count(None)
        if missing:
            raise MissingAnswersError(
                f"{missing} of {len(labels)} rows got no answer that can be used; they are spent, and in the ledger. "
                "An attack needs every answer: another rng asks other rows.",
                labels,
            )
        return np.array(labels)

    def ask(
        self,
        X: Floats,
        *,
        purpose: str | None = None,
        purse: str | None = None,
        again: bool = False,
        whole: bool = False,
    ) -> list[Reply | None]:
        """Ask for the rows ``X`` (n, ...); None where no usable answer came. Shorter when the purse runs empty.

        Parameters
        ----------
        again
            Ask rows that were answered before once more, as a deliberate repeat.
        whole
            All rows or none: a purse that is too small raises `EmptyPurseError` before anything is asked.

        Raises
        ------
        EmptyPurseError
            With ``whole``, the purse is too small, or was used up by asking rows once more.
        VictimDownError
            It refused too often, or gave nothing usable too often in a row.
        TargetError
            It will not answer as declared.
        """
        rows = self.as_sent(np.asarray(X, float))
        keys = [(row.tobytes(), self._turn(row.tobytes(), again)) for row in rows]
        paying, what = purse or self.purse, purpose or self.purpose
        found = {key: self.ledger.answer(*key) for key in keys}
        new = [key for key in found if found[key] is None and self._askable(key)]
        left = self.ledger.left(paying)
        if whole and len(new) > left:
            raise self._empty(paying, len(new))
        promised = set(new[:left])
        fetched = Requests(self._line, paying, what, rows.shape[1:]).fetch(new[:left])
        if whole and (short := [key for key in new if key not in fetched and self._askable(key)]):
            raise self._empty(paying, len(short))
        cut = next((at for at, key in enumerate(keys) if key in set(new) - promised), len(keys))
        answers = [fetched.get(key, found[key]) for key in keys[:cut]]
        return [None if answer is None else _reply(answer) for answer in answers]

    def as_sent(self, X: Floats) -> Floats:
        """Return the rows ``X`` (n, ...) as the target will read them; rows that are equal are equal in every bit."""
        # -0.0, which rounding makes, is 0.0.
        return self.target.as_sent(X) + 0.0

    def _askable(self, key: Key) -> bool:
        return self.ledger.failures(*key) <= ASKED_AGAIN

    def _empty(self, purse: str, rows: int) -> EmptyPurseError:
        return EmptyPurseError(
            f"{rows} more rows would pass the budget of the purse {purse!r}: {self.ledger.left(purse)} are left. Every "
            "answer so far is in the ledger; with a larger cap the same call goes on from there."
        )

    def _turn(self, row: bytes, again: bool) -> int:
        """Return which asking of this row it is: always the first, unless repeats are wanted."""
        if row in self._turns and (again or not self.repeatable):
            self._turns[row] += 1
        else:
            self._turns.setdefault(row, 0)
        return self._turns[row] if again or not self.repeatable else 0


def _reply(answer: Answered) -> Reply:
    return Reply(answer[0], answer[1] if len(answer) > 1 else None)
