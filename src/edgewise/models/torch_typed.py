"""What edgewise uses of torch where torch leaves the types of its parameters out."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor


def norms(x: Tensor) -> Tensor:
    """Return the L2 norm of each sample of ``x`` (m, ...)."""
    return torch.linalg.vector_norm(x.flatten(1), dim=1)


def set_seed(seed: int) -> None:
    """Seed torch's global generators, on all devices."""
    torch.manual_seed(seed)


def kept_random_state(device: torch.device) -> AbstractContextManager[None]:
    """Put torch's random state back on leaving: the CPU's, and that of ``device``."""
    return torch.random.fork_rng([device] if device.type == "cuda" else [])
