"""Every row of DATASETS: sizes, splits, scaling, determinism; canonical counts on the real files."""

import dataclasses
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

import edgewise
from edgewise.arrays import InputError
from edgewise.data import DATASETS, image_files, load, table_files
from edgewise.data.dataset import Dataset, Split
from edgewise.data.files import digest, rows
from edgewise.data.splitting import Sizes, min_max, parts


REAL = os.environ.get("EDGEWISE_DATA") or None
needs_files = pytest.mark.skipif(REAL is None, reason="set EDGEWISE_DATA to the folder of the real files")
QUICK = [name for name in DATASETS if name != "cifar10"]
ROWS = [pytest.param(name, marks=needs_files if DATASETS[name].needs else ()) for name in QUICK]


def check(data: Dataset, train: int, held_out: int, test: int) -> None:
    """Raise unless the data set keeps what `Dataset` promises."""
    for part, n in ((data.train, train), (data.held_out, held_out), (data.test, test)):
        assert part.X.shape[0] == part.y.shape[0] == n
        assert part.X.ndim == 2
        assert part.X.dtype in (np.float64, np.float32)
        assert part.y.dtype == np.int64
        assert np.isfinite(part.X).all()
        assert not part.X.flags.writeable
        assert not part.y.flags.writeable
        assert set(part.y) <= set(range(len(data.classes)))
        if data.box is not None:
            assert data.box.contains(part.X).all()
    assert data.source
    assert data.licence
    if data.image_shape is not None:
        assert np.prod(data.image_shape) == data.train.X.shape[1]


def overlap(data: Dataset) -> int:
    seen = {row.tobytes() for row in data.train.X}
    return sum(row.tobytes() in seen for part in (data.held_out, data.test) for row in part.X)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_keeps_the_promises_of_a_dataset(name):
    small = DATASETS[name].small
    data = load(name, rng=0, **small)
    assert data.name == name
    check(data, **small)
    again = load(name, rng=0, **small)
    other = load(name, rng=1, **small)
    for one, two in zip(
        (data.train, data.held_out, data.test), (again.train, again.held_out, again.test), strict=True
    ):
        np.testing.assert_array_equal(one.X, two.X)
        np.testing.assert_array_equal(one.y, two.y)
    assert not np.array_equal(data.train.X, other.train.X)


@pytest.mark.parametrize("name", ROWS)
def test_more_rows_than_there_are_is_an_error_and_unknown_settings_are_named(name):
    if name != "halfmoon":
        with pytest.raises(InputError, match="Ask for fewer"):
            load(name, rng=0, train=10**6)
    with pytest.raises(InputError, match="did you mean 'train'"):
        load(name, rng=0, trian=3)
    with pytest.raises(InputError, match="train must be at least 1"):
        load(name, rng=0, train=0)


def test_the_check_rejects_broken_data_sets():
    good = load("digits", rng=0)
    sizes = {"train": 1000, "held_out": 297, "test": 500}
    check(good, **sizes)
    broken = [
        {"train": Split(good.train.X * 2, good.train.y)},
        {"train": Split(good.train.X, good.train.y.astype(float))},
        {"train": Split(good.train.X[:5], good.train.y)},
        {"classes": ("0",)},
        {"image_shape": (1, 8, 9)},
    ]
    for change in broken:
        with pytest.raises(AssertionError):
            check(dataclasses.replace(good, **change), **sizes)


def test_the_table_1_sizes_are_the_defaults():
    published = {
        "halfmoon": (1800, 100, 200),
        "abalone": (500, 100, 200),
        "mnist-1v7": (1000, 100, 500),
        "mnist": (55_000, 5_000, 10_000),
        "cifar10": (45_000, 5_000, 10_000),
    }
    for name, sizes in published.items():
        settings = DATASETS[name].make()
        assert (settings.train, settings.held_out, settings.test) == sizes


