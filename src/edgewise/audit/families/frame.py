"""What every family's rule works with: the space rows may lie in, the answers so far, a question to put."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from edgewise.arrays import Box, Floats, Index, InputError, Label, Labels, Mask
from edgewise.models.unwrap import Model
from edgewise.randomness import stream


@dataclass(frozen=True)
class Space:
    """Where rows may lie, and the coordinates rules work in.

    Parameters
    ----------
    pool
        The rows at hand ``(n, d)``, in the victim's units.
    box
        Bounds every made row obeys.
    grid
        For each feature the values it may take, ascending, or None for any.
    """

    pool: Floats
    box: Box
    grid: tuple[Floats | None, ...]
    mean: Floats = field(init=False)
    scale: Floats = field(init=False)
    free: Index = field(init=False)
    Z: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        scale = self.pool.std(axis=0)
        free = np.flatnonzero(
            (scale > 1e-12 * (1 + np.abs(self.pool).max(axis=0))) & (self.box.low < self.box.high)
        )
        if not free.size:
            raise InputError("every feature of the pool is constant; there is no boundary to look for.")
        object.__setattr__(self, "free", free)
        object.__setattr__(self, "mean", self.pool.mean(axis=0)[free])
        object.__setattr__(self, "scale", scale[free])
        object.__setattr__(self, "Z", self.z(self.pool))

    @property
    def d(self) -> int:
        """How many features vary."""
        return len(self.free)

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """The box in standard coordinates."""
        low, high = self.z(np.stack([self.box.low, self.box.high]))
        return low, high

    def z(self, X: Floats) -> Floats:
        """Return rows ``(n, d)`` in standard coordinates; features that do not vary are left out."""
        return (X[:, self.free] - self.mean) / self.scale

    def rows(self, Z: Floats) -> Floats:
        """Return points in standard coordinates as rows of the victim: on the grid, in the box."""
        made = np.repeat(
            np.clip(np.median(self.pool, axis=0), self.box.low, self.box.high)[None], len(Z), axis=0
        )
        made[:, self.free] = Z * self.scale + self.mean
        made = self.box.clip(made)
        for feature in map(int, self.free):
            values = self.grid[feature]
            if values is not None:
                middle = (values[1:] + values[:-1]) / 2
                made[:, feature] = values[np.searchsorted(middle, made[:, feature])]
        return made

    def smoothed(self, rng: np.random.Generator, n: int) -> Floats:
        """Return ``n`` points ``x_i + x_j - x_k`` of three pool rows, in the box, standard coordinates.

        Rows of the pool alone look certain long before rows of the same law do.
        """
        i, j, k = rng.integers(len(self.Z), size=(3, n))
        return np.clip(self.Z[i] + self.Z[j] - self.Z[k], *self.bounds)

    def uniform(self, rng: np.random.Generator, n: int) -> Floats:
        """Return ``n`` points uniform in the box, standard coordinates; pool range where the box is infinite."""
        low, high = self.bounds
        low = np.where(np.isfinite(low), low, self.Z.min(axis=0))
        high = np.where(np.isfinite(high), high, self.Z.max(axis=0))
        return rng.uniform(low, high, (n, self.d))


@dataclass
class Answers:
    """The rows that were answered, in order.

    Parameters
    ----------
    space
        Where they lie.
    """

    space: Space
    classes: list[Label] = field(default_factory=list[Label])
    _rows: list[Floats] = field(default_factory=list[Floats], repr=False)
    _y: list[int] = field(default_factory=list[int], repr=False)
    _made: list[bool] = field(default_factory=list[bool], repr=False)
    _seen: set[bytes] = field(default_factory=set[bytes], repr=False)
    _pool: dict[bytes, list[int]] = field(default_factory=dict[bytes, list[int]], repr=False)
    _fresh: Mask = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for i, row in enumerate(self.space.pool):
            self._pool.setdefault(row.tobytes(), []).append(i)
        self._fresh = np.ones(len(self.space.pool), dtype=bool)

    def add(self, X: Floats, labels: Sequence[Label | None], made: bool) -> None:
        """Append rows and their labels; a row without a label (None) is left out."""
        for row, label in zip(X, labels, strict=True):
            self._seen.add(row.tobytes())
            self._fresh[self._pool.get(row.tobytes(), [])] = False
            if label is None:
                continue
            if label not in self.classes:
                self.classes.append(label)
            self._rows.append(row)
            self._y.append(self.classes.index(label))
            self._made.append(made)

    def __len__(self) -> int:
        return len(self._y)

    def known(self, row: Floats) -> Label | None:
        """Return the latest label of a row, or None."""
        found = next(
            (at for at in range(len(self._rows) - 1, -1, -1) if np.array_equal(self._rows[at], row)), None
        )
        return None if found is None else self.classes[self._y[found]]

    @property
    def X(self) -> Floats:
        """The rows ``(n, d)``."""
        return np.array(self._rows).reshape(len(self._y), self.space.pool.shape[1])

    @property
    def Z(self) -> Floats:
        """The rows in standard coordinates."""
        return self.space.z(self.X)

    @property
    def y(self) -> Index:
        """Positions in ``classes`` ``(n,)``."""
        return np.array(self._y, dtype=np.intp)

    @property
    def labels(self) -> Labels:
        """The labels ``(n,)``."""
        return np.array(self.classes)[self.y]

    @property
    def real(self) -> Mask:
        """Which rows were not made ``(n,)``."""
        return ~np.array(self._made, dtype=bool)

    def unasked(self) -> Index:
        """Return the pool rows that were not asked, ascending."""
        return np.flatnonzero(self._fresh)

    def was_asked(self, X: Floats) -> Mask:
        """Say for each row whether it was asked before ``(n,)``."""
        return np.array([row.tobytes() in self._seen for row in X], dtype=bool)


@dataclass(frozen=True)
class Question:
    """Rows a rule wants answered, and the copy it could give now.

    Parameters
    ----------
    X
        The rows ``(m, d)``, in the victim's units.
    purpose
        ``seed``, ``family``, ``pool``, ``generate``, ``walk`` or ``repeat``.
    copy
        Makes a fitted classifier from the answers so far.
    family
        The family whose rule asks.
    again
        Ask rows that were answered before once more.
    """

    X: Floats
    purpose: str
    copy: Callable[[], Model]
    family: str
    again: bool = False


Labelled: TypeAlias = "Sequence[Label | None]"
"""One label per row of the question, None where no usable answer came; shorter when the purse is empty."""

Questions: TypeAlias = Generator[Question, Labelled, str]
"""Puts questions and returns why it stopped; answers are in `Answers` when it goes on."""


class Family(Protocol):
    """A frozen dataclass of settings; calling it gives the questions of one extraction."""

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Start from the answers there are; stop when nothing is left to learn."""
        ...


def seeded(
    space: Space, answers: Answers, seed: int, copy: Callable[[], Model], family: str, rows: int = 10
) -> Questions:
    """Ask random rows of the pool until there are ``rows`` answers and two labels, then random ones of the box."""
    rng = stream(seed, "extract", "seed")
    order = rng.permutation(len(space.pool))
    at = 0
    while len(answers) < rows or len(answers.classes) < 2:
        wanted = max(rows - len(answers), 5)
        some = order[at : at + wanted]
        at += wanted
        if at > 20 * len(order) + 10_000:
            return "one label only"
        yield Question(
            space.pool[some] if len(some) else space.rows(space.uniform(rng, 20)), "seed", copy, family
        )
    return ""


def constant(answers: Answers) -> Model:
    """Return the classifier that always answers the commonest label, for before there are two."""
    from sklearn.dummy import DummyClassifier

    y = answers.labels if len(answers) else np.zeros(1)
    return DummyClassifier(strategy="most_frequent").fit(np.zeros((len(y), answers.space.pool.shape[1])), y)
