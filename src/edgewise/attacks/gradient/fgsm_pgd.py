"""Attacks of a given size: FGSM (eq. 13 of the paper) and PGD (eq. 14)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from edgewise.arrays import Box, Floats, InputError, Labels, check_count
from edgewise.attacks.frame import Proposal
from edgewise.attacks.gradient.batches import Batch, InBatches, Moved, ascent, clamp, margin, spread
from edgewise.geometry import Norm
from edgewise.models.access import Access
from edgewise.models.torch_access import Differentiable
from edgewise.models.torch_typed import norms
from edgewise.progress import Advance
from edgewise.randomness import row_streams


@dataclass(frozen=True)
class FGSM:
    """The fast gradient sign method: one step of size ``eps`` up the loss.

    Parameters
    ----------
    eps
        Size of the step in ``norm``, input units; honoured exactly after rounding.
    norm
        ``numpy.inf`` (the sign of the gradient) or 2 (its direction).
    batch_size
        Samples in memory at once.

    References
    ----------
    Goodfellow, Shlens, Szegedy (2015), *Explaining and harnessing adversarial examples*; the paper, eq. 13.

    Examples
    --------
    >>> import edgewise as ew, numpy as np, torch
    >>> line = torch.nn.Linear(2, 2).double()
    >>> line.weight.data, line.bias.data = torch.tensor([[1.0, 0], [0, 1]]).double(), torch.zeros(2).double()
    >>> ew.attack(line, np.array([[1.0, 0.8]]), ew.attacks.FGSM(eps=0.25)).points
    array([[0.75, 1.05]])
    """

    eps: float = 0.1
    norm: Norm = np.inf
    batch_size: int = 1024

    def __post_init__(self) -> None:
        _check_size(self.eps, "eps")
        _check_norm(self.norm)
        check_count(self.batch_size, "batch_size")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose one step from each sample."""

        def step(asked: Differentiable, batch: Batch) -> Moved:
            z, pull = asked.pullback(batch.x, batch.of)
            gradient = pull(ascent(z, batch.y))
            moved = batch.x + self.eps * _steepest(gradient, self.norm)
            moved = _project(moved, _reach(batch, self.eps, self.norm), self.eps, self.norm)
            return moved, {}, norms(gradient) == 0

        return InBatches(step, self.batch_size)(model, X, y, box=box, seed=seed, advance=advance)


