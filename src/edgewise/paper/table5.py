"""Table 5: kernel ridge trained with gradient attacks on a shallow network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgewise.paper.base import Claim, Key, Result
from edgewise.paper.transferred import (
    DATA,
    READINGS,
    compute,
    kernel_ridge,
    table_baselines,
    table_cells,
    table_claims,
)
from edgewise.store import Cell


NAME = "table5"
MODELS: dict[str, Callable[[Any], Any]] = {
    f"kernel-ridge-{kernel}": kernel_ridge(kernel) for kernel in ("linear", "rbf", "matern-5/2")}


@dataclass(frozen=True)
class Table5:
    """Kernel ridge shadows by budget; the linear kernel is the paper's, RBF and Matern stand beside it."""

    name: str = NAME
    title: str = "kernel ridge trained with gradient attacks on a shallow network"
    data: tuple[str, ...] = DATA
    readings: tuple[str, ...] = (
        *READINGS,
        "Kernel ridge regresses the label less 1/2 without an intercept, alpha 1. RBF and Matern-5/2 are as "
        "wide as the median distance between train points; the paper has the linear kernel only.")

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
        """Return the claims about Table 5."""
        return [claim for kind in MODELS for claim in table_claims(kind, "Table 5", results)]


def work(cell: Cell) -> dict[str, Any]:
    """Compute every arm at every budget for one data set and seed."""
    return compute(cell, MODELS)
