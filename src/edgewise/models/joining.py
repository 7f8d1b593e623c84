"""Labels of several sources set beside one another: joined, compared, and found among classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewise.arrays import Index, InputError, Label, Labels, Mask
from edgewise.models.labels import LabelsLike, as_labels, folded, listed, of_one_kind


def joined(*parts: Labels, names: Sequence[str] = ()) -> Labels:
    """Return the labels of all ``parts``, one after another, none of them changed.

    Parameters
    ----------
    parts
        Labels as `as_labels` returns them.
    names
        What to call each part in an error.

    Raises
    ------
    InputError
        Words and numbers, or words of two parts that differ in case or spaces only.

    Examples
    --------
    >>> joined(np.array(["no"]), np.array(["maybe"])).tolist()
    ['no', 'maybe']
    >>> joined(np.array([0, 1]), np.array([1.0])).tolist()
    [0, 1, 1]
    """
    called = [*names, *(f"labels {i + 1}" for i in range(len(names), len(parts)))]
    held = [(part, name) for part, name in zip(parts, called, strict=True) if len(part)]
    if not held:
        return parts[0] if parts else np.empty(0, dtype=np.intp)
    for part, name in held[1:]:
        _check_kinds(held[0][0], part, held[0][1], name)
    arrays = [part for part, _ in held]
    if len({part.dtype.kind for part in arrays}) == 1:
        whole = np.concatenate(arrays)
        if whole.dtype.kind == arrays[0].dtype.kind:
            return whole
    mixed: list[Label] = [label for part in arrays for label in part.tolist()]
    return of_one_kind(mixed, called[0])


def placed(labels: Labels, rows: Index | Mask, values: Labels) -> Labels:
    """Return a copy of ``labels`` with ``values`` at ``rows``, wide enough for both.

    Examples
    --------
    >>> placed(np.array(["no", "no"]), np.array([1]), np.array(["yes"])).tolist()
    ['no', 'yes']
    """
    whole = joined(labels, values)
    made = whole[: len(labels)].copy()
    made[rows] = whole[len(labels) :]
    return made


def same(one: Labels, other: Labels, *, names: tuple[str, str] = ("these labels", "those")) -> Mask:
    """Return whether the labels of each row are one class ``(n,)``.

    Raises
    ------
    InputError
        Words compared with numbers, which would differ in every row.

    Examples
    --------
    >>> same(np.array([0, 1]), np.array([0.0, 0.0]))
    array([ True, False])
    """
    if len(one) and len(other):
        _check_kinds(one, other, *names, alike=True)
    return np.asarray(one == other, dtype=bool)


def positions(y: Labels, classes: Labels, *, name: str = "y") -> Index:
    """Return where each label of ``y`` stands in ``classes`` (c,), in whatever order those are.

    Raises
    ------
    InputError
        A label that ``classes`` does not hold.

    Examples
    --------
    >>> positions(np.array(["b", "a"]), np.array(["b", "a"]))
    array([0, 1])
    """
    if not len(y):
        return np.empty(0, dtype=np.intp)
    known = False
    if len(classes) and (y.dtype.kind == "U") == (classes.dtype.kind == "U"):
        order = np.argsort(classes)
        found = order[np.searchsorted(classes, y, sorter=order).clip(0, len(classes) - 1)]
        known = classes[found] == y
        if np.all(known):
            return found
    unknown = np.unique(y[~np.broadcast_to(known, y.shape)])
    raise UnknownLabelError(
        f"{name} has labels the model does not know: {unknown[:5].tolist()}; it knows {classes[:10].tolist()}."
    )


class UnknownLabelError(InputError):
    """A label that is none of the model's classes."""


def check_y(y: LabelsLike, n: int, *, name: str = "y", classes: Labels | None = None) -> Labels:
    """Return ``y`` as ``n`` labels, all of them among ``classes`` where those are given.

    Raises
    ------
    InputError
        Wrong length, missing labels, values that are no labels, or one that ``classes`` does not hold.

    Examples
    --------
    >>> check_y(["a", "b"], 2, classes=np.array(["a", "b"]))
    array(['a', 'b'], dtype='<U1')
    """
    given = listed(y)
    if given.shape != (n,):
        raise InputError(f"{name} must be one label per row, shape ({n},); got shape {given.shape}.")
    labels = as_labels(given, name=name)
    if classes is not None:
        positions(labels, classes, name=name)
    return labels


def _check_kinds(one: Labels, other: Labels, called: str, and_called: str, *, alike: bool = False) -> None:
    words = one.dtype.kind == "U", other.dtype.kind == "U"
    if words[0] != words[1]:
        raise InputError(
            f"{called} are {_shown(one)} and {and_called} are {_shown(other)}: words and numbers are never one "
            "class. Give both as words or both as numbers."
        )
    if words[0] and not alike:
        _check_look_alikes(set(np.unique(one).tolist()), set(np.unique(other).tolist()), called, and_called)


def _check_look_alikes(one: set[str], other: set[str], called: str, and_called: str) -> None:
    there = {folded(word): word for word in other - one}
    for word in sorted(one - other):
        twin = there.get(folded(word))
        if twin is not None:
            raise InputError(
                f"{called} hold {word!r} and {and_called} hold {twin!r}, which differ in case or spaces only. "
                "Write them alike; if they are two classes, give start labels that hold both."
            )


def _shown(labels: Labels) -> str:
    some = ", ".join(repr(label) for label in np.unique(labels)[:3].tolist())
    return f"{'words' if labels.dtype.kind == 'U' else 'numbers'} ({some})"
