"""Moves of single coordinates: what trees, which ask for one feature at a time, can be crossed with.

From a crossing point, coordinates go back to the sample's values one after another as long as the point crosses:
what is left lies on thresholds. New points come from the best one by moving the length of one coordinate to others,
from rows of another label, and from crossing points seen before.
"""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.race.asking import Asking, Sample
from edgewise.attacks.race.starting import Near, anywhere, bisected


REACH = 1.5
HALVINGS = 6
TIGHT = 1 / 8
SMALL = 0.02
NEARER, FURTHER = 0.985, 1.2
DARING = 0.3
LOCAL, DATA = 0.6, 0.2
PATIENCE = 12
FIRST_ROWS = 10
ROUGH = 2.0**-6
SEEN = 40
TAKEN = 0.6


class Coordinates:
    """The search of one sample: its best point, and crossing points seen."""

    def __init__(self, sample: Sample, near: Near) -> None:
        self.sample, self.rows = sample, near.others
        self.best = sample.x
        self.radius = np.inf
        self.seen: list[Floats] = []
        self.failures = 0
        self.next_row = 0

    def search(self) -> Asking[None]:
        """Start from the nearest rows of another label, then vary the best point, with another row now and then."""
        for _ in range(FIRST_ROWS):
            yield from self.from_row()
        if not self.seen and (found := (yield from anywhere(self.sample, ROUGH))) is not None:
            yield from self.shrink(found)
        while self.seen:
            yield from self.variation()
            if self.failures >= PATIENCE:
                self.failures = 0
                yield from self.from_row()

    def from_row(self) -> Asking[None]:
        """Start again on the line to the next row of another label."""
        if self.next_row >= len(self.rows):
            return
        row = self.rows[self.next_row]
        self.next_row += 1
        move = row - self.sample.x
        far, reach = self.sample.length(move), REACH * self.radius
        share = reach / far if far > reach else 1.0
        found = yield from self.sample.try_one(self.sample.x + share * move)
        if found is not None:
            found = yield from bisected(self.sample, found, ROUGH)
            yield from self.shrink(found)

    def shrink(self, point: Floats) -> Asking[None]:
        """Set coordinates of a crossing point back to the sample, then those that must stay part of the way."""
        if self.sample.norm == np.inf:
            self.keep((yield from self.in_smaller_cube(point)))
            return
        moved = np.flatnonzero(point != self.sample.x)
        order = moved[np.argsort(np.abs(point - self.sample.x)[moved], kind="stable")]
        half = len(order) // 2
        point = yield from self.back(point, order[:half])
        for i in order[half:]:
            point = yield from self.back(point, order[half:][order[half:] == i])
        move = point - self.sample.x
        left = np.flatnonzero(move)
        for i in left[np.argsort(-np.abs(move[left]), kind="stable")]:
            if move[i] ** 2 < SMALL * (move @ move):
                break
            point = yield from self.part_way(point, i)
        self.keep(point)

    def in_smaller_cube(self, point: Floats) -> Asking[Floats]:
        """Halve the cube around the sample that a crossing point is clipped to."""
        move = point - self.sample.x
        low, high = 0.0, np.abs(move).max()
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            found = yield from self.sample.try_one(self.sample.x + np.clip(move, -middle, middle))
            if found is None:
                low = middle
            else:
                point, high = found, middle
        return point

    def back(self, point: Floats, block: Index) -> Asking[Floats]:
        """Set a block of coordinates back, or where that does not cross its halves."""
        if not len(block):
            return point
        tried = point.copy()
        tried[block] = self.sample.x[block]
        found = yield from self.sample.try_one(tried)
        if found is not None:
            return found
        if len(block) > 1:
            half = len(block) // 2
            point = yield from self.back(point, block[:half])
            point = yield from self.back(point, block[half:])
        return point

    def part_way(self, point: Floats, i: int) -> Asking[Floats]:
        """Bisect one coordinate towards the sample; one taken over from the best point gets a single question."""
        low, high = self.sample.x[i], point[i]
        share = TIGHT if high == self.best[i] else 0.5
        for _ in range(HALVINGS):
            tried = point.copy()
            tried[i] = high + share * (low - high)
            found = yield from self.sample.try_one(tried)
            if found is not None:
                point, high = found, found[i]
            elif share == TIGHT:
                break
            else:
                low = tried[i]
            share = 0.5
        return point

    def keep(self, point: Floats) -> None:
        """Remember a crossing point, and take it where it is the nearest."""
        radius = self.sample.length(point - self.sample.x)
        self.seen = [*self.seen[-SEEN + 1 :], point]
        if radius < self.radius:
            self.best, self.radius, self.failures = point, radius, 0

    def variation(self) -> Asking[None]:
        """Try one changed point a little nearer than the best; where it crosses, shrink it."""
        draw = self.sample.rng.random()
        if draw < LOCAL or not len(self.rows):
            move = self.local()
        else:
            move = self.from_data() if draw < LOCAL + DATA else self.recombined()
        self.failures += 1
        found = yield from self.sample.try_one(self.sample.x + move)
        if found is not None:
            yield from self.shrink(found)

    def local(self) -> Floats:
        """Set one coordinate back, or part of the way, and spend its length on one to three others."""
        rng, kept = self.sample.rng, self.best - self.sample.x
        size = np.cumsum(np.abs(kept))
        i = int(np.searchsorted(size, rng.random() * float(size[-1])))
        kept[i] = 0.0 if rng.random() < 0.5 else kept[i] * rng.random()
        few = rng.random(len(kept)) < len(kept) ** -rng.random()
        return self.within(kept, rng.normal(size=len(kept)) * few, stretch=True)

    def from_data(self) -> Floats:
        """Take some coordinates of a row of another label over."""
        rng, kept = self.sample.rng, self.best - self.sample.x
        row = self.rows[rng.integers(len(self.rows))] - self.sample.x
        chosen = rng.random(len(kept)) < rng.random() / 2
        return self.within(np.where(chosen, 0.0, kept), np.where(chosen, row, 0.0))

    def recombined(self) -> Floats:
        """Set one coordinate back, and take some of a crossing point seen over."""
        rng, kept = self.sample.rng, self.best - self.sample.x
        i = int(rng.choice(np.flatnonzero(kept)))
        kept[i] = 0.0 if rng.random() < 0.5 else kept[i] * rng.random()
        part = self.seen[rng.integers(len(self.seen))] - self.sample.x
        chosen = (part != 0) & (rng.random(len(kept)) < TAKEN)
        chosen[i] = False
        return self.within(np.where(chosen, 0.0, kept), np.where(chosen, part, 0.0), stretch=True)

    def within(self, kept: Floats, new: Floats, *, stretch: bool = False) -> Floats:
        """Return ``kept + new``, a little shorter than the best move, or now and then longer.

        First ``new`` gives way, then coordinates of ``kept``: what is kept lies on thresholds, and would be lost if
        it were scaled.
        """
        radius = (FURTHER if self.sample.rng.random() < DARING else NEARER) * self.radius
        size = self.sample.length(new)
        if self.sample.norm == np.inf:
            return np.clip(kept + new * (radius / size if stretch and size else 1.0), -radius, radius)
        kept = kept.copy()
        left = self.sample.rng.permutation(np.flatnonzero(kept))
        while kept @ kept > radius**2:
            kept[left[0]], left = 0.0, left[1:]
        if not size:
            return kept
        room = np.sqrt(max(radius**2 - kept @ kept, 0.0)) / size
        return kept + new * (room if stretch else min(room, 1.0))
