"""The ledger holds its cap in the file itself, forgets nothing and belongs to one audit and one process."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewise.audit.ledger import Ledger, LedgerError
from edgewise.models.access import BudgetError


def test_reserve_settle_answer(tmp_path):
    with Ledger(tmp_path / "l", {"extract": 3}) as ledger:
        one, two = ledger.reserve("extract", "seed", [b"1", b"2"], [0, 0])
        assert ledger.left("extract") == 1
        ledger.settle([one], [["cat", {"cat": 0.75}]])
        ledger.close_unanswered([two], "refused")
        assert ledger.left("extract") == 2
    with Ledger(tmp_path / "l", {"extract": 3}) as ledger:
        assert ledger.answer(b"1") == ["cat", {"cat": 0.75}]
        assert ledger.answer(b"2") is None
        assert [entry.state for entry in ledger.entries()] == ["settled", "refused"]


def test_the_cap_holds_in_the_file(tmp_path):
    with Ledger(tmp_path / "l", {"extract": 2}) as ledger:
        ledger.reserve("extract", "seed", [b"1", b"2"], [0, 0])
        with pytest.raises(BudgetError, match="0 are left of 2"):
            ledger.reserve("extract", "seed", [b"3"], [0])
    with sqlite3.connect(tmp_path / "l") as db, pytest.raises(sqlite3.IntegrityError, match="purse is empty"):
        db.execute(
            "INSERT INTO asked (purse, purpose, row, turn, state) VALUES ('extract', '', x'00', 0, 'reserved')"
        )
    db.close()


def test_a_batch_that_does_not_fit_reserves_nothing():
    with Ledger(":memory:", {"extract": 2}) as ledger:
        with pytest.raises(BudgetError):
            ledger.reserve("extract", "seed", [b"1", b"2", b"3"], [0, 0, 0])
        assert ledger.spent("extract") == 0


def test_what_a_dead_process_left_is_spent(tmp_path):
    ledger = Ledger(tmp_path / "l", {"extract": 2})
    ledger.reserve("extract", "seed", [b"1"], [0])
    ledger._db.close()  # as a killed process leaves it
    with Ledger(tmp_path / "l", {"extract": 2}) as again:
        assert again.left("extract") == 1
        assert again.entries()[0].state == "interrupted"
        assert again.failures(b"1") == 0


def test_settled_rows_stay(tmp_path):
    with Ledger(tmp_path / "l", {"extract": 2}) as ledger:
        (number,) = ledger.reserve("extract", "seed", [b"1"], [0])
        ledger.settle([number], [["cat"]])
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            ledger.settle([number], [["dog"]])
        with pytest.raises(sqlite3.IntegrityError, match="never forgotten"):
            ledger._db.execute("DELETE FROM asked")


def test_one_process_at_a_time(tmp_path):
    with Ledger(tmp_path / "l", {"extract": 2}), pytest.raises(LedgerError, match="another process"):
        Ledger(tmp_path / "l", {"extract": 2})


def test_another_audit_is_refused(tmp_path):
    with Ledger(tmp_path / "l", {"extract": 2}, {"pool": "a", "seed": 0}):
        pass
    with pytest.raises(LedgerError, match="what differs: pool"):
        Ledger(tmp_path / "l", {"extract": 2}, {"pool": "b", "seed": 0})


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("no database, but long enough to be read as one" * 40)
    with pytest.raises(LedgerError, match="cannot use"):
        Ledger(tmp_path / "text", {})
    with sqlite3.connect(tmp_path / "other") as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(LedgerError, match="another program"):
        Ledger(tmp_path / "other", {})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["reserve", "settle", "refused", "unknown", "reopen"]), max_size=40),
    st.integers(0, 6),
)
def test_no_order_of_events_passes_the_cap(events, cap):
    """Whatever happens in whatever order, spent rows never pass the cap and refused ones come back."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l"
        ledger, open_rows, spent = Ledger(path, {"p": cap}), [], 0
        for at, event in enumerate(events):
            if event == "reserve":
                try:
                    open_rows += ledger.reserve("p", "x", [str(at).encode()], [0])
                    spent += 1
                except BudgetError:
                    assert spent == cap
            elif event == "reopen":
                ledger.close()
                ledger, open_rows = Ledger(path, {"p": cap}), []
            elif open_rows:
                number = open_rows.pop()
                if event == "settle":
                    ledger.settle([number], [["a"]])
                else:
                    ledger.close_unanswered([number], event)
                    spent -= event == "refused"
            assert ledger.spent("p") == spent <= cap
        ledger.close()
