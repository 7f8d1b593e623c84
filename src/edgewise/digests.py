"""A digest of a value: equal for equal values, in this process and in any other."""

from __future__ import annotations

import dataclasses
import dis
import functools
import hashlib
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.arrays import InputError, is_array, is_scalar


class NoValueError(InputError):
    """A thing that cannot be known again by its value, such as a function that reads a list."""


def digest(value: object, *, settings: bool = False) -> str:
    """Return a digest of ``value``: a letter, then 32 hexadecimal digits.

    Numbers, words, arrays, tensors, containers, estimators and plain objects count by what they hold, never by
    their ``repr`` or their place in memory. What an installed package defines counts by its name; other
    functions and classes by their code and what they refer to. The leading letter keeps spreadsheets from
    reading a digest as a number.

    Parameters
    ----------
    settings
        Whether estimators count by their parameters alone, as `sklearn.base.clone` would copy them.

    Raises
    ------
    NoValueError
        There is no stable value: an open file, a generator, a function that reads or sets what may change.

    Examples
    --------
    >>> digest({"a": 1, "b": [2.0]}) == digest({"b": [2.0], "a": 1}) != digest({"a": 1, "b": [2]})
    True
    """
    try:
        return "d" + _Walk(settings).of(value).hex()
    except RecursionError:
        raise NoValueError(f"{type(value).__name__} is nested too deeply to be known by its value.") from None


def of_bytes(data: bytes | bytearray | memoryview) -> str:
    """Return the digest of a buffer of bytes, in the same form."""
    return "d" + hashlib.blake2b(data, digest_size=16).hexdigest()


class _Walk:
    """One pass over a value; shared parts are walked once, and what contains itself is named by its depth."""

    def __init__(self, settings: bool) -> None:
        self.settings = settings
        self.known: dict[int, tuple[object, bytes]] = {}
        self.path: list[int] = []

    def of(self, value: object) -> bytes:
        if id(value) in self.known:
            return self.known[id(value)][1]
        if id(value) in self.path:
            return _hashed("inside", self.path.index(id(value)))
        self.path.append(id(value))
        try:
            found = self._walked(value)
        finally:
            self.path.pop()
        self.known[id(value)] = (value, found)  # held, so that its id stays its own
        return found

    def _walked(self, value: Any) -> bytes:  # noqa: PLR0912 - one branch a kind of value
        kind = _kind(value)
        if value is None or value is Ellipsis or kind in (bool, str, bytes, bytearray):
            return _hashed(kind.__name__, value)
        if kind is int:
            return _hashed("int", hex(value))
        if kind in (float, complex):
            return _hashed(kind.__name__, np.asarray(value).tobytes())
        if kind in (list, tuple):
            return _hashed(kind.__name__, *map(self.of, value))
        if kind is dict:
            return _hashed("dict", *sorted(self.of(key) + self.of(item) for key, item in value.items()))
        if kind in (set, frozenset):
            return _hashed(kind.__name__, *sorted(map(self.of, value)))
        if (is_array(value) or is_scalar(value)) and not value.dtype.hasobject:
            array = np.asarray(value)
            name = "array" if is_array(value) else kind.__name__
            return _hashed(name, repr(array.dtype), array.shape, np.ascontiguousarray(array).tobytes())
        if is_array(value):
            return _hashed("objects", value.shape, *map(self.of, value.ravel().tolist()))
        if isinstance(value, types.ModuleType):
            return _hashed("module", value.__name__)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return _hashed("method", self.of(value.__self__), value.__func__.__name__)
        if isinstance(value, types.CodeType):
            return self._code(value)
        return self._object(value)

    def _object(self, value: Any) -> bytes:
        kind = _kind(value)
        if kind.__module__.startswith("torch") and hasattr(value, "detach"):
            plain = value.detach().cpu()
            number = plain.float() if str(plain.dtype) == "torch.bfloat16" else plain
            return _hashed("tensor", str(plain.dtype), self.of(number.numpy()))
        if hasattr(value, "get_arrays") and hasattr(value, "get_tree_stats"):
            # The trees of scikit-learn's neighbours count how often they were asked.
            return _hashed("tree", kind.__name__, *(self.of(np.asarray(part)) for part in value.get_arrays()))
        if kind.__module__.startswith("scipy.sparse") and hasattr(value, "tocsr"):
            rows = value.tocsr().copy()
            rows.sum_duplicates()
            parts = (rows.data, rows.indices.astype(np.int64), rows.indptr.astype(np.int64))
            return _hashed("sparse", kind.__name__, value.shape, *map(self.of, parts))
        if self.settings and hasattr(value, "get_params"):
            return _hashed("estimator", self.of(kind), self.of(value.get_params(deep=False)))
        if dataclasses.is_dataclass(value):
            held = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return _hashed("dataclass", self.of(kind), self.of(held))
        return self._reduced(value)

    def _reduced(self, value: object) -> bytes:
        """Take a thing apart as pickle would, without the results it only keeps at hand."""
        kind = type(value)
        try:
            parts = value.__reduce_ex__(4)
        except Exception as error:  # noqa: BLE001 - whatever its own code raises
            raise NoValueError(f"{kind.__name__} cannot be known by its value ({error}).") from None
        if isinstance(parts, str):
            return _hashed("name", getattr(value, "__module__", None), parts)
        padded: tuple[Any, ...] = (*parts, None, None, None)
        make, given, state, items, pairs = padded[:5]
        if issubclass(_kind(state), dict):
            state = {
                name: part
                for name, part in state.items()
                if not isinstance(getattr(kind, str(name), None), functools.cached_property)
            }
        listed = [list(part) if part is not None else None for part in (items, pairs)]
        return _hashed("object", *map(self.of, (make, given, state, *listed)))

    def _class(self, kind: type[object]) -> bytes:
        if _installed(kind):
            return _hashed("class", kind.__module__, kind.__qualname__)
        skipped = ("__module__", "__dict__", "__weakref__", "__doc__", "__annotations__", "__firstlineno__")
        body = {
            name: part
            for name, part in vars(kind).items()
            if name not in (*skipped, "__static_attributes__", "__slotnames__", "__annotate_func__")
            and not name.startswith(("_abc_", "__dataclass_"))
            and not isinstance(part, (types.GetSetDescriptorType, types.MemberDescriptorType))
        }
        return _hashed("class", kind.__qualname__, self.of(kind.__bases__), self.of(self._plain(body)))

    def _plain(self, body: dict[str, Any]) -> dict[str, object]:
        """Return the parts of a class as things that can be walked."""
        found: dict[str, object] = {}
        for name, part in body.items():
            kind = _kind(part)
            if issubclass(kind, (classmethod, staticmethod)):
                found[name] = (kind.__name__, part.__func__)
            elif isinstance(part, property):
                found[name] = ("property", part.fget, part.fset, part.fdel)
            elif isinstance(part, functools.cached_property):
                found[name] = ("cached", part.func)
            else:
                found[name] = part
        return found

    def _function(self, function: types.FunctionType) -> bytes:
        if _installed(function):
            return _hashed("function", function.__module__, function.__qualname__)
        if "__wrapped__" in vars(function):
            return _hashed("wrapped", self.of(function.__code__), self.of(vars(function)["__wrapped__"]))
        code = function.__code__
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        reads = {name: _content(cell) for name, cell in cells}
        read, written = _outside(code)
        reads |= {name: function.__globals__[name] for name in read if name in function.__globals__}
        for name, part in reads.items():
            if name in written or _may_change(part):
                raise NoValueError(
                    f"{function.__qualname__} reads {name!r}, a {type(part).__name__} that may change, so it "
                    "cannot be known again by its value."
                )
        held = (function.__defaults__, function.__kwdefaults__)
        return _hashed("function", function.__qualname__, self.of(code), self.of(reads), self.of(held))

    def _code(self, code: types.CodeType) -> bytes:
        parts = (code.co_code, code.co_consts, code.co_names, code.co_varnames, code.co_freevars)
        return _hashed("code", *map(self.of, parts))


