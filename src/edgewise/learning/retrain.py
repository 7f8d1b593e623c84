"""The paper's procedure (section 4): Train a victim, Generate points at its boundary, Retrain a shadow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import InputError
from edgewise.attacks.frame import Attack
from edgewise.attacks.names import AttackName
from edgewise.data.dataset import Dataset, Split
from edgewise.learning.answer import Cost
from edgewise.learning.fitting import unfitted
from edgewise.learning.metrics import accuracy, agreement
from edgewise.learning.oracle import Oracle
from edgewise.learning.synthetic import Synthetic, generate
from edgewise.models.access import check_fitted
from edgewise.models.joining import joined
from edgewise.models.unwrap import Model
from edgewise.randomness import Rng


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

    shadow: Model
    synthetic: Synthetic
    accuracy: float
    agreement: float
    spent: Spent

    @property
    def cost(self) -> Cost:
        """Labels bought and every row the victim answered, whatever for."""
        return self.spent.total


def retrain(
    victim: Model,
    shadow: Model,
    data: Dataset,
    *,
    attack: AttackName | Attack | Callable[..., ArrayLike] = "opt",
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
        Any fitted model; asked, never changed. One behind a ledger measures from the purse ``"measure"``.
    shadow
        An estimator with ``fit``; a clone of it is trained.
    data
        Its parts and box.
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
    progress
        Draw a progress bar.

    Returns
    -------
    Retrained
        The shadow, what it learnt from, its accuracy and agreement, and every question by purpose.

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
    judge = getattr(victim, "measuring", victim)
    generated = Cost(
        made.cost.labels - made.bought.labels,
        made.cost.queries - made.bought.queries,
        made.cost.gradients - made.bought.gradients,
    )
    spent = Spent(generated, made.bought, Cost(queries=len(data.test.X)))
    return Retrained(fitted, made, accuracy(fitted, *data.test), agreement(fitted, judge, data.test.X), spent)


def fit_shadow(shadow: Model, made: Synthetic, base: Split | None = None) -> Model:
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
