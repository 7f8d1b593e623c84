"""How a network is trained: the rate of every batch, the batches themselves, augmentation and mixed precision."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import Tensor, nn

from edgewise.arrays import InputError


SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "constant": lambda _t: 1.0,
    "cosine": lambda t: (1 + math.cos(math.pi * t)) / 2,
    "one-cycle": lambda t: t / 0.3 if t < 0.3 else (1 + math.cos(math.pi * (t - 0.3) / 0.7)) / 2,
}
"""The share of the highest learning rate after a share ``t`` of the training."""


CIFAR_RECIPE: Mapping[str, str | float | bool] = {
    "net": "vgg16",
    "optimizer": "sgd",
    "lr": 0.1,
    "weight_decay": 5e-4,
    "schedule": "one-cycle",
    "epochs": 60,
    "batch_size": 128,
    "augment": True,
    "label_smoothing": 0.1,
}
"""Crops and flips, Nesterov momentum, weight decay, one cycle: the usual recipe for CIFAR-10."""


class Rate(Callback):
    """Sets the learning rate of every batch from how far the training is, so that resuming needs no state."""

    def __init__(self, lr: float, schedule: str, steps: int) -> None:
        self.lr = lr
        self.schedule = schedule
        self.steps = steps

    def on_epoch_begin(  # noqa: D102 - skorch names and calls it
        self, net: NeuralNetClassifier, **_kwargs: object
    ) -> None:
        self.batch_ = 0

    def on_batch_begin(  # noqa: D102 - skorch names and calls it
        self, net: NeuralNetClassifier, training: bool | None = None, **_kwargs: object
    ) -> None:
        if not training:
            return
        per_epoch = self.steps // net.max_epochs
        done = (len(net.history) - 1) * per_epoch + self.batch_
        for group in net.optimizer_.param_groups:
            group["lr"] = self.lr * SCHEDULES[self.schedule]((done + 1) / (self.steps + 1))
        self.batch_ += 1


class Batches:
    """Slices of whole tensors; row by row collation would cost more than a small network."""

    def __init__(self, dataset: Any, batch_size: int, shuffle: bool = False) -> None:
        # A validation set comes wrapped, without X and y of its own.
        rows = dataset if hasattr(dataset, "X") else dataset.dataset
        self.X, self.y = torch.as_tensor(rows.X), torch.as_tensor(rows.y)
        self.batch_size, self.shuffle = batch_size, shuffle

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.X)) if self.shuffle else torch.arange(len(self.X))
        for rows in torch.split(order, self.batch_size):
            yield self.X[rows], self.y[rows]


class Trained(nn.Module):
    """The user's module as it is trained: channels last, augmented and in mixed precision where asked."""

    def __init__(self, inner: nn.Module, augment: bool, autocast: bool) -> None:
        super().__init__()
        self.inner: nn.Module = inner.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's types know tensors only
        self.augment, self.autocast = augment, autocast

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of what the module sees."""
        if self.training and self.augment:
            x = crop_and_flip(x)
        with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=self.autocast):
            z = self.inner(x)
        return z.float()


def crop_and_flip(x: Tensor, padding: int = 4) -> Tensor:
    """Return images ``(n, c, h, w)`` shifted by up to ``padding`` pixels and flipped at random, all in torch.

    Raises
    ------
    InputError
        Rows instead of images.
    """
    if x.ndim != 4:
        raise InputError(f"augment needs images (n, channels, height, width); got shape {tuple(x.shape)}.")
    n, _, height, width = x.shape
    down, right = torch.randint(0, 2 * padding + 1, (2, n, 1), device=x.device)
    rows = (down + torch.arange(height, device=x.device))[:, :, None]
    columns = right + torch.arange(width, device=x.device)
    flipped = torch.rand(n, 1, device=x.device) < 0.5
    columns = torch.where(flipped, columns.flip(1), columns)[:, None, :]
    padded = nn.functional.pad(x, [padding] * 4).movedim(1, -1)
    return padded[torch.arange(n, device=x.device)[:, None, None], rows, columns].movedim(-1, 1)


def in_bfloat16(mixed_precision: str | bool, module: nn.Module, device: torch.device) -> bool:
    """Say whether to compute in bfloat16; ``"auto"`` is for convolutions on CUDA devices that have it."""
    if mixed_precision != "auto":
        if mixed_precision and device.type == "cpu":
            _check_bfloat16()
        return bool(mixed_precision)
    return (
        device.type == "cuda"
        and torch.cuda.is_bf16_supported()
        and any(isinstance(part, nn.Conv2d) for part in module.modules())
    )


def _check_bfloat16() -> None:
    """Warn where the processor has no bfloat16 of its own; older releases of torch do not know."""
    known: Callable[[], Mapping[str, object]] | None = getattr(torch.cpu, "get_capabilities", None)
    found = known() if known is not None else {"bf16": True}
    if not any(found.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")):
        warnings.warn(
            "this processor has no bfloat16 of its own: mixed_precision=True is slower here than False.",
            stacklevel=7,
        )
