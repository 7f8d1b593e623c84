"""What the gradient attacks share: batches in torch, margins, and the way back to the boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from edgewise.arrays import Box, Floats, Index, Labels
from edgewise.attacks.frame import Proposal
from edgewise.attacks.gradient.model_warnings import inspect, report_zero_gradients
from edgewise.models.access import Access
from edgewise.models.torch_access import Differentiable, differentiable
from edgewise.models.torch_calls import as_numpy, in_batches
from edgewise.progress import Advance


TF32 = 2.0**-12
"""By how much of the largest logit a row's answer on a GPU may change with the rows asked with it.

Convolutions there take float32 as TF32, with 10 bits, unless the user forbids it.
"""


@dataclass(frozen=True)
class Batch:
    """Samples under attack, in torch.

    Parameters
    ----------
    x
        The samples ``(m, ...)``, inside the box.
    y
        The column of the label each is to lose.
    low, high
        The box, broadcasting against ``x``; infinite without one.
    of
        Which sample of the attacked view each row is.
    source
        The rows as the caller gave them, in NumPy.
    """

    x: Tensor
    y: Tensor
    low: Tensor
    high: Tensor
    of: Index
    source: Floats

    def __len__(self) -> int:
        return len(self.x)

    def only(self, keep: Tensor) -> Batch:
        """Return the rows that ``keep`` says: a mask or row numbers."""
        here = keep.cpu().numpy()
        low, high = (bound if len(bound) == 1 else bound[keep] for bound in (self.low, self.high))
        return Batch(self.x[keep], self.y[keep], low, high, self.of[here], self.source[here])


Moved: TypeAlias = tuple[Tensor, dict[str, Tensor], Tensor]
"""Points, counts by name, and which samples had a zero gradient."""


@dataclass(frozen=True)
class InBatches:
    """A gradient attack as the frame calls it, on ``size`` samples at a time and on the model's device."""

    attack: Callable[[Differentiable, Batch], Moved]
    size: int

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points, in the dtype of ``X``."""
        points, zero = X.copy(), 0
        counts: dict[str, Index] = {}
        with differentiable(model, X, seed) as asked:
            low, high = _bounds(box, X, asked)

            def work(rows: slice) -> Moved:
                x = torch.minimum(torch.maximum(asked.tensor(X[rows]), low), high)
                of = np.arange(int(rows.start), int(rows.stop))
                if rows.start == 0:
                    inspect(asked, x)
                return self.attack(asked, Batch(x, asked.columns(y[rows]), low, high, of, X[rows]))

            for rows, (moved, figures, no_gradient) in in_batches(len(X), self.size, work):
                points[rows] = as_numpy(moved)
                for name, values in figures.items():
                    counts.setdefault(name, np.zeros(len(X), np.intp))[rows] = values.cpu().numpy()
                zero += int(no_gradient.sum())
                advance(rows.stop - rows.start)
        report_zero_gradients(zero, len(X))
        return Proposal(points, counts=counts)


def spread(values: Tensor, like: Tensor) -> Tensor:
    """Return one number a sample ``(m,)`` in a shape that broadcasts against ``like`` (m, ...)."""
    return values.reshape(-1, *[1] * (like.ndim - 1))


def clamp(moved: Tensor, batch: Batch) -> Tensor:
    """Return the nearest points of the box."""
    return torch.minimum(torch.maximum(moved, batch.low), batch.high)


def input_scale(batch: Batch) -> Tensor:
    """Return the scale of each sample: the widest finite range of the box, else its largest value, else 1."""
    width = (batch.high - batch.low).flatten(1)
    widest = torch.where(torch.isfinite(width), width, 0).amax(dim=1)
    own = batch.x.flatten(1).abs().amax(dim=1)
    return torch.where(widest > 0, widest, torch.where(own > 0, own, 1)).expand(len(batch))


def margin(z: Tensor, y: Tensor) -> Tensor:
    """Return how far each row of logits ``z`` is past the boundary of ``y``: best other less own.

    Less what rounding can undo when the row is asked again in other company, so that a positive margin stays.
    """
    own = z.gather(1, y[:, None])[:, 0]
    other = z.scatter(1, y[:, None], -torch.inf).amax(dim=1)
    rounding = TF32 if z.is_cuda and z.dtype == torch.float32 else 64 * torch.finfo(z.dtype).eps
    return other - own - rounding * z.abs().amax(dim=1)


def ascent(z: Tensor, y: Tensor) -> Tensor:
    """Return weights on the logits in the direction of the gradient of the cross-entropy loss.

    That gradient, ``softmax(z)`` less one at ``y``, divided by the probability of the other classes: the
    same direction, but it does not vanish where the model is sure.
    """
    weights = z.scatter(1, y[:, None], -torch.inf).softmax(dim=1)
    return weights.scatter(1, y[:, None], -1.0)


def to_boundary(
    model: Differentiable,
    batch: Batch,
    crossed: Tensor,
    f_inner: Tensor,
    f_outer: Tensor,
    tolerance: float = 2e-4,
    steps: int = 30,
) -> Tensor:
    """Return, for points past the boundary, the points closer to the samples that are just past it.

    A bracketing secant (Illinois) search on the margin along each segment, from the margins at the sample and
    at the point: it never gives up a crossing, and ends when the bracket is shorter than twice ``tolerance``
    times the distance. Rows whose point does not cross stay as they are.
    """
    inner, outer = torch.zeros_like(f_inner), torch.ones_like(f_inner)
    f_inner, f_outer = f_inner.clone(), f_outer.clone()
    todo = ((f_outer > 0) & (f_inner <= 0)).nonzero()[:, 0]
    for _ in range(steps):
        if len(todo) == 0:
            break
        t = _between(inner[todo], outer[todo], f_inner[todo], f_outer[todo], tolerance)
        rows = batch.only(todo)
        f = margin(model.logits(on_segment(rows.x, crossed[todo], t), rows.of), rows.y)
        past = f > 0
        # Illinois: an end that stays twice counts half, so that both ends close in.
        f_inner[todo] = torch.where(past, f_inner[todo] / 2, f)
        f_outer[todo] = torch.where(past, f, f_outer[todo] / 2)
        inner[todo], outer[todo] = torch.where(past, inner[todo], t), torch.where(past, t, outer[todo])
        todo = todo[(outer - inner)[todo] > 2 * tolerance * outer[todo]]
    return on_segment(batch.x, crossed, outer)


def on_segment(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Return ``start + t (end - start)``, never outside the box the two ends span."""
    point = torch.lerp(start, end, spread(t, start))
    return torch.minimum(torch.maximum(point, torch.minimum(start, end)), torch.maximum(start, end))


def _between(inner: Tensor, outer: Tensor, f_inner: Tensor, f_outer: Tensor, tolerance: float) -> Tensor:
    """Return the secant's root moved outward by the tolerance, inside the bracket."""
    width = outer - inner
    root = inner - f_inner * width / (f_outer - f_inner)
    edge = torch.minimum(tolerance * outer, width / 2)
    return torch.clamp(root + edge / 2, min=inner + edge, max=outer - edge)


def _bounds(box: Box | None, X: Floats, model: Differentiable) -> tuple[Tensor, Tensor]:
    dtype = np.dtype(np.float32 if model.dtype == torch.float32 else np.float64)
    low, high = (np.full(X[0].size, side * np.inf) for side in (-1, 1)) if box is None else box.bounds(dtype)
    shape = (1, *X.shape[1:])
    return model.tensor(low.reshape(shape)), model.tensor(high.reshape(shape))
