"""The columns of a batch, and cells that a spreadsheet shows and does not run."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgewise.pools.files import LABEL


SHARD, ROW, POOL, UNIFORM = "shard", "row", "pool", "uniform"
SCORE, PROPENSITY = "score", "propensity"
OURS = (LABEL, SHARD, ROW, SCORE, PROPENSITY, UNIFORM, POOL)

RUNS = tuple("=+-@\t\r\n＝＋－＠")
PLAIN = re.compile(r"[+-]?(inf|nan|\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before it where need be.

    Examples
    --------
    >>> harmless("=1+1"), harmless("-1.5"), harmless("yes")
    ("'=1+1", '-1.5', 'yes')
    """
    runs = cell.lstrip("'").startswith(RUNS) and not PLAIN.fullmatch(cell)
    return f"'{cell}" if runs else cell


def as_written(cell: str) -> str:
    """Return the cell that `harmless` was given.

    Examples
    --------
    >>> as_written("'=1+1"), as_written("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(RUNS) else cell


def shown_names(names: Iterable[str]) -> list[str]:
    """Return names of a pool's columns that are none of a batch's own."""
    return [f"pool {name}" if name in OURS else name for name in names]