def test_load_is_public_and_helps_with_typos():
    assert edgewise.load is load
    assert edgewise.DATASETS is DATASETS
    with pytest.raises(InputError, match="did you mean 'halfmoon'"):
        edgewise.load("halfmon", rng=0)
    with pytest.raises(InputError, match="rng must be"):
        edgewise.load("halfmoon", rng=-1)
    with pytest.raises(InputError, match="noise must be"):
        edgewise.load("halfmoon", rng=0, noise=-0.1)
    with pytest.raises(InputError, match="'paper' or 'source'"):
        edgewise.load("abalone", rng=0, reading="other")


def test_halfmoon_without_noise_lies_on_the_two_arcs():
    data = load("halfmoon", rng=3, noise=0.0, train=50, held_out=0, test=10)
    X, y = data.train
    upper, lower = X[y == 0], X[y == 1]
    np.testing.assert_allclose(np.hypot(upper[:, 0], upper[:, 1]), 1, atol=1e-12)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, atol=1e-12)
    assert (upper[:, 1] >= -1e-12).all()
    assert (lower[:, 1] <= 0.5 + 1e-12).all()


def test_parts_are_disjoint_and_test_rows_do_not_depend_on_the_training_size():
    small, large = (parts(100, Sizes(n, 5, 20), 7, "x") for n in (10, 60))
    assert len(np.unique(np.concatenate(large))) == 85
    np.testing.assert_array_equal(small[2], large[2])
    np.testing.assert_array_equal(small[0], large[0][:10])


def test_scaling_is_fitted_on_the_training_part_alone():
    rng = np.random.default_rng(0)
    train = Split(rng.normal(size=(30, 3)), np.zeros(30))
    test = Split(9 + rng.normal(size=(9, 3)), np.zeros(9))
    scaled, far = min_max(train, test)
    np.testing.assert_allclose(scaled.X.min(axis=0), 0)
    np.testing.assert_allclose(scaled.X.max(axis=0), 1)
    assert far.X.min() > 1
    np.testing.assert_array_equal(min_max(train)[0].X, scaled.X)
    (constant,) = min_max(Split(np.full((4, 1), 5.0), np.zeros(4)))
    np.testing.assert_array_equal(constant.X, 0)


@needs_files
@pytest.mark.parametrize("name", ["abalone", "cancer", "australian", "covtype"])
def test_no_test_row_moves_the_scale_of_a_table(name):
    data = load(name, rng=0)
    spread = np.ptp(data.train.X, axis=0)
    assert ((data.train.X.min(axis=0) == 0) & ((spread == 1) | (spread == 0))).all()
    assert data.box is None


@needs_files
def test_the_real_counts():
    abalone = rows(table_files.ABALONE)
    assert abalone.shape == (4177, 9)
    assert np.bincount(abalone[:, 0].astype(int)).tolist() == [1342, 1307, 1528]
    assert (np.sum(abalone[:, 8] > 11), np.sum(abalone[:, 8] >= 11)) == (960, 1447)
    everyone = load("abalone", rng=0, train=4000, held_out=100, test=77)
    assert sum(part.y.sum() for part in (everyone.train, everyone.held_out, everyone.test)) == 2081
    females = load("abalone", rng=0, reading="source", train=1000, held_out=200, test=107)
    assert sum(part.y.sum() for part in (females.train, females.held_out, females.test)) == 635
    assert females.train.X.shape[1] == 7
    cancer = rows(table_files.CANCER)
    assert cancer.shape == (683, 10)
    assert (cancer[:, :-1].min(), cancer[:, :-1].max(), np.sum(cancer[:, -1] == 4)) == (1, 10, 239)
    assert np.sum(rows(table_files.AUSTRALIAN)[:, -1] == 1) == 307
    assert np.sum(rows(table_files.COVTYPE)[:, -1] == 2) == 4870


