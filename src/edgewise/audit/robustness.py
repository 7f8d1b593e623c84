"""How far rows are from a change of the deployed model's answer: looked for on the copy, confirmed by the victim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Labels
from edgewise.attacks.frame import attack
from edgewise.attacks.race.attack import Race
from edgewise.audit.families.frame import Space
from edgewise.audit.metered import MEASURE, Metered
from edgewise.models.unwrap import Model


STEPS = (1.02, 1.15, 1.5)
ON_THE_COPY = 400


@dataclass(frozen=True)
class Robustness:
    """Distances to a confirmed change of label: upper bounds, in standard deviations of the pool.

    Parameters
    ----------
    distance
        One a row; infinite where no step was confirmed ``(n,)``.
    rows
        What confirming cost, paid from the ``measure`` purse.
    """

    distance: Floats
    rows: int


def robustness(
    victim: Metered, space: Space, copy: Model, X: Floats, labels: Labels, seed: int
) -> Robustness | None:
    """Find the nearest change of label on the copy, which costs nothing, and ask the victim just past it.

    At most three rows a sample, from the ``measure`` purse; the first step the victim confirms counts. None where
    fewer than two samples are left, or only one label.
    """
    if len(X) < 2:
        return None
    agreed = np.asarray(copy.predict(X) == labels)
    start, label = X[agreed], labels[agreed]
    if len(start) < 2 or len(np.unique(label)) < 2:
        return None
    near = _Standardised(space, copy)
    found = attack(near, space.z(start), Race(budget=ON_THE_COPY), rng=seed)
    distance = np.full(len(start), np.inf)
    asked = 0
    for scale in STEPS:
        todo = np.flatnonzero(np.isinf(distance) & found.found)
        if not len(todo):
            break
        rows = space.rows(space.z(start[todo]) + scale * (found.points - found.source)[todo])
        replies = victim.ask(rows, purpose="robustness", purse=MEASURE)
        asked += len(replies)
        moved = np.linalg.norm(space.z(rows) - space.z(start[todo]), axis=1)
        for at, reply, size in zip(todo, replies, moved, strict=False):
            if reply is not None and reply.label != label[at]:
                distance[at] = size
    return Robustness(distance, asked)


class _Standardised:
    """The copy in standard coordinates."""

    def __init__(self, space: Space, copy: Model) -> None:
        self.space, self.copy = space, copy

    def __call__(self, Z: Floats) -> Labels:
        X = np.repeat(np.median(self.space.pool, axis=0)[None], len(Z), axis=0)
        X[:, self.space.free] = Z * self.space.scale + self.space.mean
        return np.asarray(self.copy.predict(X))
