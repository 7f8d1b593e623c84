"""Generate (section 4 of the paper): points at the boundary of a victim, with labels and their price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Index, InputError, Labels, check_count, check_X
from edgewise.attacks.adversarial import Adversarial
from edgewise.attacks.frame import Attack
from edgewise.attacks.frame import attack as run_attack
from edgewise.attacks.names import AttackName
from edgewise.data.dataset import Split
from edgewise.learning.answer import Cost
from edgewise.learning.oracle import Oracle, Victim, ask
from edgewise.models.joining import check_y, joined, same
from edgewise.models.unwrap import Model
from edgewise.randomness import Rng, child_seed, seed_of, stream


@dataclass(frozen=True)
class Synthetic:
    """Points made at the boundary, with where each came from.

    Parameters
    ----------
    X, y
        The points ``(m, d)`` and the labels bought for them ``(m,)``.
    source
        The row of the sources each was made from.
    source_label, crossed_into
        The victim's label of that source, and of the point where the attack crossed.
    distance
        From the source to the crossing, in the attack's norm.
    scale
        The points lie at ``source + scale * (crossing - source)``.
    attack
        How they were made.
    cost
        Labels bought and victim queries spent, those of sources that gave no point included.
    bought
        The part of the cost that went into labels; the rest went into making the points.
    """

    X: Floats
    y: Labels
    source: Index
    source_label: Labels
    crossed_into: Labels
    distance: Floats
    scale: float
    attack: str
    cost: Cost
    spent: Index = field(repr=False)
    bought: Cost = field(default_factory=Cost)

    def first(self, m: int) -> Synthetic:
        """Return the first ``m`` points and what those cost: a smaller budget's set."""
        queries = int(self.spent[:m].sum())
        each = self.bought.queries // max(len(self.y), 1)
        cut = {
            name: getattr(self, name)[:m]
            for name in ("X", "y", "source", "source_label", "crossed_into", "distance", "spent")
        }
        return replace(
            self,
            **cut,
            cost=Cost(min(m, self.cost.labels), queries, self.cost.gradients),
            bought=Cost(min(m, self.bought.labels), each * min(m, len(self.y))),
        )


def generate(
    victim: Model,
    sources: Split,
    *,
    attack: AttackName | Attack | Callable[..., ArrayLike],
    budget: int,
    scale: float = 1.0,
    oracle: str | Oracle = "victim",
    among: int | None = None,
    box: Box | None = None,
    rng: Rng = None,
    progress: bool = False,
) -> Synthetic:
    """Make ``budget`` labelled points at the boundary of ``victim``; the arguments are those of `retrain`."""
    X = check_X(sources.X, name="sources", images=True)
    y = check_y(sources.y, len(X), name="labels of sources")
    check_count(budget, "budget", high=len(X))
    among = budget if among is None else check_count(among, "among", low=budget, high=len(X))
    seed = seed_of(rng)
    order = stream(seed, "sources").permutation(len(X))
    batches: list[tuple[Index, Adversarial]] = []
    found = taken = 0
    while found < among and taken < len(X):
        rows = order[taken : taken + among - found]
        adv = run_attack(
            victim, X[rows], attack, box=box, progress=progress, rng=child_seed(seed, "attack", taken)
        )
        batches.append((rows, adv))
        same(adv.source_label, y[rows], names=("the victim's labels", "the labels of the data"))
        taken += len(rows)
        found += int(adv.found.sum())
    name = attack if isinstance(attack, str) else type(attack).__name__
    made = _nearest(batches, budget, scale, box, name)
    labels, bought = _buy(victim, made, y, oracle)
    return replace(
        made,
        y=labels,
        cost=bought + made.cost,
        spent=made.spent + bought.queries // len(labels),
        bought=bought,
    )


def _nearest(
    batches: list[tuple[Index, Adversarial]], budget: int, scale: float, box: Box | None, name: str
) -> Synthetic:
    """Keep the ``budget`` nearest points found and place them at ``scale``; their labels are those crossed into."""
    rows = np.concatenate([rows for rows, _ in batches])
    distance, found, queries, gradients = (
        np.concatenate([getattr(adv, part) for _, adv in batches])
        for part in ("distance", "found", "queries", "gradients")
    )
    source_label, crossed = (
        joined(*(getattr(adv, part) for _, adv in batches)) for part in ("source_label", "label")
    )
    if not found.any():
        raise InputError(f"the attack {name!r} found no point across the boundary from {len(rows)} sources.")
    keep = np.flatnonzero(found)
    if len(keep) > budget:
        keep = np.sort(keep[np.argsort(distance[keep], kind="stable")[:budget]])
    points = np.concatenate([adv.at(scale, box) for _, adv in batches])[keep]
    # Every source's queries belong to the next point kept, so that prefixes of the set know their cost.
    ends = np.append(keep[:-1] + 1, len(rows))
    spent = np.add.reduceat(queries, np.insert(ends[:-1], 0, 0))
    return Synthetic(
        points,
        crossed[keep],
        rows[keep],
        source_label[keep],
        crossed[keep],
        distance[keep],
        scale,
        name,
        Cost(queries=int(spent.sum()), gradients=int(gradients.sum())),
        spent,
    )


def _buy(victim: Model, made: Synthetic, y: Labels, oracle: str | Oracle) -> tuple[Labels, Cost]:
    """Return the labels of made points and what they cost; ``y`` are those of all sources."""
    points = made.X
    if oracle == "source":
        return y[made.source], Cost()
    if oracle == "victim" and made.scale == 1:
        return made.crossed_into, Cost(labels=len(points))
    if isinstance(oracle, str) and oracle != "victim":
        raise InputError(f"oracle must be 'victim', 'source' or an oracle; got {oracle!r}.")
    answer = ask(Victim(victim) if isinstance(oracle, str) else oracle, points)
    if len(answer.rows) < len(points):
        raise InputError(
            f"the oracle left {len(points) - len(answer.rows)} of {len(points)} made points "
            "unanswered; a shadow needs every label."
        )
    return answer.labels, answer.cost
