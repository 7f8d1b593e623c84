"""The paper's procedure (section 4): Train a victim, Generate points at its boundary, Retrain a shadow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edgewise.arrays import Box, Floats, Index, InputError, Labels, check_count, check_X
from edgewise.attacks.frame import Adversarial, Attack
from edgewise.attacks.frame import attack as run_attack
from edgewise.attacks.names import AttackName
from edgewise.data.dataset import Dataset, Split
from edgewise.learning.fitting import unfitted
from edgewise.learning.metrics import accuracy, agreement
from edgewise.learning.oracle import Cost, Oracle, Victim, ask
from edgewise.models.access import check_fitted
from edgewise.models.joining import check_y, joined, same
from edgewise.randomness import Rng, child_seed, seed_of, stream


NOTHING = Cost()


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
    bought: Cost = NOTHING

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


class ShadowError(InputError):
    """The shadow could not be fitted; ``synthetic`` holds what was made and bought for it."""

    def __init__(self, message: str, synthetic: Synthetic) -> None:
        super().__init__(message)
        self.synthetic = synthetic


@dataclass(frozen=True)
class Spent:
    """What the victim and the oracle were asked, by purpose; each question counts once.

    Parameters
    ----------
    generate
        To make the points.
    label
        To label them.
    measure
        To compare the shadow with the victim on the test split.
    """

    generate: Cost
    label: Cost
    measure: Cost

    @property
    def total(self) -> Cost:
        """All three together."""
        return self.generate + self.label + self.measure


@dataclass(frozen=True)
class Retrained:
    """What `retrain` gives.

    Parameters
    ----------
    shadow
        The fitted shadow, a clone of the one given.
    synthetic
        What it learnt from, with provenance.
    accuracy, agreement
        On the test split: share right, share labelled as the victim does.
    spent
        Labels bought and victim queries, by purpose.
    """

    shadow: Any
    synthetic: Synthetic
    accuracy: float
    agreement: float
    spent: Spent

    @property
    def cost(self) -> Cost:
        """Labels bought and every row the victim answered, whatever for."""
        return self.spent.total


def retrain(
    victim: Any,
    shadow: Any,
    data: Dataset,
    *,
    attack: AttackName | Attack | Callable[..., Any] = "opt",
    budget: int,
    scale: float = 1.0,
    oracle: str | Oracle = "victim",
    among: int | None = None,
    base: Split | None = None,
    rng: Rng = None,
    progress: bool = False,
) -> Retrained:
    """Rebuild ``victim`` from points at its boundary: Generate, label, Retrain, measure on the test split.

    Sources are drawn without replacement from ``data.train`` and ``data.held_out``, never from the test
    split. A source whose attack fails is replaced by the next one while there are any.

    Parameters
    ----------
    victim
        Any fitted model; asked, never changed.
    shadow
        An estimator with ``fit``; a clone of it is trained.
    attack
        As in `edgewise.attack`.
    budget
        Labels to buy: how many points to make.
    scale
        Where they lie: 1 at the crossing, below 1 short of it, above 1 beyond it.
    oracle
        Who labels them: ``"victim"``, ``"source"`` (each point gets its source's own label, nothing is
        bought), or an oracle.
    among
        Attack this many sources and keep the ``budget`` points of smallest distance; ``budget`` by default.
    base
        Clean points to train on besides.
    rng
        Seed or generator.

    Raises
    ------
    InputError
        A budget of 0 or beyond the pool, a shadow without ``fit``, no point found, one class only.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> import edgewise as ew
    >>> data = ew.load("halfmoon", rng=0, train=200)
    >>> knn = KNeighborsClassifier(1).fit(*data.train)
    >>> out = retrain(knn, knn, data, attack="direct", budget=50, rng=0)
    >>> len(out.synthetic.y), out.cost.labels
    (50, 50)
    """
    check_fitted(victim)
    if not hasattr(shadow, "fit"):
        raise InputError(f"shadow must be an estimator with fit(X, y); got {type(shadow).__name__}.")
    sources = Split(
        np.concatenate([data.train.X, data.held_out.X]), np.concatenate([data.train.y, data.held_out.y])
    )
    made = generate(
        victim,
        sources,
        attack=attack,
        budget=budget,
        scale=scale,
        oracle=oracle,
        among=among,
        box=data.box,
        rng=rng,
        progress=progress,
    )
    fitted = fit_shadow(shadow, made, base)
    generated = Cost(
        made.cost.labels - made.bought.labels,
        made.cost.queries - made.bought.queries,
        made.cost.gradients - made.bought.gradients,
    )
    spent = Spent(generated, made.bought, Cost(queries=len(data.test.X)))
    return Retrained(
        fitted, made, accuracy(fitted, *data.test), agreement(fitted, victim, data.test.X), spent
    )


def generate(
    victim: Any,
    sources: Split,
    *,
    attack: AttackName | Attack | Callable[..., Any],
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
        batches.append(
            (
                rows,
                run_attack(
                    victim,
                    X[rows],
                    attack,
                    box=box,
                    progress=progress,
                    rng=child_seed(seed, "attack", taken),
                ),
            )
        )
        same(batches[-1][1].source_label, y[rows], names=("the victim's labels", "the labels of the data"))
        taken += len(rows)
        found += int(batches[-1][1].found.sum())
    name = attack if isinstance(attack, str) else type(attack).__name__
    return _labelled(victim, y, batches, budget, scale, oracle, box, name)


def fit_shadow(shadow: Any, made: Synthetic, base: Split | None = None) -> Any:
    """Return a clone of ``shadow`` trained on synthetic points and, if given, clean ones.

    Raises
    ------
    InputError
        The training set has one class only.
    ShadowError
        Its ``fit`` raised; the points and labels are in the error.
    """
    X, y = (
        (made.X, made.y)
        if base is None
        else (
            np.concatenate([base.X, made.X]),
            joined(base.y, made.y, names=("the labels of base", "the labels bought")),
        )
    )
    if len(np.unique(y)) < 2:
        raise InputError(
            f"the shadow would learn from {len(y)} points of one class ({y[0]!r}) only; raise "
            "the budget, or add clean points with base=."
        )
    try:
        return unfitted(shadow).fit(X, y)
    except Exception as error:
        raise ShadowError(
            f"the shadow could not be fitted to {len(y)} points ({type(error).__name__}: {error}); what was "
            "made and bought is in synthetic of this error: fit_shadow(another, error.synthetic, base).",
            made,
        ) from error


def _labelled(
    victim: Any,
    y: Labels,
    batches: list[tuple[Index, Adversarial]],
    budget: int,
    scale: float,
    oracle: str | Oracle,
    box: Box | None,
    name: str,
) -> Synthetic:
    """Keep the ``budget`` nearest points found, place them at ``scale``, and buy their labels."""
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
    labels, bought = _buy(victim, points, y[rows[keep]], crossed[keep], scale, oracle)
    return Synthetic(
        points,
        labels,
        rows[keep],
        source_label[keep],
        crossed[keep],
        distance[keep],
        scale,
        name,
        bought + Cost(queries=int(spent.sum()), gradients=int(gradients.sum())),
        spent + (bought.queries // len(keep)),
        bought,
    )


def _buy(
    victim: Any, points: Floats, own: Labels, crossed: Labels, scale: float, oracle: str | Oracle
) -> tuple[Labels, Cost]:
    if oracle == "source":
        return own, Cost()
    if oracle == "victim" and scale == 1:
        return crossed, Cost(labels=len(points))
    if isinstance(oracle, str) and oracle != "victim":
        raise InputError(f"oracle must be 'victim', 'source' or an oracle; got {oracle!r}.")
    answer = ask(Victim(victim) if isinstance(oracle, str) else oracle, points)
    if len(answer.rows) < len(points):
        raise InputError(
            f"the oracle left {len(points) - len(answer.rows)} of {len(points)} made points "
            "unanswered; a shadow needs every label."
        )
    return answer.labels, answer.cost
