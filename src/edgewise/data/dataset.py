"""The frozen Dataset: what every loader returns and everything else takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from edgewise.arrays import Box, Floats, Labels


class Split(NamedTuple):
    """Points and their labels; unpacks into ``fit(*split)``.

    Attributes
    ----------
    X
        Points ``(n, d)``.
    y
        One label per row ``(n,)``.
    """

    X: Floats
    y: Labels


@dataclass(frozen=True, repr=False)
class Dataset:
    """Data with its provenance; arrays are read-only.

    Parameters
    ----------
    name
        Its row in `DATASETS`.
    train
        What the victim learns from.
    held_out
        Points of the same law, neither trained on nor tested on: sources of attacks, clean extra points,
        validation, pools. May have no rows.
    test
        What accuracy is measured on; nothing is ever tuned on it or made from it.
    box
        Bounds that valid inputs obey, or None.
    classes
        A readable name for each label, in label order.
    source, licence
        Where it comes from and what one may do with it.
    image_shape
        ``(channels, height, width)`` of a row, or None.
    notes
        How it was read, split and scaled, in sentences.
    seed
        What repeats the split: pass it as ``rng``.
    """

    name: str
    train: Split
    held_out: Split
    test: Split
    box: Box | None
    classes: tuple[str, ...]
    source: str
    licence: str
    image_shape: tuple[int, int, int] | None = None
    notes: tuple[str, ...] = field(default=())
    seed: int | None = None

    def __repr__(self) -> str:
        """Return a few lines: name, rows of each part, features, classes."""
        rows = ", ".join(f"{len(part.y)} {name}" for name, part in self._parts())
        return (
            f"Dataset {self.name}: {rows} rows of {self.test.X.shape[1]} features, "
            f"classes {', '.join(self.classes)}\n  {self.source}, seed {self.seed}"
        )

    def _parts(self) -> list[tuple[str, Split]]:
        return [("train", self.train), ("held-out", self.held_out), ("test", self.test)]

    def __post_init__(self) -> None:
        for _, split in self._parts():
            split.X.setflags(write=False)
            split.y.setflags(write=False)
