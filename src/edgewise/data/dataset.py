"""The frozen Dataset: what every loader returns and everything else takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from edgewise.arrays import Box, Floats, Labels


class Split(NamedTuple):
    """Points and their labels; unpacks into ``fit(*split)``."""

    X: Floats
    y: Labels


@dataclass(frozen=True)
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

    def __post_init__(self) -> None:
        for split in (self.train, self.held_out, self.test):
            split.X.setflags(write=False)
            split.y.setflags(write=False)
