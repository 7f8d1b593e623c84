"""The files of Abalone, Cancer, Australian and Covertype, and how their bytes become rows.

Rows are put in lexicographic order, so that a split does not depend on where they came from.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from edgewise.arrays import Floats, Labels
from edgewise.data.files import File, Rows, Source


SEXES = {"I": 0.0, "F": 1.0, "M": 2.0}
UCI = "UCI Machine Learning Repository"


def _in_order(table: Rows) -> Rows:
    return np.ascontiguousarray(table[np.lexsort(table.T[::-1])])


def _read_abalone(contents: Sequence[bytes]) -> Rows:
    lines = contents[0].decode("ascii").split()
    table = [[SEXES[sex], *map(float, numbers)] for sex, *numbers in (line.split(",") for line in lines)]
    return _in_order(np.array(table))


def _read_libsvm(contents: Sequence[bytes]) -> Rows:
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(io.BytesIO(contents[0]))
    return _in_order(np.column_stack([X.toarray(), y]))


def _read_cancer(contents: Sequence[bytes]) -> Rows:
    # The first column is the sample's id number, about 10^6: it would drown every distance.
    return _in_order(_read_libsvm(contents)[:, 1:])


def openml(data_id: int) -> tuple[Floats, Labels]:
    """Return the features (n, d), categories as their own numbers where they are numbers, and the labels."""
    from sklearn.datasets import fetch_openml

    bunch = fetch_openml(
        data_id=data_id, as_frame=False, parser="liac-arff", cache=False, n_retries=1, delay=0.1
    )
    X = np.array(bunch.data, dtype=float)
    for name, values in bunch.categories.items():
        if name in bunch.feature_names:
            column = list(bunch.feature_names).index(name)
            numbers = np.array(
                [SEXES.get(value, np.nan) if value in SEXES else float(value) for value in values]
            )
            X[:, column] = numbers[X[:, column].astype(int)]
    return X, np.asarray(bunch.target)


def _fetch_abalone() -> Rows:
    X, rings = openml(183)
    return _in_order(np.column_stack([X, rings.astype(float)]))


def _fetch_cancer() -> Rows:
    X, kind = openml(15)
    whole = np.isfinite(X).all(axis=1)
    return _in_order(np.column_stack([X, np.where(kind == "malignant", 4.0, 2.0)])[whole])


def _fetch_australian() -> Rows:
    X, kind = openml(40981)
    return _in_order(np.column_stack([X, np.where(kind == "1", 1.0, -1.0)]))


def _fetch_covtype() -> Rows:
    from sklearn.datasets import fetch_covtype

    bunch = fetch_covtype(n_retries=1, delay=0.1)
    return np.column_stack([bunch.data, np.where(bunch.target == 2, 2.0, 1.0)])


ABALONE = Source(
    "abalone",
    (File("abalone.data", "de37cdcdcaaa50c309d514f248f7c2302a5f1f88c168905eba23fe2fbc78449f"),),
    ("", "abalone"),
    _read_abalone,
    _fetch_abalone,
    "9e82a264f742471630c1c2885af15384025ff276d8fc9339a2abd1ee8113c1b4",
    f"{UCI}, data set 1 (Abalone)",
)
CANCER = Source(
    "breast-cancer",
    (File("breast-cancer", "445505b580a88e9e19b533b4f126d3dda1883bc7551e46907041ca263aa3c5d9"),),
    ("", "libsvm"),
    _read_cancer,
    _fetch_cancer,
    "4407ec71e60a7827fb107a8d179f5b6780c870100e6ca40e46c22b7bc1eec548",
    "the LIBSVM data sets page, binary classification, breast-cancer",
)
AUSTRALIAN = Source(
    "australian",
    (File("australian", "e11b85d6265a6cc8d07e3200fc04557009e6e2407331ea8d7910eddf199c2d1a"),),
    ("", "libsvm"),
    _read_libsvm,
    _fetch_australian,
    "f3c76fe793df9562daa9bfe09e7168dab67f7301f7e112edaef725a47920eae0",
    "the LIBSVM data sets page, binary classification, australian",
)
COVTYPE = Source(
    "covtype",
    (File("covtype.libsvm.binary.10k", "99f78178c5988a2918dbc44f66d3f123d99971346c8cfd88821023c9ffea0193"),),
    ("", "libsvm"),
    _read_libsvm,
    _fetch_covtype,
    None,
    f"{UCI}, data set 31 (Covertype), which scikit-learn fetches whole",
)
