"""A CSV of a million rows of 20 numbers through `edgewise query`, beside the least that its libraries take for it.

    python benchmarks/table_read.py [--rows 1000000] [--times 5]

The least is a process that imports scikit-learn, parses the file with pyarrow, puts the numbers into one matrix and
takes the digest that names the pool; it chooses nothing. Both in turn, each a process of its own, the file in the cache
of the system: seconds on the clock and of the processor, medians with least and most, and the most memory held. Written
to results/benchmarks/table_read.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "table_read.json"
LEAST = """
import hashlib
import numpy as np
import sklearn.linear_model, sklearn.pipeline
from pyarrow import csv
table = csv.read_csv("pool.csv")
rows = np.empty((table.num_columns, table.num_rows))
for place, column in enumerate(table.columns):
    rows[place] = column.to_numpy()
hashlib.blake2b(rows).digest()
"""
OURS = "from edgewise.cli import main; main()"
QUERY = ["query", "pool.csv", "-n", "20", "--out", "next.csv", "--force"]


def measured(code, words, folder):
    began = time.perf_counter()
    job = subprocess.Popen([sys.executable, "-c", code, *words], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(job.pid, 0)
    if status:
        raise SystemExit(f"a process ended with status {status}")
    return {
        "wall": time.perf_counter() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "mib": used.ru_maxrss / 1024,
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5)
    given, found = parser.parse_args(), {"edgewise query": [], "the least": []}
    with tempfile.TemporaryDirectory() as folder:
        X = np.random.default_rng(0).standard_normal((given.rows, 20)).round(6)
        csv.write_csv(pa.table({f"f{i}": X[:, i] for i in range(20)}), Path(folder) / "pool.csv")
        for turn in range(given.times + 1):
            for name, code, words in (("edgewise query", OURS, QUERY), ("the least", LEAST, [])):
                once = measured(code, words, folder)
                if turn:  # the first fills caches
                    found[name].append(once)
    rows = {
        name: {
            what: [float(f([once[what] for once in all_])) for f in (np.median, min, max)]
            for what in ("wall", "cpu", "mib")
        }
        for name, all_ in found.items()
    }
    result = provenance("python benchmarks/table_read.py") | {"rows": given.rows, "median, least, most": rows}
    print(json.dumps(result, indent=1))
    OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
