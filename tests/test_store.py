"""Facts are written once, never changed, and foreign or damaged files are refused."""

import hashlib
import os
import random
import sqlite3
import threading
from pathlib import Path

import pytest

from edgewise.store import Cell, Fact, Store, StoreError


CELL = Cell("demo", {"n": 3, "name": "x"}, 0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.db"


def test_a_fact_survives_closing(path):
    with Store(path) as store:
        assert store.put(Fact(CELL, {"accuracy": 0.1 + 0.2}, 1.5))
    with Store(path) as store:
        assert store.get(CELL).figures == {"accuracy": 0.1 + 0.2}
        assert [fact.cell.key for fact in store.facts("demo")] == [CELL.key]
        assert store.facts("other") == []


def test_the_key_ignores_the_order_of_settings():
    assert Cell("demo", {"name": "x", "n": 3}, 0).key == CELL.key
    assert Cell("demo", {"n": 3, "name": "x"}, 1).key != CELL.key


def test_the_same_fact_twice_is_one(path):
    with Store(path) as store:
        assert store.put(Fact(CELL, {"a": 1}))
        assert not store.put(Fact(CELL, {"a": 1}, 99.0))
        assert len(store.facts()) == 1


def test_a_changed_fact_is_refused(path):
    with Store(path) as store:
        store.put(Fact(CELL, {"a": 1}))
        with pytest.raises(StoreError, match="holds other figures"):
            store.put(Fact(CELL, {"a": 2}))


@pytest.mark.parametrize("statement", ["UPDATE facts SET figures = '{}'", "DELETE FROM facts"])
def test_the_file_itself_refuses_changes(path, statement):
    with Store(path) as store:
        store.put(Fact(CELL, {"a": 1}))
    db = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="facts are never"):
        db.execute(statement)
    db.close()


def test_a_foreign_database_is_refused_and_left_alone(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE mine (a)")
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="database of another program"):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(path):
    path.write_text("label,x\n" * 400)
    with pytest.raises(StoreError, match="not a database"):
        Store(path)


def test_a_damaged_store_is_refused(path):
    with Store(path) as store:
        for seed in range(200):
            store.put(Fact(Cell("demo", {"text": "x" * 200}, seed), {"a": seed}))
    whole = bytearray(path.read_bytes())
    whole[8192:40000] = os.urandom(40000 - 8192)
    path.write_bytes(whole)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        Store(path)


def test_a_store_from_the_future_is_refused(path):
    Store(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer edgewise"):
        Store(path)


def test_reading_a_store_that_is_not_there_says_so(path):
    with pytest.raises(StoreError, match="there is no store"):
        Store(path, read_only=True)
    assert not path.exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreError, match="cannot use"):
        Store(blocked / "runs.db")


def test_only_plain_values(path):
    with Store(path) as store, pytest.raises(StoreError, match="plain JSON"):
        store.put(Fact(CELL, {"a": Path()}))


def test_many_writers_lose_nothing(path):
    Store(path).close()

    def write(worker):
        with Store(path) as store:
            for seed in range(20):
                store.put(Fact(Cell("demo", {"worker": worker}, seed), {"a": seed}))

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store(path, read_only=True) as store:
        assert len(store.facts()) == 80


def test_one_flipped_bit_is_never_read_as_right(path):
    facts = [(Cell("demo", {"n": n}, n), {"accuracy": n / 7}) for n in range(20)]
    with Store(path) as store:
        store.put_all(Fact(cell, figures, 1.5) for cell, figures in facts)
    whole, rng = path.read_bytes(), random.Random(0)
    noticed = 0
    for _ in range(150):
        harmed = bytearray(whole)
        harmed[rng.randrange(len(harmed))] ^= 1 << rng.randrange(8)
        path.write_bytes(harmed)
        try:
            with Store(path, read_only=True) as store:
                got = {(f.cell.key, f.seconds): dict(f.figures) for f in store.facts()}
                assert all(store.get(cell).figures == figures for cell, figures in facts)
            assert got == {(cell.key, 1.5): figures for cell, figures in facts}
        except StoreError:
            noticed += 1
    assert noticed > 20


def test_a_store_of_the_first_edition_is_read_and_goes_on_with_digests(path):
    db = sqlite3.connect(path)
    db.executescript(
        "PRAGMA journal_mode = WAL; CREATE TABLE facts (key TEXT PRIMARY KEY, what TEXT NOT NULL, "
        "settings TEXT NOT NULL,"
        "seed INTEGER NOT NULL, figures TEXT NOT NULL, seconds REAL NOT NULL, written TEXT NOT NULL DEFAULT '') STRICT;"
        "PRAGMA application_id = 1701078885; PRAGMA user_version = 1;"
    )
    db.execute(
        "INSERT INTO facts VALUES (?, 'demo', '{\"n\":3,\"name\":\"x\"}', 0, '{\"a\":1}', 1.0, '')",
        (CELL.key,),
    )
    db.commit()
    db.close()
    with Store(path, read_only=True) as store:
        assert store.get(CELL).figures == {"a": 1}
    with Store(path) as store:
        store.put(Fact(Cell("demo", {}, 1), {"a": 2}))
        assert [dict(fact.figures) for fact in sorted(store.facts(), key=lambda fact: fact.cell.seed)] == [
            {"a": 1},
            {"a": 2},
        ] or len(store.facts()) == 2
    rows = sqlite3.connect(path).execute("SELECT seed, digest IS NULL FROM facts ORDER BY seed").fetchall()
    assert rows == [(0, 1), (1, 0)]


def test_the_keys_of_facts_stay():
    assert CELL.key == hashlib.sha256(b'["demo",{"n":3,"name":"x"},0]').hexdigest()[:32]
