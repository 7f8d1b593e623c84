"""Learning from rows without labels: what does the adversary add, and what makes it safe?

    EDGEWISE_DATA=... python benchmarks/unlabelled.py [--task mnist-100] [--store FILE] [--publish [FILE]]
    EDGEWISE_DATA=... python benchmarks/unlabelled.py --develop

Few uniform labels, many rows without; the test rows are in neither. Every arm of a seed has the same labels, the same
rows and the same seed of the weights:

labels            the labelled rows alone
moved             the labelled pictures, turned, scaled and shifted a little in each step
noise             the prediction at an unlabelled row is held against a random step as long as the adversary's
noise-long        against a random step four times as long
FixMatch-lite     against a moved copy, with the row's own sure label
adversary-now     virtual adversarial training with its weights at once (no ramp), one training
adversary         the weights rise over the first 30 % of the steps, one training
restarts          the same, again with half the radius where a class is predicted more often than the upper end of its
                  share of the labels
restarts-prior    the same, where it is predicted more often than 1.25 times its share, which is given
long              "adversary" with a radius four times as long, which on tables is too long
long-restarts     "restarts" with that radius: what a person gets who sets nothing

Arms after "moved" learn from moved pictures of the labelled rows as well, where rows are pictures. Shares given: even
on the pictures; of all rows, on the tables. MNIST's recipe was chosen on another draw of the rows (seed 0 is not run
here); radius and weight of the entropy for CIFAR-10 and for tables on what --develop prints: CIFAR-10 with seed 0, and
the tables phoneme, ring and twonorm.
"""

import argparse
import time
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgewise.data import load
from edgewise.data.keel import keel
from edgewise.models.net_classifier import NetClassifier
from edgewise.models.virtual_adversarial import CROWDED, MergedClassesWarning, VirtualAdversarial
from edgewise.paper.markdown import table
from edgewise.paper.runs.results import provenance, publish
from edgewise.paper.runs.sweep import sweep
from edgewise.randomness import stream
from edgewise.stats import estimate, holm, paired, wilson
from edgewise.store import Cell, Store


NAME = "unlabelled"
OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "unlabelled.jsonl"


def colour_net(_features, classes):
    """Return three convolutions with batch normalisation, for colour pictures of 32 x 32."""
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(1024, classes)),
    )


def table_net(features, classes):
    """Return two hidden layers with batch normalisation."""
    return nn.Sequential(
        *(nn.Linear(features, 64), nn.BatchNorm1d(64), nn.ReLU()),
        *(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()),
        nn.Linear(64, classes),
    )


@dataclass(frozen=True)
class Task:
    """Few labels of one data set, the pool (at most), the network, the adversary's radius, how many seeds."""

    data: str
    labels: int
    pool: int
    net: object
    radius: float
    entropy: float = 1.0
    pictures: bool = True
    test: int = 10_000
    seeds: int = 10


TASKS = {
    "mnist-100": Task("mnist", 100, 20_000, "lenet5-norm", 2.0),
    "mnist-30": Task("mnist", 30, 20_000, "lenet5-norm", 2.0, seeds=5),
    "cifar10-1000": Task("cifar10", 1000, 20_000, colour_net, 0.5, entropy=0.0, seeds=5),
    **{
        f"{name}-40": Task(name, 40, 2000, table_net, 0.5, pictures=False, test=1000)
        for name in ("german", "mushroom", "splice")
    },
}
DEVELOPMENT = {
    "cifar10-1000": TASKS["cifar10-1000"],
    **{f"{name}-40": replace(TASKS["german-40"], data=name) for name in ("phoneme", "ring", "twonorm")},
}

SINGLE = {
    "labels": {"affine": False, "consistency": 0.0, "entropy": 0.0, "steps": 400},
    "moved": {"consistency": 0.0, "entropy": 0.0, "steps": 800},
    "noise": {"against": "noise"},
    "noise-long": {"against": "noise", "times": 4.0},
    "FixMatch-lite": {"against": "affine", "entropy": 0.0},
    "adversary-now": {"ramp": 0.0},
    "long": {"times": 4.0},
    "long-restarts": {"times": 4.0, "restarts": 3, "prior": None},
}
"""Arms of one training each, by what is not the recipe's."""

