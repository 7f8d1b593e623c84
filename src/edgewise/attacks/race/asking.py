"""One sample's side of a label-only attack, and the lock step in which all samples ask."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np

from edgewise.arrays import Box, Floats, Labels, Mask
from edgewise.attacks.bisection import RESERVE
from edgewise.models.access import Access


T = TypeVar("T")

Asking: TypeAlias = Generator[Floats, Mask, T]
"""A search that yields rows ``(m, d)``, is sent which of them cross ``(m,)``, and returns a ``T``."""


@dataclass
class Sample:
    """A sample, what may be asked on its behalf, and the nearest crossing point so far.

    Parameters
    ----------
    x
        The sample ``(d,)`` in float64.
    dtype
        What the model is asked in.
    box
        What every point asked lies in, or None.
    norm
        2 or infinity: what is to become small.
    rng
        Its own random numbers.
    """

    x: Floats
    dtype: np.dtype[np.floating]
    box: Box | None
    norm: float
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.best: Floats = self.x.astype(self.dtype)
        self.radius = np.inf
        self.bounds = None if self.box is None else self.box.bounds(self.dtype)

    def length(self, move: Floats) -> float:
        """Return the length of one move ``(d,)``."""
        return float(np.abs(move).max()) if self.norm == np.inf else float(np.sqrt(move @ move))

    def ask(self, Z: Floats) -> Asking[tuple[Floats, Mask]]:
        """Ask about rows ``(m, d)`` as they lie in the box; return those rows in float64, and which cross."""
        rows = np.atleast_2d(Z).astype(self.dtype)
        rows = rows if self.bounds is None else np.clip(rows, *self.bounds)
        crossed = yield rows
        return rows.astype(float), crossed

    def try_one(self, z: Floats) -> Asking[Floats | None]:
        """Ask about one row; return it as it was asked if it crosses."""
        rows, crossed = yield from self.ask(z)
        return rows[0] if crossed[0] else None

    def note(self, rows: Floats, crossed: Mask) -> None:
        """Keep the nearest of the rows that cross."""
        for row in rows[crossed]:
            radius = self.length(row - self.x)
            if radius < self.radius:
                self.best, self.radius = row, radius


def lock_step(
    model: Access,
    shape: tuple[int, ...],
    y: Labels,
    samples: Sequence[Sample],
    searches: Sequence[Asking[None]],
) -> None:
    """Run one search a sample: all rows wanted at a time go to the model in one call, none over a budget."""
    wanted = {i: rows for i, search in enumerate(searches) if (rows := next(search, None)) is not None}
    while wanted:
        left = model.left() - RESERVE
        asked = {i: rows[: max(left[i], 0)] for i, rows in wanted.items()}
        of = np.repeat(list(asked), [len(rows) for rows in asked.values()]).astype(np.intp)
        rows = np.concatenate(list(asked.values()))
        crossed = np.asarray(model.labels(rows.reshape(len(rows), *shape), of) != y[of], bool)
        at, answered = 0, wanted
        wanted = {}
        for i, part in asked.items():
            answer = crossed[at : at + len(part)]
            at += len(part)
            samples[i].note(part, answer)
            if len(part) < len(answered[i]) or left[i] <= len(part):
                searches[i].close()
                continue
            try:
                wanted[i] = searches[i].send(answer)
            except StopIteration:
                continue
