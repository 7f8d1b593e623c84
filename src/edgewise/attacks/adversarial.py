"""What an attack found, verified and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise.arrays import Box, Floats, Index, InputError, Labels, Mask, check_box


Counts: TypeAlias = Mapping[str, NDArray[np.generic]]
"""Figures about the work done, one a sample, by name."""


@dataclass(frozen=True, repr=False)
class Adversarial:
    """Verified points, one a sample.

    Parameters
    ----------
    points
        Where ``found``: a point the model labels otherwise than ``source_label``. Elsewhere: the source.
    found
        Whether the model itself said so about exactly the row in ``points``.
    distance
        ``points - source`` in ``norm``, input units; infinite where not found, 0 where already wrong.
    label
        The model's label of each row of ``points``.
    source_label
        The label each sample was to lose.
    queries, gradients
        Rows the model answered for each sample, the frame's own included; gradient rows answered.
    status
        ``"crossed"``, ``"already"`` (was wrong before), ``"failed"`` or ``"none-exists"``.
    source
        The samples attacked (not copied).
    norm
        The norm of ``distance``.
    attack
        The attack that was run; with ``attack="auto"`` also why it was chosen.
    seed
        What repeats this run: pass it as ``rng``.
    lower
        A proved lower bound on each distance, or None.
    counts
        Figures about the work done, by name.
    """

    points: Floats
    found: Mask
    distance: Floats
    label: Labels
    source_label: Labels
    queries: Index
    gradients: Index
    status: Labels
    source: Floats
    norm: float
    attack: str
    seed: int
    lower: Floats | None = None
    counts: Counts = field(default_factory=dict[str, NDArray[np.generic]])

    @property
    def success(self) -> Mask:
        """Which samples the attack itself moved across; those wrong before do not count."""
        return np.asarray(self.status == "crossed")

    @property
    def already_wrong(self) -> Mask:
        """Which samples the model labelled otherwise before anything was done."""
        return np.asarray(self.status == "already")

    def __repr__(self) -> str:
        """Return a few lines: what was run, how many crossed, how far, what it cost."""
        crossed = self.distance[self.success]
        far = (
            f"median distance {np.median(crossed):.4g} (norm {self.norm:g})"
            if len(crossed)
            else "no distance"
        )
        proved = "" if self.lower is None else ", with lower bounds"
        states = ", ".join(
            f"{n} {state}" for state, n in zip(*np.unique(self.status, return_counts=True), strict=True)
        )
        return (
            f"Adversarial: {len(self.found)} samples, {states}\n"
            f"  {self.attack}\n  {far}{proved}\n  {int(self.queries.sum())} model queries, seed {self.seed}"
        )

    def at(self, scale: float, box: Box | tuple[ArrayLike, ArrayLike] | None = None) -> Floats:
        """Return ``source + scale * (points - source)``, clipped to ``box``: below 1 short of the crossing.

        Raises
        ------
        InputError
            A negative or infinite scale.
        """
        if not (np.isfinite(scale) and scale >= 0):
            raise InputError(f"scale must be a finite number of at least 0; got {scale!r}.")
        moved = self.source + np.asarray(scale, self.points.dtype) * (self.points - self.source)
        checked = check_box(box, self.source[0].size)
        return moved if checked is None else clipped(moved, checked)


def clipped(points: Floats, box: Box) -> Floats:
    """Return points ``(n, ...)`` moved into the box."""
    flat = points.reshape(len(points), int(np.prod(points.shape[1:])))
    return box.clip(flat).reshape(points.shape)