def _kind(value: object) -> type[object]:
    """Return the class of a value; unlike ``isinstance``, asking it leaves the value what it is to a type checker."""
    return type(value)


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _outside(code: types.CodeType) -> tuple[set[str], set[str]]:
    """Return the names that a function and those inside it read from outside themselves, and those they set."""
    read, written = set[str](), set[str]()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.add(str(step.argval))
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") or (
            step.opname == "STORE_DEREF" and step.argval in code.co_freevars
        ):
            written.add(str(step.argval))
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            inner = _outside(part)
            read |= inner[0]
            written |= inner[1]
    return read, written


def _may_change(part: Any) -> bool:
    if issubclass(_kind(part), (tuple, frozenset)):
        return any(map(_may_change, part))
    if dataclasses.is_dataclass(part) and getattr(
        getattr(part, "__dataclass_params__", None), "frozen", False
    ):
        return False
    callables = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, np.ufunc, type)
    plain = (type(None), bool, int, float, complex, str, bytes, np.generic, np.ndarray, np.dtype)
    return not isinstance(part, (*callables, *plain)) and not hasattr(part, "get_params")


@functools.cache
def _folders() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    ours = Path(__file__).parent
    return (*{Path(paths[name]).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}, ours)


def _installed(thing: types.FunctionType | type[object]) -> bool:
    """Say whether a module of an installed package gives the thing under its name."""
    module = sys.modules.get(thing.__module__ or "")
    if module is None or thing.__module__ == "__main__":
        return False
    found: object = module
    for name in thing.__qualname__.split("."):
        found = getattr(found, name, None)
    file = getattr(module, "__file__", None)
    if found is not thing:
        return False
    return file is None or any(Path(file).resolve().is_relative_to(folder) for folder in _folders())


def _hashed(*parts: object) -> bytes:
    total = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = (
            bytes(part)
            if isinstance(part, (bytes, bytearray))
            else repr(part).encode("utf-8", "surrogatepass")
        )
        total.update(len(data).to_bytes(8, "little") + data)
    return total.digest()
