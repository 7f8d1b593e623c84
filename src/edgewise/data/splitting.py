"""Split rows at random and scale them by the training part alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Index, InputError, Labels, check_count
from edgewise.data.dataset import Split
from edgewise.randomness import stream


@dataclass(frozen=True)
class Sizes:
    """How many rows the three parts have."""

    train: int
    held_out: int
    test: int

    def __post_init__(self) -> None:
        check_count(self.train, "train")
        check_count(self.held_out, "held_out", low=0)
        check_count(self.test, "test")

    @property
    def total(self) -> int:
        """Rows in all."""
        return self.train + self.held_out + self.test


def parts(n: int, sizes: Sizes, seed: int, name: str) -> tuple[Index, Index, Index]:
    """Return disjoint random row numbers for train, held-out and test, out of ``n``.

    The test rows depend on ``seed`` and their own number only, and a smaller training part is the beginning
    of a larger one; so runs with several training sizes are measured on the same points.

    Raises
    ------
    InputError
        More rows asked for than there are.

    Examples
    --------
    >>> [len(part) for part in parts(10, Sizes(5, 2, 3), 0, "example")]
    [5, 2, 3]
    """
    if sizes.total > n:
        raise InputError(
            f"{name} has {n} rows; train={sizes.train}, held_out={sizes.held_out} and "
            f"test={sizes.test} ask for {sizes.total}. Ask for fewer."
        )
    order = stream(seed, name, "split").permutation(n)
    rest = order[sizes.test :]
    return rest[: sizes.train], rest[sizes.train : sizes.train + sizes.held_out], order[: sizes.test]


def canonical_parts(
    pool: Index, testing: Index, sizes: Sizes, seed: int, name: str
) -> tuple[Index, Index, Index]:
    """Return train and held-out rows drawn from ``pool`` and test rows drawn from ``testing``.

    Raises
    ------
    InputError
        More rows asked for than there are.
    """
    for part, asked, there in (
        ("train + held_out", sizes.train + sizes.held_out, len(pool)),
        ("test", sizes.test, len(testing)),
    ):
        if asked > there:
            raise InputError(f"{name} has {there} rows for {part}; {asked} are asked for. Ask for fewer.")
    order = stream(seed, name, "split").permutation(pool)
    test = stream(seed, name, "test").permutation(testing)[: sizes.test]
    return order[: sizes.train], order[sizes.train : sizes.train + sizes.held_out], np.sort(test)


def take(X: Floats, y: Labels, rows: Index) -> Split:
    """Return the rows as a split of their own."""
    return Split(X[rows], y[rows])


def min_max(train: Split, *others: Split) -> tuple[Split, ...]:
    """Map every feature by the affine map that sends its training range to [0, 1].

    Parts other than ``train`` may fall outside [0, 1]; nothing is clipped. A feature that is constant in
    training is only shifted.

    Examples
    --------
    >>> from edgewise.data.dataset import Split
    >>> train, test = Split(np.array([[1.0], [3.0]]), np.zeros(2)), Split(np.array([[4.0]]), np.zeros(1))
    >>> one, two = min_max(train, test)
    >>> one.X.ravel().tolist(), two.X.ravel().tolist()
    ([0.0, 1.0], [1.5])
    """
    low, high = train.X.min(axis=0), train.X.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    return tuple(Split((part.X - low) / width, part.y) for part in (train, *others))
