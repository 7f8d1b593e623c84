"""Tables as people have them: read, or one clear sentence; and what is a number."""

import gzip

import pytest

from edgewise.arrays import InputError
from edgewise.labelling.dialect import Text
from edgewise.labelling.table import read_table


pytest.importorskip("pyarrow", reason="pyarrow is an extra: pip install 'edgewise[tables]'")


@pytest.fixture
def read(tmp_path):
    def read(content, name="pool.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read_table(path)

    return read


def columns(table):
    return {name: table.frame[name].to_pylist() for name in table.frame.column_names}


NUMBERS = {"a": [1.0, 3.0], "b": [2.0, 4.0]}


@pytest.mark.parametrize(
    ("content", "name", "encoding"),
    [
        ("a,b\n1,2\n3,4\n", "pool.csv", "utf-8"),
        ("a,b\r\n1,2\r\n3,4", "POOL.CSV", "utf-8-sig"),
        ("a\tb\n1\t2\n3\t4\n", "pool.tsv", "utf-16"),
        ("a;b\n1;2\n3;4\n", "pool.csv", "utf-16-le"),
        ("a;b\n1;2\n3;4\n", "pool.txt", "utf-32"),
        ("a|b\n1|2\n3|4\n", "pool.csv", "ascii"),
        ("sep=;\na;b\n1;2\n3;4\n", "pool.csv", "utf-8"),
        ("a;b\n1,0;2,0\n3,0;4\n", "pool.csv", "utf-8"),
        ("a,b\n1,2\n3,4\n,\n,\n\n", "pool.csv", "utf-8"),
        (",a,b\n0,1,2\n1,3,4\n", "pool.csv", "utf-8"),
        ("Unnamed: 0,a,b\n0,1,2\n1,3,4\n", "pool.csv", "utf-8"),
        ("a,notes,b\n1,,2\n3,,4\n", "pool.csv", "utf-8"),
        ("a,b\n +1.0, 2 \n3e0,.4e1\n", "pool.csv", "utf-8"),
        (gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0), "pool.csv.gz", ""),
        (gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0), "pool.csv", ""),
        ('{"a": 1, "b": 2}\n{"a": 3.0, "b": 4}\n', "pool.jsonl", "utf-8"),
    ],
)
def test_the_same_table_in_many_dialects(read, content, name, encoding):
    table = read(content, name, encoding)
    assert columns(table) == NUMBERS
    assert not table.odd


def test_windows_text_is_read_and_said(read):
    table = read("name,a\nMüller,1\nx,2\n", encoding="cp1252")
    assert columns(table)["name"] == ["Müller", "x"]
    assert "Windows-1252" in table.notes[0]


@pytest.mark.parametrize(
    "cells",
    [
        ["1_001", "2_002"],
        ["01234", "00001"],
        ["1234567890123456789", "1234567890123456788"],
        ["0x1F", "0x2A"],
        ["1,234", "2,345"],
        ["12 kg", "13 kg"],
        ["inf", "nan"],
        ["true", "false"],
        ["2020-01-01", "2021-01-01"],
        ["١", "٢"],
    ],
)
def test_what_only_looks_like_a_number_stays_as_it_is_written(read, cells):
    table = read("a,b\n" + "".join(f'"{cell}",{row}\n' for row, cell in enumerate(cells)))
    assert columns(table)["a"] == cells


@pytest.mark.parametrize("mark", ["", "?", "NA", "n/a", "-", "NaN", "NULL", "#N/A"])
def test_marks_of_missing_values_are_nulls_of_a_column_of_numbers(read, mark):
    table = read(f"a,b\n1,2\n{mark},4\n5,6\n")
    assert columns(table)["a"] == [1.0, None, 5.0]
    assert (table.odd["a"].count, table.odd["a"].row, table.odd["a"].cell) == (1, 1, mark)


@pytest.mark.parametrize("cell", ["1_000", "12 kg", "0x1F", "1,5", "inf", "007", "x"])
def test_one_odd_cell_is_told_and_changes_nothing(read, cell):
    table = read(f'a,b\n1,2\n"{cell}",4\n5,6\n')
    assert columns(table)["a"] == ["1", cell, "5"]
    assert (table.odd["a"].row, table.odd["a"].cell) == (1, cell)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("a;b,c\n1;2,5\n3;4,5\n", "p.csv", "separator may be commas or semicolons"),
        ("a,b\n1,2,3\n", "p.csv", "line 2: 3 cells"),
        ("a,b\n1\n", "p.csv", "line 2: 1 cells"),
        ("a,a\n1,2\n", "p.csv", "name twice"),
        ("", "p.csv", "empty"),
        ("a,b\n", "p.csv", "at least one row"),
        ("a,b\n,\n", "p.csv", "at least one row"),
        (b"PK\x03\x04rest", "p.csv", "workbook"),
        (b"a,b\n1,\x00\x00\x00\x00\n" + b"1,2\n" * 3, "p.csv", "."),
        (b"a,b\n1,\x81\n", "p.csv", "neither UTF-8 nor Windows-1252"),
        ("ü,b\n1,2\n".encode() + b"3,\xff\n", "p.csv", "line 3"),
        (b"\xff\xfea\x00,\x00b\x00\n", "p.csv", "UTF-16"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "p.csv.gz", "damaged gzip"),
        (b"PAR1" + b"x" * 50 + b"PAR1", "p.parquet", "cannot be read"),
        (b"", "p.parquet", "cannot be read"),
        ('{"a": 1}\n{"a": "x"}\n', "p.jsonl", "cannot be read"),
        ('{"a": ["b"]}\n', "p.jsonl", "expected numbers, words or lists of numbers"),
        ('{"a": {"b": 1}}\n', "p.jsonl", "expected numbers, words or lists of numbers"),
        ("text", "p.xlsx", "tables are"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(read, content, name, words):
    with pytest.raises(InputError, match=words):
        read(content, name)


def test_quoted_cells_hold_separators_and_line_ends(read):
    assert columns(read('a,b\n"x\ny, z",1\nw,2\n'))["a"] == ["x\ny, z", "w"]


def test_a_long_cell_is_read(read):
    assert len(columns(read(f"a,b\n{'x' * 2_000_000},1\ny,2\n"))["a"][0]) == 2_000_000


def test_types_of_parquet_and_the_index_of_pandas(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [True, False, True], "c": ["x", "y", "z"]})
    frame["d"] = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"])
    frame["e"] = pd.Categorical(["u", "v", "u"])
    for number, made in enumerate((frame.iloc[[2, 0, 1]], frame.set_index(pd.Index([7, 9, 8], name="id")))):
        made.to_parquet(tmp_path / f"{number}.parquet")
        table = read_table(tmp_path / f"{number}.parquet")
        assert table.frame.column_names == ["a", "b", "c", "d", "e"]
        assert [str(table.frame[name].type) for name in "abcde"] == [
            "double",
            "double",
            "string",
            "string",
            "string",
        ]
        assert list(table.left_out.values()) == ["the row index of pandas"]


def test_no_thread_holds_memory_of_python_once_a_file_is_read():
    """A thread that lets go of it later needs the interpreter, and aborts one that is ending.

    Memory that somebody holds cannot grow: read straight from Python's memory, about one of five reads is held.
    """
    csv = pytest.importorskip("pyarrow.csv")
    for _ in range(300):
        content = bytearray(b"a,b\n" + b"1.5,2.5\n" * 8)
        assert csv.read_csv(Text(content, ",", ("a", "b")).stream()).num_rows == 8
        content.append(1)
