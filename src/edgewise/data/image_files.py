"""The files of MNIST and CIFAR-10, and how their bytes become rows of pixels."""

from __future__ import annotations

import gzip
import io
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgewise.data.files import File, Rows, Source
from edgewise.data.table_files import openml


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

    def find_class(self, module_name: str, global_name: str, /) -> object:
        allowed: dict[tuple[str, str], object] = {
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
