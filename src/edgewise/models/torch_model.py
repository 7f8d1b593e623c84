"""How attacks talk to torch: NumPy at the frame, tensors inside, nothing of the caller's changed.

Torch modules, skorch estimators (anything with a ``module_``) and kernel models with ``scores_and_pullback``
all become one `Differentiable`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from edgewise.arrays import Floats, Index, InputError, Labels
from edgewise.models.access import Access, UnansweredError


ROWS_AT_ONCE = 1024
"""Rows a module is asked at once for labels or logits."""

TorchPullback = Callable[[Tensor], Tensor]
"""Maps weights ``(m, c)`` to the gradient of ``sum(weights * logits)``, in the shape of the input."""


class OutOfMemoryWarning(UserWarning):
    """The device ran out of memory; the batch was halved and the work goes on."""


@dataclass(frozen=True)
class Differentiable:
    """The logits of a model and their gradient, in torch, with every answered row counted.

    Parameters
    ----------
    access
        Where answered rows are counted.
    ask
        Maps inputs ``(m, ...)`` to logits ``(m, c)`` and their pullback, None where there is no gradient.
    device, dtype
        What the model computes on and in.
    classes
        Its labels in column order, or None where the columns are the labels.
    native
        Whether it is a torch module, not a kernel model.
    """

    access: Access
    ask: Callable[[Tensor, bool], tuple[Tensor, TorchPullback | None]]
    device: torch.device
    dtype: torch.dtype
    classes: Labels | None
    native: bool

    def logits(self, x: Tensor, of: Index) -> Tensor:
        """Return the logits at ``x`` (m, ...); ``of`` names the sample each row is asked for."""
        self.access.charge(of)
        return self.ask(x, False)[0]

    def pullback(self, x: Tensor, of: Index) -> tuple[Tensor, TorchPullback]:
        """Return the logits at ``x`` and their pullback, every use of which counts as a gradient row.

        Raises
        ------
        UnansweredError
            The logits do not depend on ``x`` through torch operations.
        """
        self.access.charge(of)
        z, pull = self.ask(x, True)
        if pull is None:
            raise UnansweredError(
                "the module's output does not depend on its input through torch, so there "
                "is no gradient. Attack it with a label-only attack such as 'opt'."
            )

        def counted(weights: Tensor) -> Tensor:
            np.add.at(self.access.gradients, self.access.rows[of], 1)
            return pull(weights)

        return z, counted

    def columns(self, y: Labels) -> Tensor:
        """Return the column of each label of ``y``."""
        columns = y if self.classes is None else np.searchsorted(self.classes, y)
        return torch.as_tensor(np.asarray(columns, dtype=np.int64), device=self.device)

    def tensor(self, values: Floats) -> Tensor:
        """Return a copy of ``values`` on the model's device, in its dtype."""
        return torch.tensor(values, device=self.device, dtype=self.dtype)


def module_of(model: Any) -> nn.Module | None:
    """Return the torch module in ``model``: itself, or the ``module_`` of a fitted skorch estimator."""
    found = model if isinstance(model, nn.Module) else getattr(model, "module_", None)
    return found if isinstance(found, nn.Module) else None


@contextmanager
def differentiable(access: Access, X: Floats, seed: int = 0) -> Generator[Differentiable]:
    """Yield the model behind ``access`` as torch logits; on leaving, everything of it is as it was.

    Train and eval mode, ``requires_grad``, ``.grad`` and random state are the caller's again afterwards;
    inside, the module is in eval mode and its parameters ask for no gradient. A float64 sample is given to a
    float32 module as float32.

    Raises
    ------
    UnansweredError
        The model has no gradient.
    """
    module = module_of(access.model)
    if module is None:
        yield _kernel(access, X)
        return
    device, dtype = _home(module, X)
    columns = cast("Labels | None", getattr(access.model, "classes_", None))

    def ask(x: Tensor, wants_gradient: bool) -> tuple[Tensor, TorchPullback | None]:
        source = x.detach().requires_grad_(wants_gradient)
        with torch.set_grad_enabled(wants_gradient):
            z = _checked(module(source), len(x), module)
        if not z.requires_grad:
            return z, None

        def pull(weights: Tensor) -> Tensor:
            return torch.autograd.grad(z, source, weights, retain_graph=True)[0]

        return z.detach(), pull

    with (
        _undisturbed(module, device),
        torch.inference_mode(False),
        torch.enable_grad(),
        _channels_last(module),
    ):
        torch.manual_seed(seed % 2**63)
        yield Differentiable(access, ask, device, dtype, columns, native=True)


def predict_labels(model: Any, X: Floats) -> Labels:
    """Return the labels ``model`` (a torch module or a skorch estimator) gives to ``X``, NumPy in and out.

    A module's labels are its columns; with a single logit, class 1 where it is positive.

    Raises
    ------
    InputError
        The module cannot take these inputs, or answers with a wrong shape, NaN or infinity.
    """
    columns = np.argmax(predict_logits(model, X), axis=1)
    classes = getattr(model, "classes_", None)
    return columns if classes is None else np.asarray(classes)[columns]


