"""What every data set promises, as checks on a call ``(rng) -> Dataset``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgewise.data.dataset import Dataset
from edgewise.testing.promise import promise


Loader = Callable[[int], Dataset]


def is_finite_and_labelled(load: Loader) -> None:
    """Every split has finite points of one width and dtype, and one integer label per row."""
    data = load(0)
    for split in (data.train, data.held_out, data.test):
        promise(split.X.ndim == 2, "points are not (n, d)")
        promise(split.X.shape[1] == data.train.X.shape[1], "splits differ in width")
        promise(split.X.dtype == data.train.X.dtype, "splits differ in dtype")
        promise(np.isfinite(split.X).all(), "a value is not finite")
        promise(split.y.shape == (len(split.X),), "not one label per row")


def names_every_class(load: Loader) -> None:
    """Labels are positions in ``classes``, and training has at least two of them."""
    data = load(0)
    labels = np.concatenate([data.train.y, data.held_out.y, data.test.y])
    promise(labels.dtype.kind == "i", "labels are not integers")
    promise(labels.min() >= 0, "a label is negative")
    promise(labels.max() < len(data.classes), "a label has no name")
    promise(len(np.unique(data.train.y)) > 1, "one class only")


def is_read_only(load: Loader) -> None:
    """No array of a data set can be written to."""
    data = load(0)
    arrays = [array for split in (data.train, data.held_out, data.test) for array in split]
    promise(not any(array.flags.writeable for array in arrays), "an array can be written to")


def obeys_its_box(load: Loader) -> None:
    """If there is a box, every row of every split is in it."""
    data = load(0)
    if data.box is not None:
        for split in (data.train, data.held_out, data.test):
            promise(data.box.contains(split.X).all(), "a row lies outside the box")


def repeats(load: Loader) -> None:
    """The same seed gives the same rows, another seed others."""
    one, two, other = load(4), load(4), load(5)
    promise(one.train.X.tobytes() == two.train.X.tobytes(), "one seed gives two data sets")
    promise(one.train.X.tobytes() != other.train.X.tobytes(), "the seed changes nothing")


def says_where_it_is_from(load: Loader) -> None:
    """Name, source and licence are stated."""
    data = load(0)
    promise(all((data.name, data.source, data.licence)), "name, source or licence is empty")


DATASET_CHECKS: tuple[Callable[[Loader], None], ...] = (
    is_finite_and_labelled,
    names_every_class,
    is_read_only,
    obeys_its_box,
    repeats,
    says_where_it_is_from,
)
