"""The paper's printed figures (Tables 2 to 7), as fractions where it prints percent."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


_KEYS = ("table", "data", "model", "attack", "arm", "budget", "metric")


@cache
def _figures() -> dict[tuple[str, ...], float]:
    text = resources.files("edgewise.paper.tables").joinpath("published.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {tuple(row[key] for key in _KEYS): float(row["value"]) for row in rows}


def published(
    table: str,
    *,
    data: str,
    model: str,
    attack: str = "",
    arm: str,
    budget: str = "",
    metric: str = "accuracy",
) -> float | None:
    """Return what the paper prints for a cell, or None where it prints nothing.

    Examples
    --------
    >>> published("table2", data="halfmoon", model="1-nn", attack="opt", arm="adversarial")
    0.955
    """
    return _figures().get((table, data, model, attack, arm, budget, metric))


def published_cells(table: str) -> dict[tuple[str, ...], float]:
    """Return every printed figure of a table by (data, model, attack, arm, budget, metric).

    Examples
    --------
    >>> len(published_cells("table3"))
    18
    """
    return {place[1:]: value for place, value in _figures().items() if place[0] == table}
