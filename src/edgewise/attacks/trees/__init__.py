"""Exact attacks on trees, forests and boosting; see `docs/trees.md` for the algorithm."""

from __future__ import annotations

from edgewise.attacks.trees.attack import TreesExact


__all__ = ["TreesExact"]
