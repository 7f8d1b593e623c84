"""Lists of numbers, such as embeddings, are learned from and not shown."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from edgewise.arrays import InputError
from edgewise.cli import app
from edgewise.labelling.campaign.items import read_items
from edgewise.labelling.sheet import read_pool


pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

RNG = np.random.default_rng(0)
E = RNG.normal(size=(60, 8)).astype(np.float32)
KINDS = {
    "list": pa.list_(pa.float32()),
    "large": pa.large_list(pa.float64()),
    "fixed": pa.list_(pa.float32(), 8),
    "halves": pa.list_(pa.float16()),
    "whole": pa.list_(pa.int8()),
}


def write(path, lists, kind="list", **more):
    column = pa.array(list(lists), KINDS[kind])
    columns = {"name": [f"n{i}" for i in range(len(lists))], "size": np.arange(len(lists)) % 7.0}
    pq.write_table(pa.table(columns | {"embedding": column} | more), path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_list_becomes_its_numbers(tmp_path, kind):
    values = np.rint(E * 3) if kind == "whole" else E.astype(np.float16) if kind == "halves" else E
    lists = values.astype(int).tolist() if kind == "whole" else list(values)
    sheet = read_pool(write(tmp_path / "p.parquet", lists, kind), id="name")
    assert sheet.numbers == ("size", *(f"embedding[{i}]" for i in range(8)))
    assert np.array_equal(sheet.pool.rows(np.arange(60))[:, 1:], values.astype(float))
    assert "embedding (8 numbers)" in sheet.said


def test_json_lines_have_lists_too(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(json.dumps({"name": f"n{i}", "e": row.tolist()}) for i, row in enumerate(E)))
    assert read_pool(path, id="name").pool.shape == (8,)


def test_the_name_of_a_list_names_all_of_it(tmp_path):
    path = write(tmp_path / "p.parquet", E)
    assert read_pool(path, features=["embedding"]).pool.shape == (8,)
    assert read_pool(path, ignore=["embedding"], id="name").numbers == ("size",)
    with pytest.raises(InputError, match="embeding"):
        read_pool(path, ignore=["embeding"])


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ([*E[:3].tolist(), E[3][:5].tolist()], "row 3 has 5 and row 0 8"),
        ([*E[:3].tolist(), None], "row 3 has none"),
        ([None, *E[:3].tolist()], "row 0 none"),
        ([[], *E[:3].tolist()], "row 0 none"),
        ([E[0].tolist(), [None, *E[1][1:].tolist()]], "gap in a list of numbers .first: row 1"),
    ],
)
def test_uneven_lists_are_refused_by_row(tmp_path, lists, said):
    with pytest.raises(InputError, match=said):
        read_pool(write(tmp_path / "p.parquet", lists))


def test_a_person_sees_words_and_single_numbers_only(tmp_path):
    path = write(tmp_path / "p.parquet", E)
    assert [name for name, _ in read_items(path, "name").card(0)] == ["name", "size"]
    done = CliRunner().invoke(
        app, ["query", str(path), "--id", "name", "-n", "5", "--out", str(tmp_path / "out.csv")]
    )
    assert done.exit_code == 0, done.output
    with (tmp_path / "out.csv").open(newline="") as file:
        header = next(csv.reader(file))
    assert [name for name in header if name in ("name", "size") or "embedding" in name] == ["name", "size"]


def test_a_file_without_lists_reads_as_before(tmp_path):
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"a": E[:, 0], "b": E[:, 1]}), path)
    sheet = read_pool(path)
    assert sheet.readable == sheet.numbers == ("a", "b")
