"""Table 2: 1-NN trained with adversarial examples of five attacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Values
from edgewise.attacks import attack, names
from edgewise.attacks.adversarial import Adversarial
from edgewise.attacks.frame import Attack
from edgewise.data import load
from edgewise.data.dataset import Dataset, Split
from edgewise.geometry import length
from edgewise.learning.metrics import accuracy
from edgewise.paper.tables.frame import Claim, Key, Result, row, select
from edgewise.paper.tables.verdict_rule import always_better
from edgewise.randomness import child_seed
from edgewise.store import Cell
from edgewise.strategies.model_scores import margins


NAME = "table2"
MODEL = "1-nn"
EXTRA = 100
PRINTED = ("halfmoon", "abalone", "mnist-1v7")
SIZES: Mapping[str, Values] = {
    "cancer": {"train": 250, "held_out": 230},
    "australian": {"train": 250, "held_out": 240},
    "digits-1v7": {"train": 120, "held_out": 120, "test": 120},
}
HELD_OUT: Values = {"held_out": 400}
ATTACKS = ("region-exact", "region-approx", "direct", "kernel-substitute", "opt")
COMPARED = ("adversarial", "victim-labelled", "clean", "sources", "least-confident")
SCALES = (0.5, 0.8, 0.9, 0.99)
SCALED = ("adversarial", "victim-labelled")


@dataclass(frozen=True)
class Table2:
    """1-NN on the train split, with and without 100 points made from held-out, correctly classified ones."""

    name: str = NAME
    title: str = "1-NN trained with adversarial examples"
    data: tuple[str, ...] = ("halfmoon", "abalone", "mnist-1v7", "cancer", "australian", "covtype")
    readings: tuple[str, ...] = (
        "The synthetic set is the train split plus 100 adversarial points (Table 1's adversary column "
        "exceeds its train column by 100), made from held-out points the victim classifies correctly.",
        "An adversarial point carries its source's own label (adversarial training); the arm "
        "'victim-labelled' gives it the victim's label of the point instead.",
        "Arms the paper lacks: 'clean' adds 100 further held-out points with their labels, 'sources' adds "
        "the attacked points themselves: the gain of adversarial points is not to be the gain of more data.",
        "The paper puts its points approximately on the boundary by 'a novel non-negative scale' without a "
        "value: at source + s (crossing - source), s = 1 in the arms above and .5, .8, .9, .99 in the arms "
        "'adversarial-s' and 'victim-labelled-s', corrected as a family of their own.",
        "'least-confident' adds the 100 of the attacked points' pool that the victim is least sure of, with "
        "their labels: the paper's 'minimum-confidence legitimate examples'. The confidence of a k-NN is how "
        "much farther its nearest training point of another class is than that of its own.",
        "The perturbation is the mean over points found, in L2 and in L-infinity; the paper names no norm.",
        "Sizes are those of Table 1 (Cancer and Australian: 250 train, 200 test); no test point is attacked, "
        "trained on or tuned on.",
        "Cancer, Australian and Covtype are named in the text without a table; sizes are stated by the data.",
    )

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return for each seed and data set two cells an attack (crossings, scales) and two without one."""
        extra = 25 if quick else EXTRA
        return [
            Cell(NAME, {"data": name, "attack": method, "extra": extra, **more}, seed)
            for seed in range(seeds)
            for name in data
            for method in ("", *ATTACKS)
            for more in ({}, {"scales": list(SCALES)} if method else {"choice": "least-confident"})
        ]

    @property
    def work(self) -> Callable[[Cell], Values]:
        """`work`."""
        return work

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare the accuracy of every arm with the victim alone, and adversarial with clean points."""
        if metric != "accuracy" or (key.arm not in COMPARED and not scaled(key.arm, SCALED)):
            return ()
        arms = ("baseline",) if key.arm == "clean" else ("baseline", "clean")
        return tuple(Key(key.data, key.model, "", arm, key.budget) for arm in arms)

    def family(self, key: Key) -> str:
        """Correct the arms that a claim is about together, and those at other scales together."""
        return "scales" if scaled(key.arm, SCALED) else ""

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the claims about Table 2."""
        made = select(results, arm="adversarial")
        printed = [r for r in made if r.key.data in PRINTED]
        named = [r for r in made if r.key.data == "cancer" and r.published is not None]
        return [
            always_better(
                "1-NN trained with adversarial examples beats the 1-NN alone on every data set and "
                "with every attack (Table 2).",
                printed,
                "baseline",
                cells=15,
            ),
            always_better(
                "On Cancer, RBA-Approx and BBox reach 97.00 against 95.00 (text of section 5.2).",
                named,
                "baseline",
                cells=2,
            ),
            always_better(
                "The same trend appears on Australian and Covtype (text of section 5.2).",
                [r for r in made if r.key.data in ("australian", "covtype")],
                "baseline",
                cells=10,
            ),
            always_better(
                "The gain is that of adversarial points, not of more data: it beats as many clean "
                "points (implied by Table 2, not tested in the paper).",
                printed,
                "clean",
                cells=15,
                ours_alone=True,
            ),
        ]


