"""DDN: decoupled direction and norm, the reference for small perturbations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from edgewise.arrays import Box, Floats, InputError, Labels, check_count
from edgewise.attacks.frame import Proposal
from edgewise.attacks.gradient.batches import (
    Batch,
    InBatches,
    Moved,
    ascent,
    clamp,
    input_scale,
    margin,
    spread,
    to_boundary,
)
from edgewise.models.access import Access
from edgewise.models.torch_access import Differentiable
from edgewise.models.torch_typed import norms
from edgewise.progress import Advance


@dataclass(frozen=True)
class DDN:
    """Gradient steps on a sphere that shrinks while the point is past the boundary and grows while it is not.

    Parameters
    ----------
    steps
        How many, the same for every sample.
    gamma
        By what share the sphere grows or shrinks a step.
    radius
        Its first radius, in units of the input scale (`input_scale`); so is the step size, which falls by a
        cosine to a hundredth.
    refine
        Go back along the segment to the sample until the boundary is within 2e-4 of the distance.
    batch_size
        Samples in memory at once.

    References
    ----------
    Rony et al. (2019), *Decoupling direction and norm for efficient gradient-based L2 adversarial attacks and
    defenses*, algorithm 1, without its quantisation.

    Examples
    --------
    >>> import edgewise as ew, numpy as np, torch
    >>> line = torch.nn.Linear(2, 2).double()
    >>> line.weight.data, line.bias.data = torch.tensor([[1.0, 0], [0, 1]]).double(), torch.zeros(2).double()
    >>> ew.attack(line, np.array([[2.0, 1.0]]), "ddn").distance.round(3)
    array([0.707])
    """

    steps: int = 100
    gamma: float = 0.05
    radius: float = 1.0
    refine: bool = True
    batch_size: int = 512
    norm = 2

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")
        check_count(self.batch_size, "batch_size")
        if not 0 < self.gamma < 1:
            raise InputError(f"gamma must be between 0 and 1; got {self.gamma!r}.")
        if not (np.isfinite(self.radius) and self.radius > 0):
            raise InputError(f"radius must be a positive finite number; got {self.radius!r}.")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose the nearest crossing found for each sample."""
        moving = InBatches(self._search, self.batch_size)
        return moving(model, X, y, box=box, seed=seed, advance=advance)

    def _search(self, model: Differentiable, batch: Batch) -> Moved:
        x = batch.x
        unit = self.radius * input_scale(batch)
        farthest = norms(torch.maximum(x - batch.low, batch.high - x))
        delta, radius = torch.zeros_like(x), unit.clone()
        best, nearest, best_f = x.clone(), torch.full_like(unit, torch.inf), torch.full_like(unit, -torch.inf)
        first, zero = best_f, torch.zeros(len(x), dtype=torch.bool, device=x.device)
        for done in range(self.steps):
            size = norms(delta)
            z, pull = model.pullback(x + delta, batch.of)
            f = margin(z, batch.y)
            closer = (f > 0) & (size < nearest)
            nearest, best_f = torch.where(closer, size, nearest), torch.where(closer, f, best_f)
            best = torch.where(spread(closer, x), x + delta, best)
            gradient = pull(ascent(z, batch.y))
            length = norms(gradient)
            if done == 0:
                first, zero = f, length == 0
            rate = 0.01 + 0.99 * (1 + math.cos(math.pi * done / self.steps)) / 2
            delta = delta + gradient * spread(rate * unit / torch.where(length > 0, length, 1), x)
            radius = torch.minimum(torch.where(f > 0, 1 - self.gamma, 1 + self.gamma) * radius, farthest)
            size = norms(delta)
            delta = delta * spread(radius / torch.where(size > 0, size, 1), x)
            delta = clamp(x + delta, batch) - x
        if self.refine:
            best = to_boundary(model, batch, best, first, best_f)
        return best, {}, zero
