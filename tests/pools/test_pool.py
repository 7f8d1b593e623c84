import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.linear_model import LogisticRegression

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.importing import MissingExtraError
from edgewise.pools import files as pool_module
from edgewise.pools.pool import Pool
from edgewise.pools.shards import Shards


X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)


def saved(folder):
    """The same rows in every kind of source."""
    np.save(folder / "pool.npy", X)
    np.savez(folder / "pool.npz", X=X)
    np.savez_compressed(folder / "a.npz", X=X[:20])
    np.savez_compressed(folder / "b.npz", X=X[20:])
    return {
        "array": X,
        "list": X.tolist(),
        "memory map": np.load(folder / "pool.npy", mmap_mode="r"),
        "npy": folder / "pool.npy",
        "npz": str(folder / "pool.npz"),
        "shards": [folder / "a.npz", folder / "b.npz"],
        "function": lambda: iter(np.array_split(X, 4)),
        "batches": tuple_batches(X),
        "items": [X[i] for i in range(50)],
    }


class tuple_batches:
    """Something like a torch DataLoader: gives (X, y) and can be read again."""

    def __init__(self, X):
        self.X = X

    def __iter__(self):
        return ((part, np.zeros(len(part))) for part in np.array_split(self.X, 6))


@pytest.mark.parametrize(
    "kind", ["array", "list", "memory map", "npy", "npz", "shards", "function", "batches", "items"]
)
def test_every_source_gives_the_same_rows(tmp_path, kind):
    pool = Pool.of(saved(tmp_path)[kind])
    assert len(pool) == 50
    assert pool.score(lambda rows: rows.sum(axis=1)) == pytest.approx(X.sum(axis=1))
    assert pool.rows(np.array([49, 3, 21])) == pytest.approx(X[[49, 3, 21]])


def test_the_digest_depends_on_values_and_order_only(tmp_path):
    sources = saved(tmp_path)
    kinds = ("array", "memory map", "npz", "shards", "function")
    digests = {Pool.of(sources[kind]).digest() for kind in kinds}
    assert len(digests) == 1
    changed = X.copy()
    changed[7, 1] = np.nextafter(changed[7, 1], np.float32(9))
    assert Pool.of(changed).digest() not in digests
    assert Pool.of(X[::-1].copy()).digest() not in digests


@settings(deadline=None, max_examples=40)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 20), st.integers(1, 4)),
        elements=st.floats(-9, 9, allow_nan=False),
    ),
    st.integers(1, 200),
)
def test_batch_size_changes_nothing(rows, size):
    kept, pool_module.BATCH_BYTES = pool_module.BATCH_BYTES, size
    try:
        pool = Pool.of(rows)
        assert (pool.score(lambda part: part[:, 0]) == rows[:, 0]).all()
        whole = pool.digest()
    finally:
        pool_module.BATCH_BYTES = kept
    assert whole == Pool.of(rows).digest()


def test_a_torch_data_set_and_a_loader_are_pools():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.zeros(50))
    for source in (data, torch.utils.data.DataLoader(data, batch_size=8)):
        assert Pool.of(source).score(lambda rows: rows[:, 0]) == pytest.approx(X[:, 0])


def test_parquet_row_groups_are_streamed(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is an extra: pip install 'edgewise[tables]'")
    from pyarrow import parquet

    table = arrow.table({f"x{i}": X[:, i] for i in range(3)})
    parquet.write_table(table, tmp_path / "pool.parquet", row_group_size=7)
    assert Pool.of(tmp_path / "pool.parquet").rows(np.array([40, 2])) == pytest.approx(X[[40, 2]])
    words = arrow.table({"name": ["a", "b"]})
    parquet.write_table(words, tmp_path / "words.parquet")
    with pytest.raises(InputError, match="columns of numbers"):
        Pool.of(tmp_path / "words.parquet")


def test_labels_in_a_parquet_pool_are_not_features(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is an extra")
    from pyarrow import parquet

    columns = {"a": [0.5, 1.5], "label": ["yes", None], "b": [2, 3]}
    parquet.write_table(pa.table(columns), tmp_path / "pool.parquet")
    assert Pool.of(tmp_path / "pool.parquet").rows(np.array([0, 1])).tolist() == [[0.5, 2], [1.5, 3]]
    assert Shards.of([tmp_path / "pool.parquet"]).shape == (2,)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "pool.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"edgewise\[tables\]"):
        Pool.of(tmp_path / "pool.parquet")


class TestBadPools:
    def test_an_iterator_is_refused_with_advice(self):
        with pytest.raises(InputError, match="returns a fresh one"):
            Pool.of(iter(np.array_split(X, 4)))

    def test_a_function_that_returns_the_same_iterator_twice(self):
        once = iter(np.array_split(X, 4))
        pool = Pool.of(lambda: once)
        with pytest.raises(InputError, match="50 rows and now has 0"):
            pool.score(lambda rows: rows[:, 0])

    def test_nan_names_the_rows(self):
        bad = X.copy()
        bad[33] = np.nan
        with pytest.raises(InputError, match="rows 26 to 37 of the pool"):
            Pool.of(lambda: iter(np.array_split(bad, 4))).score(lambda rows: rows[:, 0])

    def test_rows_of_two_shapes(self):
        with pytest.raises(InputError, match=r"shape \(2,\) from row 50"):
            Pool.of(lambda: iter([X, X[:, :2]])).score(lambda rows: rows[:, 0])

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            (3, "array, a file"),
            (np.zeros(4), "shape"),
            (np.zeros((0, 3)), "at least one row"),
            ("nowhere.npz", "no pool file"),
            (lambda: iter([]), "no batches"),
        ],
    )
    def test_what_is_no_pool(self, source, words):
        with pytest.raises(InputError, match=words):
            Pool.of(source)

    def test_a_file_of_another_kind(self, tmp_path):
        (tmp_path / "pool.txt").write_text("1 2")
        with pytest.raises(InputError, match=r"\.npz, \.parquet"):
            Pool.of(tmp_path / "pool.txt")


MEMORY = textwrap.dedent("""
    import resource, sys
    import numpy as np
    import edgewise as ew
    from sklearn.linear_model import LogisticRegression
    path, rows = sys.argv[1], int(sys.argv[2])
    rng = np.random.default_rng(0)
    model = LogisticRegression().fit(rng.normal(size=(30, 784)).astype(np.float32), np.arange(30) % 3)
    ew.query(model, rng.normal(size=(100, 784)).astype(np.float32), 5, "margin")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pool = np.memmap(path, np.float32, "r", shape=(rows, 784))
    for name in ("random", "margin", "edge-mix"):
        assert len(ew.query(model, pool, 100, name, rng=0).index) == 100
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
""")


def peak_mib(path, rows):
    if not path.exists():
        np.memmap(path, np.float32, "w+", shape=(rows, 784)).flush()
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path), str(rows)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.slow
def test_scoring_holds_scores_only(tmp_path):
    """100 k rows are 299 MiB; holding them, or their mapped pages, would show."""
    assert peak_mib(tmp_path / "pool.dat", 100_000) < 200


@pytest.mark.slow
def test_a_million_rows_of_784_are_scored_under_a_gibibyte(tmp_path):
    assert peak_mib(tmp_path / "pool.dat", 1_000_000) < 1024


def test_a_pool_of_files_is_queried_like_an_array(tmp_path):
    model = LogisticRegression().fit(X, np.arange(50) % 2)
    sources = saved(tmp_path)
    first, second = (ew.query(model, sources[kind], 9, "edge-mix", rng=1) for kind in ("array", "shards"))
    assert first.index.tolist() == second.index.tolist()
