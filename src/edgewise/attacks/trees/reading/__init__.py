"""Readers: one file a library, each from a fitted model to the common form; and wrappers seen through."""

from __future__ import annotations

from edgewise.attacks.trees.reading.read import Reading, read


__all__ = ["Reading", "read"]
