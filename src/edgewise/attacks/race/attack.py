"""The label-only attack: searches race for the questions, and the one that promises most asks next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from scipy.spatial.distance import cdist

from edgewise.arrays import Box, Floats, InputError, Labels, check_count
from edgewise.attacks.direct import chunks, starts_of
from edgewise.attacks.frame import Proposal, flattened
from edgewise.attacks.race.asking import Asking, Sample, lock_step
from edgewise.attacks.race.circles import MOST_QUESTIONS, Feeling, one_chain, several_chains
from edgewise.attacks.race.coordinates import Coordinates
from edgewise.attacks.race.duel import duel
from edgewise.attacks.race.noise import Picture, any_way, data, masked, picture_of, smooth
from edgewise.attacks.race.starting import Near
from edgewise.geometry import check_norm
from edgewise.models.access import Access
from edgewise.models.unwrap import unwrapped
from edgewise.progress import Advance
from edgewise.randomness import row_streams


Steps = Literal["auto", "circles", "coordinates", "both"]

TABLE = 100
"""Rows of at most this many numbers that are no pictures count as tables."""

CLOSE = 10
FINE, COARSE = 0.01, 0.02
HELD = 20_000_000
"""Numbers that the questions of one step may hold."""


@dataclass(frozen=True)
class Race:
    """Look for the nearest crossing point by labels alone, within a hard budget a sample.

    Two kinds of steps. *Circles*: at a point of the boundary the normal is felt by small random steps, and a half
    circle in its plane leads to a nearer point; for pictures the steps are waves of low frequency, and one chain of
    such steps runs for each other class, the most promising asking next. *Coordinates*: single features of a crossing
    point go back to the sample's values, as far as it still crosses; it suits trees. Both start on the lines to
    rows of another label, asked before they are believed; where none crosses, from random points.

    Parameters
    ----------
    budget
        The questions a sample costs in all, the frame's two included; never exceeded by one.
    norm
        2 or infinity. For infinity the half circle gives way to the faces of shrinking cubes.
    steps
        ``"circles"``, ``"coordinates"``, ``"both"`` in turn, the nearer one asking four questions in five, or
        ``"auto"``: both for tables, circles for pictures and rows of more than 100 numbers.
    starts
        Points to start from ``(m, d)`` and the labels ``(m,)`` they are thought to have; None for the batch.

    References
    ----------
    Half circles: SurFree (Maho et al. 2021), CGBA (Reza et al. 2023). The normal from labels: HopSkipJump (Chen et al.
    2020). Low frequencies: Guo et al. 2019, QEBA (Li et al. 2020). What is measured: docs/label-only.md.

    Examples
    --------
    >>> from edgewise import attack
    >>> circle = lambda X: (np.hypot(*X.T) > 1).astype(int)
    >>> found = attack(circle, [[0.3, 0.4]], Race(budget=500, starts=([[2.0, 2.0]], [1])), rng=0)
    >>> bool(found.found[0]), bool(found.distance[0] < 0.505), int(found.queries[0])
    (True, True, 500)
    """

    budget: int = 2000
    norm: float = 2
    steps: Steps = "auto"
    starts: tuple[Floats, Labels] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_count(self.budget, "budget", low=3)
        if check_norm(self.norm) == 1:
            raise InputError("norm must be 2 or numpy.inf for this attack; got 1.")
        if self.steps not in get_args(Steps):
            raise InputError(f"steps must be one of {', '.join(get_args(Steps))}; got {self.steps!r}.")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        flat = flattened(X)
        points = flat.copy()
        starts, labels = starts_of(self.starts, flat, y, box, float)
        picture = picture_of(X.shape[1:], starts)
        by_distance = hasattr(unwrapped(model.model), "n_neighbors")
        for rows in chunks(len(X), max(1, min(512, HELD // (MOST_QUESTIONS * flat.shape[1])))):
            far = cdist(flat[rows].astype(float), starts)
            streams = row_streams(seed, flat[rows], "race")
            samples = [
                Sample(flat[i].astype(float), X.dtype, box, float(self.norm), rng)
                for i, rng in zip(rows, streams, strict=True)
            ]
            searches = [
                self._search(sample, Near.of(starts, labels, y[i], distances), picture, by_distance)
                for sample, i, distances in zip(samples, rows, far, strict=True)
            ]
            lock_step(model.view(rows), X.shape[1:], y[rows], samples, searches)
            points[rows] = np.stack([sample.best for sample in samples])
            advance(len(rows))
        return Proposal(points.reshape(X.shape))

    def _search(self, sample: Sample, near: Near, picture: Picture | None, by_distance: bool) -> Asking[None]:
        """Return what asks on behalf of one sample."""
        table = picture is None and len(sample.x) <= TABLE
        steps = ("both" if table else "circles") if self.steps == "auto" else self.steps
        feeling = _feeling(near, picture, by_distance)
        if steps == "circles" and (table or by_distance):
            return one_chain(sample, near, feeling)
        if steps == "circles":
            return several_chains(sample, near, feeling, self.budget)
        coordinates = Coordinates(sample, near).search()
        if steps == "coordinates":
            return coordinates
        return duel(sample, coordinates, one_chain(sample, near, feeling))


def _feeling(near: Near, picture: Picture | None, by_distance: bool) -> Feeling:
    """Return the noises to feel a normal with, narrow and telling ones first, and how far to step.

    Boundaries of nearest neighbours are made of flat pieces: steps there are longer and among data.
    """
    ways = data(near.both()) if len(near.both()) else any_way
    if picture is None:
        return Feeling((ways, any_way), FINE)
    first = masked(picture, near.both(CLOSE))
    return Feeling((first, ways), COARSE) if by_distance else Feeling((first, *smooth(picture)), FINE)
