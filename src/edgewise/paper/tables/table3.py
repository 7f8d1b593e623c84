"""Table 3: a shadow 1-NN rebuilt from a victim 1-NN, by query budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Floats, Index, Values
from edgewise.attacks.opt import Opt
from edgewise.data import load
from edgewise.data.dataset import Dataset
from edgewise.learning.metrics import accuracy, agreement
from edgewise.learning.synthetic import Synthetic, generate
from edgewise.paper.tables.frame import Claim, Key, Result, Verdict, row, select
from edgewise.paper.tables.published import published
from edgewise.paper.tables.table2 import scaled
from edgewise.paper.tables.verdict_rule import always_better
from edgewise.randomness import child_seed, stream
from edgewise.store import Cell
from edgewise.strategies.model_scores import margins


if TYPE_CHECKING:
    from edgewise.attacks.names import AttackName


NAME = "table3"
MODEL = "1-nn"
BUDGETS = {"mnist-1v7": (400, 600, 1000), "halfmoon": (500, 1000, 2000), "abalone": (100, 300, 500)}
POOL = {"mnist-1v7": 11_000, "halfmoon": 20_000, "abalone": 3_400}
STARTS = 300
EQUAL = "clean-equal-queries"
SCALES = (0.5, 0.8, 0.9, 0.99, 1.0)
EXACT = "region-exact"
CURE = 0.9
"""The scale at which the paper's claims are judged: approximately on the boundary, and short of it."""
EXACT_SEEDS = 5
"""How many seeds the exact attack has for each of the others, on points of a few numbers: it costs seconds."""


