"""The vocabulary of arrays and plain values, and the only input checks.

Axis letters, the same everywhere: ``n`` samples, ``d`` features, ``c`` classes, ``k`` neighbours.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray


Array: TypeAlias = NDArray[Any]
"""An array, whatever it holds."""

Floats: TypeAlias = NDArray[np.floating]
"""Real numbers; points are ``(n, d)``, or ``(n, ...)`` for images."""

Labels: TypeAlias = Array
"""Class labels ``(n,)``: integers or strings, as the model names its classes."""

Label: TypeAlias = Hashable
"""One of them alone."""

Mask: TypeAlias = NDArray[np.bool_]
"""One truth value per sample ``(n,)``."""

Index: TypeAlias = NDArray[np.intp]
"""Row numbers of a stated array."""

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What JSON holds."""

JsonObject: TypeAlias = Mapping[str, Json]
"""A JSON object from outside."""

Values: TypeAlias = Mapping[str, Any]
"""JSON values by name, of which only who wrote them knows the types."""


class InputError(ValueError):
    """What was given cannot be used; the message says what is expected and what to do."""


@dataclass(frozen=True)
class Box:
    """The set ``low <= x <= high``, feature by feature; infinite bounds are none.

    Parameters
    ----------
    low, high
        Bounds in input units, each ``(d,)``.
    """

    low: Floats
    high: Floats

    def contains(self, X: Floats) -> Mask:
        """Say for each row of ``X`` (n, d) whether it lies in the box, exactly."""
        return np.asarray(((self.low <= X) & (X <= self.high)).all(axis=1))

    def clip(self, X: Floats) -> Floats:
        """Return the nearest points of the box, in the dtype of ``X``."""
        return np.clip(X, *self.bounds(X.dtype))

    def bounds(self, dtype: np.dtype) -> tuple[Floats, Floats]:
        """Return the bounds rounded inward to ``dtype``, so that what obeys them is in the box."""
        low, high = self.low.astype(dtype), self.high.astype(dtype)
        low = np.where(low < self.low, np.nextafter(low, np.asarray(np.inf, dtype)), low)
        high = np.where(high > self.high, np.nextafter(high, np.asarray(-np.inf, dtype)), high)
        return low, high


def is_array(value: object) -> TypeGuard[Array]:
    """Say whether a value is an array of NumPy."""
    return isinstance(value, np.ndarray)


