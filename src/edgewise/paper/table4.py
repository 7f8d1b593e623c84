"""Table 4: 1-NN trained with gradient attacks on a shallow network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgewise.paper.base import Claim, Key, Result
from edgewise.paper.transferred import (
    DATA,
    READINGS,
    compute,
    nearest_neighbour,
    table_baselines,
    table_cells,
    table_claims,
)
from edgewise.store import Cell


NAME = "table4"
MODELS: dict[str, Callable[[Any], Any]] = {"1-nn": nearest_neighbour}


@dataclass(frozen=True)
class Table4:
    """1-NN shadows by budget: clean, adversarially trained, and with small perturbations."""

    name: str = NAME
    title: str = "1-NN trained with gradient attacks on a shallow network"
    data: tuple[str, ...] = DATA
    readings: tuple[str, ...] = READINGS

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return one cell a data set and seed."""
        return table_cells(NAME, data, seeds, quick=quick)

    @property
    def work(self) -> Callable[[Cell], Mapping[str, Any]]:
        """`work`."""
        return work

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare with clean points, and with more clean points."""
        return table_baselines(key, metric)

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the claims about Table 4."""
        return table_claims("1-nn", "Table 4", results)


def work(cell: Cell) -> dict[str, Any]:
    """Compute every arm at every budget for one data set and seed."""
    return compute(cell, MODELS)
