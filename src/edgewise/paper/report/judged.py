"""What the full runs of a store say of each table: results and claims, computed once for all sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import Claim, Result, Table, summarise
from edgewise.store import Fact, Store


@dataclass(frozen=True)
class Judged:
    """The full run of one table.

    Parameters
    ----------
    table
        Its definition.
    results
        Every figure over its seeds.
    claims
        The claims about it, judged.
    seeds
        How many.
    """

    table: Table
    results: tuple[Result, ...]
    claims: tuple[Claim, ...]
    seeds: int


def judged(store: Store) -> dict[str, Judged]:
    """Return the tables with a full run in the store; quick runs are left out."""
    found: dict[str, Judged] = {}
    for name, row in TABLES.items():
        facts = store.facts(name)
        if facts:
            table: Table = row.make()
            full, _ = split(table, facts)
            if full:
                results = summarise(table, full)
                found[name] = Judged(
                    table,
                    tuple(results),
                    tuple(table.claims(results)),
                    len({fact.cell.seed for fact in full}),
                )
    return found


def split(table: Table, facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Return the facts of the table's full run and those of its quick version; others are left out."""
    data = sorted({fact.cell.settings["data"] for fact in facts})
    seeds = 1 + max(fact.cell.seed for fact in facts)
    full, quick = ({cell.key for cell in table.cells(data, seeds, quick=small)} for small in (False, True))
    return (
        [fact for fact in facts if fact.cell.key in full],
        [fact for fact in facts if fact.cell.key in quick - full],
    )
