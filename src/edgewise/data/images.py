"""Images: MNIST, CIFAR-10 and scikit-learn's digits, one flat row an image, pixels divided to [0, 1]."""

from __future__ import annotations

import gzip
import io
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike

from edgewise.arrays import Index, check_box
from edgewise.data.dataset import Dataset, Split
from edgewise.data.files import File, Rows, Source
from edgewise.data.files import rows as rows_of
from edgewise.data.splitting import Sizes, canonical_parts, parts
from edgewise.data.tables import openml


MNIST_TRAIN, CIFAR_TRAIN = 60_000, 50_000
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_IDX_HEADERS = {2051: 16, 2049: 8}


def _idx(content: bytes) -> Rows:
    plain = gzip.decompress(content)
    values = np.frombuffer(plain, np.uint8, offset=_IDX_HEADERS[int.from_bytes(plain[:4], "big")])
    return values.reshape(int.from_bytes(plain[4:8], "big"), -1)


def _read_mnist(contents: Sequence[bytes]) -> Rows:
    train, train_labels, test, test_labels = map(_idx, contents)
    return np.block([[train, train_labels], [test, test_labels]])


def _fetch_mnist() -> Rows:
    X, y = openml(554)
    return np.column_stack([X.astype(np.uint8), y.astype(np.uint8)])


def _fetch_cifar10() -> Rows:
    X, y = openml(40927)
    return np.column_stack([X.astype(np.uint8), y.astype(np.uint8)])


class _Batches(pickle.Unpickler):
    """Rebuilds what the CIFAR batches hold (arrays, lists, strings) and refuses everything else."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        allowed: dict[tuple[str, str], Any] = {
            ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        try:
            return allowed[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"a CIFAR batch may not hold {module_name}.{global_name}; it was not run."
            ) from None


def unpickle(content: bytes) -> dict[bytes, Any]:
    """Return what a CIFAR batch holds; arrays, lists and strings only, nothing is ever executed.

    Raises
    ------
    pickle.UnpicklingError
        Anything else is in it.
    """
    return _Batches(io.BytesIO(content), encoding="bytes").load()


def _read_cifar10(contents: Sequence[bytes]) -> Rows:
    table = np.empty((10_000 * len(contents), 3073), np.uint8)
    for start, content in enumerate(contents):
        batch = unpickle(content)
        table[10_000 * start : 10_000 * (start + 1), :-1] = batch[b"data"]
        table[10_000 * start : 10_000 * (start + 1), -1] = batch[b"labels"]
    return table


MNIST_SOURCE = Source(
    "mnist",
    (
        File(
            "train-images-idx3-ubyte.gz",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        ),
        File(
            "train-labels-idx1-ubyte.gz",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "d53e105ee54ea40749a09fcbcd1e9432",
        ),
        File(
            "t10k-images-idx3-ubyte.gz",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "9fb629c4189551a2d022fa330f9573f3",
        ),
        File(
            "t10k-labels-idx1-ubyte.gz",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
    ("", "mnist", "MNIST/raw"),
    _read_mnist,
    _fetch_mnist,
    "4b04bf2bda4f27afc2d7cd722fb7429b1e9325d841e9fd483aa771a8ae2d9563",
    "any mirror of the MNIST idx files",
)

CIFAR_SOURCE = Source(
    "cifar10",
    (
        File("data_batch_1", "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd"),
        File("data_batch_2", "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8"),
        File("data_batch_3", "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9"),
        File("data_batch_4", "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b"),
        File("data_batch_5", "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154"),
        File("test_batch", "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831"),
    ),
    ("", "cifar-10-batches-py", "cifar10", "cifar10/cifar-10-batches-py"),
    _read_cifar10,
    _fetch_cifar10,
    "77b0df186ab21c8f4b7c591f266bf74555040d1c5c150c6a1fd8ea3e2b89c0ed",
    "the CIFAR-10 home page (python version)",
    archive="cifar-10-python.tar.gz",
)


def _images(
    name: str,
    table: Rows,
    rows: tuple[Index, Index, Index],
    labels: tuple[int, ...],
    top: float,
    dtype: DTypeLike,
    shape: tuple[int, int, int],
    classes: tuple[str, ...],
    source: str,
    licence: str,
    notes: tuple[str, ...],
) -> Dataset:
    """Cut a table of pixels into parts in [0, 1]; classes are numbered in the order of ``labels``."""

    def part(chosen: Index) -> Split:
        pixels = table[chosen, :-1].astype(dtype)
        pixels /= np.asarray(top, dtype)
        return Split(pixels, np.searchsorted(labels, table[chosen, -1]).astype(np.int64))

    train, held_out, test = map(part, rows)
    return Dataset(
        name,
        train,
        held_out,
        test,
        check_box((0, 1), table.shape[1] - 1),
        classes,
        source,
        licence,
        shape,
        (*notes, f"pixels divided by {top:g}"),
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
    return _images(
        name,
        table,
        chosen,
        labels,
        255,
        dtype,
        (1, 28, 28),
        tuple(map(str, labels)),
        "MNIST: LeCun, Cortes, Burges (1998)",
        "none stated; often listed as CC BY-SA 3.0",
        ("test rows are from the canonical test part, all others from the training part",),
    )


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
        return _images(
            "cifar10",
            table,
            chosen,
            labels,
            255,
            np.float32,
            (3, 32, 32),
            CIFAR_CLASSES,
            "CIFAR-10: Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
            "none stated; free use with the citation",
            ("test rows are from the canonical test batch, all others from the training batches",),
        )


def _digits(name: str, labels: tuple[int, ...], sizes: Sizes, seed: int) -> Dataset:
    from sklearn.datasets import load_digits

    bunch = cast("Any", load_digits())
    table = np.column_stack([bunch.data, bunch.target]).astype(np.uint8)
    rows, _ = _of(table, labels, len(table))
    train, held_out, test = parts(len(rows), sizes, seed, name)
    return _images(
        name,
        table,
        (rows[train], rows[held_out], rows[test]),
        labels,
        16,
        np.float64,
        (1, 8, 8),
        tuple(map(str, labels)),
        "scikit-learn's digits: UCI, Optical Recognition of Handwritten Digits (test part)",
        "CC BY 4.0",
        (),
    )


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
