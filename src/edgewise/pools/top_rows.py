"""The best rows of a stream of scores, and uniform draws, in memory that depends on their number alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgewise.arrays import Array, Floats, Index, InputError
from edgewise.randomness import child_seed, stream


Lots = NDArray[np.uint64]

Columns = dict[str, Array]
"""Arrays of one length by name."""

SHIFT = 44
"""Bits of a float64 dropped for a histogram: what is left tells margins half a percent apart."""


def lots(seed: int, rows: Index) -> Lots:
    """Return a lot for each row number, a function of seed and row alone (Steele et al. 2014, splitmix64).

    Examples
    --------
    >>> bool((lots(1, np.arange(5))[2:4] == lots(1, np.array([2, 3]))).all())
    True
    """
    with np.errstate(over="ignore"):
        z = np.uint64(seed & (2**64 - 1)) + rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed: int, rows: Index) -> Floats:
    """Return a number in (0, 1) for each row, from its lot."""
    return ((lots(seed, rows) >> np.uint64(11)).astype(float) + 0.5) / 2**53


@dataclass
class Best:
    """The ``n`` rows with the largest scores so far, ties drawn by lot; blocks come in any order.

    Examples
    --------
    >>> best = Best(2, seed=0)
    >>> best.add({"score": np.array([0.1, 0.9, 0.5]), "row": np.arange(3)})
    >>> best.add({"score": np.array([0.7]), "row": np.array([3])})
    >>> best.all()["row"].tolist()
    [1, 3]
    """

    n: int
    seed: int
    _least: float = -np.inf
    _held: list[Columns] = field(default_factory=list[Columns])

    def add(self, block: Columns) -> None:
        """Take a block of columns, among them ``score`` and ``row``.

        Raises
        ------
        InputError
            A score is NaN.
        """
        score = block["score"]
        if np.isnan(score).any():
            raise InputError("the strategy scored rows NaN; scores are numbers, -inf for never.")
        keep = score >= self._least
        self._held.append({name: column[keep] for name, column in block.items()})
        if sum(len(part["row"]) for part in self._held) > 4 * self.n + 2**16:
            self.all()

    def all(self) -> Columns:
        """Return the columns of the best rows, best first."""
        columns = {name: np.concatenate([part[name] for part in self._held]) for name in self._held[0]}
        if 0 < self.n < len(columns["score"]):
            least = -np.partition(-columns["score"], self.n - 1)[self.n - 1]
            columns = {name: column[columns["score"] >= least] for name, column in columns.items()}
        lot = lots(child_seed(self.seed, "ties"), columns["row"])
        order = np.lexsort((lot, -columns["score"]))[: self.n]
        best = {name: column[order] for name, column in columns.items()}
        self._held = [best]
        if len(order) == self.n and self.n:
            self._least = float(best["score"][-1])
        return best


def smallest_share(blocks: Iterable[Columns], rows: int) -> int:
    """Return the bin of `margin_bin` up to which at least ``rows`` margins lie, and no bin fewer."""
    counts = np.zeros(2 ** (63 - SHIFT), dtype=np.int64)
    for block in blocks:
        counts += np.bincount(margin_bin(-block["score"]), minlength=len(counts))
    return int(np.searchsorted(np.cumsum(counts), min(rows, counts.sum())))


def margin_bin(margin: Floats) -> Index:
    """Return the histogram bin of each margin ``(m,)``, ascending with it."""
    return np.abs(margin).astype(float).view(np.int64) >> SHIFT


def draw_rows(n: int, size: int, without: Index, seed: int, name: str) -> Index:
    """Return ``n`` of the rows 0 to ``size`` - 1, uniformly at random, none of ``without`` (ascending).

    Examples
    --------
    >>> sorted(draw_rows(3, 5, np.array([1, 3]), 0, "demo").tolist())
    [0, 2, 4]
    """
    rank = stream(seed, name).choice(size - len(without), n, replace=False)
    return rank + np.searchsorted(without - np.arange(len(without)), rank, side="right")
