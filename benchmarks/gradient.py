"""Gradient attacks against adv-lib and Foolbox on LeNet and MNIST (process CPU time, one thread, medians).

    python benchmarks/gradient.py [--images 64] [--repeats 5] [--pool 55000]

The arms of a row take turns, so that what else the machine does hits all alike. Every success is asked again
here. Peers (group `bench`) import torchvision, visdom and others for what is not measured: these are stubbed.
Install them with `pip install --no-deps adv-lib==0.2.8 foolbox==3.3.4 eagerpy==0.30.0`.
"""

import argparse
import importlib.machinery
import json
import resource
import shlex
import subprocess
import sys
import time
import types
import warnings
from pathlib import Path

import numpy as np
import torch

import edgewise as ew
from edgewise.models.architectures import LeNet5
from edgewise.models.net_classifier import NetClassifier
from edgewise.paper.runs.results import provenance


OUT = Path(__file__).parents[1] / "results" / "benchmarks" / "gradient.json"
CHECKPOINT = Path(__file__).parents[1] / ".benchmarks" / "lenet.pt"
STUBBED = (
    "torchvision",
    "torchvision.models",
    "torchvision.models.vgg",
    "torchvision.transforms",
    "visdom",
    "lpips",
    "git",
    "requests",
)


class Stub(types.ModuleType):
    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def peers():
    """adv-lib and Foolbox, or None for one that is not installed."""
    made = []
    for name in STUBBED:
        if name not in sys.modules and importlib.util.find_spec(name.partition(".")[0]) is None:
            sys.modules[name] = Stub(name)
            sys.modules[name].__spec__ = importlib.machinery.ModuleSpec(name, None)
            made.append(name)
    found = []
    for module in ("adv_lib.attacks", "foolbox"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(importlib.import_module(module))
        except ImportError as error:
            print(f"{module} is missing ({error}); its arms are skipped. See the head of this file.")
            found.append(None)
    for name in made:
        del sys.modules[name]
    return found


def lenet():
    """A LeNet trained on 12,000 MNIST images, kept beside the benchmarks."""
    CHECKPOINT.parent.mkdir(exist_ok=True)
    data = ew.load("mnist", rng=0, train=12_000, held_out=1, test=2000)
    model = NetClassifier("lenet5", epochs=6, lr=2e-3, checkpoint=CHECKPOINT).fit(*data.train)
    plain = LeNet5()
    plain.load_state_dict(model.module_.state_dict())
    return plain.eval(), data, model.score(*data.test)


def verified(model, points, X, y):
    with torch.no_grad():
        found = model(torch.tensor(points)).argmax(1).numpy() != y
    return found, np.where(found, np.linalg.norm((points - X).reshape(len(X), -1), axis=1), np.inf)


def compare(title, arms, model, X, y, repeats):
    spent = {name: [] for name in arms}
    for turn in range(repeats + 1):
        for name, attack in arms.items():
            started = time.process_time()
            points = attack(X, y)
            if turn or repeats == 1:
                spent[name].append(time.process_time() - started)
            if turn == 0:
                found, distance = verified(model, points, X, y)
                spent[name + "/figures"] = (found.mean(), np.median(distance))
        if repeats == 1:
            break
    print(f"\n{title}")
    rows = {}
    for name in arms:
        found, median = spent[name + "/figures"]
        rows[name] = {
            "seconds": float(np.median(spent[name])),
            "success": float(found),
            "median_l2": float(median),
            "images": len(X),
        }
        print(f"  {name:32s} {rows[name]['seconds']:9.4f} s   success {found:6.1%}   median L2 {median:.4f}")
    return rows


def arms_of(model, adv, fb):
    def ours(name, **settings):
        return lambda X, y: ew.attack(model, X, name, y=y, box=(0, 1), **settings).points

    def theirs(attack, **settings):
        return lambda X, y: attack(torch.tensor(X), torch.tensor(y), model, **settings).detach().numpy()

    def foolbox(attack, eps=None):
        wrapped = fb.PyTorchModel(model, bounds=(0, 1), device="cpu")
        return lambda X, y: (
            attack(torch.tensor(X), torch.tensor(y), ew.ATTACKS[wrapped].make(epsilons=eps))[1]
            .detach()
            .numpy()
        )

    rows = {
        "DeepFool": {"edgewise, no refinement": ours("deepfool", refine=False), "edgewise": ours("deepfool")},
        "DDN-100": {"edgewise, no refinement": ours("ddn", refine=False), "edgewise": ours("ddn")},
        "FGSM, eps 0.1": {"edgewise": ours("fgsm", eps=0.1)},
        "PGD-40, eps 0.1": {
            "edgewise": ours("pgd", eps=0.1, step=0.01, stop_when_crossed=False),
            "edgewise, stop when crossed": ours("pgd", eps=0.1, step=0.01),
        },
        "C&W": {"edgewise": ours("cw")},
        "smallest L2, the same images": {"edgewise ddn": ours("ddn"), "edgewise cw": ours("cw")},
    }
    if adv:
        rows["DeepFool"]["adv-lib df"] = theirs(adv.df, steps=50)
        rows["DDN-100"]["adv-lib ddn"] = theirs(adv.ddn, steps=100)
        rows["DDN-100"]["adv-lib ddn, not rounded"] = theirs(adv.ddn, steps=100, levels=None)
        rows["PGD-40, eps 0.1"]["adv-lib pgd_linf"] = theirs(
            adv.pgd_linf, ε=0.1, steps=40, absolute_step_size=0.01
        )
    if fb:
        attacks = fb.attacks
        rows["DeepFool"]["Foolbox, 3 candidates"] = foolbox(attacks.L2DeepFoolAttack(steps=50, candidates=3))
        rows["DDN-100"]["Foolbox DDN"] = foolbox(attacks.DDNAttack(steps=100))
        rows["FGSM, eps 0.1"]["Foolbox"] = foolbox(attacks.LinfFastGradientAttack(), 0.1)
        rows["PGD-40, eps 0.1"]["Foolbox"] = foolbox(attacks.LinfPGD(steps=40, abs_stepsize=0.01), 0.1)
        rows["C&W"]["Foolbox 9 x 1000"] = foolbox(
            attacks.L2CarliniWagnerAttack(binary_search_steps=9, steps=1000)
        )
    return rows


def one_at_a_time(model, x, steps=50, overshoot=0.02):
    """DeepFool the way the published DFAL and DeepFool loops run it: one image, and a full backward pass, the
    parameters' gradients included, for each of the ten classes."""
    image, total = torch.tensor(x[None]), torch.zeros(1, *x.shape)
    own = int(model(image).argmax())
    for _ in range(steps):
        moved = (image + (1 + overshoot) * total).requires_grad_()
        z = model(moved)[0]
        if int(z.argmax()) != own:
            break
        slopes = []
        for k in range(10):
            moved.grad = None
            z[k].backward(retain_graph=True)
            slopes.append(moved.grad.clone())
        gaps = (z - z[own]).detach().abs()
        distance, k = min(
            (float(gaps[k] / (slopes[k] - slopes[own]).norm()), k) for k in range(10) if k != own
        )
        w = slopes[k] - slopes[own]
        total = total + (distance + 1e-4) * w / w.norm()
    return float(total.norm())


def pool(model, size):
    """Rank a pool by DeepFool distance, unrefined like the loop it is compared with; and peak memory."""
    X = ew.load("mnist", rng=0, train=size, held_out=1, test=1).train.X.astype(np.float32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started = time.process_time()
    adv = ew.attack(model, X, ew.attacks.DeepFool(refine=False), box=(0, 1))
    return {
        "images": size,
        "seconds": time.process_time() - started,
        "success": float(adv.found.mean()),
        "gib_before": before,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pool", type=int, default=55_000)
    parser.add_argument("--only", nargs="*", help="start of the names of the rows to run")
    parser.add_argument("--pool-process", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, data, accuracy = lenet()
    if options.pool_process:
        print(json.dumps(pool(model, options.pool_process)))
        return
    X = data.test.X.astype(np.float32).reshape(-1, 1, 28, 28)
    with torch.no_grad():
        right = model(torch.tensor(X)).argmax(1).numpy() == data.test.y
    X, y = X[right], data.test.y[right].astype(np.int64)
    print(f"LeNet, accuracy {accuracy:.3f}")
    kept = json.loads(OUT.read_text()) if OUT.exists() and options.only else {}
    rows = kept.get("rows", {})
    for title, arms in arms_of(model, *peers()).items():
        if options.only is None or any(title.startswith(name) for name in options.only):
            n = 4 * options.images if title.startswith(("FGSM", "PGD")) else options.images
            repeats = 1 if title == "C&W" else options.repeats
            rows[title] = compare(title, arms, model, X[:n], y[:n], repeats)
    if options.only is None or "pool" in options.only:
        rows["pool"] = ranked_pool(model, X[:100], options.pool)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    command = f"python benchmarks/gradient.py --images {options.images} --repeats {options.repeats}"
    if options.only:
        command += f" --only {shlex.join(options.only)}"
        later = kept.get("later", {}) | {name: provenance(command) for name in options.only}
        kept |= {"later": later, "rows": rows}
    else:
        kept = {"about": provenance(command), "rows": rows}
    OUT.write_text(json.dumps(kept, indent=1) + "\n")


def ranked_pool(model, X, size):
    started = time.process_time()
    for x in X:
        one_at_a_time(model, x)
    each = (time.process_time() - started) / len(X)
    child = subprocess.run(
        [sys.executable, __file__, "--pool-process", str(size)], check=True, capture_output=True, text=True
    )
    figures = json.loads(child.stdout.splitlines()[-1])
    figures["one_at_a_time_seconds"] = each * size
    added = figures["gib"] - figures["gib_before"]
    print(
        f"\nDeepFool over {size} images: {figures['seconds']:.1f} s, {added:.2f} GiB more than data; one "
        f"at a time {each * size:.0f} s (from {len(X)}): {each * size / figures['seconds']:.0f} x"
    )
    return figures


if __name__ == "__main__":
    main()
