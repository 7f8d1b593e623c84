"""Two searches on one sample: both show what they can, then the one that is nearer asks most."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import Floats
from edgewise.attacks.race.asking import Asking, Sample


SHOWING = 80
"""Questions each may ask before they are compared."""

AHEAD = 0.97
"""The second must be nearer than this share of the first's distance to be preferred."""

PREFERRED = 4
"""Questions of the preferred one for each of the other's."""


class _Lane:
    """A search, what it wants to ask, how much it has asked and how near it got."""

    def __init__(self, search: Asking[None]) -> None:
        self.search, self.asked, self.radius = search, 0, np.inf
        self.wanted: Floats | None = next(search, None)

    def step(self, sample: Sample) -> Asking[None]:
        if self.wanted is None:
            return
        rows = self.wanted
        crossed = yield rows
        self.asked += len(rows)
        moves = rows[crossed].astype(float) - sample.x
        self.radius = min([self.radius, *(sample.length(move) for move in moves)])
        try:
            self.wanted = self.search.send(crossed)
        except StopIteration:
            self.wanted = None


def duel(sample: Sample, first: Asking[None], second: Asking[None]) -> Asking[None]:
    """Let both ask in turn, then the nearer one four questions in five, until neither has any left."""
    lanes = _Lane(first), _Lane(second)
    while lanes[0].wanted is not None or lanes[1].wanted is not None:
        lane = _next(*lanes)
        yield from lane.step(sample)


def _next(first: _Lane, second: _Lane) -> _Lane:
    if first.wanted is None or second.wanted is None:
        return second if first.wanted is None else first
    if min(first.asked, second.asked) < SHOWING:
        return first if first.asked <= second.asked else second
    better, other = (second, first) if second.radius < AHEAD * first.radius else (first, second)
    return other if PREFERRED * other.asked < better.asked else better
