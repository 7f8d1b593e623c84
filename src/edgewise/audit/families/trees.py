"""Single trees, by walking their walls: between two rows with different labels, one coordinate carries the change."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from edgewise.arrays import Floats, Index, Label
from edgewise.audit.families.copies import WallTree
from edgewise.audit.families.frame import Answers, Labelled, Question, Questions, Space, constant, seeded
from edgewise.models.unwrap import Model
from edgewise.randomness import stream


PRECISION = 2.0**-10
"""How finely a wall is located, as a share of the feature's range."""


@dataclass(frozen=True)
class Tree:
    """Recover the thresholds of a tree one by one, and which leaf has which label.

    Two answers that differ inside one cell of the thresholds found, or an answer the shadow did not expect,
    start a walk: coordinates of one row are put into the other until the label flips, and the one that flips
    it is bisected, first over known thresholds.

    Parameters
    ----------
    committee
        Trees of the committee that picks what to ask.
    walk_from, made_from
        Answers a leaf from which walls are walked, and from which rows are made.
    most_walls
        Stop when more are found than this; None for never.
    """

    committee: int = 8
    walk_from: float = 8.0
    made_from: float = 12.0
    most_walls: int | None = None

    def __call__(self, space: Space, answers: Answers, seed: int) -> Questions:
        """Ask until the purse is empty; a tree is never known to be complete."""
        walls = Walls(space, answers, stream(seed, "extract", "tree"))
        stopped = yield from seeded(space, answers, seed, walls.copy, "tree", rows=20)
        if stopped:
            return stopped
        tried: set[tuple[int, int]] = set()
        walking, turn = False, 0
        while True:
            if self.most_walls is not None and walls.found > self.most_walls:
                return "too many walls"
            tree = walls.grown(np.arange(len(answers)), 0)
            rows_a_leaf = len(answers) / tree.get_n_leaves()
            walking |= rows_a_leaf >= self.walk_from
            pair = walls.conflict(tried) if walking else None
            if pair is not None:
                tried.add(pair)
                yield from walls.walk(answers.X[pair[0]], answers.X[pair[1]])
                continue
            turn += 1
            at_random = turn % 2 == 0 and walking
            X = walls.probe(self.committee, rows_a_leaf >= self.made_from, at_random)
            if X is None:
                return "nothing left to ask"
            at = len(answers)
            yield Question(X, "generate" if rows_a_leaf >= self.made_from else "pool", walls.copy, "tree")
            if walking and len(answers) > at and answers.labels[at] != tree.predict(X)[0]:
                other = walls.nearest_of_leaf(tree, at)
                if other is not None:
                    tried.add((other, at))
                    yield from walls.walk(answers.X[at], answers.X[other])


