"""What the ledger sends rows to: a target answers, refuses, or leaves it open whether it worked on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edgewise.arrays import Floats, InputError, Label, is_scalar


@dataclass(frozen=True)
class Reply:
    """What a victim said about one row.

    Parameters
    ----------
    label
        Its class, as the victim names it: a string, an integer or a truth value.
    scores
        A score a class, where its declared view shows them; else None.
    """

    label: Label
    scores: Mapping[str, float] | None = None


class RefusedError(Exception):
    """The victim did not work on the rows: 429, 503, or nobody at the address. They are not spent."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class UnknownError(Exception):
    """It is not known whether the victim worked on the rows, or its answer cannot be used. They are spent."""


class TargetError(InputError):
    """The victim will not answer as declared, however often it is asked; the message says what to change."""


@runtime_checkable
class Target(Protocol):
    """A victim that rows can be sent to."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    def as_sent(self, X: Floats) -> Floats:
        """Return the rows ``X`` (n, d) as the victim will read them, after rounding on the way."""
        ...

    def send(self, X: Floats) -> Sequence[Reply]:
        """Answer the rows ``X`` (n, d), or raise `RefusedError`, `UnknownError` or `TargetError`."""
        ...


def as_label(value: object) -> Label:
    """Return a label as plain JSON has it: str, int or bool; floats that are whole numbers are integers.

    Raises
    ------
    UnknownError
        No label: None, NaN, a list.

    Examples
    --------
    >>> import numpy as np
    >>> as_label(np.float64(2.0)), as_label(np.str_("cat"))
    (2, 'cat')
    """
    if is_scalar(value):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (str, bool, int)):
        return value
    raise UnknownError(f"no label: {value!r:.80}; expected a string or a whole number for each row.")
