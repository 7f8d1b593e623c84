"""DeepFool (eq. 15 of the paper): step by step to the nearest boundary of the linearised model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from edgewise.arrays import Box, Floats, InputError, Labels, check_count
from edgewise.attacks.frame import Proposal
from edgewise.attacks.gradient.batches import (
    Batch,
    InBatches,
    Moved,
    clamp,
    input_scale,
    margin,
    spread,
    to_boundary,
)
from edgewise.models.access import Access
from edgewise.models.torch_access import Differentiable, TorchPullback
from edgewise.models.torch_typed import norms
from edgewise.progress import Advance


@dataclass(frozen=True)
class DeepFool:
    """DeepFool in L2, projecting on hyperplane and box at once, then back to the boundary.

    Each step goes to the nearest point, inside the box, where the linearised model changes its answer; one
    that ends farther from the boundary than it began is halved. A sample that crosses leaves the batch; the
    last step is checked too.

    Parameters
    ----------
    steps
        The most steps a sample may take.
    half_steps
        How many of them, the first, go only half way: far from the boundary the linear model leads astray.
        One half step makes the median distance on MNIST over 10 % smaller; 0 is the textbook.
    candidates
        Classes considered at the sample itself, its own and the likeliest others; None for all. The first
        step chooses the nearest of their boundaries, and the rest make for that one.
    overshoot
        How much further than the linearised boundary each step goes, relative.
    slack
        And absolute, relative to the input scale: the widest range of the box or, without a box, the largest
        value of the sample. Clipping and rounding cannot stall a step that long.
    refine
        Go back along the segment to the sample until the boundary is within 2e-4 of the distance.
    batch_size
        Samples in memory at once.

    References
    ----------
    Moosavi-Dezfooli, Fawzi, Frossard (2016), *DeepFool: a simple and accurate method to fool deep neural
    networks*; the paper, eq. 15. The box as a constraint: Croce and Hein (2020), FAB, section 3.

    Examples
    --------
    >>> import edgewise as ew, numpy as np, torch
    >>> line = torch.nn.Linear(2, 2).double()
    >>> line.weight.data, line.bias.data = torch.tensor([[1.0, 0], [0, 1]]).double(), torch.zeros(2).double()
    >>> ew.attack(line, np.array([[2.0, 1.0]]), "deepfool").distance.round(3)
    array([0.707])
    """

    steps: int = 50
    half_steps: int = 1
    candidates: int | None = 3
    overshoot: float = 0.02
    slack: float = 1e-4
    refine: bool = True
    batch_size: int = 512
    norm = 2

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")
        check_count(self.half_steps, "half_steps", low=0)
        check_count(self.batch_size, "batch_size")
        if self.candidates is not None:
            check_count(self.candidates, "candidates", low=2)
        for name in ("overshoot", "slack"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise InputError(f"{name} must be a finite number of at least 0; got {value!r}.")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose a point just past the boundary for each sample."""
        moving = InBatches(self._walk, self.batch_size)
        return moving(model, X, y, box=box, seed=seed, advance=advance)

    def _walk(self, model: Differentiable, batch: Batch) -> Moved:
        start, x, n = batch, batch.x, len(batch)
        out, zero = x.clone(), torch.zeros(n, dtype=torch.bool, device=x.device)
        rows, taken = torch.arange(n, device=x.device), torch.full((n,), self.steps)
        first, last = x.new_zeros(n), x.new_full((n,), -torch.inf)
        anchor, nearest = x, last
        scale, others = input_scale(batch), batch.y[:, None]
        for done in range(self.steps):
            z, pull = model.pullback(x, batch.of)
            if done == 0:
                others = self._others(z, batch.y)
                first = margin(z, batch.y)
            past = (found := margin(z, batch.y)) > 0
            out[rows], last[rows] = x, found
            taken[rows[past].cpu()] = done
            if bool(past.all()):
                return self._finish(model, start, out, first, last, taken, zero)
            gaps, slopes = _linearise(z, pull, batch.y, others)
            if bool(past.any()):
                stay = ~past
                x, rows, batch, others = x[stay], rows[stay], batch.only(stay), others[stay]
                scale, gaps, slopes = scale[stay], gaps[stay], slopes[stay]
                anchor, nearest, found = anchor[stay], nearest[stay], found[stay]
            if done == 0:
                zero[rows] = (slopes.flatten(2) == 0).all(dim=2).all(dim=1)
            share = 0.5 if done < self.half_steps else 1 + self.overshoot
            away = spread(found < nearest, x)
            moved, choice = self._step(x, -share * gaps, slopes, scale, batch)
            others = others.gather(1, choice[:, None])
            moved = torch.where(away, torch.lerp(anchor, x, 0.5), moved)
            anchor, nearest = torch.where(away, anchor, x), torch.maximum(nearest, found)
            x = moved
        out[rows], last[rows] = x, margin(model.logits(x, batch.of), batch.y)
        return self._finish(model, start, out, first, last, taken, zero)

    def _others(self, z: Tensor, y: Tensor) -> Tensor:
        count = z.shape[1] if self.candidates is None else min(self.candidates, z.shape[1])
        return z.scatter(1, y[:, None], -torch.inf).topk(count - 1, dim=1).indices

    def _step(
        self, x: Tensor, wanted: Tensor, slopes: Tensor, scale: Tensor, batch: Batch
    ) -> tuple[Tensor, Tensor]:
        """Return the nearest point of the box where a linearised gap grows by ``wanted``, and which gap."""
        m, k = wanted.shape
        slope = slopes.flatten(0, 1).flatten(1)
        wanted = wanted.reshape(-1) + self.slack * scale.repeat_interleave(k) * norms(slope)
        low, high = ((bound - x).flatten(1).repeat_interleave(k, dim=0) for bound in (batch.low, batch.high))
        delta, reached = half_space_in_box(slope, wanted, low, high)
        cost = torch.where(reached, norms(delta), torch.inf).reshape(m, k)
        # Where no boundary is within the box, as far as the box lets go towards the first candidate.
        choice = cost.argmin(dim=1)
        best = torch.arange(m, device=x.device) * k + choice
        moved = x + delta[best].reshape(x.shape)
        return clamp(moved, batch), choice

    def _finish(
        self,
        model: Differentiable,
        batch: Batch,
        out: Tensor,
        first: Tensor,
        last: Tensor,
        taken: Tensor,
        zero: Tensor,
    ) -> Moved:
        if self.refine:
            out = to_boundary(model, batch, out, first, last)
        return out, {"steps": taken}, zero


