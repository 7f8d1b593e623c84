"""Labels of any type, as oracles give them: kept, joined without loss, and numbered; `models.labels` has one kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewise.arrays import Index, Label, Labels
from edgewise.models import joining


NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)


def as_given(values: Sequence[Label]) -> Labels:
    """Return labels as an array that gives each back as it was: of their own type, else of objects.

    Examples
    --------
    >>> as_given(["b", 0]), as_given([1, 0])
    (array(['b', 0], dtype=object), array([1, 0]))
    """
    words = (str, bytes)
    plain: tuple[type[object], ...]
    for plain in (NUMBERS, (str,), (bytes,), (complex, np.complexfloating), (np.datetime64,)):
        if all(isinstance(value, plain) for value in values):
            cut = any(isinstance(value, words) and value[-1:] in ("\0", b"\0") for value in values)
            if not cut:
                return np.array(values)
    found = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        found[row] = value
    return found


def join_given(one: Labels, two: Labels) -> Labels:
    """Return both after one another; numbers join numbers and words words, anything else stays what it is."""
    if not len(one) or not len(two):
        return two if not len(one) else one
    numbers = one.dtype.kind in "biuf" and two.dtype.kind in "biuf"
    if numbers or (one.dtype.kind == two.dtype.kind != "O"):
        return np.concatenate([one, two])
    return as_given([label for part in (one, two) for label in part])


def numbered(y: Labels) -> tuple[Labels, Index]:
    """Return the classes of ``y`` ``(c,)``, sorted, and the number of each label's class ``(n,)``."""
    if y.dtype.kind != "O":
        classes, code = np.unique(y, return_inverse=True)
        return classes, code.reshape(-1)
    classes = sorted(set(y.tolist()), key=lambda label: (type(label).__name__, repr(label)))
    place = {label: number for number, label in enumerate(classes)}
    return as_given(classes), np.array([place[label] for label in y.tolist()], dtype=np.intp)


def check_alike(one: Labels, other: Labels, names: tuple[str, str]) -> None:
    """Raise if labels of two sources are words and numbers, or words that differ in case or spaces only."""
    plain = "biufU"
    if one.dtype.kind in plain and other.dtype.kind in plain:
        joining.joined(one, other, names=names)