def predict_logits(model: Any, X: Floats) -> Floats:
    """Return the logits ``(n, c)`` of a torch module or skorch estimator; a single logit makes two columns.

    Raises
    ------
    InputError
        As for `predict_labels`.
    """
    module = module_of(model)
    if module is None:
        raise InputError(f"{type(model).__name__} holds no fitted torch module; call its fit(X, y) first.")
    device, dtype = _home(module, X)

    def ask(rows: slice) -> Floats:
        x = torch.tensor(X[rows], device=device, dtype=dtype)
        return cast("Floats", _checked(module(x), len(x), module).cpu().numpy())

    with _undisturbed(module, device), torch.no_grad():
        return np.concatenate([part for _, part in in_batches(len(X), ROWS_AT_ONCE, ask)])


def in_batches(n: int, size: int, work: Callable[[slice], Any]) -> Generator[tuple[slice, Any]]:
    """Yield each slice of ``n`` rows with what ``work`` makes of it; out of memory, halve them and go on.

    Warns
    -----
    OutOfMemoryWarning
        The device ran out of memory; says the new size.
    """
    start = 0
    while start < n:
        rows = slice(start, min(start + size, n))
        try:
            done = work(rows)
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            size = max(1, min(size, rows.stop - start) // 2)
        else:
            yield rows, done
            start = rows.stop
            continue
        # Outside the handler, so that the failed attempt's tensors are no longer held by the traceback.
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        warnings.warn(
            f"out of memory: going on with batches of {size} rows", OutOfMemoryWarning, stacklevel=2
        )


def _kernel(access: Access, X: Floats) -> Differentiable:
    answer: Any = getattr(access.model, "scores_and_pullback", None)
    if answer is None:
        raise UnansweredError(
            f"{type(access.model).__name__} gives no gradient. Attack it with a label-only attack ('opt', "
            "'direct'), or attack a differentiable substitute ('kernel-substitute')."
        )
    dtype = torch.from_numpy(np.empty(0, X.dtype)).dtype

    def ask(x: Tensor, _wants_gradient: bool) -> tuple[Tensor, TorchPullback]:
        scores, pull = answer(x.detach().numpy().reshape(len(x), -1))

        def pullback(weights: Tensor) -> Tensor:
            return torch.as_tensor(np.asarray(pull(weights.numpy())), dtype=dtype).reshape(x.shape)

        return _checked(torch.as_tensor(np.asarray(scores), dtype=dtype), len(x), access.model), pullback

    return Differentiable(access, ask, torch.device("cpu"), dtype, access.classes, native=False)


def _home(module: nn.Module, X: Floats) -> tuple[torch.device, torch.dtype]:
    """Return where ``module`` lives and what it computes in: as its parameters, else the CPU and as ``X``."""
    for weight in (*module.parameters(), *module.buffers()):
        if weight.is_floating_point():
            return weight.device, weight.dtype
    return torch.device("cpu"), torch.float32 if X.dtype == np.float32 else torch.float64


def _checked(answer: Any, n: int, model: Any) -> Tensor:
    """Return ``answer`` as finite logits with a column a class."""
    name = type(model).__name__
    if not isinstance(answer, Tensor):
        raise InputError(f"{name} answered with {type(answer).__name__}; one tensor of logits is taken.")
    if answer.shape in ((n,), (n, 1)):
        one = answer.reshape(n)
        answer = torch.stack([-one, one], dim=1) / 2
    if answer.ndim != 2 or len(answer) != n:
        raise InputError(
            f"{name} answered {n} rows with a tensor of shape {tuple(answer.shape)}; logits of "
            f"shape ({n}, n_classes), or ({n}, 1) for two classes, are taken."
        )
    if not bool(torch.isfinite(answer).all()):
        raise InputError(f"{name} answered with NaN or infinite values; check its inputs and weights.")
    return answer


@contextmanager
def _undisturbed(module: nn.Module, device: torch.device) -> Generator[None]:
    """Put ``module`` in eval mode without parameter gradients, and everything back afterwards."""
    modes = [(part, part.training) for part in module.modules()]
    wants = [weight for weight in module.parameters() if weight.requires_grad]
    try:
        module.eval()
        for weight in wants:
            weight.requires_grad_(False)
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            yield
    finally:
        for part, mode in modes:
            part.training = mode
        for weight in wants:
            weight.requires_grad_(True)


@contextmanager
def _channels_last(module: nn.Module) -> Generator[None]:
    """Lend the convolutions of ``module`` copies of their weights with channels last; same values.

    Forward and backward through LeNet take 0.6 times as long on a CPU; the user's tensors are not touched.
    """
    kept = [(weight, weight.data) for weight in module.parameters() if weight.ndim == 4]
    try:
        for weight, data in kept:
            weight.data = data.to(memory_format=torch.channels_last)
        yield
    finally:
        for weight, data in kept:
            weight.data = data