@dataclass(frozen=True)
class Table3:
    """Shadows trained on points the victim labelled, nothing else, at the paper's budgets."""

    name: str = NAME
    title: str = "shadow 1-NN from a victim, by query budget"
    data: tuple[str, ...] = tuple(BUDGETS)
    readings: tuple[str, ...] = (
        "A budget is the size of the shadow's training set; all victim queries are counted and shown beside.",
        "'random' draws points uniformly from the domain (the box, or the smallest one around the pool); "
        "'boundary' places points with the label-only attack (eqs. 11-12), at most 300 queries each, "
        "started from 300 of the adversary's own points, whose labels it buys first; all are labelled by the "
        "victim.",
        "Arms the paper lacks: 'clean' takes the same number of real points from the adversary's pool; "
        "'clean-equal-queries' takes as many real points as the boundary arm spent queries, capped at the pool: "
        "11,000 MNIST 1v7, 20,000 Halfmoon, 3,400 Abalone, fewer than the attack spent in every cell.",
        "'half' is half clean, half boundary points; 'pairs' is half boundary points, half the very sources "
        "they were made from, so that each pair straddles the boundary.",
        "Accuracy is test accuracy of the shadow; agreement is the share of test points it labels as the "
        "victim does. The paper's 15 % on two classes is below chance, so it measured something else.",
        "The paper puts its points approximately on the boundary by 'a novel non-negative scale' without a "
        "value. 'boundary' is at the crossing, s = 1; 'boundary-s' lies at source + s (crossing - source), "
        "s = .5, .8, .9, .99, labelled by the victim. The exact attack stands beside the label-only one, with "
        "five times the seeds on Halfmoon and Abalone. These are corrected as a family of their own, and the "
        f"paper's claims are judged at s = {CURE}.",
        "'least-confident' takes the real points of the pool that the victim is least sure of: the paper's "
        "'minimum-confidence legitimate examples'. The confidence of a k-NN is how much farther its nearest "
        "training point of another class is than that of its own.",
        "Smaller budgets are prefixes of larger ones, so that budgets are compared on the same draws.",
    )

    def cells(self, data: Sequence[str], seeds: int, *, quick: bool = False) -> list[Cell]:
        """Return for each seed and data set a cell an attack, and one of the points that are hard for the victim."""
        share = 10 if quick else 1
        made: list[Cell] = []
        for seed in range(EXACT_SEEDS * seeds):
            for name in data:
                budgets, pool = [budget // share for budget in BUDGETS[name]], POOL[name] // share
                size = {"data": name, "budgets": budgets, "queries": 300, "pool": pool}
                if seed < seeds:
                    made += [
                        Cell(
                            NAME, size | {"attack": "opt", "starts": "victim", "scales": list(SCALES)}, seed
                        ),
                        Cell(NAME, size | {"choice": "least-confident"}, seed),
                    ]
                if seed < seeds or name != "mnist-1v7":
                    made.append(Cell(NAME, size | {"attack": EXACT, "scales": list(SCALES)}, seed))
        return made

    @property
    def work(self) -> Callable[[Cell], Values]:
        """`work`."""
        return work

    def baselines(self, key: Key, metric: str) -> tuple[Key, ...]:
        """Compare boundary points with random, clean and equally dear clean points; other scales with two of them."""
        if self.family(key):
            arms = ("random", "clean") if metric == "accuracy" else ()
        elif metric in ("accuracy", "agreement") and key.arm in ("boundary", "half", "pairs"):
            arms = ("random", "clean", EQUAL)
        else:
            arms = ()
        return tuple(Key(key.data, key.model, "", arm, key.budget) for arm in arms)

    def family(self, key: Key) -> str:
        """Correct the arms that a claim is about together, and those at other scales together."""
        side = scaled(key.arm, ("boundary",)) or key.attack == EXACT or key.arm == "least-confident"
        return "scales" if side else ""

    def claims(self, results: Sequence[Result]) -> list[Claim]:
        """Return the claims about Table 3; the paper's own at the scale that is its cure."""
        crossing, cured, exact = (
            select(results, arm=arm, attack=attack)
            for arm, attack in (("boundary", "opt"), (f"boundary-{CURE}", "opt"), (f"boundary-{CURE}", EXACT))
        )
        printed = {(r.key.data, r.key.budget): r.published_gain for r in crossing}
        cured = [replace(r, published_gain=printed.get((r.key.data, r.key.budget), {})) for r in cured]
        ours: tuple[tuple[str, list[Result], str], ...] = (
            ("BBox examples at the crossing itself, s = 1, beat random ones (no cure)", crossing, "random"),
            (f"BBox examples at s = {CURE} beat as many real points", cured, "clean"),
            (f"Exact boundary points at s = {CURE} beat as many real points", exact, "clean"),
            ("BBox examples at the crossing beat as many real points", crossing, "clean"),
            ("Pairs astride the boundary beat as many real points", select(results, arm="pairs"), "clean"),
            (
                "The points that the victim is least sure of beat as many real points",
                select(results, arm="least-confident"),
                "clean",
            ),
            ("BBox examples at the crossing beat real points at equal total queries", crossing, EQUAL),
        )
        return [
            always_better(
                f"BBox examples beat random ones at every budget (Table 3, at scale {CURE}).",
                cured,
                "random",
                cells=9,
            ),
            _shrinks(cured),
            *(
                always_better(f"{text} (not tested in the paper).", found, base, cells=9, ours_alone=True)
                for text, found, base in ours
            ),
        ]


def _shrinks(boundary: Sequence[Result]) -> Claim:
    """Judge whether the advantage over random falls from the smallest to the largest budget everywhere.

    There is nothing to shrink where boundary points are not ahead at the smallest budget.
    """
    text = f"The advantage over random shrinks as budgets grow (Table 3, at scale {CURE})."
    said: list[str] = []
    ahead, shrunk = 0, 0
    for data in BUDGETS:
        ordered = sorted(
            (r for r in boundary if r.key.data == data and "random" in r.against),
            key=lambda r: int(r.key.budget),
        )
        if len(ordered) > 1:
            first, last = (r.against["random"].difference for r in (ordered[0], ordered[-1]))
            ahead += first.low > 0
            shrunk += first.low > max(last.high, 0)
            said.append(f"{data} {first.mean:+.3f} to {last.mean:+.3f}")
    verdict: Verdict = "not shown"
    if len(said) == len(BUDGETS) and shrunk == len(said):
        verdict = "holds"
    elif said and not ahead:
        verdict = "contradicted"
    reason = (
        f"smallest to largest budget: {'; '.join(said) or 'not run'}; ahead of random at the smallest "
        f"in {ahead}, and shrinking by more than the 95 % intervals in {shrunk}, of {len(BUDGETS)}."
    )
    return Claim(
        text,
        verdict,
        reason,
        _printed(),
        "; ".join(said),
        "95 % intervals of the paired differences at both ends",
    )


def _printed() -> str:
    """Return the paper's advantage at the smallest and the largest budget of each data set."""
    said: list[str] = []
    for data, budgets in BUDGETS.items():
        gains: list[float] = []
        for budget in (budgets[0], budgets[-1]):
            both = [
                published(NAME, data=data, model=MODEL, attack=method, arm=arm, budget=str(budget))
                for method, arm in (("opt", "boundary"), ("", "random"))
            ]
            gains += [both[0] - both[1]] if both[0] is not None and both[1] is not None else []
        if len(gains) == 2:
            said.append(f"{data} {gains[0]:+.3f} to {gains[1]:+.3f}")
    return "; ".join(said)


def work(cell: Cell) -> Values:
    """Compute one cell: the arms at every budget for one data set and seed."""
    name, budgets, pool = (cell.settings[part] for part in ("data", "budgets", "pool"))
    data = load(name, rng=child_seed(cell.seed, NAME), held_out=pool)
    victim = KNeighborsClassifier(1).fit(*data.train)
    if "choice" in cell.settings:
        order = np.argsort(margins(victim, data.held_out.X), kind="stable")
        chosen = [data.held_out.X[order[:budget]] for budget in budgets]
        return {"rows": [_row("least-confident", "", victim, data, len(X), X, len(X)) for X in chosen]}
    method = cell.settings["attack"]
    made, clean = _made(method, victim, data, cell), data.held_out.X[_order(data, cell.seed)]
    random = _uniform(data, max(budgets), cell.seed)
    rows: list[Values] = []
    for budget in budgets:
        part, few = made.first(budget), clean[:budget]
        spent = part.cost.queries + (STARTS if method == "opt" else 0)
        rows.append(_row("clean", "", victim, data, budget, few, budget))
        source = data.held_out.X[part.source]
        for scale in cell.settings["scales"]:
            placed = part.X if scale == 1 else source + scale * (part.X - source)
            arm = "boundary" if scale == 1 else f"boundary-{scale}"
            rows.append(_row(arm, method, victim, data, budget, placed, spent))
        if method == "opt":
            many = clean[:spent]
            rows += [
                _row("random", "", victim, data, budget, random[:budget], budget),
                _row(EQUAL, "", victim, data, budget, many, len(many)),
                *_mixed(budget, made, victim, data, few),
            ]
    return {"rows": rows}


def _mixed(
    budget: int, made: Synthetic, victim: KNeighborsClassifier, data: Dataset, clean: Floats
) -> list[Values]:
    """Return the arms that are half boundary points: with real points, and with their own sources."""
    half = made.first(budget // 2)
    with_clean = np.concatenate([half.X, clean[: budget - len(half.X)]])
    pairs = np.concatenate([half.X, data.held_out.X[half.source]])
    spent = half.cost.queries + STARTS
    return [
        _row("half", "opt", victim, data, budget, with_clean, spent + budget - len(half.X)),
        _row("pairs", "opt", victim, data, budget, pairs, spent),
    ]


def _order(data: Dataset, seed: int) -> Index:
    """Return the order in which the adversary takes its own points."""
    return stream(seed, "clean").permutation(len(data.held_out.y))


def _made(method: str, victim: KNeighborsClassifier, data: Dataset, cell: Cell) -> Synthetic:
    """Return points at the crossing from the same sources whatever the attack, as many as the largest budget."""
    starts = data.held_out.X[_order(data, cell.seed)[:STARTS]]
    by_labels = Opt(budget=cell.settings["queries"], tries=3, starts=(starts, victim.predict(starts)))
    return generate(
        victim,
        data.held_out,
        attack=by_labels if method == "opt" else cast("AttackName", method),
        budget=max(cell.settings["budgets"]),
        box=data.box,
        rng=child_seed(cell.seed, "boundary"),
    )


def _uniform(data: Dataset, n: int, seed: int) -> Floats:
    """Draw from the domain: the box, or the smallest one around the adversary's pool."""
    low = data.held_out.X.min(axis=0) if data.box is None else data.box.low
    high = data.held_out.X.max(axis=0) if data.box is None else data.box.high
    return stream(seed, "domain").uniform(low, high, size=(n, data.held_out.X.shape[1]))


def _row(
    arm: str,
    method: str,
    victim: KNeighborsClassifier,
    data: Dataset,
    budget: int,
    X: Floats,
    queries: int,
) -> Values:
    shadow = KNeighborsClassifier(1).fit(X, victim.predict(X))
    return row(
        model=MODEL,
        attack=method,
        arm=arm,
        budget=budget,
        accuracy=accuracy(shadow, *data.test),
        agreement=agreement(shadow, victim, data.test.X),
        size=len(X),
        queries=queries,
    )