def is_scalar(value: object) -> TypeGuard[np.generic[Any]]:
    """Say whether a value is a scalar of NumPy."""
    return isinstance(value, np.generic)


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Say whether a value is a list or a tuple."""
    return isinstance(value, (list, tuple))


def check_X(
    X: ArrayLike,
    *,
    name: str = "X",
    n_features: int | None = None,
    images: bool = False,
    missing: bool = False,
    finite: bool = True,
) -> Floats:
    """Return ``X`` as finite floating-point points, float32 kept, everything else float64.

    Parameters
    ----------
    X
        Points ``(n, d)``; with ``images`` any ``(n, ...)``.
    name
        What to call it in an error.
    n_features
        The number of features asked for, if any.
    missing
        Whether NaN may stand for a missing value.
    images
        Whether rows may have any shape.
    finite
        Whether NaN and infinity are refused.

    Raises
    ------
    InputError
        Wrong dimensions, no rows, no numbers, NaN or infinity, wrong number of features, integer images.

    Examples
    --------
    >>> check_X([[1, 2]]).dtype
    dtype('float64')
    """
    try:
        array = _as_array(X, name)
        if images and array.ndim > 2 and array.dtype.kind in "iu":
            raise InputError(
                f"{name} holds images of integers ({array.dtype}); models take real numbers. "
                "Convert them, such as X / 255."
            )
        if array.dtype != np.float32:
            array = array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must hold real numbers; got {type(X).__name__} ({error})") from None
    if array.ndim < 2 or (array.ndim != 2 and not images):
        raise InputError(
            f"{name} must be 2-d (n_samples, n_features); got shape {array.shape}. "
            "Reshape one sample to (1, -1), one feature to (-1, 1)."
        )
    if array.shape[0] == 0:
        raise InputError(f"{name} is empty: shape {array.shape}. Give at least one row.")
    fine = np.isfinite(array)
    if missing:
        fine |= np.isnan(array)
    if finite and not fine.all():
        rows = np.flatnonzero(~fine.reshape(len(array), -1).all(axis=1))
        raise InputError(
            f"{name} has NaN or infinite values in {len(rows)} of {len(array)} rows "
            f"(first: row {rows[0]}). Drop or impute them."
        )
    if n_features is not None and array[0].size != n_features:
        raise InputError(f"{name} has {array[0].size} features; expected {n_features}, as in training.")
    return array


def _as_array(X: Any, name: str) -> Array:
    """Return ``X`` as an array of numbers: tensors leave their gradients; what NumPy would guess at is refused."""
    if hasattr(X, "detach"):
        tensor = X.detach().cpu()
        half = tensor.is_floating_point() and tensor.element_size() < 4
        return np.asarray(tensor.float() if half else tensor)
    if issubclass(type(X), np.ma.MaskedArray) and np.ma.is_masked(X):
        raise InputError(f"{name} has masked values. Drop or impute them: X.filled(...).")
    array: Array = np.asarray(X)
    if array.dtype.kind in "USTmMcV" or (
        array.dtype.kind == "O" and any(isinstance(x, str) for x in array.ravel().tolist())
    ):
        what = "texts" if array.dtype.kind in "USTO" else str(array.dtype)
        raise InputError(
            f"{name} holds {what}; expected real numbers. Turn them into numbers first, as a TfidfVectorizer or a "
            "OneHotEncoder does."
        )
    return array


def check_box(box: Box | tuple[ArrayLike, ArrayLike] | None, n_features: int) -> Box | None:
    """Return a `Box` of ``n_features``, or None, from None, a pair of scalars or arrays, or a `Box`.

    Raises
    ------
    InputError
        Wrong shape, NaN bounds, or ``low > high`` anywhere.

    Examples
    --------
    >>> check_box((0, 1), 2).high
    array([1., 1.])
    """
    if box is None:
        return None
    if isinstance(box, Box):
        low, high = box.low, box.high
    else:
        try:
            low, high = box
        except (TypeError, ValueError):
            raise InputError(f"box must be None or a pair (low, high); got {box!r}.") from None
    try:
        low = np.array(np.broadcast_to(np.asarray(low, float).reshape(-1), (n_features,)))
        high = np.array(np.broadcast_to(np.asarray(high, float).reshape(-1), (n_features,)))
    except ValueError:
        raise InputError(
            f"box bounds must be scalars or one number for each of the {n_features} features; "
            f"got shapes {np.shape(low)} and {np.shape(high)}."
        ) from None
    if np.isnan(low).any() or np.isnan(high).any() or (low > high).any():
        worst = int(np.argmax(~(low <= high)))
        raise InputError(
            f"box needs low <= high for every feature; feature {worst} has "
            f"low={low[worst]}, high={high[worst]}."
        )
    if np.isneginf(low).all() and np.isposinf(high).all():
        return None
    low.setflags(write=False)
    high.setflags(write=False)
    return Box(low, high)


def check_count(value: int, name: str, *, low: int = 1, high: int | None = None) -> int:
    """Return ``value`` as an int in ``[low, high]``, or say what is expected.

    Examples
    --------
    >>> check_count(3, "budget", high=5)
    3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise InputError(f"{name} must be an integer; got {value!r}.")
    if value < low or (high is not None and value > high):
        limit = f"at least {low}" if high is None else f"between {low} and {high}"
        raise InputError(f"{name} must be {limit}; got {value}.")
    return int(value)