@dataclass
class Walls:
    """The thresholds found so far."""

    space: Space
    answers: Answers
    rng: np.random.Generator
    thresholds: list[Floats] = field(init=False)
    range: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.thresholds = [np.empty(0) for _ in range(self.space.pool.shape[1])]
        self.range = np.maximum(np.ptp(self.space.pool, axis=0), 1e-300)

    @property
    def found(self) -> int:
        """How many thresholds were found."""
        return sum(map(len, self.thresholds))

    def grown(self, rows: Index, seed: int) -> WallTree:
        """Return the tree of some answers."""
        known = tuple(self.thresholds) if self.found else ()
        return WallTree(known, seed).fit(self.answers.X[rows], self.answers.labels[rows])

    def copy(self) -> Model:
        """Return the tree of all answers."""
        if len(self.answers.classes) < 2:
            return constant(self.answers)
        return self.grown(np.arange(len(self.answers)), 0)

    def cells(self, X: Floats) -> Floats:
        """Return the cell of each row."""
        return WallTree(tuple(self.thresholds)).cells(X)

    def conflict(self, tried: set[tuple[int, int]]) -> tuple[int, int] | None:
        """Return the two closest answers with different labels in one cell, or None."""
        cells = self.cells(self.answers.X)
        _, cell = np.unique(cells, axis=0, return_inverse=True)
        y, Z = self.answers.y, self.answers.Z
        best: tuple[float, int, int] | None = None
        for number in np.flatnonzero(np.bincount(cell.ravel()) > 1):
            rows = np.flatnonzero(cell.ravel() == number)
            if (y[rows] == y[rows[0]]).all():
                continue
            away = ((Z[rows][:, None] - Z[rows][None]) ** 2).sum(axis=2)
            i, j = np.nonzero(np.triu(y[rows][:, None] != y[rows][None]))
            for at in np.argsort(away[i, j], kind="stable")[:5]:
                pair = int(rows[i[at]]), int(rows[j[at]])
                if pair not in tried and (best is None or away[i[at], j[at]] < best[0]):
                    best = float(away[i[at], j[at]]), *pair
        return None if best is None else best[1:]

    def probe(self, members: int, made: bool, at_random: bool) -> Floats | None:
        """Return the row ``(1, d)`` that a bootstrap committee disagrees on most, or one at random."""
        pool, rng = self.space.pool, self.rng
        left = self.answers.unasked()
        real = pool[rng.permutation(left)[:1000]]
        made = made or not len(left)
        parts = [real[:300], self._hybrids(200), self._moved(200), self._uniform(100)] if made else [real]
        X = np.concatenate([part[~self.answers.was_asked(part)] for part in parts])
        if not len(X):
            return None
        cells = self.cells(X)
        known = {row.tobytes() for row in self.cells(self.answers.X)} if self.found else set[bytes]()
        stale = np.array([row.tobytes() in known for row in cells])
        if at_random:
            some = np.flatnonzero(~stale) if (~stale).any() else np.arange(len(X))
            return X[rng.choice(some)][None]
        n = len(self.answers)
        votes = np.stack([self.grown(rng.integers(n, size=n), seed).predict(X) for seed in range(members)])
        share = np.stack([(votes == label).mean(axis=0) for label in self.answers.classes])
        doubt = 1 - share.max(axis=0) - 0.5 * stale + 1e-6 * rng.random(len(X))
        return X[int(np.argmax(doubt))][None]

    def _hybrids(self, n: int) -> Floats:
        """Return pool rows with a random half of the coordinates of another."""
        pool = self.space.pool
        i, j = self.rng.integers(len(pool), size=(2, n))
        return np.where(self.rng.random((n, pool.shape[1])) < 0.5, pool[i], pool[j])

    def _moved(self, n: int) -> Floats:
        """Return answered rows with one coordinate of a pool row."""
        X = self.answers.X[self.rng.integers(len(self.answers), size=n)]
        feature = self.rng.integers(X.shape[1], size=n)
        X[np.arange(n), feature] = self.space.pool[self.rng.integers(len(self.space.pool), size=n), feature]
        return X

    def _uniform(self, n: int) -> Floats:
        return self.space.rows(self.space.uniform(self.rng, n))

    def nearest_of_leaf(self, tree: WallTree, at: int) -> int | None:
        """Return the nearest answer with another label that ``tree`` puts into the same leaf."""
        leaf = np.asarray(tree.tree_.apply(tree.cells(self.answers.X)))
        same = np.flatnonzero((leaf == leaf[at]) & (self.answers.y != self.answers.y[at]))
        if not len(same):
            return None
        return int(same[np.argmin(((self.answers.Z[same] - self.answers.Z[at]) ** 2).sum(axis=1))])

    def walk(self, a: Floats, b: Floats) -> Generator[Question, Labelled, None]:
        """Find one wall between two rows with different labels; give up where an answer is missing."""
        start = yield from self._label(a)
        order = self.rng.permutation(np.flatnonzero(a != b))
        low, high = 0, len(order)
        while high - low > 1 and start is not None:
            middle = (low + high) // 2
            label = yield from self._label(_mixed(a, b, order[:middle]))
            if label is None:
                return
            low, high = (middle, high) if label == start else (low, middle)
        if start is None or not len(order):
            return
        feature = int(order[high - 1])
        near = _mixed(a, b, order[:low])
        yield from self._bisect(near, feature, float(b[feature]), start)

    def _bisect(
        self, row: Floats, feature: int, end: float, start: Label
    ) -> Generator[Question, Labelled, None]:
        """Locate the flip along one feature from ``row`` to the value ``end``."""
        low, high = float(row[feature]), end
        while True:
            middle = self._middle(feature, low, high)
            if middle is None:
                break
            other = row.copy()
            other[feature] = middle
            label = yield from self._label(other)
            if label is None:
                return
            low, high = (middle, high) if label == start else (low, middle)
        known, (left, right) = self.thresholds[feature], sorted((low, high))
        if not ((known >= left) & (known < right)).any():
            self.thresholds[feature] = np.sort(np.append(known, (left + right) / 2))

    def _middle(self, feature: int, low: float, high: float) -> float | None:
        """Return the next value to ask between two, or None when the wall is located."""
        left, right = min(low, high), max(low, high)
        grid = self.space.grid[feature]
        inside = self.thresholds[feature]
        inside = inside[(inside >= left) & (inside < right)]
        width = PRECISION * self.range[feature]
        if grid is not None:
            between = grid[(grid > left) & (grid < right)]
            return None if not len(between) else float(between[len(between) // 2])
        if len(inside) == 1 and right - left <= 4 * width:
            return None
        if len(inside):
            wall = float(inside[len(inside) // 2])
            # Both sides of a known wall are asked, close to it: two rows where it is the one.
            for value in (wall - 1.5 * width, wall + 1.5 * width):
                if left < value < right:
                    return value
        middle = (left + right) / 2
        return None if right - left <= width or middle in (left, right) else middle

    def _label(self, row: Floats) -> Generator[Question, Labelled, Label | None]:
        """Return the label of one row: from the answers, or asked."""
        before = len(self.answers)
        known = np.flatnonzero((self.answers.X == row).all(axis=1))
        if len(known):
            return self.answers.labels[int(known[-1])]
        given = yield Question(row[None], "walk", self.copy, "tree")
        return None if len(self.answers) == before or not given else given[0]


def _mixed(a: Floats, b: Floats, features: Index) -> Floats:
    row = a.copy()
    row[features] = b[features]
    return row
