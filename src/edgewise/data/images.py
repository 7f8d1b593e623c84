"""Images: MNIST, CIFAR-10 and scikit-learn's digits, one flat row an image, pixels divided to [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from edgewise.arrays import Array, Index, check_box
from edgewise.data.dataset import Dataset, Split
from edgewise.data.files import Rows
from edgewise.data.files import rows as rows_of
from edgewise.data.image_files import CIFAR_SOURCE, MNIST_SOURCE
from edgewise.data.splitting import Sizes, canonical_parts, parts


MNIST_TRAIN, CIFAR_TRAIN = 60_000, 50_000
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class _Pictures(NamedTuple):
    """What a table of pixels holds and where it is from; ``top`` is the largest value of a pixel."""

    shape: tuple[int, int, int]
    top: float
    source: str
    licence: str
    notes: tuple[str, ...] = ()


_MNIST = _Pictures(
    (1, 28, 28),
    255,
    "MNIST: LeCun, Cortes, Burges (1998)",
    "none stated; often listed as CC BY-SA 3.0",
    ("test rows are from the canonical test part, all others from the training part",),
)
_CIFAR = _Pictures(
    (3, 32, 32),
    255,
    "CIFAR-10: Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
    "none stated; free use with the citation",
    ("test rows are from the canonical test batch, all others from the training batches",),
)
_DIGITS = _Pictures(
    (1, 8, 8),
    16,
    "scikit-learn's digits: UCI, Optical Recognition of Handwritten Digits (test part)",
    "CC BY 4.0",
)


def _images(
    name: str,
    table: Rows,
    rows: tuple[Index, Index, Index],
    labels: tuple[int, ...],
    pictures: _Pictures,
    dtype: DTypeLike,
    classes: tuple[str, ...] = (),
) -> Dataset:
    """Cut a table of pixels into parts in [0, 1]; classes are numbered in the order of ``labels``."""

    def part(chosen: Index) -> Split:
        pixels = table[chosen, :-1].astype(dtype)
        pixels /= np.asarray(pictures.top, dtype)
        last: Array = table[chosen, -1]
        return Split(pixels, np.searchsorted(labels, last).astype(np.int64))

    train, held_out, test = map(part, rows)
    return Dataset(
        name,
        train,
        held_out,
        test,
        check_box((0, 1), table.shape[1] - 1),
        classes or tuple(map(str, labels)),
        pictures.source,
        pictures.licence,
        pictures.shape,
        (*pictures.notes, f"pixels divided by {pictures.top:g}"),
    )


def _of(table: Rows, labels: tuple[int, ...], first: int) -> tuple[Index, Index]:
    """Return the rows with one of the ``labels`` among the first ones, and among the rest."""
    wanted = np.flatnonzero(np.isin(table[:, -1], labels))
    return wanted[wanted < first], wanted[wanted >= first]


def _mnist(
    name: str,
    labels: tuple[int, ...],
    sizes: Sizes,
    seed: int,
    data_home: str | Path | None,
    dtype: DTypeLike,
) -> Dataset:
    table = rows_of(MNIST_SOURCE, data_home)
    chosen = canonical_parts(*_of(table, labels, MNIST_TRAIN), sizes, seed, name)
    return _images(name, table, chosen, labels, _MNIST, dtype)


@dataclass(frozen=True)
class Mnist:
    """MNIST's ten digits, 28 x 28, in the paper's sizes; float32.

    The paper's 55,000 training images leave 5,000 of the canonical training part, which are held out.

    Parameters
    ----------
    train, held_out, test
        Rows of each part, out of 60,000 for the first two and 10,000 for the last.
    """

    train: int = 55_000
    held_out: int = 5_000
    test: int = 10_000

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed."""
        sizes = Sizes(self.train, self.held_out, self.test)
        return _mnist("mnist", tuple(range(10)), sizes, seed, data_home, np.float32)


@dataclass(frozen=True)
class Mnist1v7:
    """MNIST's ones (label 0) against sevens (label 1), in the paper's sizes and 100 held out; float64.

    Parameters
    ----------
    train, held_out, test
        Rows of each part, out of 13,007 for the first two and 2,163 for the last.
    """

    train: int = 1_000
    held_out: int = 100
    test: int = 500

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed."""
        sizes = Sizes(self.train, self.held_out, self.test)
        return _mnist("mnist-1v7", (1, 7), sizes, seed, data_home, np.float64)


@dataclass(frozen=True)
class Cifar10:
    """CIFAR-10, 3 x 32 x 32 (channels first), in the paper's sizes; float32.

    Parameters
    ----------
    train, held_out, test
        Rows of each part, out of 50,000 for the first two (the paper's 5,000 validation images are the held
        out ones) and 10,000 for the last.
    """

    train: int = 45_000
    held_out: int = 5_000
    test: int = 10_000

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed."""
        table = rows_of(CIFAR_SOURCE, data_home)
        labels = tuple(range(10))
        chosen = canonical_parts(
            *_of(table, labels, CIFAR_TRAIN), Sizes(self.train, self.held_out, self.test), seed, "cifar10"
        )
        return _images("cifar10", table, chosen, labels, _CIFAR, np.float32, CIFAR_CLASSES)


def _digits(name: str, labels: tuple[int, ...], sizes: Sizes, seed: int) -> Dataset:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    table = np.column_stack([bunch.data, bunch.target]).astype(np.uint8)
    rows, _ = _of(table, labels, len(table))
    train, held_out, test = parts(len(rows), sizes, seed, name)
    return _images(name, table, (rows[train], rows[held_out], rows[test]), labels, _DIGITS, np.float64)


@dataclass(frozen=True)
class Digits:
    """The ten digits that ship with scikit-learn, 8 x 8, 1,797 images.

    Parameters
    ----------
    train, held_out, test
        Rows of each part.

    Examples
    --------
    >>> Digits()(0).train.X.shape
    (1000, 64)
    """

    train: int = 1_000
    held_out: int = 297
    test: int = 500

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed; nothing is fetched."""
        return _digits("digits", tuple(range(10)), Sizes(self.train, self.held_out, self.test), seed)


@dataclass(frozen=True)
class Digits1v7:
    """The ones (label 0) against the sevens (label 1) of `Digits`, 361 images.

    Parameters
    ----------
    train, held_out, test
        Rows of each part.
    """

    train: int = 180
    held_out: int = 60
    test: int = 120

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed; nothing is fetched."""
        return _digits("digits-1v7", (1, 7), Sizes(self.train, self.held_out, self.test), seed)
