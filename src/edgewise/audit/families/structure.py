"""Is the victim's boundary made of walls along single features? A test of at most ninety rows.

A wall of a tree stays where it is when all other features move a little; any other boundary moves with them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Label
from edgewise.audit.families.frame import Answers, Labelled, Question, Space
from edgewise.models.unwrap import Model
from edgewise.randomness import stream


MOST_ROWS = 90
HALVINGS = 12
TRIES = 3
NEAR, FAR = 0.01, 0.15


@dataclass(frozen=True)
class Structure:
    """What the test found.

    Parameters
    ----------
    axis_aligned
        Whether the boundary is made of walls along single features; None if it could not be told.
    near, far
        The share of walls that stayed when all other features moved by 1 % and by 15 % of the way to another
        row.
    walls, rows
        How many walls were looked at, and what that cost.
    """

    axis_aligned: bool | None
    near: float
    far: float
    walls: int
    rows: int


def structure(
    space: Space, answers: Answers, seed: int, copy: Callable[[], Model], most: int = MOST_ROWS
) -> Generator[Question, Labelled, Structure]:
    """Look at walls until it is clear; the answers serve the extraction as well."""
    rng = stream(seed, "extract", "family-test")
    asked = [0]
    near: list[bool] = []
    far: list[bool] = []
    walls = 0
    price = HALVINGS + int(np.ceil(np.log2(max(2, space.d)))) + 2 * TRIES
    while asked[0] + price <= most and walls < 6 and len(answers.classes) > 1:
        wall = yield from _wall(answers, rng, asked, copy)
        if wall is None:
            break
        walls += 1
        for amount, seen in ((NEAR, near), (FAR, far)):
            if amount == FAR and not (near and np.mean(near) > 0.28):
                continue
            for _ in range(TRIES if amount == NEAR else 1):
                stayed = yield from _stays(space, rng, asked, copy, wall, amount)
                if stayed is not None:
                    seen.append(stayed)
        if _clear(near, walls):
            break
    if not near:
        return Structure(None, np.nan, np.nan, walls, asked[0])
    share = float(np.mean(near))
    return Structure(share > 0.28, share, float(np.mean(far)) if far else 0.0, walls, asked[0])


def _clear(near: list[bool], walls: int) -> bool:
    """Say whether more walls would not change the verdict: a likelihood ratio of .75 against .06 a move."""
    stayed, moved = sum(near), len(near) - sum(near)
    evidence = stayed * np.log(0.75 / 0.06) + moved * np.log(0.25 / 0.94)
    return walls >= 2 and abs(evidence) > 5


Wall = tuple[Floats, Floats, int, Label]


def _wall(
    answers: Answers, rng: np.random.Generator, asked: list[int], copy: Callable[[], Model]
) -> Generator[Question, Labelled, Wall | None]:
    """Return two rows that differ in one feature, a little, and in their label."""
    y = answers.y
    first = int(rng.choice(np.flatnonzero(answers.real)))
    others = np.flatnonzero((y != y[first]) & answers.real)
    if not len(others):
        return None
    a, b, label = answers.X[first], answers.X[int(rng.choice(others))], answers.labels[first]
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        row = a + (low + high) / 2 * (b - a)
        given = yield from _ask(row, copy, asked)
        if given is None:
            return None
        low, high = ((low + high) / 2, high) if given == label else (low, (low + high) / 2)
    a, b = a + low * (b - a), a + high * (b - a)
    features = rng.permutation(np.flatnonzero(a != b))
    start, end = 0, len(features)
    while end - start > 1:
        middle = (start + end) // 2
        row = a.copy()
        row[features[:middle]] = b[features[:middle]]
        given = yield from _ask(row, copy, asked)
        if given is None:
            return None
        start, end = (middle, end) if given == label else (start, middle)
    near, past = a.copy(), a.copy()
    near[features[:start]] = b[features[:start]]
    past[features[:end]] = b[features[:end]]
    return near, past, int(features[end - 1]), label


def _stays(
    space: Space,
    rng: np.random.Generator,
    asked: list[int],
    copy: Callable[[], Model],
    wall: Wall,
    amount: float,
) -> Generator[Question, Labelled, bool | None]:
    """Say whether the two rows still have different labels after all other features moved."""
    near, past, feature, label = wall
    towards = space.pool[rng.integers(len(space.pool))]
    sides: list[Floats] = []
    for row in (near, past):
        moved = row + amount * (towards - row)
        moved[feature] = row[feature]
        sides.append(moved)
    first = yield from _ask(sides[0], copy, asked)
    if first is None:
        return None
    if first != label:
        return False
    second = yield from _ask(sides[1], copy, asked)
    return None if second is None else bool(second != label)


def _ask(
    row: Floats, copy: Callable[[], Model], asked: list[int]
) -> Generator[Question, Labelled, Label | None]:
    asked[0] += 1
    given = yield Question(row[None], "family", copy, "auto")
    return given[0] if given else None
