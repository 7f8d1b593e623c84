"""CloudLeak's setting: a shadow network trained elsewhere, fine-tuned on rows made on itself, one question each.

Run: python benchmarks/cloudleak.py --data-home FOLDER [--data digits,mnist-1v7] [--seeds 10] [--out FILE]

"Elsewhere" is the other classes: for MNIST 1v7 the eight other digits; for the ten classes of `digits`, MNIST has no
part, so the shadow is trained on pool-free rows of five classes. All arms get the same rows a round, the same shadow,
the same epochs. Arms: random and margin rows of the pool; DFAL (smallest DeepFool move); margin rows moved by DeepFool
(scale .9 and 1.1) or by FGSM; each with the shadow trained elsewhere, and from scratch.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from extraction import lines_of, points
from torch import nn

import edgewise as ew
from edgewise.attacks.gradient.deepfool import DeepFool
from edgewise.attacks.gradient.fgsm_pgd import FGSM
from edgewise.paper.runs.results import provenance
from edgewise.stats import paired


BUDGETS = (20, 50, 100, 200)
EPOCHS = 60


def body(features):
    """Return the layers that are kept when the last one is replaced."""
    return nn.Sequential(nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())


def trained(net, X, y, epochs, lr=3e-3, seed=0):
    """Train a network by Adam on whole rows; small data, whole batches up to 128."""
    torch.manual_seed(seed)
    X, y = torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y)
    optimizer = torch.optim.Adam(net.parameters(), lr)
    for _ in range(epochs):
        order = torch.randperm(len(X))
        for rows in order.split(128):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(X[rows]), y[rows]).backward()
            optimizer.step()
    return net.eval()


def says(net, X):
    """Return the labels of a network."""
    with torch.no_grad():
        return net(torch.as_tensor(X, dtype=torch.float32)).argmax(dim=1).numpy()


def loaded(name, seed, home):
    """Return rows for the victim, rows trained on elsewhere, the pool and the test rows, features in [0, 1]."""
    data = ew.load("mnist" if name == "mnist-1v7" else "digits", rng=seed, data_home=home)
    X, y = data.train.X.reshape(len(data.train.X), -1).astype(np.float32), data.train.y
    T, t = data.test.X.reshape(len(data.test.X), -1).astype(np.float32), data.test.y
    if name == "mnist-1v7":
        ours, others = np.flatnonzero(np.isin(y, [1, 7])), np.flatnonzero(~np.isin(y, [1, 7]))[:6000]
        own = (y == 7).astype(int)
        test = np.flatnonzero(np.isin(t, [1, 7]))
        return (X[ours[:2000]], own[ours[:2000]]), (X[others], y[others]), X[ours[2000:3000]], T[test]
    third = len(X) // 3
    low = np.flatnonzero(y[:third] < 5)
    return (X[third : 2 * third], y[third : 2 * third]), (X[:third][low], y[:third][low]), X[2 * third :], T


def moved(net, X, how):
    """Return rows moved on the shadow."""
    if how == "fgsm":
        return np.asarray(ew.attack(net, X, FGSM(eps=0.1), box=(0, 1), rng=0).points, dtype=np.float32)
    return np.asarray(
        ew.attack(net, X, DeepFool(), box=(0, 1), rng=0).at(float(how), (0, 1)), dtype=np.float32
    )


def margins(net, X):
    """Return the gap between the two best logits."""
    with torch.no_grad():
        best = net(torch.as_tensor(X)).topk(2, dim=1).values
    return (best[:, 0] - best[:, 1]).numpy()


def arm(rule, how, elsewhere, victim, pool, test, classes, start, seed):
    """Return the agreement at each budget of one arm."""
    rng = np.random.default_rng(seed)
    left, X, y, found = list(rng.permutation(len(pool))), [], [], {}
    truth, net = says(victim, test), None
    for budget in BUDGETS:
        n = budget - len(X)
        picked = np.array(left[:n])
        if rule != "random" and net is not None:
            some = np.array(left)
            if rule == "dfal":
                distance = ew.attack(net, pool[some[:300]], DeepFool(), box=(0, 1), rng=0).distance
                picked = some[:300][np.argsort(distance, kind="stable")[:n]]
            else:
                picked = some[np.argsort(margins(net, pool[some]), kind="stable")[:n]]
        rows = pool[picked] if how is None or net is None else moved(net, pool[picked], how)
        left = [row for row in left if row not in set(picked.tolist())]
        X += list(rows)
        y += says(victim, rows).tolist()
        torch.manual_seed(seed)
        base = body(pool.shape[1])
        if elsewhere:
            base.load_state_dict(start)
        net = trained(
            nn.Sequential(base, nn.Linear(64, classes)), np.array(X), np.array(y), EPOCHS, seed=seed
        )
        found[budget] = round(float(np.mean(says(net, test) == truth)), 5)
    return found


ARMS = {
    "random": ("random", None),
    "margin": ("margin", None),
    "dfal": ("dfal", None),
    "margin, DeepFool x 0.9": ("margin", "0.9"),
    "margin, DeepFool x 1.1": ("margin", "1.1"),
    "margin, FGSM 0.1": ("margin", "fgsm"),
}


def table(lines):
    """Return, as Markdown, the agreement of every arm, and what it adds to random rows of the same start.

    The interval is a t interval over splits of one data set, for the mean difference in points.
    """
    heads = "| data, splits | arm | start | rows | agreement | less random (95 %) |"
    out = [heads, "|---|---|---|---|---|---|"]
    for data in dict.fromkeys(line["data"] for line in lines):
        rows = [line["found"] for line in lines if line["data"] == data]
        for name in rows[0]:
            arm_of, start = name.rsplit(", ", 1)
            for budget in map(str, BUDGETS):
                values = [found[name][budget] for found in rows]
                gain = paired(values, [found[f"random, {start}"][budget] for found in rows]).difference
                cells = (
                    f"{data}, {len(rows)}",
                    arm_of,
                    start,
                    budget,
                    f"{np.mean(values):.4f}",
                    points(gain),
                )
                out.append(f"| {' | '.join(cells)} |")
    return "\n".join(out)


def main():
    """Run what is missing; one line a data set and seed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data-home", default=os.environ.get("EDGEWISE_DATA"))
    options.add_argument("--data", default="digits,mnist-1v7")
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--out", default="cloudleak.jsonl")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    path = Path(chosen.out)
    if not path.exists():
        command = f"python benchmarks/cloudleak.py --data-home FOLDER --seeds {chosen.seeds}"
        path.write_text(json.dumps({"about": provenance(command)}) + "\n", encoding="utf-8")
    there = {(line["data"], line["seed"]) for line in lines_of(path)}
    for seed in range(chosen.seeds):
        for name in chosen.data.split(","):
            if (name, seed) in there:
                continue
            started = time.process_time()
            own, others, pool, test = loaded(name, seed, chosen.data_home)
            classes = int(own[1].max()) + 1
            torch.manual_seed(seed + 100)
            victim = trained(
                nn.Sequential(body(pool.shape[1]), nn.Linear(64, classes)), *own, 30, seed=seed + 100
            )
            kinds, labels = np.unique(others[1], return_inverse=True)
            base = body(pool.shape[1])
            trained(nn.Sequential(base, nn.Linear(64, len(kinds))), others[0], labels, 15, seed=seed + 200)
            found = {
                f"{label}, {'elsewhere' if elsewhere else 'from scratch'}": arm(
                    *ARMS[label], elsewhere, victim, pool, test, classes, base.state_dict(), seed
                )
                for label in ARMS
                for elsewhere in (False, True)
            }
            line = {
                "data": name,
                "seed": seed,
                "found": found,
                "seconds": round(time.process_time() - started, 1),
            }
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    path.with_suffix(".md").write_text(table(lines_of(path)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
