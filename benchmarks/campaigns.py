"""Do the intervals of `edgewise status` cover? Simulated campaigns on tables of the KEEL repository.

    EDGEWISE_DATA=... python benchmarks/campaigns.py [--campaigns 420] [--first 0]

A campaign is a real one, its file in memory: a pool of at most 1,500 rows of a table, its labels from the table, a
tenth of the items from the shuffled pool, the rest by margin or herding with logistic regression or 1-nn, 25 a round,
until 100, 200 or 300 labels (at most half the pool). Then `standing_of` is asked. The truth: the same model on all
rows of the pool, those it learned from asked of models that left them out; the gain of 50 labels more: the campaign
goes on and the truth is taken again; labels saved: where the true curve of the campaign gets to the mean true accuracy
of 20 models of as many random labels. The width of two intervals, of the gain and the labels saved, was set by
campaigns 0 to 419; ``--first 1000`` takes others on the same tables.
"""

import argparse
import itertools
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from edgewise.data.keel import keel
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.labelling.campaign.estimates import answers, reached, sizes_to
from edgewise.labelling.campaign.events import Log
from edgewise.labelling.campaign.items import Items
from edgewise.labelling.campaign.learning import learning_of
from edgewise.labelling.campaign.settings import Settings
from edgewise.labelling.campaign.status import MORE, standing_of
from edgewise.labelling.sheet import Sheet
from edgewise.paper.runs.results import provenance
from edgewise.pools.pool import Pool
from edgewise.randomness import child_seed, stream
from edgewise.stats import wilson


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "campaigns.json"

TABLES = (
    "banana",
    "contraceptive",
    "crx",
    "german",
    "mammographic",
    "mushroom",
    "phoneme",
    "pima",
    "ring",
    "saheart",
    "splice",
    "tic-tac-toe",
    "twonorm",
    "wdbc",
)
WAYS = (("margin", "logistic"), ("margin", "1-nn"), ("herding", "logistic"), ("herding", "1-nn"))
SIZES = (100, 200, 300)
POOL, ROUND, DRAWS = 1500, 25, 20


def campaign_on(name, strategy, learner, seed):
    X, y = keel(name)
    rows = stream(seed, "rows", name).permutation(len(X))[:POOL]
    words = np.array([f"class {label}" for label in y[rows]])
    sheet = Sheet(Pool.of(X[rows]), "p")
    names = tuple(map(str, range(len(rows))))
    items = Items(sheet, Path("pool"), names, names, names)
    settings = Settings(tuple(np.unique(words)), "pool", strategy=strategy, learner=learner, seed=seed)
    return Campaign(Log(":memory:", create=True), items, learning_of(sheet, learner), settings), words


def label(campaign, words, n):
    while len(campaign.known()[0]) < n:
        campaign.reorder()
        said = [
            campaign.verdict(f"event-{lease.row}", lease.item, "a person", "label", words[lease.row])
            for lease in campaign.lease("page", "a person", ROUND)
        ]
        campaign.say(said)


def said_of(campaign, words, index, seed):
    """Return what the model of the rows ``index`` says of the whole pool, of its own rows without them."""
    inside = {int(row): place for place, row in enumerate(index)}
    return answers(campaign.learning, index, words[index], np.arange(len(words)), inside, seed)


def recalls(said, words, classes):
    return {name: float(np.mean(said[words == name] == name)) for name in classes}


def simulated(name, strategy, learner, size, seed):
    """Return (estimate, truth, low, high) of every estimate."""
    campaign, words = campaign_on(name, strategy, learner, seed)
    size = min(size, len(words) // 2)
    label(campaign, words, size)
    index, known = campaign.known()
    index, known = index[:size], known[:size]
    classes = campaign.settings.classes
    found = standing_of(campaign.learning, index, known, campaign.sample(), classes, seed)
    said = said_of(campaign, words, index, seed)
    truth = recalls(said, words, classes)
    lines = [("accuracy", found.accuracy, float(np.mean(said == words)))]
    lines += [("balanced accuracy", found.balanced, float(np.mean(list(truth.values()))))]
    lines += [("recall", one, truth[name]) for name, one in found.recall.items()]
    if found.saved is not None:
        lines.append(("saved", found.saved, true_saved(campaign, words, index, found.saved.n, seed)))
    if found.gain is not None:
        label(campaign, words, size + MORE)
        later = campaign.known()[0][: size + MORE]
        gain = float(np.mean(said_of(campaign, words, later, seed) == words)) - lines[0][2]
        lines.append(("gain", found.gain, gain))
    campaign.log.close()
    return [(what, one.mean, true, one.low, one.high) for what, one, true in lines if one is not None], (
        found.sentence.split(":")[0]
    )


def true_saved(campaign, words, index, n, seed):
    sizes = np.array(sizes_to(len(index)))
    curve = np.array([np.mean(said_of(campaign, words, index[:k], seed) == words) for k in sizes])
    lots = (stream(seed, "true random", draw).permutation(len(words))[:n] for draw in range(DRAWS))
    random = np.mean([np.mean(said_of(campaign, words, drawn, seed) == words) for drawn in lots])
    return n - reached(sizes, curve, float(random))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--campaigns", type=int, default=420)
    options.add_argument("--first", type=int, default=0, help="the number of the first, which is its seed")
    options.add_argument("--out", type=Path, default=OUT)
    chosen = options.parse_args()
    began, found, advised = time.process_time(), defaultdict(list), defaultdict(int)
    runs = itertools.islice(itertools.count(chosen.first), chosen.campaigns)
    for run in runs:
        name, (strategy, learner) = TABLES[run % len(TABLES)], WAYS[run // len(TABLES) % len(WAYS)]
        size = SIZES[(run + run // len(TABLES)) % len(SIZES)]
        lines, advice = simulated(name, strategy, learner, size, child_seed(run, "campaign"))
        advised[advice] += 1
        for what, mean, true, low, high in lines:
            found[what].append((low <= true <= high, high - low, mean - true))
        if (run - chosen.first) % 14 == 13:
            print(run - chosen.first + 1, round(time.process_time() - began), flush=True)
    figures = {
        "about": provenance(
            f"python benchmarks/campaigns.py --campaigns {chosen.campaigns} --first {chosen.first}"
        ),
        "campaigns": chosen.campaigns,
        "tables": list(TABLES[: chosen.campaigns]),
        "advice": dict(advised),
        "cpu_seconds": time.process_time() - began,
        "estimates": {what: summary(lines) for what, lines in found.items()},
    }
    for what, line in figures["estimates"].items():
        print(what, line)
    print(figures["advice"])
    chosen.out.write_text(json.dumps(figures, indent=1) + "\n")


def summary(lines):
    hits = [hit for hit, _, _ in lines]
    low, high = wilson(int(sum(hits)), len(hits))
    width = float(np.median([width for _, width, _ in lines]))
    errors = np.array([error for _, _, error in lines])
    return {
        "intervals": len(hits),
        "coverage": float(np.mean(hits)),
        "coverage low": low,
        "coverage high": high,
        "median width": width if np.isfinite(width) else None,
        "mean error": float(np.mean(errors[np.isfinite(errors)])),
    }


if __name__ == "__main__":
    main()
