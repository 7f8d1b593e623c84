"""How attacks talk to torch: NumPy at the frame, tensors inside, nothing of the caller's changed.

Torch modules, skorch estimators (anything with a ``module_``) and kernel models with ``scores_and_pullback``
all become one `Differentiable`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from edgewise.arrays import Floats, Index, Labels
from edgewise.models.access import Access, UnansweredError
from edgewise.models.joining import positions
from edgewise.models.torch_calls import channels_last, checked_logits, home, logits, undisturbed
from edgewise.models.torch_typed import set_seed
from edgewise.models.unwrap import module_of, unwrapped


TorchPullback = Callable[[Tensor], Tensor]
"""Maps weights ``(m, c)`` to the gradient of ``sum(weights * logits)``, in the shape of the input."""


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
                "is no gradient. Attack it with a label-only attack such as 'race'."
            )

        def counted(weights: Tensor) -> Tensor:
            np.add.at(self.access.gradients, self.access.rows[of], 1)
            return pull(weights)

        return z, counted

    def columns(self, y: Labels) -> Tensor:
        """Return the column of each label of ``y``."""
        columns = y if self.classes is None else positions(y, self.classes)
        return torch.as_tensor(np.asarray(columns, dtype=np.int64), device=self.device)

    def tensor(self, values: Floats) -> Tensor:
        """Return a copy of ``values`` on the model's device, in its dtype."""
        return torch.tensor(values, device=self.device, dtype=self.dtype)


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
    device, dtype = home(module, X)
    columns = access.classes

    def ask(x: Tensor, wants_gradient: bool) -> tuple[Tensor, TorchPullback | None]:
        source = x.detach().requires_grad_(wants_gradient)
        with torch.set_grad_enabled(wants_gradient):
            z = logits(module, source)
        if not z.requires_grad:
            return z, None

        def pull(weights: Tensor) -> Tensor:
            return torch.autograd.grad(z, source, weights, retain_graph=True)[0]

        return z.detach(), pull

    with (
        undisturbed(module, device),
        torch.inference_mode(False),
        torch.enable_grad(),
        channels_last(module),
    ):
        set_seed(seed % 2**63)
        yield Differentiable(access, ask, device, dtype, columns, native=True)


def _kernel(access: Access, X: Floats) -> Differentiable:
    answer = getattr(unwrapped(access.model), "scores_and_pullback", None)
    if answer is None:
        raise UnansweredError(
            f"{type(access.model).__name__} gives no gradient. Attack it with a label-only attack ('race', "
            "'direct'), or attack a differentiable substitute ('kernel-substitute')."
        )
    dtype = torch.as_tensor(np.empty(0, X.dtype)).dtype

    def ask(x: Tensor, _wants_gradient: bool) -> tuple[Tensor, TorchPullback]:
        scores, pull = answer(x.detach().numpy().reshape(len(x), -1))

        def pullback(weights: Tensor) -> Tensor:
            return torch.as_tensor(np.asarray(pull(weights.numpy())), dtype=dtype).reshape(x.shape)

        return checked_logits(
            torch.as_tensor(np.asarray(scores), dtype=dtype), len(x), access.model
        ), pullback

    return Differentiable(access, ask, torch.device("cpu"), dtype, access.classes, native=False)
