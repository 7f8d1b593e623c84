"""Virtual adversarial training: a network learns from rows that nobody labelled."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgewise.arrays import Floats, Index, InputError, check_count
from edgewise.models.torch_typed import norms, set_seed
from edgewise.randomness import child_seed
from edgewise.registry import lookup
from edgewise.stats import wilson


CROWDED = 1.25
"""A known share of a class may be exceeded so many times before its predictions count as crowded."""

SURE = 0.95
"""The probability from which a row counts as having a label, where it is held against a moved copy."""


class MergedClassesWarning(UserWarning):
    """A network predicts one class far too often on the unlabelled rows: two classes have probably merged."""


@dataclass(frozen=True)
class VirtualAdversarial:
    """How a network learns from unlabelled rows (Miyato et al. 2018, with the entropy term of section 3.4).

    The loss is the cross-entropy of labelled rows, plus the divergence of the predictions at an unlabelled row
    and at its virtual adversary (the point at distance ``radius`` where they change most, by one power
    iteration), plus the entropy of the predictions. No label is needed for the latter two.

    Parameters
    ----------
    radius
        Length of the adversarial step, L2 in the units of the rows; 2 suits 28 x 28 pixels in [0, 1].
    steps
        Of the optimizer (AdamW: 50 steps of warm-up, constant to the half, then down to 0).
    batch, unlabelled_batch
        Labelled and unlabelled rows a step.
    lr
        The highest learning rate.
    consistency, entropy
        Weights of the two terms; with both 0 the unlabelled rows are not used.
    ramp
        Share of the steps over which both weights rise from 0: entropy at full weight from the start can lock in
        an early merge of two classes.
    affine
        Turn, scale, shift and shear labelled images a little, anew in each step.
    against
        What the prediction at an unlabelled row is held against: the ``"adversary"``; for comparison ``"noise"``, a
        random step of the same length, or ``"affine"``, a moved copy that is to get the label the row surely has
        (probability `SURE`; FixMatch, Sohn et al. 2020, at its simplest).
    restarts
        Trainings at most. Another is made, from another seed and with half the radius, where a class is predicted
        more often on the unlabelled rows than its share allows; the least crowded one is kept. No label is looked
        at for this.
    prior
        The known share of each class, or ``"even"`` where all are about as common; None takes the upper ends of
        intervals of their shares of the labels that hold for all classes at once (95 %), wide with few labels.

    Examples
    --------
    >>> VirtualAdversarial(radius=1.0).weight(0), VirtualAdversarial(steps=100, ramp=0.5).weight(25)
    (0.0, 0.5)
    """

    radius: float = 2.0
    steps: int = 600
    batch: int = 32
    unlabelled_batch: int = 64
    lr: float = 2e-3
    consistency: float = 1.0
    entropy: float = 1.0
    ramp: float = 0.3
    affine: bool = False
    against: Literal["adversary", "noise", "affine"] = "adversary"
    restarts: int = 3
    prior: tuple[float, ...] | Literal["even"] | None = None

    def check(self, classes: int) -> None:
        """Raise `InputError` for settings out of range."""
        for name in ("steps", "batch", "unlabelled_batch", "restarts"):
            check_count(getattr(self, name), name)
        if not (self.radius > 0 and self.lr > 0 and 0 <= self.ramp <= 1):
            raise InputError(f"radius and lr must be above 0 and ramp in [0, 1]; got {self}.")
        lookup(dict.fromkeys(("adversary", "noise", "affine"), 0), self.against, "against")
        if self.prior is None or self.prior == "even":
            return
        if len(self.prior) != classes or not math.isclose(sum(self.prior), 1, abs_tol=1e-3):
            raise InputError(
                f'prior must be "even" or hold {classes} shares that add up to 1; got {self.prior}.'
            )

    def weight(self, step: int) -> float:
        """Return the share of the weights of the two label-free terms at a step."""
        return 1.0 if self.ramp == 0 else min(1.0, step / (self.ramp * self.steps))

    def rate(self, step: int) -> float:
        """Return the share of the highest learning rate at a step."""
        half = self.steps / 2
        return min(1.0, (step + 1) / min(50, half), (self.steps - step) / half)


def train(
    make: Callable[[], nn.Module],
    X: Floats,
    y: Index,
    unlabelled: Floats,
    settings: VirtualAdversarial,
    *,
    seed: int,
    device: torch.device,
) -> tuple[nn.Module, list[dict[str, float]]]:
    """Return the trained module and what each training came to: its crowding, see `VirtualAdversarial`."""
    classes = int(y.max()) + 1
    settings.check(classes)
    allowed = _allowed(y, classes, settings.prior)
    history: list[dict[str, float]] = []
    best: nn.Module | None = None
    for number in range(settings.restarts):
        set_seed(child_seed(seed, "weights", number))
        shorter = replace(settings, radius=settings.radius / 2**number)
        module = _trained(make().to(device), X, y, unlabelled, shorter, device)
        shares = np.bincount(_predicted(module, unlabelled, device), minlength=classes) / len(unlabelled)
        crowding = float(np.max(shares / allowed))
        if best is None or crowding < min(past["crowding"] for past in history):
            best = module
        history.append({"crowding": crowding, "commonest": float(shares.max())})
        if crowding <= 1:
            break
    assert best is not None
    least = min(past["crowding"] for past in history)
    if least > 1:
        warnings.warn(
            f"after {len(history)} trainings a class is still predicted {least:.2f} times as often on the unlabelled "
            "rows as its share allows: two classes may have merged. Label more, take a shorter radius, or give prior= "
            "if shares are known.",
            MergedClassesWarning,
            stacklevel=3,
        )
    return best.eval(), history


def _trained(
    module: nn.Module, X: Floats, y: Index, unlabelled: Floats, s: VirtualAdversarial, device: torch.device
) -> nn.Module:
    rows, labels = torch.as_tensor(X, device=device), torch.as_tensor(y, device=device)
    others = torch.as_tensor(unlabelled)
    optimizer = torch.optim.AdamW(module.parameters(), lr=s.lr, weight_decay=0.0)
    known, unknown = _forever(len(rows), s.batch), _forever(len(others), s.unlabelled_batch)
    module.train()
    for step in range(s.steps):
        for group in optimizer.param_groups:
            group["lr"] = s.lr * s.rate(step)
        picked = next(known)
        x = _moved(rows[picked]) if s.affine else rows[picked]
        if s.consistency == s.entropy == 0:
            _descend(optimizer, functional.cross_entropy(module(x), labels[picked]))
            continue
        with _still(module):
            loss = functional.cross_entropy(module(x), labels[picked])
        loss = loss + s.weight(step) * _label_free(module, others[next(unknown)].to(device), s)
        _descend(optimizer, loss)
    return module.eval()


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()


def _label_free(module: nn.Module, x: Tensor, s: VirtualAdversarial) -> Tensor:
    """Return divergence and entropy of a batch, weighted; batch statistics come from its clean pass alone."""
    log_p = module(x).log_softmax(dim=1)
    fixed = log_p.detach()
    with _still(module):
        if s.against == "affine":
            sure, label = fixed.exp().max(dim=1)
            apart = functional.cross_entropy(module(_moved(x)), label, reduction="none")
            divergence = (apart * (sure >= SURE)).mean()
        else:
            step = _unit(torch.randn_like(x))
            if s.against == "adversary":
                step.requires_grad_(True)
                moved = _divergence(fixed, module(x + step).log_softmax(dim=1))
                step = _unit(torch.autograd.grad(moved, step)[0])
            divergence = _divergence(fixed, module(x + s.radius * step).log_softmax(dim=1))
    entropy = -(log_p.exp() * log_p).sum(dim=1).mean()
    return s.consistency * divergence + s.entropy * entropy


def _divergence(fixed: Tensor, log_q: Tensor) -> Tensor:
    return functional.kl_div(log_q, fixed, reduction="batchmean", log_target=True)


def _unit(d: Tensor) -> Tensor:
    length = norms(d).clamp_min(1e-12)
    return d / length.reshape(-1, *[1] * (d.ndim - 1))


@contextmanager
def _still(module: nn.Module) -> Generator[None]:
    """Leave running averages of batch normalisation as they are."""
    parts = [
        part
        for part in module.modules()
        if isinstance(part, nn.modules.batchnorm._BatchNorm)  # pyright: ignore[reportPrivateUsage]
    ]
    before = [part.momentum for part in parts]
    for part in parts:
        part.momentum = 0.0
    try:
        yield
    finally:
        for part, momentum in zip(parts, before, strict=True):
            part.momentum = momentum


def _forever(n: int, size: int) -> Iterator[Tensor]:
    """Yield batches of row numbers, each row once before any comes again."""
    size = min(n, size)
    while True:
        order = torch.randperm(n)
        yield from (part for part in torch.split(order, size) if len(part) == size)


def _moved(x: Tensor) -> Tensor:
    """Return images turned by up to 12 degrees, scaled .9 to 1.1, shifted up to 2 pixels, sheared up to .1.

    Raises
    ------
    InputError
        Rows that are no images: neither ``(n, channels, height, width)`` nor of a square number of features.
    """
    side = math.isqrt(x.shape[1]) if x.ndim == 2 else 0
    if x.ndim != 4 and (x.ndim != 2 or side * side != x.shape[1]):
        raise InputError(
            f"affine=True needs images (n, channels, height, width); got rows of shape {tuple(x.shape[1:])}."
        )
    images = x if x.ndim == 4 else x.reshape(-1, 1, side, side)
    n, (height, width) = len(images), images.shape[-2:]
    turn, shear, scale, down, right = 2 * torch.rand(5, n, device=x.device) - 1
    angle, factor = turn * math.radians(12), 1 + 0.1 * scale
    cos, sin = angle.cos() / factor, angle.sin() / factor
    rows = torch.stack(
        [
            torch.stack([cos, -sin + 0.1 * shear, right * 4 / width], dim=1),
            torch.stack([sin, cos, down * 4 / height], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(rows, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False).reshape(x.shape)


def _predicted(module: nn.Module, X: Floats, device: torch.device, rows: int = 2048) -> Index:
    with torch.no_grad():
        parts = [
            module(part.to(device)).argmax(dim=1).cpu() for part in torch.split(torch.as_tensor(X), rows)
        ]
    return torch.cat(parts).numpy()


def _allowed(y: Index, classes: int, prior: tuple[float, ...] | str | None) -> Floats:
    if prior is not None:
        shares = [1 / classes] * classes if isinstance(prior, str) else prior
        return CROWDED * np.maximum(np.asarray(shares, float), 1e-6)
    return np.array([wilson(int((y == c).sum()), len(y), 1 - 0.05 / classes)[1] for c in range(classes)])
