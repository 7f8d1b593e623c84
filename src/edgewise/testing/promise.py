"""The one way a check fails: raised, not asserted, so that ``python -O`` cannot take it out."""

from __future__ import annotations


def promise(kept: object, broken: str) -> None:
    """Raise `AssertionError` with what is ``broken`` unless the promise is ``kept``.

    Examples
    --------
    >>> promise(1 + 1 == 2, "arithmetic fails")
    """
    if not kept:
        raise AssertionError(broken)
