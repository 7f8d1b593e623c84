import sqlite3
import subprocess
import sys

import pytest

from edgewise.labelling.campaign.events import CampaignError, Event, Log
from edgewise.labelling.campaign.state import State


def said(number, kind="label", item="a", **body):
    return Event(f"event-{number}", kind, item, {"person": "Ada", **body}, "2026-11-25T00:00:00Z")


def state_of(*events):
    state = State()
    state.apply([Event(e.id, e.kind, e.item, e.body, e.at, seq) for seq, e in enumerate(events, 1)])
    return state


def test_an_event_said_twice_is_there_once_and_a_contradiction_is_refused(tmp_path):
    with Log(tmp_path / "c.db", create=True) as log:
        assert log.append([said(1, label="yes"), said(2, item="b", label="no")]) == [1, 2]
        assert log.append([said(1, label="yes")]) == [1]
        with pytest.raises(CampaignError, match="says something else"):
            log.append([said(3, label="yes"), said(1, label="no")])
        assert [e.id for e in log.since(0)] == ["event-1", "event-2"]


def test_two_connections_make_one_chain(tmp_path):
    with Log(tmp_path / "c.db", create=True) as one, Log(tmp_path / "c.db") as other:
        for number in range(6):
            (one, other)[number % 2].append([said(number, label="yes")])
        assert len(one.since(0)) == len(other.since(0)) == 6
    with Log(tmp_path / "c.db") as log:
        assert len(log.since(3)) == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET body = replace(body, 'yes', 'no') WHERE seq = 2",
        "DELETE FROM events WHERE seq = 2",
        "UPDATE events SET at = '' WHERE seq = 3",
    ],
)
def test_a_changed_event_is_found(tmp_path, change):
    with Log(tmp_path / "c.db", create=True) as log:
        log.append([said(number, label="yes") for number in range(4)])
    db = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(change)
    db.execute("DROP TRIGGER events_stay")
    db.execute("DROP TRIGGER events_last")
    db.execute(change)
    db.close()
    with pytest.raises(CampaignError, match="is not what was written"):
        Log(tmp_path / "c.db")


def test_other_files_are_refused_and_none_is_made(tmp_path):
    with pytest.raises(CampaignError, match="there is no campaign"):
        Log(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()
    (tmp_path / "text.db").write_text("no database at all" * 100)
    with pytest.raises(CampaignError, match="cannot use"):
        Log(tmp_path / "text.db")
    db = sqlite3.connect(tmp_path / "other.db")
    db.execute("CREATE TABLE t (x)")
    db.close()
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(CampaignError, match="another program"):
        Log(tmp_path / "other.db")
    assert (tmp_path / "other.db").read_bytes() == before
    with Log(tmp_path / "newer.db", create=True):
        pass
    db = sqlite3.connect(tmp_path / "newer.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(CampaignError, match="newer edgewise"):
        Log(tmp_path / "newer.db")


def test_the_last_verdict_of_a_person_stands_and_undo_brings_back_the_one_before():
    first, second = said(1, label="yes"), said(2, label="no")
    assert state_of(first, second).standing("a").label == "no"
    undo = said(3, "undo", undoes="event-2")
    assert state_of(first, second, undo).standing("a").label == "yes"
    assert state_of(first, undo, second).standing("a").label == "yes", "an undo may come before its verdict"
    both = state_of(first, second, undo, said(4, "undo", undoes="event-1"))
    assert both.standing("a") is None
    assert both.standings() == {}


def test_most_people_decide_and_between_equals_the_first():
    ada, bo, cy = said(1, label="yes"), said(2, label="no", person="Bo"), said(3, label="no", person="Cy")
    assert state_of(ada, bo).standing("a").label == "yes"
    assert state_of(ada, bo, cy).standing("a").label == "no"
    assert not state_of(ada, bo).standing("a").agreed
    assert state_of(ada, said(4, "unsure", person="Bo")).standing("a").agreed
    assert state_of(said(5, "skip"), said(6, "unsure", person="Bo")).standing("a").verdict == "unsure"


WRITER = """
import sys
from edgewise.labelling.campaign.events import Event, Log
log = Log(sys.argv[1], create=True)
for number in range(10**6):
    name = f"{sys.argv[2]}-{number}"
    log.append([Event(name, "label", name, {"person": "Ada", "label": "yes"}, "now")])
    print(name, flush=True)
"""


def test_a_kill_between_two_commits_loses_nothing_that_was_acknowledged(tmp_path):
    for turn in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "c.db"), str(turn)],
            stdout=subprocess.PIPE,
            text=True,
        )
        heard = [process.stdout.readline().strip() for _ in range(5 + 7 * turn)]
        process.kill()
        heard += process.stdout.read().split("\n")[:-1]
        process.wait()
        process.stdout.close()
        with Log(tmp_path / "c.db") as log:
            assert set(filter(None, heard)) <= {e.id for e in log.since(0)}
