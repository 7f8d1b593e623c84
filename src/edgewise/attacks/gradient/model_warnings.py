"""Named warnings for models on which a gradient attack means less than it seems."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor

from edgewise.models.torch_access import Differentiable


class SuspiciousModelWarning(UserWarning):
    """A gradient attack may fail on this model for no merit of the model."""


class RandomisedModelWarning(SuspiciousModelWarning):
    """The same row gets different answers, even in eval mode; what crosses now may not cross again."""


class ProbabilityWarning(SuspiciousModelWarning):
    """The module returns probabilities; their gradient vanishes where it is sure. Give logits."""


class ZeroGradientWarning(SuspiciousModelWarning):
    """The gradient is exactly zero at some samples: saturated outputs, or a step function inside."""


def inspect(model: Differentiable, x: Tensor) -> None:
    """Ask one row twice, and warn of a model that is randomised or returns probabilities."""
    if not model.native or len(x) == 0:
        return
    first, again = (model.logits(x[:1], np.zeros(1, np.intp)) for _ in range(2))
    if not torch.equal(first, again):
        warnings.warn(
            "the model is randomised: the same row got different logits in eval mode; fix its "
            "random state, or attack the mean of several answers",
            RandomisedModelWarning,
            stacklevel=4,
        )
    if bool((first >= 0).all()) and abs(float(first.sum()) - 1) < 1e-5:
        warnings.warn(
            "the module seems to return probabilities; remove its last softmax, so that it returns "
            "logits, whose gradient does not vanish",
            ProbabilityWarning,
            stacklevel=4,
        )


def report_zero_gradients(count: int, n: int) -> None:
    """Warn that ``count`` of ``n`` samples have a gradient of exactly zero; silent for none."""
    if count:
        warnings.warn(
            f"{count} of {n} samples have a gradient of exactly zero, so a gradient attack cannot "
            "move them; try a label-only attack such as 'race'",
            ZeroGradientWarning,
            stacklevel=4,
        )
