"""What a store says, computed once for all sections of a report: facts, figures and claims of each table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from edgewise.paper.comparison.statistics import Curves, Task, curves
from edgewise.paper.comparison.tasks import is_table
from edgewise.paper.runs.results import PROVENANCE, Published
from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import Claim, Result, Table, summarise
from edgewise.paper.tables.readings import READINGS, Distance, Reading, distance
from edgewise.paper.tables.verdict_rule import said_seeds
from edgewise.store import Fact, Store


FEW = 2
"""Tables that are drawn like other data sets; more are ranked."""


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
        The fewest and the most of an accuracy.
    """

    table: Table
    results: tuple[Result, ...]
    claims: tuple[Claim, ...]
    seeds: tuple[int, int]

    @property
    def said_seeds(self) -> str:
        """Such as "20 seeds" or "4 to 20 seeds"."""
        return said_seeds(self.seeds)


class Evidence:
    """The facts of a store and what follows from them, each computed once.

    Parameters
    ----------
    store
        An open store, only read, or published runs.
    """

    def __init__(self, store: Store | Published) -> None:
        self.store = store
        self._facts: dict[str, list[Fact]] = {}

    def facts(self, what: str) -> list[Fact]:
        """Return the facts of an experiment."""
        if what not in self._facts:
            self._facts[what] = self.store.facts(what)
        return self._facts[what]

    @cached_property
    def judged(self) -> dict[str, Judged]:
        """The tables with a full run; quick runs are left out."""
        return {name: judge(table, full) for name, (table, full, _) in self._runs.items() if full}

    @cached_property
    def quick(self) -> dict[str, Judged]:
        """The tables with a quick run, which has no claims."""
        return {name: judge(table, quick) for name, (table, _, quick) in self._runs.items() if quick}

    @property
    def dated(self) -> str:
        """When the figures were made, from the runs that say so: "on a day" or "between two"."""
        days = sorted(
            {
                str(fact.cell.settings["date"])
                for fact in self.facts(PROVENANCE)
                if "date" in fact.cell.settings
            }
        )
        return "" if not days else f"on {days[0]}" if len(days) == 1 else f"between {days[0]} and {days[-1]}"

    @cached_property
    def curves(self) -> dict[Task, dict[str, Curves]]:
        """The learning curves of the compared strategies; those of `many_tables` are left out."""
        apart = {fact.cell.settings["data"] for fact in self.many_tables}
        return curves(fact for fact in self.facts("compare") if fact.cell.settings["data"] not in apart)

    @cached_property
    def many_tables(self) -> list[Fact]:
        """The runs of the compared strategies on KEEL's tables and on CSVs, if these are too many for charts."""
        found = [fact for fact in self.facts("compare") if is_table(fact.cell.settings["data"])]
        return found if len({fact.cell.settings["data"] for fact in found}) > FEW else []

    @cached_property
    def distances(self) -> list[tuple[Reading, str, Distance]]:
        """How far each reading of the paper is from its printed figures, by data set."""
        found: list[tuple[Reading, str, Distance]] = []
        for reading in READINGS:
            results = self._results(reading)
            for data in dict.fromkeys(result.key.data for result in results):
                gap = distance(reading, [result for result in results if result.key.data == data], data)
                found += [(reading, data, gap)] if gap is not None else []
        return found

    def _results(self, reading: Reading) -> list[Result]:
        if reading.make is None:
            return list(self.judged[reading.table].results) if reading.table in self.judged else []
        table = reading.definition
        return summarise(table, self.facts(table.name))

    @cached_property
    def _runs(self) -> dict[str, tuple[Table, list[Fact], list[Fact]]]:
        found: dict[str, tuple[Table, list[Fact], list[Fact]]] = {}
        for name, row in TABLES.items():
            if facts := self.facts(name):
                table: Table = row.make()
                found[name] = (table, *split(table, facts))
        return found


def judge(table: Table, facts: Sequence[Fact]) -> Judged:
    """Return what these facts of a table say, whole."""
    results = summarise(table, facts)
    counts = [result.estimate.n for result in results if result.metric == "accuracy"] or [0]
    return Judged(table, tuple(results), tuple(table.claims(results)), (min(counts), max(counts)))


def split(table: Table, facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Return the facts of the table's full run and those of its quick version; others are left out."""
    data = sorted({fact.cell.settings["data"] for fact in facts})
    seeds = 1 + max(fact.cell.seed for fact in facts)
    full, quick = ({cell.key for cell in table.cells(data, seeds, quick=small)} for small in (False, True))
    return (
        [fact for fact in facts if fact.cell.key in full],
        [fact for fact in facts if fact.cell.key in quick - full],
    )