@needs_files
def test_mnist_is_the_canonical_one():
    table = rows(image_files.MNIST_SOURCE)
    assert np.bincount(table[:60_000, -1]).tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]
    assert np.bincount(table[60_000:, -1]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert table[:60_000, :-1].mean() / 255 == pytest.approx(0.13066, abs=5e-6)
    two = load("mnist-1v7", rng=0, train=13_000, held_out=7, test=2163)
    assert np.bincount(two.test.y).tolist() == [1135, 1028]
    assert np.bincount(two.train.y).sum() + 7 == 6742 + 6265


@needs_files
@pytest.mark.parametrize(
    "source",
    [table_files.ABALONE, table_files.CANCER, table_files.AUSTRALIAN, image_files.MNIST_SOURCE],
    ids=lambda source: source.name,
)
def test_what_the_files_hold_has_the_hash_asked_of_what_is_fetched(source):
    assert digest(rows(source)) == source.rows_sha256


@needs_files
@pytest.mark.slow
def test_cifar10_is_the_canonical_one():
    table = rows(image_files.CIFAR_SOURCE)
    assert digest(table) == image_files.CIFAR_SOURCE.rows_sha256
    assert np.bincount(table[:50_000, -1]).tolist() == [5000] * 10
    assert np.bincount(table[50_000:, -1]).tolist() == [1000] * 10
    channels = table[:50_000, :-1].reshape(50_000, 3, -1).mean(axis=(0, 2)) / 255
    np.testing.assert_allclose(channels, [0.49140, 0.48216, 0.44653], atol=5e-6)
    small = {"train": 300, "held_out": 10, "test": 20}
    data = load("cifar10", rng=0, **small)
    check(data, **small)
    assert overlap(data) == 0


@needs_files
def test_test_images_are_not_training_images():
    assert overlap(load("mnist", rng=0, train=2000, held_out=50, test=100)) == 0
    data = load("mnist", rng=0, train=2000, held_out=50, test=100)
    leaky = dataclasses.replace(data, test=Split(data.train.X[:5], data.train.y[:5]))
    assert overlap(leaky) == 5


@needs_files
def test_the_folder_can_be_given_by_argument_too(monkeypatch):
    monkeypatch.delenv("EDGEWISE_DATA")
    assert load("cancer", rng=0, data_home=Path(str(REAL))).train.X.shape == (300, 9)


def as_openml_gives_it(table, categorical, target):
    """The same rows in another order, categories as positions, 16 rows with a missing value."""
    rng = np.random.default_rng(0)
    X, y = table[:, :-1].copy(), target[table[:, -1].astype(int)]
    names = [f"A{i}" for i in range(X.shape[1])]
    categories = {}
    for i in categorical:
        values = rng.permutation(np.unique(X[:, i]))
        X[:, i] = np.argmax(X[:, i, None] == values, axis=1)
        categories[names[i]] = [f"{value:g}" for value in values]
    order = rng.permutation(len(X))
    return SimpleNamespace(data=X[order], target=y[order], feature_names=names, categories=categories)


@needs_files
def test_what_openml_gives_is_turned_into_the_rows_of_the_files(monkeypatch):
    labels = {-1: "0", 1: "1", 2: "benign", 4: "malignant"}
    target = np.array([labels.get(i - 1, "") for i in range(6)])
    australian, cancer = rows(table_files.AUSTRALIAN), rows(table_files.CANCER)
    for table in (australian, cancer):
        table[:, -1] += 1
    bunch = as_openml_gives_it(australian, (0, 3, 4, 5, 7), target)
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_settings: bunch)
    assert digest(table_files._fetch_australian()) == table_files.AUSTRALIAN.rows_sha256
    bunch = as_openml_gives_it(cancer, (), target)
    holes = np.where(np.eye(9, dtype=bool)[:3], np.nan, 1.0)
    bunch.data, bunch.target = np.vstack([bunch.data, holes]), np.append(bunch.target, ["benign"] * 3)
    assert digest(table_files._fetch_cancer()) == table_files.CANCER.rows_sha256
    bunch.data[0, 0] += 1
    assert digest(table_files._fetch_cancer()) != table_files.CANCER.rows_sha256


@needs_files
def test_mnist_from_openml_is_the_same_table(monkeypatch):
    table = rows(image_files.MNIST_SOURCE)
    bunch = SimpleNamespace(
        data=table[:, :-1], target=table[:, -1].astype(str), feature_names=[], categories={}
    )
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_settings: bunch)
    assert digest(image_files._fetch_mnist()) == image_files.MNIST_SOURCE.rows_sha256