FOR_PICTURES, FOR_TABLES = ("moved", "FixMatch-lite"), ("long", "long-restarts")


def cells(tasks):
    """Return a cell an arm, and one for the three that share their first training."""
    return [
        Cell(NAME, {"task": name, "arm": arm}, seed)
        for name in tasks
        for seed in range(1, TASKS[name].seeds + 1)
        for arm in (*SINGLE, "together")
        if arm not in (FOR_TABLES if TASKS[name].pictures else FOR_PICTURES)
    ]


def work(cell):
    """Return accuracy and what the check saw, for each arm of the cell."""
    torch.set_num_threads(1)
    return {"rows": rows_of(TASKS[cell.settings["task"]], cell.settings["arm"], cell.seed)}


def rows_of(task, arm, seed):
    """Return one row an arm; those together share their first training, which is kept where it is not crowded."""
    if arm != "together":
        return [trained(task, seed, arm, **SINGLE[arm])]
    first = trained(task, seed, "adversary")
    found = [first]
    for name, prior, crowded in (
        ("restarts", None, first["beside_labels"]),
        ("restarts-prior", "given", first["beside_shares"]),
    ):
        again = crowded > 1
        found.append(trained(task, seed, name, prior=prior, restarts=3) if again else first | {"arm": name})
    return found


def trained(task, seed, arm, *, prior="given", restarts=1, times=1.0, **settings):
    """Return the figures of one network."""
    X, y, test_X, test_y, shares = drawn(task, seed)
    labelled = stream(seed, NAME, "labels").permutation(len(y))[: task.labels]
    seen = np.unique(y[labelled])
    known = shares[seen] / shares[seen].sum()
    recipe = VirtualAdversarial(
        **{"affine": task.pictures, "entropy": task.entropy} | settings,
        radius=times * task.radius,
        restarts=restarts,
        prior=tuple(known.tolist()) if prior == "given" else None,
    )
    net = NetClassifier(task.net, unlabelled=X, virtual=recipe, random_state=seed)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MergedClassesWarning)
        net.fit(X[labelled], y[labelled])
    seconds = time.process_time() - began
    predicted = np.mean(net.predict(X)[:, None] == seen, axis=0)
    level = 1 - 0.05 / len(seen)
    upper = np.array([wilson(int((y[labelled] == c).sum()), task.labels, level)[1] for c in seen])
    right = net.predict(test_X) == test_y
    return {
        "arm": arm,
        "accuracy": float(np.mean(right)),
        "commonest": float(predicted.max()),
        "beside_labels": float(np.max(predicted / upper)),
        "beside_shares": float(np.max(predicted / (CROWDED * known))),
        "trainings": len(net.history_),
        "cpu_seconds": round(seconds, 2),
    }


