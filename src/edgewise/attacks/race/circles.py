"""Circle steps: from one point of the boundary to a nearer one, over a normal felt from labels.

On a flat boundary the half circle over the segment from the sample to a boundary point meets the boundary again
at the foot of the perpendicular (Thales). SurFree (Maho et al. 2021) and CGBA (Reza et al. 2023) search such circles;
the normal is estimated as in HopSkipJump (Chen et al. 2020), by the labels of small steps around the point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats
from edgewise.attacks.race.asking import Asking, Sample
from edgewise.attacks.race.noise import Noise
from edgewise.attacks.race.starting import Near, bisected, nearest_crossing


FIRST_QUESTIONS = 15
MOST_QUESTIONS = 300
MEMORY = 0.6
FIRST_ANGLE = 0.3
GROWTH = 1.6
HALVINGS = 5
SHORTER = 0.3
STALLED = 0.01
TOLERANCE = 1e-3
ROUGH = 4e-3
ALONE_UP_TO = 300
FIRST_ALONE = 150
YOUTH = 150
MOST_CHAINS = 20
CORNERS = 4.0
TINY = 1e-12


@dataclass(frozen=True)
class Feeling:
    """How a normal is felt: the noises, one after another as progress ends, and the length of a step.

    Parameters
    ----------
    noises
        Narrow and telling ones first.
    step
        Relative to the distance from the sample.
    """

    noises: tuple[Noise, ...]
    step: float


class _Chain:
    """A point of the boundary that circle steps bring nearer."""

    def __init__(self, sample: Sample, point: Floats, feeling: Feeling) -> None:
        self.feeling, self.point = feeling, point
        self.radius = sample.length(point - sample.x)
        self.normal: Floats | None = None
        self.asked = self.steps = self.level = self.stalled = 0
        self.angle = FIRST_ANGLE

    @property
    def hoped(self) -> float:
        """The distance it may come to: young chains are expected to fall further."""
        return self.radius / (1 + np.exp(-self.asked / YOUTH))


def one_chain(sample: Sample, near: Near, feeling: Feeling) -> Asking[None]:
    """Step along one chain for as long as it has something to ask."""
    return several_chains(sample, near, feeling, 0)


def several_chains(sample: Sample, near: Near, feeling: Feeling, budget: int) -> Asking[None]:
    """Step along the chain that promises most; with enough budget there comes to be one for each other class.

    What is nearest along the first chain is often of the wrong class, and no number of steps changes that.
    """
    point = yield from nearest_crossing(sample, near, TOLERANCE)
    if point is None:
        return
    chains = [_Chain(sample, point, feeling)]
    more = near.each[1:MOST_CHAINS] if budget > ALONE_UP_TO else near.each[:0]
    while chains:
        if len(more) and chains[0].asked >= FIRST_ALONE:
            for row in more:
                found = yield from sample.try_one(row)
                if found is not None:
                    point = yield from bisected(sample, found, ROUGH)
                    chains.append(_Chain(sample, point, feeling))
            more = near.each[:0]
        chain = min(chains, key=lambda chain: chain.hoped)
        asked = chain.asked
        yield from _circle_step(sample, chain)
        if chain.asked == asked:
            chains.remove(chain)


def _circle_step(sample: Sample, chain: _Chain) -> Asking[None]:
    """Feel the normal anew, search the half circle, then the ray; go on to the next noise where progress ends."""
    before = chain.radius
    yield from _feel(sample, chain)
    turned = yield from _turn(sample, chain)
    if turned:
        yield from _shorten(sample, chain)
    else:
        chain.angle *= SHORTER
    chain.stalled = chain.stalled + 1 if 1 - chain.radius / before < STALLED else 0
    if chain.stalled >= 2:
        chain.stalled = 0
        chain.level = min(chain.level + 1, len(chain.feeling.noises) - 1)


def _feel(sample: Sample, chain: _Chain) -> Asking[None]:
    """Turn the normal towards the sum of small steps, those that cross counted for and the others against.

    Steps along the normal as it is known are left out: the questions are about the rest.
    """
    chain.steps += 1
    n = min(int(FIRST_QUESTIONS * np.sqrt(chain.steps + 1)), MOST_QUESTIONS)
    steps = _unit(chain.feeling.noises[chain.level](sample.rng, n, chain.point))
    if chain.normal is not None:
        steps = _unit(steps - (steps @ chain.normal)[:, None] * chain.normal)
    if not steps.any():
        return
    length = chain.feeling.step * np.linalg.norm(chain.point - sample.x)
    rows, crossed = yield from sample.ask(chain.point + length * steps)
    chain.asked += n
    signs = np.where(crossed, 1.0, -1.0)
    felt = _unit((signs - signs.mean()) @ (rows - chain.point))
    if felt.any():
        chain.normal = felt if chain.normal is None else _unit(MEMORY * chain.normal + (1 - MEMORY) * felt)


def _turn(sample: Sample, chain: _Chain) -> Asking[bool]:
    """Move to the last point of the path that crosses; say whether there was one."""
    path = _path(sample, chain)
    if path is None:
        return False
    angle, good, bad = min(chain.angle, 0.9 * path.end), 0.0, path.end
    for _ in range(HALVINGS):
        if (yield from _moved(sample, chain, path.point(angle))):
            good = angle
            break
        angle, bad = angle / 2, angle
    if not good:
        return False
    while bad == path.end and (angle := good * GROWTH) < path.end:
        if (yield from _moved(sample, chain, path.point(angle))):
            good = angle
        else:
            bad = angle
    while path.share(good) - path.share(bad) > TOLERANCE:
        angle = (good + bad) / 2
        if (yield from _moved(sample, chain, path.point(angle))):
            good = angle
        else:
            bad = angle
    chain.angle = good
    return True


def _shorten(sample: Sample, chain: _Chain) -> Asking[None]:
    """Move along the ray to the sample while that crosses, by doubling steps."""
    step = 3 * TOLERANCE
    while (yield from _moved(sample, chain, sample.x + (1 - step) * (chain.point - sample.x))):
        step = min(2 * step, 0.5)


def _moved(sample: Sample, chain: _Chain, point: Floats) -> Asking[bool]:
    """Ask about one point, move there if it crosses, and say so."""
    chain.asked += 1
    found = yield from sample.try_one(point)
    if found is None:
        return False
    chain.point, chain.radius = found, sample.length(found - sample.x)
    return True


@dataclass(frozen=True)
class _Path:
    """Points that are nearer the further one turns: ``point(angle)`` is ``share(angle)`` as far away at most."""

    point: Callable[[float], Floats]
    share: Callable[[float], float]
    end: float


def _path(sample: Sample, chain: _Chain) -> _Path | None:
    """Return the half circle in the plane of the point and the normal; in L-infinity the faces of shrinking cubes."""
    move, radius = chain.point - sample.x, chain.radius
    if chain.normal is None:
        return None
    if sample.norm == np.inf:
        corner = CORNERS * radius * np.sign(chain.normal)

        def on_cube(angle: float) -> Floats:
            side = radius * (1 - angle)
            return sample.x + np.clip(move + angle * corner, -side, side)

        return _Path(on_cube, lambda angle: 1 - angle, 1.0)
    along = move / radius
    across = _unit(chain.normal - (chain.normal @ along) * along)
    if not across.any():
        return None

    def on_circle(angle: float) -> Floats:
        direction = np.cos(angle) * along + np.sin(angle) * across
        return sample.x + radius * np.cos(angle) * direction

    return _Path(on_circle, np.cos, np.pi / 2)


def _unit(Z: Floats) -> Floats:
    """Return rows (or one row) at unit length; what has no direction to speak of becomes 0."""
    size = np.linalg.norm(Z, axis=-1, keepdims=True)
    return np.where(size > TINY, Z / np.maximum(size, TINY), 0.0)
