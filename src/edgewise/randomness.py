"""One seed, named child generators: the same name always gets the same stream."""

from __future__ import annotations

import hashlib
import secrets

import numpy as np

from edgewise.arrays import Floats, InputError


Rng = int | np.integer | np.random.Generator | None
"""What ``rng`` arguments take: a seed, a generator, or None for fresh entropy."""


def seed_of(rng: Rng) -> int:
    """Return one integer seed: the seed itself, one draw from a generator, or fresh entropy for None.

    Raises
    ------
    InputError
        Anything else, a negative seed included.
    """
    if rng is None:
        return secrets.randbits(63)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return int(rng)
    raise InputError(f"rng must be a non-negative integer seed, a numpy Generator or None; got {rng!r}.")


def child_seed(seed: int, *names: str | int | bytes) -> int:
    """Return a 63-bit seed that depends on ``seed`` and every name, and on nothing else.

    Examples
    --------
    >>> child_seed(0, "split") == child_seed(0, "split") != child_seed(0, "attack")
    True
    """
    digest = hashlib.sha256(str(seed).encode())
    for name in names:
        part = name if isinstance(name, bytes) else repr(name).encode()
        digest.update(len(part).to_bytes(8, "little") + part)
    return int.from_bytes(digest.digest()[:8], "little") >> 1


def stream(rng: Rng, *names: str | int | bytes) -> np.random.Generator:
    """Return the generator called ``names`` of the seed ``rng``.

    Examples
    --------
    >>> bool(stream(7, "noise").normal() == stream(7, "noise").normal())
    True
    """
    return np.random.default_rng(child_seed(seed_of(rng), *names))


def row_streams(seed: int, X: Floats, name: str) -> list[np.random.Generator]:
    """Return a generator for each row of ``X`` (n, ...), a function of seed, name and that row's bytes.

    An attack that draws from these answers the same for a sample whatever its batch-mates are.
    """
    return [stream(seed, name, np.ascontiguousarray(row).tobytes()) for row in X]
