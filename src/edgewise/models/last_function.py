"""Whether the last thing a torch module does is a sigmoid, seen while it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


SHAPING = (
    "View",
    "Squeeze",
    "Unsqueeze",
    "Reshape",
    "Select",
    "Slice",
    "ToCopy",
    "Alias",
    "Clone",
    "Flatten",
)
"""Operations that may follow a last sigmoid without changing its values."""


SIGMOIDS = ("sigmoid", "sigmoid_", "expit")
RESHAPES = (
    "view",
    "reshape",
    "squeeze",
    "unsqueeze",
    "flatten",
    "ravel",
    "__getitem__",
    "select",
    "to",
    "float",
)
"""Functions that may follow a last sigmoid without changing its values."""


class LastFunction(TorchFunctionMode):
    """Watches a call of a module: whether its last ``value`` is what a sigmoid gave, None where that cannot be told."""

    def __init__(self) -> None:
        super().__init__()
        self.value: object = None
        self.sigmoid: bool | None = None

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function of torch, and keep the tensor it gives."""
        out = func(*args, **(kwargs or {}))
        if isinstance(out, Tensor):
            name, follows = getattr(func, "__name__", ""), bool(args) and args[0] is self.value
            if name in SIGMOIDS:
                self.sigmoid = True
            elif name not in RESHAPES:
                self.sigmoid = None if follows and self.sigmoid is not False else False
            elif not follows:
                self.sigmoid = None
            self.value = out
        return out


def ends_in_sigmoid(
    module: nn.Module, answer: Tensor, last: LastFunction | None, again: Callable[[], object]
) -> bool:
    """Return whether the last thing that ``module`` did to give ``answer`` is a sigmoid.

    Told by the functions that were called, or by what autograd recorded; where there is neither, as of a compiled
    module, by what it records of one row more, which ``again`` asks.
    """
    if last is not None and last.value is answer and last.sigmoid is not None:
        return last.sigmoid
    node: Any = answer.grad_fn
    if node is None:
        node = getattr(again(), "grad_fn", None)
    while node is not None and node.name().startswith(SHAPING):
        node = node.next_functions[0][0]
    if node is not None:
        return node.name().startswith("Sigmoid")
    return isinstance(list(module.modules())[-1], nn.Sigmoid)
