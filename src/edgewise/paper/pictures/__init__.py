"""Pictures of the paper, as facts. `PICTURES` lists them."""

from __future__ import annotations

from collections.abc import Mapping


PICTURES: Mapping[str, str] = {
    "halfmoon": "edgewise.paper.pictures.halfmoon",
    "images": "edgewise.paper.pictures.attack_images",
}
"""Modules with ``cell()`` and ``work(cell)`` whose facts the report draws."""
