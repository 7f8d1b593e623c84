"""One form for every ensemble of trees: numeric walls, leaf values, and the rule from their sums to a class."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgewise.arrays import Floats, Index, Labels, Mask


@dataclass(frozen=True)
class Tree:
    """The nodes of one tree, the root first.

    Parameters
    ----------
    feature
        The feature a node looks at ``(m,)``; -1 in a leaf.
    wall
        The largest float64 a numeric node sends left.
    left, right
        Children.
    missing_left
        Where a missing value goes.
    value
        What a leaf adds to the scores ``(m, c)``.
    category
        For a node that splits categories, the row of `Ensemble.categories` with those sent left; else -1.
    """

    feature: Index
    wall: Floats
    left: Index
    right: Index
    missing_left: Mask
    value: Floats
    category: Index


@dataclass(frozen=True)
class Group:
    """A run of ``count`` trees whose sum counts ``weight`` times, divided by ``divisor``."""

    count: int
    divisor: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True)
class Ensemble:
    """Trees and how their leaves make a class, in the arithmetic and order of the model itself.

    Parameters
    ----------
    trees
        In the order they are added.
    classes
        The labels, one a column of scores; two for a single column.
    init
        What the sums start from ``(c,)``.
    threshold
        With a single column: the second class is predicted where the score is above it. Otherwise unused:
        the first largest score wins.
    groups
        Runs of trees that are averaged before they are added up.
    divisor
        Of the sum over groups.
    single
        Sums are rounded to float32 after every addition.
    categories
        Per row, the codes a categorical node sends left.
    codes
        For a categorical feature, the raw values its codes 0, 1, ... stand for; any other value is missing.
    cut
        Values of categorical features are cut to whole numbers first.
    n_features
        Of the model's input.
    votes
        The scores are weighted votes, no probabilities or margins.
    """

    trees: tuple[Tree, ...]
    classes: Labels
    init: Floats
    n_features: int
    threshold: float = 0.0
    groups: tuple[Group, ...] = ()
    divisor: float = 1.0
    single: bool = False
    categories: tuple[Index, ...] = ()
    codes: dict[int, Floats] = field(default_factory=dict[int, Floats])
    cut: bool = False
    votes: bool = False


def float32_wall(threshold: Floats) -> Floats:
    """Return the largest float64 whose float32 rounding is at most ``threshold``.

    Examples
    --------
    >>> wall = float32_wall(np.array([0.1]))
    >>> float(np.float32(wall[0])) <= 0.1, float(np.float32(np.nextafter(wall[0], 1))) <= 0.1
    (True, False)
    """
    with np.errstate(over="ignore"):
        near = np.asarray(threshold, np.float32)
        below = np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)
        above = np.nextafter(below, np.float32(np.inf))
        middle = (below.astype(float) + above.astype(float)) / 2
        middle = np.where(np.isfinite(middle), middle, below.astype(float))
        return np.where(middle.astype(np.float32) <= below, middle, np.nextafter(middle, -np.inf))
