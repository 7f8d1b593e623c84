"""Random directions to feel a boundary with: smooth waves for images, combinations of data, any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from edgewise.arrays import Floats


Noise = Callable[[Generator, int, Floats], Floats]
"""Draws ``n`` directions ``(n, d)`` to leave the point ``(d,)`` in."""

WAVES = (10 / 28, 12 / 28, 14 / 28, 20 / 28)
SMOOTH = 0.5
FLOOR = 0.1
SIDES = 8


@dataclass(frozen=True)
class Picture:
    """How a row of numbers is a picture: ``channels`` planes of ``height`` by ``width``, or the planes last."""

    channels: int
    height: int
    width: int
    last: bool = False


def picture_of(shape: tuple[int, ...], rows: Floats) -> Picture | None:
    """Return the picture that samples of this shape are, or None.

    Flat rows count as square pictures where more than half of the variance of ``rows`` (m, d) lies in the
    lowest eighth of the frequencies, as it does in photographs and digits and not in tables.
    """
    if len(shape) == 2 and min(shape) >= SIDES:
        return Picture(1, *shape)
    if len(shape) == 3 and min(shape[1:]) >= SIDES and shape[0] <= 4:
        return Picture(*shape)
    if len(shape) == 3 and min(shape[:2]) >= SIDES and shape[2] <= 4:
        return Picture(shape[2], *shape[:2], last=True)
    if len(shape) != 1:
        return None
    for channels in (1, 3):
        side = int(np.sqrt(shape[0] / channels))
        if side >= SIDES and channels * side * side == shape[0]:
            for last in (False, True)[:channels]:
                found = Picture(channels, side, side, last)
                if _smoothness(rows, found) > SMOOTH:
                    return found
    return None


def _smoothness(rows: Floats, picture: Picture) -> float:
    """Return the share of the variance of ``rows`` in the lowest frequencies, an eighth of them all."""
    planes = rows - rows.mean(axis=0)
    if picture.last:
        planes = np.moveaxis(planes.reshape(-1, picture.height, picture.width, picture.channels), 3, 1)
    planes = planes.reshape(-1, picture.height, picture.width)
    tall, wide = _cosines(picture.height, WAVES[0]), _cosines(picture.width, WAVES[0])
    low = (tall @ planes @ wide.T) ** 2
    return float(low.sum() / max((planes**2).sum(), np.finfo(float).tiny))


def _cosines(side: int, share: float) -> Floats:
    """Return the lowest cosines over ``side`` points as orthonormal rows (DCT-II)."""
    k = np.arange(max(1, round(share * side)))[:, None]
    waves = np.cos(np.pi * k * (np.arange(side) + 0.5) / side)
    return waves / np.linalg.norm(waves, axis=1, keepdims=True)


def waves(picture: Picture, share: float, mask: Floats | float = 1.0) -> Noise:
    """Return noise of the lowest ``share`` of the frequencies a side, multiplied by ``mask`` (d,)."""
    tall, wide = _cosines(picture.height, share), _cosines(picture.width, share)

    def draw(rng: Generator, n: int, point: Floats) -> Floats:
        weights = rng.normal(size=(n, picture.channels, len(tall), len(wide)))
        planes = tall.T @ weights @ wide
        planes = np.moveaxis(planes, 1, 3) if picture.last else planes
        return planes.reshape(n, -1) * mask

    return draw


def data(near: Floats) -> Noise:
    """Return normal combinations of the ways to the rows ``near`` (m, d)."""

    def draw(rng: Generator, n: int, point: Floats) -> Floats:
        return rng.normal(size=(n, len(near))) @ (near - point)

    return draw


def any_way(rng: Generator, n: int, point: Floats) -> Floats:
    """Draw directions uniformly."""
    return rng.normal(size=(n, len(point)))


def masked(picture: Picture, rows: Floats) -> Noise:
    """Return the smoothest waves, larger where ``rows`` (m, d) differ among themselves."""
    spread = rows.std(axis=0) if len(rows) else np.zeros(1)
    return waves(picture, WAVES[0], spread / max(float(spread.max()), np.finfo(float).tiny) + FLOOR)


def smooth(picture: Picture) -> tuple[Noise, ...]:
    """Return waves of ever higher frequencies."""
    return tuple(waves(picture, share) for share in WAVES)