def half_space_in_box(
    slope: Tensor, wanted: Tensor, low: Tensor, high: Tensor, steps: int = 32
) -> tuple[Tensor, Tensor]:
    """Return the shortest ``delta`` with ``slope . delta >= wanted`` and ``low <= delta <= high``, by rows.

    The solution is ``clip(lam slope)`` for the ``lam`` that reaches ``wanted``; what it reaches is concave in
    ``lam``, so Newton's method from below goes up to the solution and ends after finitely many steps.

    Returns
    -------
    tuple
        ``delta`` (m, d) and whether it reaches ``wanted``, to a relative 1e-4; where the box is too small,
        as far as it goes.
    """
    lam = wanted / slope.square().sum(dim=1).clamp(min=torch.finfo(slope.dtype).tiny)
    delta = torch.minimum(torch.maximum(lam[:, None] * slope, low), high)
    missing = wanted - (slope * delta).sum(dim=1)
    reached = missing <= 1e-4 * wanted.abs()
    todo = (~reached).nonzero()[:, 0]
    for _ in range(steps):
        if len(todo) == 0:
            break
        w, lo, hi = slope[todo], low[todo], high[todo]
        step = lam[todo, None] * w
        free = torch.where((step > lo) & (step < hi), w, 0).square().sum(dim=1)
        lam[todo] += missing[todo] / free.clamp(min=torch.finfo(w.dtype).tiny)
        delta[todo] = torch.minimum(torch.maximum(lam[todo, None] * w, lo), hi).nan_to_num()
        missing[todo] = wanted[todo] - (w * delta[todo]).sum(dim=1)
        reached[todo] = missing[todo] <= 1e-4 * wanted[todo].abs()
        todo = todo[~reached[todo] & (free > 0)]
    return delta, reached


def _linearise(z: Tensor, pull: TorchPullback, y: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return other logits less the own one ``(m, k)``, and the gradients of these gaps ``(m, k, ...)``."""
    gaps = z.gather(1, others) - z.gather(1, y[:, None])
    slopes: list[Tensor] = []
    for other in others.unbind(dim=1):
        weights = torch.zeros_like(z).scatter_(1, y[:, None], -1.0).scatter_(1, other[:, None], 1.0)
        slopes.append(pull(weights))
    return gaps, torch.stack(slopes, dim=1)
