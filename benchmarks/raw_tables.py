"""Learning from all columns of a raw table against its numbers alone, through what `edgewise query` does.

    EDGEWISE_DATA=... python benchmarks/raw_tables.py [--seeds 10]

Six tables of the KEEL repository with numbers and words. In three of them (crx, german, saheart) the words are words
as filed. In heart, contraceptive and mammographic the columns that their documentation calls nominal or categorical
are filed as codes (1, 2, 3); here they are written as words ("code 2"), as the people who made the codes had them.
Gaps are put in: each cell, word or number, is left blank with probability 0.1, at random. A third of the rows is for
the test. Five rounds of 20 labels by `herding` and logistic regression, the defaults; both sides get the same rows,
gaps and seed. Figures: the mean accuracy after 20, 40, ... 100 labels.
"""

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from edgewise.data.files import places
from edgewise.labelling.batches import Labelled
from edgewise.labelling.next_batch import NextBatch
from edgewise.labelling.sheet import read_pool
from edgewise.paper.runs.results import provenance
from edgewise.stats import paired


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "raw_tables.json"

WORDS = {
    "crx": (),
    "german": (),
    "saheart": (),
    "heart": ("x2", "x6", "x12"),  # chest pain, electrocardiogram, thal: "nominal"
    "contraceptive": (
        "x1",
        "x2",
        "x6",
        "x7",
    ),  # education of both, occupation, standard of living: "categorical"
    "mammographic": ("x2", "x3"),  # shape and margin of the mass: "nominal"
}
"""The tables, and their columns of codes."""

BATCH, ROUNDS, GAPS = 20, 5, 0.1


def raw(name, home, seed):
    """Return the header, rows with gaps in an order of the seed, and the classes."""
    with (home / "keel" / f"{name}.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    rng = np.random.default_rng([seed, *name.encode()])
    codes = [header.index(column) for column in WORDS[name]]
    cells = np.array([[cell.strip() for cell in row] for row in rows], dtype=object)[
        rng.permutation(len(rows))
    ]
    y = cells[:, -1].astype(str)
    for column in codes:
        cells[:, column] = [f"code {cell}" for cell in cells[:, column]]
    cells = np.where(rng.random(cells.shape) < GAPS, "", cells)[:, :-1]
    return header[:-1], cells, y


def numeric(header, cells):
    """Return the columns that hold numbers and gaps only."""

    def number(cell):
        try:
            float(cell)
        except ValueError:
            return False
        return True

    return [
        name for name, column in zip(header, cells.T, strict=True) if all(map(number, column[column != ""]))
    ]


def written(path, header, cells):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *cells.tolist()])
    return path


def curve(folder, y, cut, features, seed):
    """Return the test accuracy after each round of labels."""
    sheet = read_pool(folder / "pool.csv", features=features)
    test = read_pool(folder / "test.csv", features=sheet.numbers).pool
    rows = test.rows(np.arange(len(test)))
    prepared = NextBatch(seed=seed).prepare(sheet)
    seen, index, right = prepared.features(rows), np.empty(0, np.intp), []
    for _ in range(ROUNDS + 1):
        known = Labelled(np.sort(index), y[:cut][np.sort(index)], np.zeros(len(index), bool))
        answer, model = prepared(known, BATCH)
        index = np.concatenate([index, answer.index])
        if len(known.rows):
            right.append(float(np.mean(model.predict(seen) == y[cut:])))
    return right


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--tables", nargs="+", default=list(WORDS))
    options.add_argument("--out", type=Path, default=OUT)
    chosen = options.parse_args()
    home, began, rows = places(None)[0], time.process_time(), []
    for name in chosen.tables:
        runs = {"all": [], "numbers": []}
        for seed in range(chosen.seeds):
            header, cells, y = raw(name, home, seed)
            cut = len(cells) * 2 // 3
            numbers = numeric(header, cells)
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                written(folder / "pool.csv", header, cells[:cut])
                written(folder / "test.csv", header, cells[cut:])
                for side, features in (("all", ()), ("numbers", numbers)):
                    runs[side].append(curve(folder, y, cut, features, seed))
        mean = {side: [float(np.mean(run)) for run in found] for side, found in runs.items()}
        gain = paired(mean["all"], mean["numbers"])
        rows.append(
            {
                "table": name,
                "columns": len(header),
                "numbers": len(numbers),
                "codes written as words": list(WORDS[name]),
                "all": float(np.mean(mean["all"])),
                "numbers only": float(np.mean(mean["numbers"])),
                "gain": gain.difference.mean,
                "low": gain.difference.low,
                "high": gain.difference.high,
                "p": gain.p,
                "curves": runs,
            }
        )
        print({key: value for key, value in rows[-1].items() if key != "curves"}, time.process_time() - began)
    by_seed = [
        np.mean([[np.mean(run) for run in row["curves"][side]] for row in rows], axis=0) for side in runs
    ]
    over = paired(*by_seed)
    figures = {
        "about": provenance(f"python benchmarks/raw_tables.py --seeds {chosen.seeds}"),
        "seeds": chosen.seeds,
        "gaps": GAPS,
        "labels": [BATCH * (i + 1) for i in range(ROUNDS)],
        "overall": {
            "gain": over.difference.mean,
            "low": over.difference.low,
            "high": over.difference.high,
            "p": over.p,
        },
        "cpu_seconds": time.process_time() - began,
        "rows": rows,
    }
    print(figures["overall"])
    chosen.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
