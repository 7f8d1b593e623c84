"""One registry mechanism: a literal dict of rows per layer, and one lookup that helps with typos."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import runpy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from edgewise.arrays import InputError
from edgewise.importing import needing


T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One registered component; its module is imported when it is first made.

    Parameters
    ----------
    factory
        ``"package.module:Name"`` of a frozen dataclass of settings, or of an estimator.
    source
        Where it is defined: paper and equation.
    needs
        The questions it puts to a model (see `edgewise.models.access`).
    small
        Settings that keep its tests fast.
    extra
        The optional dependency it needs, such as ``"torch"``.
    """

    factory: str
    source: str
    needs: tuple[str, ...] = ()
    small: Mapping[str, object] = field(default_factory=dict[str, object])
    extra: str | None = None

    def make(self, **settings: object) -> Any:
        """Return the component with these settings.

        Raises
        ------
        InputError
            A setting it does not have.
        MissingExtraError
            Its optional dependency is not installed.
        """
        module, name = self.factory.split(":")
        with needing(name, self.extra):
            kind = getattr(importlib.import_module(module), name)
        known = list(inspect.signature(kind).parameters)
        for setting in settings:
            if setting not in known:
                raise InputError(unknown(setting, known, f"setting of {name}"))
        return kind(**settings)

    @property
    def installed(self) -> bool:
        """Whether its optional dependency is there; nothing is imported."""
        try:
            return self.extra is None or importlib.util.find_spec(self.extra) is not None
        except ModuleNotFoundError:
            return False

    def require(self) -> None:
        """Raise `MissingExtraError` if its optional dependency is not installed, before anything is run."""
        if not self.installed:
            with needing(self.source, self.extra):
                raise ModuleNotFoundError(name=self.extra)


def from_file(spec: str) -> Any:
    """Return what ``"path/to/file.py:Name"`` names: a class is made with its defaults, all else is as it is.

    Reading the file runs it.

    Raises
    ------
    InputError
        No such file, or no such name in it.
    """
    path, _, name = spec.rpartition(":")
    if not Path(path).is_file():
        raise InputError(f"there is no file {path!r}; a component of your own is named FILE.py:NAME.")
    space = runpy.run_path(path)
    if name not in space:
        own = [key for key, value in space.items() if callable(value) and not key.startswith("_")]
        raise InputError(unknown(name, own, f"name in {path}"))
    return space[name]() if isinstance(space[name], type) else space[name]


def unknown(name: object, known: Iterable[str], kind: str) -> str:
    """Return the error text for an unknown name: the nearest one, then all there are.

    Examples
    --------
    >>> unknown("dirct", ["direct"], "attack")
    "unknown attack 'dirct'; did you mean 'direct'? Known: direct."
    """
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f" did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r};{hint} Known: {', '.join(names) or 'none'}."


def listing(names: Sequence[str], most: int = 6) -> str:
    """Return names for a sentence, the first ones and how many there are.

    Examples
    --------
    >>> listing(["a", "b"]), listing(list("abcdefgh"))
    ('a, b', 'a, b, c, d, e, f and 2 more')
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def lookup(rows: Mapping[str, T], name: str, kind: str) -> T:
    """Return ``rows[name]``, or raise an `InputError` that names the nearest row.

    Examples
    --------
    >>> lookup({"direct": 1}, "direct", "attack")
    1
    """
    if name in rows:
        return rows[name]
    raise InputError(unknown(name, rows, kind))


def component(rows: Mapping[str, Row], given: object, kind: str) -> Any:
    """Return the component that a name, FILE.py:NAME or an instance stands for: the one place that resolves them.

    Raises
    ------
    InputError
        An unknown name, a class instead of an instance, or something that cannot be called.

    Examples
    --------
    >>> component({}, len, "attack") is len
    True
    """
    if isinstance(given, str):
        return from_file(given) if ".py:" in given else lookup(rows, given, kind).make()
    if isinstance(given, type):
        raise InputError(
            f"expected an instance for the {kind}; got the class, so write {given.__name__}(...)."
        )
    if not callable(given):
        raise InputError(
            f"expected a name, an instance or a function for the {kind}; got {type(given).__name__}. "
            f"Names: {', '.join(rows)}."
        )
    return given


def classes(rows: Mapping[str, Row]) -> dict[str, str]:
    """Return the home of each registered class by its name, for `lazily`."""
    made = (row.factory.split(":") for row in rows.values())
    return {name: module for module, name in made if module.startswith("edgewise.")}
