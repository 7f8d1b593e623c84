"""What a label is: a word or a whole number, kept as it was given, and one class where two are equal.

Whole numbers are equal whatever their type: ``1``, ``1.0``, ``np.int8(1)`` and, beside numbers, ``True`` are one
class. Words and numbers are never joined. ``None``, NaN, ``pd.NA``, NaT and masked entries are no labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from edgewise.arrays import Index, InputError, Labels, Mask, is_array, is_list


LabelsLike: TypeAlias = Any
"""Labels as anyone holds them: a list, an array, a Series, an Arrow array or a tensor."""

WANTED = "expected words or whole numbers"
WHOLE = re.compile(r"[+-]?\d+(\.0*)?")


def as_labels(values: LabelsLike, *, name: str = "labels") -> Labels:
    """Return labels ``(n,)`` in one NumPy type that keeps each of them: truth values, numbers or words.

    Parameters
    ----------
    values
        An array, list, Series, Arrow array or tensor with one label per row.
    name
        What to call them in an error.

    Raises
    ------
    InputError
        A missing label, words beside numbers, a number with a fraction, or something that is neither.

    Examples
    --------
    >>> as_labels([0, 1.0, np.int16(1000)]).tolist()
    [0, 1, 1000]
    >>> as_labels(["no", "yes"]).dtype
    dtype('<U3')
    """
    given = listed(values)
    rows, labels = answered(given, name=name)
    if len(rows) < len(given):
        first = int(np.flatnonzero(_missing(given))[0])
        raise InputError(
            f"{name}: {len(given) - len(rows)} of {len(given)} are missing (None, NaN, NA or masked; first: row "
            f"{first}); expected one label per row. Leave out the rows that have none."
        )
    return labels


def answered(values: LabelsLike, *, name: str = "labels") -> tuple[Index, Labels]:
    """Return which entries of ``values`` are labels, ascending, and those labels.

    Raises
    ------
    InputError
        Not one value per row, or values that are no labels of one kind.

    Examples
    --------
    >>> answered(["a", None, "b"])
    (array([0, 2]), array(['a', 'b'], dtype='<U1'))
    """
    given = listed(values)
    if given.ndim != 1:
        raise InputError(f"{name} must be one label per row, shape (n,); got shape {given.shape}.")
    rows = np.flatnonzero(~_missing(given))
    return rows, _typed(given[rows], name)


def from_text(cells: Sequence[str], *, name: str = "labels") -> Labels:
    """Return the labels that people typed into cells: whole numbers if every cell is one, else words.

    Parameters
    ----------
    cells
        One text per row, none of them empty; spaces around a word do not count.

    Raises
    ------
    InputError
        Words that differ in case or spaces only.

    Examples
    --------
    >>> from_text(["0", "1.0", "1"]).tolist(), from_text(["0", "1", "unsure"]).tolist()
    ([0, 1, 1], ['0', '1', 'unsure'])
    """
    words = [" ".join(cell.split()) for cell in cells]
    if all(WHOLE.fullmatch(word) for word in words):
        return of_one_kind([int(word.partition(".")[0]) for word in words], name)
    seen: dict[str, str] = {}
    for word in words:
        if seen.setdefault(folded(word), word) != word:
            raise InputError(
                f"{name} hold {seen[folded(word)]!r} and {word!r}, which differ in case only; write them alike."
            )
    return np.array(words)


def missing(value: object) -> bool:
    """Return whether one value is no label: None, NaN, ``pd.NA``, NaT or masked.

    Examples
    --------
    >>> missing(float("nan")), missing("nan")
    (True, False)
    """
    if value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
        return True
    known: object = value
    return isinstance(value, (float, np.floating, np.datetime64, np.timedelta64)) and str(known) in (
        "nan",
        "NaT",
    )


def _missing(values: Labels) -> Mask:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind == "O":
        return np.fromiter((missing(value) for value in values), bool, len(values))
    return np.zeros(len(values), dtype=bool)


def listed(values: LabelsLike) -> Labels:
    """Return values as an array that has changed none of them; of objects where NumPy would change some.

    Raises
    ------
    InputError
        Values that are no array, such as rows of several lengths.

    Examples
    --------
    >>> listed(["a", 1, None]).tolist()
    ['a', 1, None]
    """
    if issubclass(type(values), np.ma.MaskedArray):
        values = values.tolist()
    if hasattr(values, "detach"):
        return np.asarray(values.detach().cpu())
    dtype = getattr(values, "dtype", None)
    if is_array(values) or (isinstance(dtype, np.dtype) and dtype.kind in "biuf"):
        array: Labels = np.asarray(values)
        return array.astype(object) if array.dtype.kind == "T" else array
    for method in ("to_pylist", "to_list"):
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    if is_list(values) and not any(map(_holds_several, values)):
        made = np.empty(len(values), dtype=object)
        for row, item in enumerate(values):
            made[row] = item.item() if getattr(item, "ndim", None) == 0 and hasattr(item, "item") else item
        return made
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InputError(
            f"labels must be one per row, shape (n,); got {type(values).__name__} ({error})"
        ) from None


def _holds_several(item: object) -> bool:
    return isinstance(item, (list, tuple, dict, set)) or bool(getattr(item, "ndim", 0))


def _typed(values: Labels, name: str) -> Labels:
    kind = values.dtype.kind
    if kind in "biuU" or not len(values):
        return values if kind in "biufU" else np.empty(0, dtype=np.intp)
    if kind == "f":
        _check_whole(values, name)
        return values
    if kind == "O":
        return of_one_kind(values.tolist(), name)
    raise InputError(
        f"{name} are of type {values.dtype}; {WANTED}. Convert them, for example with astype(str)."
    )


def of_one_kind(values: Sequence[Any], name: str) -> Labels:
    """Return labels in the one NumPy type that keeps each of them, or raise."""
    words = [isinstance(value, str) for value in values]
    if all(words):
        return np.array([str.__str__(value) for value in values])
    numbers = [isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)) for value in values]
    for value, word, number in zip(values, words, numbers, strict=True):
        if not word and not number:
            raise InputError(f"{name} hold {value!r} of type {type(value).__name__}; {WANTED}.")
    if any(words):
        raise InputError(
            f"{name} hold words ({values[words.index(True)]!r}) and numbers ({values[words.index(False)]!r}); "
            "expected one kind. Write the numbers as words, or the words as numbers."
        )
    if all(isinstance(value, (bool, np.bool_)) for value in values):
        return np.array(values, dtype=bool)
    if all(isinstance(value, (float, np.floating)) for value in values):
        made = np.array(values, dtype=float)
        _check_whole(made, name)
        return made
    whole_kinds = (bool, int, np.bool_, np.integer)
    floats = [float(value) for value in values if not isinstance(value, whole_kinds)]
    _check_whole(np.array(floats), name)
    whole = [int(value) for value in values]
    try:
        return np.array(whole, dtype=np.int64)
    except OverflowError:
        if min(whole) < 0 or max(whole) >= 2**64:
            raise InputError(f"{name} hold whole numbers beyond 64 bits; write them as words.") from None
        return np.array(whole, dtype=np.uint64)


def _check_whole(values: Labels, name: str) -> None:
    odd = values[~(np.isfinite(values) & (np.floor(values) == values))]
    if len(odd):
        raise InputError(
            f"{name} are real numbers ({odd[0]!r}); {WANTED}. Scores need one column per class: for a single "
            "probability p give (1 - p, p), or its label p > 0.5; a regressor has no classes."
        )


def folded(word: str) -> str:
    """Return a word without what people type by accident: case and spaces."""
    return " ".join(word.casefold().split())
