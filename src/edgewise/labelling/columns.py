"""The columns of a batch, and cells that a spreadsheet shows and does not run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from edgewise.arrays import Json
from edgewise.models.labels import missing
from edgewise.pools.files import LABEL


SHARD, ROW, POOL, UNIFORM = "shard", "row", "pool", "uniform"
SCORE, PROPENSITY = "score", "propensity"
OURS = (LABEL, SHARD, ROW, SCORE, PROPENSITY, UNIFORM, POOL)

RUNS = tuple("=+-@\t\r\n＝＋－＠")
NUMBERED = re.compile(r"([0-9]+)(?:\.0*)?")
"""A row number, also as spreadsheets write it."""

PRINT = re.compile(r"[pr]?[0-9a-f]{12}")
"""What a batch holds in its column ``pool``: a digest of the pool, or of a row."""

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


def shortened(cell: str) -> str:
    """Return a whole number without a point, whoever wrote one, and any other cell as it is: so are ids compared.

    Examples
    --------
    >>> shortened("7.0"), shortened("1.10"), shortened("007")
    ('7', '1.10', '007')
    """
    number = NUMBERED.fullmatch(cell)
    return number[1] if number else cell


def text(value: Json) -> str:
    """Return a value as a cell: whole numbers without a point, nothing for a gap."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if missing(value) else str(value).strip()


def key_of(id_column: str | None) -> str:
    """Return the column of a batch that says which row each of its lines is."""
    return ROW if id_column is None else shown_names([id_column])[0]


def is_batch(names: Collection[str], prints: Iterable[str | None], id_column: str | None) -> bool:
    """Say whether a table is a batch that edgewise wrote for a pool with this id.

    Parameters
    ----------
    names
        Its columns.
    prints
        The cells of its column ``pool``, none where it has been taken out.
    """
    given = {cell.strip() for cell in prints if cell}
    printed = bool(given) and all(map(PRINT.fullmatch, given))
    return {key_of(id_column), LABEL} <= set(names) and (
        printed or {SCORE, PROPENSITY, UNIFORM} <= set(names)
    )