@dataclass(frozen=True)
class PGD:
    """Projected gradient ascent on the loss inside a ball of radius ``eps``.

    Parameters
    ----------
    eps
        Radius of the ball in ``norm``, input units; honoured exactly after rounding.
    step
        Size of one step; ``2.5 eps / steps`` by default.
    steps
        How many.
    norm
        ``numpy.inf`` or 2.
    random_start
        Start from a random point of the ball; each sample has its own stream of the seed.
    stop_when_crossed
        Leave a sample as soon as it crosses. Otherwise all steps are made, for the highest loss.
    batch_size
        Samples in memory at once.

    References
    ----------
    Madry et al. (2018), *Towards deep learning models resistant to adversarial attacks*; the paper, eq. 14,
    whose step is also its radius; here they are apart.

    Examples
    --------
    >>> import edgewise as ew, numpy as np, torch
    >>> line = torch.nn.Linear(2, 2).double()
    >>> line.weight.data, line.bias.data = torch.tensor([[1.0, 0], [0, 1]]).double(), torch.zeros(2).double()
    >>> ew.attack(line, np.array([[1.0, 0.8]]), ew.attacks.PGD(eps=0.25), rng=0).found
    array([ True])
    """

    eps: float = 0.1
    step: float | None = None
    steps: int = 40
    norm: Norm = np.inf
    random_start: bool = True
    stop_when_crossed: bool = True
    batch_size: int = 512

    def __post_init__(self) -> None:
        _check_size(self.eps, "eps")
        if self.step is not None:
            _check_size(self.step, "step")
        _check_norm(self.norm)
        check_count(self.steps, "steps")
        check_count(self.batch_size, "batch_size")

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose the last step from each sample, or the first that crosses."""

        def climb(asked: Differentiable, batch: Batch) -> Moved:
            return self._climb(asked, batch, seed)

        return InBatches(climb, self.batch_size)(model, X, y, box=box, seed=seed, advance=advance)

    def _climb(self, model: Differentiable, batch: Batch, seed: int) -> Moved:
        size = 2.5 * self.eps / self.steps if self.step is None else self.step
        batch = _reach(batch, self.eps, self.norm)
        x = self._start(model, batch, seed)
        out, zero = x.clone(), torch.zeros(len(x), dtype=torch.bool, device=x.device)
        rows, taken = torch.arange(len(x), device=x.device), torch.zeros(len(x), dtype=torch.int64)
        for done in range(self.steps):
            z, pull = model.pullback(x, batch.of)
            past = margin(z, batch.y) > (0 if self.stop_when_crossed else np.inf)
            out[rows[past]], taken[rows[past].cpu()] = x[past], done
            if bool(past.all()):
                break
            gradient = pull(ascent(z, batch.y))
            if bool(past.any()):
                x, rows, gradient, batch = x[~past], rows[~past], gradient[~past], batch.only(~past)
            if done == 0:
                zero[rows] = norms(gradient) == 0
            x = _project(x + size * _steepest(gradient, self.norm), batch, self.eps, self.norm)
            out[rows], taken[rows.cpu()] = x, done + 1
        return out, {"steps": taken}, zero

    def _start(self, model: Differentiable, batch: Batch, seed: int) -> Tensor:
        if not self.random_start:
            return batch.x
        draws: list[Floats] = []
        shape: tuple[int, ...] = batch.source.shape[1:]
        for rng, row in zip(row_streams(seed, batch.source, "pgd"), batch.source, strict=True):
            if self.norm == np.inf:
                draws.append(rng.uniform(-1, 1, shape))
            else:
                ray = rng.normal(size=shape)
                draws.append(ray / np.linalg.norm(ray) * rng.uniform() ** (1 / row.size))
        shift = self.eps * model.tensor(np.stack(draws))
        return _project(batch.x + shift, batch, self.eps, self.norm)


def _steepest(gradient: Tensor, norm: Norm) -> Tensor:
    """Return the direction of norm 1 that climbs fastest; 0 where the gradient is 0."""
    if norm == np.inf:
        return gradient.sign()
    size = norms(gradient)
    return gradient / spread(torch.where(size > 0, size, 1), gradient)


def _reach(batch: Batch, eps: float, norm: Norm) -> Batch:
    """Return the batch with its box cut to the L-infinity ball of ``eps``, rounded inward."""
    if norm != np.inf:
        return batch
    x = batch.x
    # One digit towards the sample: the sums are themselves rounded.
    low, high = (torch.nextafter((x.double() + side * eps).to(x.dtype), x) for side in (-1, 1))
    return replace(batch, low=torch.maximum(low, batch.low), high=torch.minimum(high, batch.high))


def _project(moved: Tensor, batch: Batch, eps: float, norm: Norm) -> Tensor:
    """Return the points of box and ball next to ``moved``; the box comes last, which only shortens."""
    if norm == np.inf:
        return clamp(moved, batch)
    delta = moved - batch.x
    length = norms(delta)
    moved = batch.x + delta * spread(torch.where(length > eps, eps / length, 1), delta)
    moved = clamp(moved, batch)
    # Adding to the sample rounds, which may lengthen; every try takes more off than that can add. Lengths
    # themselves are rounded, by whoever measures them, in the last digits of float64.
    most = eps * (1 - 8 * torch.finfo(torch.float64).eps)
    for digits in (16, 64, 1024, 1 / torch.finfo(moved.dtype).eps):
        longer = norms(moved.double() - batch.x.double()) > most
        if not bool(longer.any()):
            break
        keep = torch.where(longer, 1 - min(1.0, digits * torch.finfo(moved.dtype).eps), 1.0).to(moved.dtype)
        moved = batch.x + (moved - batch.x) * spread(keep, moved)
    return moved


def _check_size(value: float, name: str) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} must be a positive finite number, in input units; got {value!r}.")


def _check_norm(norm: Norm) -> None:
    if norm not in (2, np.inf):
        raise InputError(f"norm must be 2 or numpy.inf here; got {norm!r}.")
