"""Median seconds of each kind of cell, from published runs and stores: what `reproduce all` plans with.

Run: edgewise reproduce all --quick --store quick.db && python benchmarks/costs.py results quick.db
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
from collections import defaultdict
from pathlib import Path

import edgewise.paper
from edgewise.atomic import replacing
from edgewise.paper.all_experiments import kind
from edgewise.paper.runs.results import PROVENANCE, collected
from edgewise.store import Store


def main():
    """Write costs.csv beside the tables."""
    taken = defaultdict(list)
    for given in map(Path, sys.argv[1:]):
        with collected(given) if given.is_dir() else Store(given, read_only=True) as store:
            for fact in store.facts():
                if fact.cell.what != PROVENANCE:
                    taken[kind(fact.cell)].append(fact.seconds)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("what", "kind", "seconds"))
    writer.writerows((*key, f"{statistics.median(values):.3g}") for key, values in sorted(taken.items()))
    path = Path(edgewise.paper.__path__[0]) / "costs.csv"
    with replacing(path) as file:
        file.write(text.getvalue().encode())
    print(f"{len(taken)} kinds of cells, {sum(map(len, taken.values())):,} cells: {path.name}")


if __name__ == "__main__":
    main()
