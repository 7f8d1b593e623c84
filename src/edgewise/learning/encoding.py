"""Arrays and labels as JSON that gives back every bit and every type."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast
from uuid import UUID

import numpy as np

from edgewise.arrays import Array, InputError, Json, Label, Labels, Values, is_scalar


def dump_array(values: Array) -> dict[str, Json]:
    """Return an array as JSON; labels of no type of NumPy's one by one, each with its own type.

    Examples
    --------
    >>> load_array(dump_array(np.array([b"a", None, 2.5], dtype=object)))
    array([b'a', None, 2.5], dtype=object)
    """
    if values.dtype.kind == "O":
        return {"objects": [_dump(value) for value in values.tolist()]}
    return {"dtype": values.dtype.str, "shape": list(values.shape), "data": _text(values.tobytes())}


def load_array(f: Values) -> Array:
    """Return the array that `dump_array` was given.

    Raises
    ------
    InputError
        A label of a type that could be written, as text, but not read back.
    """
    if "objects" in f:
        values = [_load(entry) for entry in f["objects"]]
        found = np.empty(len(values), dtype=object)
        for row, value in enumerate(values):
            found[row] = value
        return found
    return np.frombuffer(base64.b64decode(f["data"]), np.dtype(f["dtype"])).reshape(f["shape"]).copy()


def lost(labels: Labels) -> Label | None:
    """Return the first label that is kept as text only, or None."""
    if labels.dtype.kind != "O":
        return None
    return next((label for label in labels.tolist() if "repr" in str(_dump(label)[0])), None)


_READ: dict[str, Callable[[str], Label]] = {
    "int": int,
    "float": float.fromhex,
    "str": str,
    "complex": complex,
    "bytes": base64.b64decode,
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
    "Decimal": Decimal,
    "Fraction": Fraction,
    "UUID": UUID,
    "bool": lambda text: text == "True",
    "NoneType": lambda _text: None,
}


def _dump(value: Any) -> list[Json]:
    """Return the name of a value's type and what it holds."""
    kind, held = cast("type[object]", type(value)), value
    if kind is tuple or kind is frozenset:
        parts = [_dump(part) for part in held]
        return [kind.__name__ if all("repr" not in str(part[0]) for part in parts) else "repr in", parts]
    if is_scalar(value) and value.dtype.names is None and value.dtype.kind != "O":
        return ["numpy", [value.dtype.str, _text(value.tobytes())]]
    if kind.__name__ not in _READ or kind.__module__ not in _HOMES:
        return ["repr", f"{kind.__module__}.{kind.__qualname__}: {value!r}"]
    if kind is bytes:
        return ["bytes", _text(held)]
    if kind is float:
        return ["float", held.hex()]
    return [kind.__name__, held.isoformat() if hasattr(held, "isoformat") else str(held)]


_HOMES = ("builtins", "datetime", "decimal", "fractions", "uuid")


def _load(entry: Sequence[Any]) -> Label:
    name, held = entry
    if name in ("tuple", "frozenset"):
        return (tuple if name == "tuple" else frozenset)(_load(part) for part in held)
    if name == "numpy":
        return np.frombuffer(base64.b64decode(held[1]), np.dtype(held[0]))[0]
    if name not in _READ:
        raise InputError(
            f"a label of this run was written as text, since its type cannot be kept: {held}. Let the oracle "
            "answer with words, numbers, dates or tuples of these, under another run='name'."
        )
    return _READ[name](held)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