@lru_cache(maxsize=1)
def drawn(task, seed):
    """Return pool and test rows, and the share of each class that is given."""
    if task.pictures:
        data = load(task.data, rng=0)
        rows = stream(seed, NAME, "pool").permutation(len(data.train.y))[: task.pool]
        X, y, test = data.train.X[rows], data.train.y[rows], data.test
        shape = (-1, *data.image_shape) if task.data == "cifar10" else (len(X[0]),)
        shares = np.full(10, 0.1)
        return as_rows(X, shape), y, as_rows(test.X[: task.test], shape), test.y[: task.test], shares
    X, y = keel(task.data)
    order = stream(seed, NAME, "pool").permutation(len(y))
    test, rows = np.split(order, [min(task.test, len(y) // 3)])
    rows = rows[: task.pool]
    centre, spread = X[rows].mean(axis=0), X[rows].std(axis=0)
    X = ((X - centre) / np.where(spread > 0, spread, 1)).astype(np.float32)
    return X[rows], y[rows], X[test], y[test], np.bincount(y) / len(y)


def as_rows(X, shape):
    """Return 32-bit rows, or pictures where the network takes those."""
    X = np.asarray(X, np.float32)
    return X.reshape(shape) if shape[0] == -1 else X


def develop():
    """Print the accuracy by radius and entropy, noise and adversary, on data that nothing is reported on."""
    for name, task in DEVELOPMENT.items():
        seeds = (0,) if task.pictures else (1, 2, 3)
        for entropy in (0.0, 0.3, 1.0):
            for radius in (0.5, 1.0, 2.0):
                chosen = replace(task, radius=radius, entropy=entropy)
                both = [
                    [trained(chosen, seed, arm, **SINGLE.get(arm, {}))["accuracy"] for seed in seeds]
                    for arm in ("noise", "adversary")
                ]
                found = "noise {:.4f}, adversary {:.4f}".format(*np.mean(both, axis=1))
                print(name, f"entropy {entropy}, radius {radius}: {found}", flush=True)


def page(facts, about):
    """Return the page: a table a task."""
    lines = [
        *("# Learning from rows without labels", ""),
        *(f"`{about['command']}`, commit {about['commit']}, {about['device']}.", ""),
        "Accuracy on the test rows, in percent, with the 95 % interval over seeds that draw labels, pool and weights",
        "anew. Differences of `restarts-prior` from each arm are paired by seed, in points, with their 95 % interval",
        "and Wilcoxon's p, Holm over the arms of a task (before Holm at least .002 with ten seeds, .0625 with five).",
        "What the arms are stands at the top of the script.",
    ]
    for name, task in TASKS.items():
        by_arm = {}
        for fact in sorted(facts, key=lambda fact: fact.cell.seed):
            if fact.cell.settings["task"] == name:
                for row in fact.figures["rows"]:
                    by_arm.setdefault(row["arm"], []).append(row)
        if by_arm:
            lines += ["", f"## {task.data}, {task.labels} labels", "", *table_of(by_arm)]
    return "\n".join(lines) + "\n"


def table_of(by_arm):
    """Return the lines of one task."""
    values = {arm: np.array([row["accuracy"] for row in rows]) for arm, rows in by_arm.items()}
    others = [arm for arm in values if arm != "restarts-prior"]
    tests = dict(
        zip(others, holm([paired(values["restarts-prior"], values[arm]) for arm in others]), strict=True)
    )
    shown = []
    for arm, rows in by_arm.items():
        mean, test = estimate(100 * values[arm]), tests.get(arm)
        low, high = ("", "") if test is None else (100 * test.difference.low, 100 * test.difference.high)
        shown.append(
            (
                arm,
                mean.n,
                f"{mean.mean:.2f} [{mean.low:.2f}, {mean.high:.2f}]",
                f"{100 * values[arm].min():.2f}",
                ""
                if test is None
                else f"{100 * test.difference.mean:+.2f} [{low:+.2f}, {high:+.2f}], p {test.p_holm:.2g}",
                f"{np.mean([row['commonest'] for row in rows]):.3f}",
                f"{np.mean([row['trainings'] for row in rows]):.1f}",
                f"{np.median([row['cpu_seconds'] for row in rows]):.1f}",
            )
        )
    header = (
        "arm",
        "seeds",
        "accuracy",
        "worst seed",
        "restarts-prior less it",
        "commonest class predicted",
        "trainings",
        "CPU s",
    )
    return table(header, shown)


def main():
    """Run what is missing, print the page, and publish it if asked."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--task", action="append", choices=list(TASKS))
    options.add_argument("--store", type=Path, default=Path("unlabelled.db"))
    options.add_argument("--publish", type=Path, nargs="?", const=OUT)
    options.add_argument("--develop", action="store_true")
    chosen = options.parse_args()
    if chosen.develop:
        develop()
        return
    wanted = cells(chosen.task or TASKS)
    with Store(chosen.store) as store:
        sweep(wanted, work, store, progress=True)
        facts = [fact for fact in map(store.get, wanted) if fact is not None]
    about = provenance(
        " ".join(["python benchmarks/unlabelled.py", *(f"--task {name}" for name in chosen.task or ())])
    )
    print(page(facts, about))
    if chosen.publish:
        publish(facts, chosen.publish, about)
        chosen.publish.with_suffix(".md").write_text(page(facts, about))


if __name__ == "__main__":
    main()
