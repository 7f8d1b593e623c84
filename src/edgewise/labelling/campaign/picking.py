"""Which items come next: most by a strategy, a share from a shuffled pool, and why each was chosen."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Index, Labels
from edgewise.labelling.campaign.learning import Guesses, Learning, all_guesses
from edgewise.labelling.next_batch import needs_model
from edgewise.randomness import child_seed
from edgewise.registry import component
from edgewise.strategies import STRATEGIES
from edgewise.strategies.herding import Herding
from edgewise.strategies.selecting import query


AHEAD = 50
"""Items that are ordered ahead of the people who label."""


@dataclass(frozen=True)
class Order:
    """What comes next, best first.

    Parameters
    ----------
    rows, score, propensity
        As in `edgewise.strategies.frame.Query`.
    strategy
        What chose them.
    guesses
        What the model of that moment says of every row of the pool; None before there is one.
    labels
        How many labels it rests on.
    """

    rows: Index
    score: Floats
    propensity: Floats
    strategy: str
    guesses: Guesses | None
    labels: int

    def why(self, place: int) -> dict[str, Any]:
        """Return why the item at this place was chosen, for its event."""
        row = int(self.rows[place])
        return {
            "strategy": self.strategy,
            "score": _number(self.score[place]),
            "propensity": _number(self.propensity[place]),
            "uniform": False,
            **self.guess(row),
        }

    def why_drawn(self, row: int) -> dict[str, Any]:
        """Return why a row of the uniform share was chosen."""
        return {"strategy": "uniform", "score": None, "propensity": 1.0, "uniform": True, **self.guess(row)}

    def guess(self, row: int) -> dict[str, Any]:
        """Return what the model says of a row, for its event."""
        if self.guesses is None:
            return {"predicted": None, "chance": None, "labels": self.labels}
        chance = _number(self.guesses.chance[row])
        return {"predicted": str(self.guesses.label[row]), "chance": chance, "labels": self.labels}


def order_of(
    learning: Learning, index: Index, known: Labels, free: Index, *, strategy: str, seed: int, n: int = AHEAD
) -> Order:
    """Return the next ``n`` of the rows ``free`` for labels ``known`` of the rows ``index``.

    A strategy that needs a model has ``herding`` in its place until there are two classes. The uniform share
    of herding is left to the campaign, whose own share is a sample of the whole pool.
    """
    model = learning.fit(index, known, child_seed(seed, "fit")) if len(np.unique(known)) > 1 else None
    said = None if model is None else all_guesses(model, learning.pool)
    n = min(n, len(free))
    name = strategy if model is not None or not needs_model(strategy) else "herding"
    if not n:
        return Order(free[:0], np.empty(0), np.empty(0), name, said, len(index))
    method = component(STRATEGIES, name, "strategy")
    if isinstance(method, Herding):
        method = replace(method, share=0.0)
    answer = query(
        model,
        learning.pool,
        n,
        method,
        labelled=(learning.pool.rows(index), known) if len(index) else None,
        candidates=free,
        rng=child_seed(seed, "order", len(index)),
    )
    return Order(answer.index, answer.score, answer.propensity, name, said, len(index))


def shuffled(keys: Sequence[str], seed: int) -> Index:
    """Return the rows of a pool in a random order that depends on the seed and on each row's key alone.

    Examples
    --------
    >>> shuffled(["a", "b", "c"], 0).tolist() == shuffled(["a", "b", "c"], 0).tolist()
    True
    """
    salt = str(seed).encode()
    lots = [hashlib.blake2b(key.encode(), digest_size=8, key=salt).digest() for key in keys]
    return np.array(sorted(range(len(keys)), key=lots.__getitem__), dtype=np.intp)


def sample_size(picked: int, share: float, size: int) -> int:
    """Return how many rows of the shuffled pool are to be asked by the time ``picked`` items were chosen.

    These first rows are a simple random sample of the pool whoever labelled them: a row that the strategy took
    before is in it at no cost.

    Examples
    --------
    >>> [sample_size(picked, 0.1, 1000) for picked in (0, 1, 10, 11)]
    [0, 1, 1, 2]
    """
    return min(size, math.ceil(round(share * picked, 9)))


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
