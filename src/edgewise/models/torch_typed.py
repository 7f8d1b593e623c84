"""What edgewise uses of torch where torch leaves the types of its parameters out."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor


def norms(x: Tensor) -> Tensor:
    """Return the L2 norm of each sample of ``x`` (m, ...)."""
    return torch.linalg.vector_norm(x.flatten(1), dim=1)


def set_seed(seed: int) -> None:
    """Seed torch's global generators, on all devices."""
    torch.manual_seed(seed)


def gpu() -> str:
    """Return the name of the GPU that torch computes on by default; empty where it sees none."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


@contextmanager
def repeatable(device: torch.device) -> Generator[None]:
    """Ask cuDNN for the same sums every time, and put that and torch's random state back on leaving.

    The random state is the CPU's and that of ``device``.
    """
    kept = torch.backends.cudnn.deterministic
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.backends.cudnn.deterministic = True
        try:
            yield
        finally:
            torch.backends.cudnn.deterministic = kept
