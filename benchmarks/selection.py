"""DFAL on a large pool: two stages against the full batched attack and the loop that is published.

Run: python benchmarks/selection.py --data-home FOLDER [--pool 55000] [--n 100] [--loop 30]

The published loop (DeepFool one sample at a time, a forward and a backward pass a class in each step, as
toolkits do it) is written anew here and timed on ``--loop`` samples of the same pool; its time for the pool
is that mean times the pool. It gets what is in its favour: right nearest class, gradients of the weights
off. All run on one thread, one after another, in one process, twice by turns.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

import edgewise as ew
from edgewise.models.net_classifier import NetClassifier
from edgewise.paper.runs.results import provenance
from edgewise.strategies.adversarial import Dfal


STEPS = 50


def published_loop(net, image):
    """Return the L2 length of DeepFool's step sum for one image, as the published loops compute it."""
    x = torch.from_numpy(image[None].copy())
    total = torch.zeros_like(x)
    x.requires_grad_(True)
    out = net(x)
    start = int(out.argmax())
    for _ in range(STEPS):
        if int(out.argmax()) != start:
            break
        grads = [torch.autograd.grad(out[0, c], x, retain_graph=True)[0] for c in range(out.shape[1])]
        best, step = np.inf, None
        for c in range(out.shape[1]):
            if c == start:
                continue
            w = grads[c] - grads[start]
            gap = float((out[0, c] - out[0, start]).detach().abs() / w.flatten().norm())
            if gap < best:
                best, step = gap, gap * w / w.flatten().norm()
        total = total + step
        x = (torch.from_numpy(image[None].copy()) + total).detach().requires_grad_(True)
        out = net(x)
    return float(total.norm())


def main():
    """Time the three and compare their batches."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data-home")
    options.add_argument("--pool", type=int, default=55_000)
    options.add_argument("--n", type=int, default=100)
    options.add_argument("--loop", type=int, default=30)
    options.add_argument("--full", type=int, default=0, help="rows on which recall is checked")
    options.add_argument("--out")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    data = ew.load("mnist", rng=0, data_home=chosen.data_home)
    X, y = data.train.X[: chosen.pool], data.train.y[: chosen.pool]
    model = NetClassifier("lenet5", epochs=3, batch_size=64, lr=4e-3, schedule="one-cycle")
    model.fit(X[:10_000], y[:10_000])
    net = model.module_.eval()
    for weight in net.parameters():
        weight.requires_grad_(False)
    figures = {
        "pool": len(X),
        "n": chosen.n,
        "accuracy": float(np.mean(model.predict(data.test.X) == data.test.y)),
    }
    sample = np.random.default_rng(0).permutation(len(X))[: chosen.loop]
    times = []
    for half in np.array_split(sample, 2):
        started = time.perf_counter()
        for row in half:
            published_loop(net, X[row])
        times.append((time.perf_counter() - started) / len(half))
        started = time.perf_counter()
        answer = ew.query(model, X, chosen.n, "dfal", box=data.box)
        times.append(time.perf_counter() - started)
    loop, ours = (times[0] + times[2]) / 2, (times[1] + times[3]) / 2
    figures |= {
        "loop_seconds_a_sample": loop,
        "loop_seconds": loop * len(X),
        "two_stage_seconds": ours,
        "speed_up": loop * len(X) / ours,
        "notes": list(answer.notes),
    }
    if chosen.full:
        part = X[: chosen.full]
        started = time.perf_counter()
        whole = ew.query(model, part, chosen.n, Dfal(two_stage=False), box=data.box)
        middle = time.perf_counter()
        staged = ew.query(model, part, chosen.n, "dfal", box=data.box)
        shared = len(set(whole.index.tolist()) & set(staged.index.tolist())) / chosen.n
        figures |= {
            "full_rows": chosen.full,
            "full_seconds": middle - started,
            "staged_seconds": time.perf_counter() - middle,
            "recall": shared,
            "gradient_share": staged.gradients / whole.gradients,
        }
    text = json.dumps({"about": provenance("python benchmarks/selection.py"), "figures": figures}, indent=1)
    print(text)
    if chosen.out:
        Path(chosen.out).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
