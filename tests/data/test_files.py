"""Finding, verifying, fetching and keeping files; nothing here touches a network."""

import gzip
import hashlib
import io
import os
import pickle
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

import edgewise
from edgewise.arrays import InputError
from edgewise.atomic import replacing
from edgewise.data import files, image_files, table_files
from edgewise.data.files import File, MissingDataError, Source, digest, rows


CONTENT = b"1 2\n3 4\n"
TABLE = np.array([[1.0, 2.0], [3.0, 4.0]])


def write(path, content):
    with replacing(path) as file:
        file.write(content)


def parse(contents):
    return np.array([[float(cell) for cell in line.split()] for line in contents[0].splitlines()])


def refuse():
    raise OSError("no network")


def source(fetch=refuse, archive=None):
    return Source(
        "toy",
        (File("toy.data", hashlib.sha256(CONTENT).hexdigest()),),
        ("", "sub"),
        parse,
        fetch,
        digest(TABLE),
        "the toy page",
        archive,
    )


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """An empty cache, no data folder, no network."""
    monkeypatch.delenv("EDGEWISE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def no_network(*_args, **_settings):
        raise OSError("no network")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", no_network)
    monkeypatch.setattr(sklearn.datasets, "fetch_covtype", no_network)


@pytest.mark.parametrize("folder", ["", "sub"])
def test_found_flat_or_in_its_folder(tmp_path, folder):
    write(tmp_path / "home" / folder / "toy.data", CONTENT)
    np.testing.assert_array_equal(rows(source(), tmp_path / "home"), TABLE)


def test_the_environment_names_the_folder_and_the_argument_goes_before_it(tmp_path, monkeypatch):
    write(tmp_path / "home" / "toy.data", CONTENT)
    monkeypatch.setenv("EDGEWISE_DATA", str(tmp_path / "home"))
    np.testing.assert_array_equal(rows(source()), TABLE)
    with pytest.raises(MissingDataError, match="no such folder"):
        rows(source(), tmp_path / "elsewhere")


def test_the_cache_is_looked_in_after_the_folder(tmp_path):
    write(files.cache_folder() / "toy.data", CONTENT)
    (tmp_path / "home").mkdir()
    np.testing.assert_array_equal(rows(source(), tmp_path / "home"), TABLE)


@pytest.mark.parametrize("content", [CONTENT[:-3], b"", CONTENT + b"5 6\n"], ids=["half", "empty", "longer"])
def test_a_file_with_another_hash_never_counts(tmp_path, content):
    write(tmp_path / "toy.data", content)
    with pytest.raises(MissingDataError, match="damaged, half-written or another version"):
        rows(source(), tmp_path)
    np.testing.assert_array_equal(rows(source(lambda: TABLE), tmp_path), TABLE)


def test_the_publishers_md5_is_checked_too():
    file = File("x", hashlib.sha256(b"x").hexdigest(), "0" * 32)
    assert "md5" in str(file.fault(b"x"))
    assert File("x", file.sha256, hashlib.md5(b"x").hexdigest()).fault(b"x") is None


def test_one_error_names_the_file_the_places_and_the_remedy(tmp_path):
    with pytest.raises(MissingDataError) as caught:
        edgewise.load("abalone", rng=0, data_home=tmp_path)
    message = str(caught.value)
    assert isinstance(caught.value, InputError)
    for part in (
        "abalone.data",
        str(tmp_path),
        str(files.cache_folder()),
        "no network",
        "EDGEWISE_DATA",
        "data_home",
        "UCI",
    ):
        assert part in message


@pytest.mark.parametrize("name", [name for name, row in edgewise.DATASETS.items() if row.needs])
def test_no_network_gives_that_error_for_every_set(name):
    with pytest.raises(MissingDataError, match="fetching failed: OSError: no network"):
        edgewise.load(name, rng=0)


def test_what_is_fetched_is_kept_and_found_again(tmp_path, capsys):
    calls = []
    fetching = source(lambda: calls.append(1) or TABLE)
    np.testing.assert_array_equal(rows(fetching), TABLE)
    assert "fetching" in capsys.readouterr().err
    np.testing.assert_array_equal(rows(fetching), TABLE)
    assert (calls, capsys.readouterr().err) == ([1], "")


def test_a_damaged_cache_is_fetched_again():
    kept = files.cache_folder() / "toy.npy"
    rows(source(lambda: TABLE))
    whole = kept.read_bytes()
    for damaged in (whole[:-4], b"", whole[:-8] + bytes(8)):
        kept.write_bytes(damaged)
        with pytest.raises(MissingDataError, match="damaged or half-written"):
            rows(source())
        np.testing.assert_array_equal(rows(source(lambda: TABLE)), TABLE)
        assert kept.read_bytes() == whole


def test_a_fetched_set_with_another_hash_is_refused_and_not_kept():
    with pytest.raises(MissingDataError, match="not the canonical data"):
        rows(source(lambda: TABLE + 1))
    assert not (files.cache_folder() / "toy.npy").exists()


def test_a_cache_that_cannot_be_written_costs_a_message_only(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    np.testing.assert_array_equal(rows(source(lambda: TABLE)), TABLE)
    assert "could not keep" in capsys.readouterr().err


def tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"folder/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_members_of_an_archive_are_verified(tmp_path):
    tar(tmp_path / "toy.tar.gz", {"other": b"x", "toy.data": CONTENT})
    np.testing.assert_array_equal(rows(source(archive="toy.tar.gz"), tmp_path), TABLE)
    tar(tmp_path / "toy.tar.gz", {"toy.data": CONTENT[1:]})
    with pytest.raises(MissingDataError, match="in the archive, damaged"):
        rows(source(archive="toy.tar.gz"), tmp_path)
    whole = (tmp_path / "toy.tar.gz").read_bytes()
    for half in (whole[:40], b"", b"not a tar"):
        (tmp_path / "toy.tar.gz").write_bytes(half)
        with pytest.raises(MissingDataError, match="not there"):
            rows(source(archive="toy.tar.gz"), tmp_path)


class Malice:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


def test_a_malicious_pickle_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = pickle.dumps({b"data": Malice()}, protocol=2)
    with pytest.raises(pickle.UnpicklingError, match="may not hold"):
        image_files.unpickle(bad)
    assert not (tmp_path / "made-by-a-pickle").exists()
    pickle.loads(bad)
    assert (tmp_path / "made-by-a-pickle").exists()


def test_a_cifar_batch_is_hashed_before_it_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.setattr(
        image_files, "unpickle", lambda content: pytest.fail("unpickled before it was verified")
    )
    for file in image_files.CIFAR_SOURCE.files:
        (tmp_path / file.name).write_bytes(pickle.dumps({b"data": Malice()}, protocol=2))
    with pytest.raises(MissingDataError, match="data_batch_1 is damaged"):
        edgewise.load("cifar10", rng=0, data_home=tmp_path)


def test_a_batch_as_cifar_has_it_is_read():
    array = np.arange(12, dtype=np.uint8).reshape(2, 6)
    batch = image_files.unpickle(
        pickle.dumps({b"data": array, b"labels": [3, 4]}, protocol=3).replace(b"numpy._core", b"numpy.core")
    )
    np.testing.assert_array_equal(batch[b"data"], array)
    assert batch[b"labels"] == [3, 4]


def test_idx_files_are_read():
    pixels = np.arange(2 * 4, dtype=np.uint8)
    content = gzip.compress(np.array([2051, 2, 2, 2], ">i4").tobytes() + pixels.tobytes())
    np.testing.assert_array_equal(image_files._idx(content), pixels.reshape(2, 4))


def test_openml_categories_become_the_numbers_of_the_file(monkeypatch):
    bunch = SimpleNamespace(
        data=np.array([[2.0, 0.4], [0.0, 0.5], [1.0, 0.6]]),
        target=np.array(["7", "9", "8"]),
        feature_names=["Sex", "Length"],
        categories={"Sex": ["F", "I", "M"], "rings": ["7", "8", "9"]},
    )
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_settings: bunch)
    np.testing.assert_array_equal(table_files._fetch_abalone(), [[0, 0.6, 8], [1, 0.5, 9], [2, 0.4, 7]])
    np.testing.assert_array_equal(
        table_files._read_abalone([b"M,0.4,7\nF,0.5,9\nI,0.6,8\n"]), [[0, 0.6, 8], [1, 0.5, 9], [2, 0.4, 7]]
    )
