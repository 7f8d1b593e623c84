"""The quick reader of plain numbers gives what the careful one gives, or nothing."""

import numpy as np
import pytest

from edgewise.labelling import table as reading
from edgewise.labelling.table import read_table


pytest.importorskip("pyarrow")

CELLS = ["1", "-2.5", "0.25", "-0.5", "0", "1e-05", "2E+06", ".5", "3.", "10", "100.01", " 7", "-0", "1e05"]
ODD = [
    "007",
    "-01",
    " 01",
    "+01",
    "1_000",
    "0x1F",
    "nan",
    "inf",
    "",
    "?",
    "1234567890123456",
    "x",
    "00.5",
    '"09"',
]


def careful(path, monkeypatch):
    monkeypatch.setattr(reading, "plain_numbers", lambda *_: None)
    return read_table(path)


def same(path, monkeypatch):
    quick = read_table(path)
    slow = careful(path, monkeypatch)
    assert quick.frame.equals(slow.frame)
    assert (quick.odd, quick.left_out, quick.notes) == (slow.odd, slow.left_out, slow.notes)
    return quick


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_plain_numbers_are_read_alike(tmp_path, monkeypatch, separator, end):
    lines = ["a,b,c"] + [f"{cell},{i}.5,{-i}" for i, cell in enumerate(CELLS)]
    (tmp_path / "t.csv").write_text(end.join(lines).replace(",", separator), newline="")
    assert same(tmp_path / "t.csv", monkeypatch).frame.num_rows == len(CELLS)


@pytest.mark.parametrize("place", [0, 1, 30])
@pytest.mark.parametrize("cell", ODD)
def test_anything_else_is_left_to_the_careful_reader(tmp_path, monkeypatch, cell, place):
    rows = [[str(i), f"{i}.25"] for i in range(40)]
    rows[place][place % 2] = cell
    (tmp_path / "t.csv").write_text("\n".join(["a,b", *map(",".join, rows)]) + "\n")
    same(tmp_path / "t.csv", monkeypatch)


def test_a_code_across_two_blocks_is_seen(tmp_path, monkeypatch):
    from edgewise.labelling import plain_numbers as quick

    monkeypatch.setattr(quick, "BLOCK", 16)
    for shift in range(16):
        numbers = ["5" * (1 + shift)] + ["1"] * 20
        numbers[10] = "0123"
        (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{cell},2\n" for cell in numbers))
        assert read_table(tmp_path / "t.csv").frame["a"].type == "string"


def test_the_quick_reader_is_used(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{x},{y}\n" for x, y in np.ones((9, 2))))
    monkeypatch.setattr(reading, "_strings", None)
    assert read_table(tmp_path / "t.csv").frame["a"].to_pylist() == [1.0] * 9
