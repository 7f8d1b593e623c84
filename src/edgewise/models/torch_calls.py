"""Call a torch module with NumPy: nothing of the caller's changed, and its errors said in words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] - the base of all

from edgewise.arrays import Floats, Index, InputError
from edgewise.models.last_function import LastFunction, ends_in_sigmoid
from edgewise.models.rows import Rows, numbers
from edgewise.models.torch_typed import repeatable
from edgewise.models.unwrap import Model, module_of


ROWS_AT_ONCE = 1024
"""Rows a module is asked at once for labels or logits."""

T = TypeVar("T")


class OutOfMemoryWarning(UserWarning):
    """The device ran out of memory; the batch was halved and the work goes on."""


def predict_labels(module: nn.Module, X: Rows) -> Index:
    """Return the labels a torch module gives to ``X``: the columns of its largest logits.

    With a single logit, class 1 where it is positive; with a single sigmoid, where it is above 0.5.

    Raises
    ------
    InputError
        The module cannot take these inputs, or answers with a wrong shape, NaN or infinity.
    """
    return np.argmax(predict_logits(module, X), axis=1)


def predict_logits(model: Model, X: Rows) -> Floats:
    """Return the logits ``(n, c)`` of a torch module or network estimator; a single column makes two.

    Raises
    ------
    InputError
        As for `predict_labels`.
    """
    module = module_of(model)
    if module is None:
        raise InputError(f"{type(model).__name__} holds no fitted torch module; call its fit(X, y) first.")
    points = numbers(X)
    device, dtype = home(module, points)

    def ask(rows: slice) -> Floats:
        z = logits(module, torch.tensor(points[rows], device=device, dtype=dtype))
        return as_numpy(z)

    with undisturbed(module, device), torch.no_grad():
        return np.concatenate([part for _, part in in_batches(len(points), ROWS_AT_ONCE, ask)])


def ask_estimator(method: Callable[[Rows], T], module: nn.Module, X: Rows) -> T:
    """Return what a method of a network estimator answers, rows given in the dtype of its module."""
    points = numbers(X)
    device, dtype = home(module, points)
    with undisturbed(module, device):
        return method(as_numpy(torch.as_tensor(points).to(dtype)))


def embedding(module: nn.Module, X: Rows) -> Floats:
    """Return what enters the last linear layer of ``module`` ``(n, h)``, float32; its inputs if it has none."""
    points = numbers(X)
    last = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    if not last:
        return points.reshape(len(points), -1).astype(np.float32, copy=False)
    device, dtype = home(module, points)
    seen: list[Tensor] = []
    hook = last[-1].register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))
    try:
        with undisturbed(module, device), torch.no_grad():
            _called(module, torch.tensor(points, dtype=dtype, device=device))
    finally:
        hook.remove()
    return cast("Floats", seen[-1].flatten(1).float().cpu().numpy())


def logits(module: nn.Module, x: Tensor) -> Tensor:
    """Return the logits of ``module`` at ``x`` (n, ...), a column per class; a last sigmoid is undone.

    Raises
    ------
    InputError
        It cannot take ``x``, answers with something else than finite logits, or with chances of several labels.
    """
    # Where autograd records the call, it tells the last function at no cost.
    with nullcontext() if x.requires_grad else LastFunction() as last:
        answer = _called(module, x)
    if isinstance(answer, Tensor) and answer.is_floating_point() and answer.numel():
        single = answer.ndim == 1 or answer.shape[1:] == (1,)
        chances = bool(((answer >= 0) & (answer <= 1)).all())
        sure = not single and bool((answer.sum(dim=-1) - 1).abs().max() < 1e-2)
        if chances and not sure and ends_in_sigmoid(module, answer, last, lambda: _one_recorded(module, x)):
            if not single:
                raise InputError(
                    f"{type(module).__name__} answers a sigmoid per column: chances of several labels at once. "
                    "edgewise asks for one label per row; remove the last sigmoid if the largest column is meant."
                )
            wide = answer.float() if answer.dtype in (torch.float16, torch.bfloat16) else answer
            answer = torch.logit(wide, eps=torch.finfo(wide.dtype).eps)
    return checked_logits(answer, len(x), module)


def checked_logits(answer: object, n: int, model: Model) -> Tensor:
    """Return ``answer`` as finite logits with a column per class."""
    name = type(model).__name__
    if not isinstance(answer, Tensor) or not answer.is_floating_point():
        kind = answer.dtype if isinstance(answer, Tensor) else type(answer).__name__
        raise InputError(f"{name} answered with {kind}; expected one tensor of real logits.")
    if answer.shape in ((n,), (n, 1)):
        one = answer.reshape(n)
        answer = torch.stack([-one, one], dim=1) / 2
    if answer.ndim != 2 or len(answer) != n:
        raise InputError(
            f"{name} answered {n} rows with a tensor of shape {tuple(answer.shape)}; expected logits of "
            f"shape ({n}, n_classes), or ({n}, 1) for two classes."
        )
    if not bool(torch.isfinite(answer).all()):
        raise InputError(f"{name} answered with NaN or infinite values; check its inputs and weights.")
    return answer


def as_numpy(x: Tensor) -> Floats:
    """Return a tensor as an array; half precision, which NumPy has in part only, as float32."""
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    return cast("Floats", wide.detach().cpu().numpy())


def in_batches(n: int, size: int, work: Callable[[slice], T]) -> Generator[tuple[slice, T]]:
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


def home(module: nn.Module, X: Floats) -> tuple[torch.device, torch.dtype]:
    """Return where ``module`` lives and what it computes in: as its parameters, else the CPU and as ``X``.

    Raises
    ------
    InputError
        A module that answers by batch, or that has no weights yet.
    """
    name = type(module).__name__
    if any(isinstance(part, _BatchNorm) and part.running_mean is None for part in module.modules()):
        raise InputError(
            f"{name} has batch normalisation without running statistics (track_running_stats=False): a row's "
            "answer depends on the rows asked with it. Train it with running statistics."
        )
    weights = [*module.parameters(), *module.buffers()]
    if any(isinstance(weight, nn.UninitializedParameter) for weight in weights):
        raise InputError(f"{name} has weights that are not made yet (a lazy layer); call it once on a batch.")
    for weight in weights:
        if weight.is_floating_point():
            return weight.device, weight.dtype
    return torch.device("cpu"), torch.float32 if X.dtype == np.float32 else torch.float64


def _called(module: nn.Module, x: Tensor) -> object:
    try:
        return module(x)
    except (InputError, torch.OutOfMemoryError):
        raise
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise InputError(
            f"{type(module).__name__} cannot take a batch of shape {tuple(x.shape)} ({x.dtype}){_wants(module, x)}; "
            f"it said {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        ) from error


def _one_recorded(module: nn.Module, x: Tensor) -> object:
    """Ask about the first row again, and have autograd record it."""
    with torch.inference_mode(False), torch.enable_grad():
        return _called(module, x[:1].detach().clone().requires_grad_())


def _wants(module: nn.Module, x: Tensor) -> str:
    """Return what the first layer of ``module`` expects, as far as it can be read off."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            return f": its first layer takes rows of {layer.in_features} numbers"
        if isinstance(layer, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            axes = ", ".join(("depth", "height", "width")[3 - len(layer.kernel_size) :])
            wants = f": its first layer takes (n, {layer.in_channels}, {axes})"
            last = x.ndim == len(layer.kernel_size) + 2 and x.shape[-1] == layer.in_channels
            return wants + (", channels first; move them with np.moveaxis(X, -1, 1)" if last else "")
    return ""


@contextmanager
def undisturbed(module: nn.Module, device: torch.device) -> Generator[None]:
    """Put ``module`` in eval mode without parameter gradients, and everything back afterwards."""
    modes = [(part, part.training) for part in module.modules()]
    wants = [weight for weight in module.parameters() if weight.requires_grad]
    try:
        module.eval()
        for weight in wants:
            weight.requires_grad_(False)
        with repeatable(device):
            yield
    finally:
        for part, mode in modes:
            part.training = mode
        for weight in wants:
            weight.requires_grad_(True)


@contextmanager
def channels_last(module: nn.Module) -> Generator[None]:
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
