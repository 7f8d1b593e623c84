"""Carlini and Wagner's attack (eq. 16 of the paper): length squared plus a penalty on not crossing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from edgewise.arrays import Box, Floats, InputError, Labels, check_count
from edgewise.attacks.frame import Proposal
from edgewise.attacks.gradient.batches import (
    Batch,
    InBatches,
    Moved,
    clamp,
    margin,
    spread,
    to_boundary,
)
from edgewise.models.access import Access
from edgewise.models.torch_access import Differentiable
from edgewise.models.torch_typed import norms
from edgewise.progress import Advance


GROWTH = 10.0
IMPROVEMENT = 1e-3


@dataclass(frozen=True)
class CarliniWagner:
    """Minimise ``|delta|^2 + c max(0, own logit - best other)`` in the box, with a search over ``c``.

    The box is kept by projection instead of the tanh change of variables, in which pixels at 0 or 1 hardly
    move. The quadratic has the same curvature everywhere, so plain gradient descent needs no scale of the
    inputs, and ``c`` starts at twice the multiplier of the linearised problem. Each search goes on from the
    last one's point; ``c`` grows tenfold until the sample has crossed once and is bisected afterwards. A
    sample leaves when a search has shortened its distance by less than 0.1 %.

    Parameters
    ----------
    searches, steps
        The most searches over ``c``, and gradient steps in each: at most ``searches * steps`` gradients.
    rate
        The first step, as a share of the gradient (below 0.5, where a step lands on the quadratic's minimum);
        it falls by a cosine to a twentieth in every search.
    refine
        Go back along the segment to the sample until the boundary is within 2e-4 of the distance.
    batch_size
        Samples in memory at once.

    References
    ----------
    Carlini and Wagner (2017), *Towards evaluating the robustness of neural networks*, section VI; the paper,
    eq. 16.

    Examples
    --------
    >>> import edgewise as ew, numpy as np, torch
    >>> line = torch.nn.Linear(2, 2).double()
    >>> line.weight.data, line.bias.data = torch.tensor([[1.0, 0], [0, 1]]).double(), torch.zeros(2).double()
    >>> ew.attack(line, np.array([[2.0, 1.0]]), "cw").distance.round(3)
    array([0.707])
    """

    searches: int = 4
    steps: int = 100
    rate: float = 0.3
    refine: bool = True
    batch_size: int = 512
    norm = 2

    def __post_init__(self) -> None:
        for name in ("searches", "steps", "batch_size"):
            check_count(getattr(self, name), name)
        if not 0 < self.rate < 0.5:
            raise InputError(f"rate must be between 0 and 0.5; got {self.rate!r}.")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose the nearest crossing found for each sample."""
        moving = InBatches(self._attack, self.batch_size)
        return moving(model, X, y, box=box, seed=seed, advance=advance)

    def _attack(self, model: Differentiable, batch: Batch) -> Moved:
        z, pull = model.pullback(batch.x, batch.of)
        first, slope = margin(z, batch.y), norms(pull(_towards_other(z, batch.y)))
        zero = slope == 0
        c = 4 * -first / torch.where(zero, 1, slope).square()
        out, best = batch.x.clone(), _Best.none(first)
        delta, low, high = torch.zeros_like(out), torch.zeros_like(c), torch.full_like(c, torch.inf)
        searched = torch.zeros(len(out), dtype=torch.int64, device=out.device)
        rows = (~zero).nonzero()[:, 0]
        for _ in range(self.searches):
            if len(rows) == 0:
                break
            part = batch.only(rows)
            before, found = best.distance[rows], _Best(best.distance[rows], best.margin[rows], out[rows])
            delta[rows], found, crossed = self._search(model, part, delta[rows], c[rows], found)
            best.distance[rows], best.margin[rows], out[rows] = found.distance, found.margin, found.points
            searched[rows] += 1
            low[rows] = torch.where(crossed, low[rows], c[rows])
            high[rows] = torch.where(crossed, c[rows], high[rows])
            c[rows] = torch.where(high[rows].isinf(), GROWTH * c[rows], (low[rows] + high[rows]) / 2)
            # Infinity less infinity is no improvement, but a sample that never crossed needs a larger c.
            better = found.distance < (1 - IMPROVEMENT) * before
            rows = rows[better | found.distance.isinf()]
        if self.refine:
            out = to_boundary(model, batch, out, first, best.margin)
        return out, {"searches": searched.cpu()}, zero

    def _search(
        self, model: Differentiable, batch: Batch, delta: Tensor, c: Tensor, best: _Best
    ) -> tuple[Tensor, _Best, Tensor]:
        """Descend for one value of ``c`` a sample; return where it ended, the best point and who crossed."""
        crossed = torch.zeros(len(batch), dtype=torch.bool, device=delta.device)
        for done in range(self.steps):
            z, pull = model.pullback(batch.x + delta, batch.of)
            f, size = margin(z, batch.y), norms(delta)
            past = f > 0
            crossed |= past
            best = best.replaced(past & (size < best.distance), size, f, batch.x + delta)
            # Past the boundary the penalty is flat: only the length pulls.
            push = pull(_towards_other(z, batch.y) * spread(torch.where(past, 0, c), z))
            share = self.rate * (0.05 + 0.95 * (1 + math.cos(math.pi * done / self.steps)) / 2)
            delta = clamp(batch.x + delta - share * (2 * delta - push), batch) - batch.x
        return delta, best, crossed


@dataclass(frozen=True)
class _Best:
    """The nearest crossing so far: distance, margin there, and the points."""

    distance: Tensor
    margin: Tensor
    points: Tensor

    @classmethod
    def none(cls, like: Tensor) -> _Best:
        return cls(torch.full_like(like, torch.inf), torch.full_like(like, -torch.inf), like)

    def replaced(self, where: Tensor, distance: Tensor, margin_: Tensor, points: Tensor) -> _Best:
        return _Best(
            torch.where(where, distance, self.distance),
            torch.where(where, margin_, self.margin),
            torch.where(spread(where, points), points, self.points),
        )


def _towards_other(z: Tensor, y: Tensor) -> Tensor:
    """Return weights on the logits that give the best other less the own one."""
    other = z.scatter(1, y[:, None], -torch.inf).argmax(dim=1, keepdim=True)
    return torch.zeros_like(z).scatter_(1, other, 1.0).scatter_(1, y[:, None], -1.0)
