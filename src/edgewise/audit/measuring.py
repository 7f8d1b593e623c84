"""How close a copy is: rows of a purse of their own, never learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgewise.arrays import Floats, Labels
from edgewise.audit.families.frame import Space
from edgewise.audit.metered import MEASURE, Metered
from edgewise.models.answers import predict
from edgewise.models.unwrap import Model
from edgewise.randomness import stream
from edgewise.stats import wilson


SHIFT = 0.05


@dataclass(frozen=True)
class Agreement:
    """A share of rows with its 95 % interval (Wilson).

    Parameters
    ----------
    share, low, high
        The share and its interval.
    n
        How many rows.

    Examples
    --------
    >>> print(Agreement.of(95, 100))
    .950 (.888 to .978, 100 rows)
    """

    share: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, hits: int, n: int) -> Agreement:
        """Return the agreement of ``hits`` of ``n`` rows."""
        return cls(hits / n, *wilson(hits, n), n)

    def __str__(self) -> str:
        share, low, high = (f"{value:.3f}".removeprefix("0") for value in (self.share, self.low, self.high))
        return f"{share} ({low} to {high}, {self.n} rows)"


@dataclass(frozen=True)
class Measured:
    """Rows the victim answered for measuring, by where they lie.

    Parameters
    ----------
    rows
        ``(n, d)`` by ``"held-out"``, ``"uniform"`` and ``"near"``.
    labels
        The victim's labels of each.
    """

    rows: Mapping[str, Floats] = field(repr=False)
    labels: Mapping[str, Labels] = field(repr=False)

    def agreement(self, copy: Model) -> dict[str, Agreement]:
        """Return the agreement of a copy on every set that has rows."""
        return {name: self._on(copy, name) for name in self.rows if len(self.labels[name])}

    def held_out(self, copy: Model) -> Agreement:
        """Return the agreement on the held-out rows."""
        return self._on(copy, "held-out")

    def _on(self, copy: Model, name: str) -> Agreement:
        hits = int(np.sum(predict(copy, self.rows[name]) == self.labels[name]))
        return Agreement.of(hits, len(self.labels[name]))


def measure_rows(
    victim: Metered, space: Space, held_out: Floats, copy: Model, measure: int, seed: int
) -> Measured | None:
    """Ask held-out rows, a quarter as many uniform ones and a quarter near the copy's boundary; None without any.

    A row near the boundary lies where a segment between two held-out rows crosses the copy's, moved along it
    by at most 5 % of its length: a copy that is right nowhere near the boundary gets half of them.
    """
    if not len(held_out):
        return None
    rng = stream(seed, "rows")
    few = (measure - len(held_out)) // 2
    sets = {
        "held-out": held_out,
        "uniform": space.rows(space.uniform(rng, few)),
        "near": _near(space, held_out, copy, rng, few),
    }
    rows: dict[str, Floats] = {}
    labels: dict[str, Labels] = {}
    for name, points in sets.items():
        X = victim.as_sent(points)
        replies = victim.ask(X, purpose=name, purse=MEASURE) if len(X) else []
        there = [at for at, reply in enumerate(replies) if reply is not None]
        rows[name] = X[there]
        labels[name] = np.array([reply.label for reply in replies if reply is not None])
    return Measured(rows, labels) if len(labels["held-out"]) else None


def _near(space: Space, X: Floats, copy: Model, rng: np.random.Generator, n: int) -> Floats:
    label = predict(copy, X)
    i, j = rng.integers(len(X), size=(2, 20 * n + 200))
    differ = np.flatnonzero(label[i] != label[j])[:n]
    a, b, first = X[i[differ]], X[j[differ]], label[i[differ]]
    if not len(a):
        return X[:0]
    low, high = np.zeros(len(a)), np.ones(len(a))
    for _ in range(30):
        middle = (low + high) / 2
        same = predict(copy, a + middle[:, None] * (b - a)) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    t = np.clip((low + high) / 2 + rng.uniform(-SHIFT, SHIFT, len(a)), 0, 1)
    return space.rows(space.z(a + t[:, None] * (b - a)))
