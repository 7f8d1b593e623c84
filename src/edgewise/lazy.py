"""Public modules whose names are imported when first asked for; imports nothing itself."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazily(module: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a module whose names are imported when first asked for.

    ``homes`` maps each name to the module that defines it, or to itself for a sub-module.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home = importlib.import_module(homes[name])
        return home if homes[name] == f"{module}.{name}" else getattr(home, name)

    return get, lambda: sorted(homes)