def scaled(arm: str, arms: Sequence[str]) -> bool:
    """Return whether ``arm`` is one of ``arms`` at a scale below 1, such as ``"adversarial-0.5"``.

    Examples
    --------
    >>> scaled("adversarial-0.5", SCALED), scaled("adversarial", SCALED)
    (True, False)
    """
    return any(arm.startswith(f"{name}-0.") for name in arms)


def work(cell: Cell) -> Values:
    """Compute one cell: the arms of one attack at its crossings or at scales, or those that need none."""
    method, extra = cell.settings["attack"], cell.settings["extra"]
    data = load(
        cell.settings["data"], rng=child_seed(cell.seed, NAME), **SIZES.get(cell.settings["data"], HELD_OUT)
    )
    if cell.settings.get("rows") == "distinct":
        data = distinct(data)
    victim = KNeighborsClassifier(1).fit(*data.train)
    sources, others = _sources(victim, data, extra)
    if not method:
        arms = {"baseline": None, "clean": others, "sources": sources}
        if "choice" in cell.settings:
            arms = {"least-confident": _least_confident(victim, data, extra)}
        return {"rows": [_arm(name, data, added) for name, added in arms.items()]}
    adv = attack(
        victim,
        sources.X,
        attack_on(data, method),
        box=data.box,
        rng=child_seed(cell.seed, method),
    )
    if "scales" in cell.settings:
        return {"rows": _at_scales(adv, cell.settings["scales"], sources, victim, data, method)}
    made = adv.points[adv.found]
    work_done = {
        "found": adv.found.mean(),
        "queries": adv.queries.mean(),
        "perturbation_l2": np.nan,
        "perturbation_linf": np.nan,
    }
    if len(made):
        moved = made.astype(float) - sources.X[adv.found]
        work_done |= {
            "perturbation_l2": length(moved, 2).mean(),
            "perturbation_linf": length(moved, np.inf).mean(),
        }
    return {
        "rows": [
            _arm("adversarial", data, Split(made, sources.y[adv.found]), method, **work_done),
            _arm("victim-labelled", data, Split(made, adv.label[adv.found]), method),
        ]
    }


def distinct(data: Dataset) -> Dataset:
    """Return ``data`` without test and held-out rows that repeat a row of the train split, or of each other.

    Cancer has 236 rows that repeat another, so that a third of its test rows is also trained on.
    """
    seen = {point.tobytes() for point in data.train.X}
    parts: dict[str, Split] = {}
    for name in ("held_out", "test"):
        split = getattr(data, name)
        keep: list[int] = []
        for number, point in enumerate(split.X):
            if point.tobytes() not in seen:
                seen.add(point.tobytes())
                keep.append(number)
        parts[name] = Split(split.X[keep], split.y[keep])
    return replace(data, **parts)


def _at_scales(
    adv: Adversarial,
    scales: Sequence[float],
    sources: Split,
    victim: KNeighborsClassifier,
    data: Dataset,
    method: str,
) -> list[Values]:
    rows: list[Values] = []
    for scale in scales:
        placed = adv.at(scale, data.box)[adv.found]
        own, said = sources.y[adv.found], victim.predict(placed)
        flipped = float(np.mean(np.not_equal(said, own)))
        rows += [
            _arm(f"adversarial-{scale}", data, Split(placed, own), method),
            _arm(
                f"victim-labelled-{scale}",
                data,
                Split(placed, said),
                method,
                flipped=flipped,
            ),
        ]
    return rows


def _least_confident(victim: KNeighborsClassifier, data: Dataset, extra: int) -> Split:
    extra = min(extra, len(data.held_out.y) // 2)
    rows = np.argsort(margins(victim, data.held_out.X), kind="stable")[:extra]
    return Split(data.held_out.X[rows], data.held_out.y[rows])


def _sources(victim: KNeighborsClassifier, data: Dataset, extra: int) -> tuple[Split, Split]:
    """Return held-out points the victim gets right, and as many further ones whatever it says of them."""
    extra = min(extra, len(data.held_out.y) // 2)
    right = np.flatnonzero(victim.predict(data.held_out.X) == data.held_out.y)[:extra]
    # Those passed over on the way are all wrong ones: the clean arm begins after them.
    rest = np.arange(int(right[-1]) + 1, len(data.held_out.y))[:extra]
    return (
        Split(data.held_out.X[right], data.held_out.y[right]),
        Split(data.held_out.X[rest], data.held_out.y[rest]),
    )


def attack_on(data: Dataset, name: str) -> Attack:
    """Return an attack by name; ``opt`` starts from the training points of ``data``."""
    return names.ATTACKS[name].make(**({"starts": (data.train.X, data.train.y)} if name == "opt" else {}))


def _arm(arm: str, data: Dataset, added: Split | None, method: str = "", **values: float) -> Values:
    train = (
        data.train
        if added is None
        else Split(np.concatenate([data.train.X, added.X]), np.concatenate([data.train.y, added.y]))
    )
    shadow = KNeighborsClassifier(1).fit(*train)
    return row(
        model=MODEL, attack=method, arm=arm, budget="", accuracy=accuracy(shadow, *data.test), **values
    )
