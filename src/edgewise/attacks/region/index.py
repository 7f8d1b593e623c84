"""What is computed once per training set: class order, principal coordinates, norms left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edgewise.arrays import Box, Floats, Index


CHUNK = 16
"""Points whose least bound is kept together; every class starts at a multiple of it."""

_PLAIN = 24
_LEFT = 0.25  # of the squared lengths: where as much is beyond p directions, all features are taken
_SAMPLE = 3000
_RESIDENT = 2048  # training points up to which their distances among themselves are kept


class Bounds(NamedTuple):
    """Lower bounds ``(b, m)`` of squared distances to the training points, coordinates, rests, and lengths."""

    lows: Floats
    coords: Floats
    rests: Floats
    lengths: Floats

    def of(self, rows: Index | slice) -> Bounds:
        """Return those of some queries."""
        return Bounds._make(each[rows] for each in self)


@dataclass(frozen=True)
class RegionIndex:
    """Training points in class order with ``p`` orthonormal coordinates each.

    For any two points ``u``, ``w`` with coordinates ``c`` and lengths left over ``rho``

        |c_u - c_w|^2 + (rho_u - rho_w)^2 <= |u - w|^2 <= |c_u - c_w|^2 + (rho_u + rho_w)^2,

    so that distances are bounded from ``p`` numbers instead of ``d``; memory is O(n (d + p)). Features in
    which all training points agree bind nothing: they are left out, and ``d`` below counts the others.

    Parameters
    ----------
    X
        Points ``(m, d)``, float64, class by class; a class is padded to a multiple of `CHUNK` with copies
        of its last point that no bound lets through.
    start, stop
        Where each class begins and (padding left out) ends.
    order
        The row each point had when given ``(m,)``; -1 for padding.
    centre, axes
        The mean ``(d,)`` and the orthonormal coordinates ``(d, p)``.
    coords, rest
        ``(m, p)`` and ``(m,)``, float32.
    columns
        ``(p + 3, m)`` float32: the matrix whose product with a query's row bounds its squared distances.
    largest
        The largest distance of a point from the centre.
    features, low, high
        The features kept, and the smallest and largest value of every feature, also of those left out.
    apart2
        Up to 2,048 points: their squared distances ``(m, m)``, float32, rounded up; otherwise empty.
    """

    X: Floats
    start: Index
    stop: Index
    order: Index
    centre: Floats
    axes: Floats
    coords: Floats
    rest: Floats
    columns: Floats
    largest: float
    features: Index
    low: Floats
    high: Floats
    apart2: Floats

    @classmethod
    def of(
        cls, X: Floats, y: Index, n_classes: int, p: int | None = None, resident: int = _RESIDENT
    ) -> RegionIndex:
        """Index the points ``X`` (n, d) of classes ``y`` (n,), positions below ``n_classes``."""
        low, high = X.min(axis=0).astype(float), X.max(axis=0).astype(float)
        features = np.flatnonzero(low < high) if (low < high).any() else np.zeros(1, np.intp)
        kept = X[:, features]
        n, d = kept.shape
        pieces: list[Index] = []
        begin: list[int] = []
        end: list[int] = []
        at = 0
        for label in range(n_classes):
            members = np.flatnonzero(y == label)
            padding = -len(members) % CHUNK
            pieces += [members, np.full(padding, -1)]
            begin.append(at)
            end.append(at + len(members))
            at += len(members) + padding
        order = np.concatenate(pieces).astype(np.intp)
        points = np.ascontiguousarray(kept[np.maximum(order, 0)], dtype=np.float64)
        centre = kept.mean(axis=0, dtype=np.float64)
        axes = _axes(kept, centre, (_default_p(n, d) if p is None else min(p, d)), choose=p is None)
        coords, rest, square = project(points, centre, axes)
        columns = np.empty((axes.shape[1] + 3, len(order)), np.float32)
        columns[:-3], columns[-3], columns[-2], columns[-1] = coords.T, rest, square, 1
        columns[-2, order < 0] = np.float32(1e38)
        apart2 = _apart2(points - centre, square) if len(order) <= resident else np.empty((0, 0), np.float32)
        return cls(
            points,
            np.array(begin),
            np.array(end),
            order,
            centre,
            axes,
            coords,
            rest,
            columns,
            float(np.sqrt(square.max())),
            features,
            low,
            high,
            apart2,
        )

    def cut(self, X: Floats) -> Floats:
        """Return the features of ``X`` (b, all) that are kept, float64."""
        kept = X if len(self.features) == len(self.low) else np.take(X, self.features, axis=1)
        return np.ascontiguousarray(kept, dtype=np.float64)

    def widen(self, Z: Floats, X: Floats, box: Box | None, norm: float) -> tuple[Floats, Floats]:
        """Return ``Z`` (b, d) with all features, those left out being those of ``X`` brought into the box.

        The second is what that adds to the length, or for norm 2 to its square, ``(b,)``; in the infinity
        norm nothing, for there the search starts from the largest step of this kind.
        """
        gone = np.zeros(len(Z))
        if len(self.features) == len(self.low):
            return Z, gone
        points = X.astype(np.float64)
        if box is not None:
            others = np.flatnonzero(self.low == self.high)
            before = np.take(points, others, axis=1)
            after = np.clip(before, box.low[others], box.high[others])
            if not np.array_equal(before, after):
                points[:, others] = after
                gone = gone if norm == np.inf else (np.abs(after - before) ** norm).sum(axis=1)
        points[:, self.features] = Z
        return points, gone

    def whole(self, rows: Index) -> Floats:
        """Return training points with all their features."""
        points = np.repeat(self.low[None], len(rows), axis=0)
        points[:, self.features] = self.X[rows]
        return points

    def bounds(self, X: Floats, out: Floats | None = None) -> Bounds:
        """Return what the directions kept say of ``X`` (b, d)."""
        coords, rest, square = project(X, self.centre, self.axes)
        rows = np.empty((len(X), coords.shape[1] + 3), np.float32)
        rows[:, :-3], rows[:, -3], rows[:, -2] = -2 * coords, -2 * rest, 1
        rows[:, -1] = square - self.slack(np.sqrt(square))
        return Bounds(np.matmul(rows, self.columns, out=out), coords, rest, np.sqrt(square))

    def slack(self, length: Floats) -> Floats:
        """Return what float32 may have cost a bound for queries at ``length`` from the centre."""
        p = self.coords.shape[1]
        scale = length**2 + self.largest**2
        return 4 * (p + 8) * 2.0**-24 * self.largest * length + 2e-6 * scale


def project(X: Floats, centre: Floats, axes: Floats) -> tuple[Floats, Floats, Floats]:
    """Return coordinates (float32), the length left over (float32) and the squared length from the centre."""
    moved = X - centre
    square = np.einsum("ij,ij->i", moved, moved)
    if axes.shape[0] == axes.shape[1]:
        return moved.astype(np.float32), np.zeros(len(X), np.float32), square
    coords = moved @ axes
    left = np.maximum(square - np.einsum("ij,ij->i", coords, coords), 0)
    return coords.astype(np.float32), np.sqrt(left).astype(np.float32), square


def _apart2(moved: Floats, square: Floats) -> Floats:
    """Return squared distances between centred points, rounded up by more than the product may lose."""
    apart2 = square[:, None] + square - 2 * (moved @ moved.T)
    slack = 4e-16 * (moved.shape[1] + 8) * square.max() + np.finfo(np.float32).tiny
    return ((np.maximum(apart2, 0) + slack) * (1 + 2.0**-22)).astype(np.float32)


def _default_p(n: int, d: int) -> int:
    if d <= _PLAIN:
        return d
    return int(min(d, 128 if n < 3000 or n >= 20000 else 192))


def _axes(X: Floats, centre: Floats, p: int, choose: bool) -> Floats:
    """Return leading principal directions ``(d, p)``; only their orthonormality matters for the answer."""
    d = X.shape[1]
    if p >= d:
        return np.eye(d)
    sample = X[:: max(1, len(X) // _SAMPLE)][:_SAMPLE] - centre
    probe = np.random.default_rng(0).normal(size=(d, min(d, p + 8)))
    for _ in range(3):
        probe, _ = np.linalg.qr(sample.T @ (sample @ probe))
    small = sample @ probe
    kept, turn = np.linalg.eigh(small.T @ small)
    if choose and kept[::-1][:p].sum() < (1 - _LEFT) * (sample**2).sum():
        return np.eye(d)
    return np.linalg.qr(probe @ turn[:, ::-1][:, :p])[0]
