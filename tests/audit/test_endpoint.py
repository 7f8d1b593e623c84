"""A victim behind a real server that refuses, breaks, dawdles and babbles: counted exactly, nothing lost."""

import os
import signal
import time
from collections import Counter

import numpy as np
import pytest

from edgewise.audit.extraction import extract
from edgewise.audit.families.linear import Linear
from edgewise.audit.ledger import Ledger
from edgewise.audit.metered import Metered
from edgewise.audit.requests import VictimDownError
from edgewise.audit.sending import Sending
from edgewise.audit.victims.declared import open_victim
from edgewise.audit.victims.target import TargetError
from edgewise.models.access import BudgetError


FAST = Sending(wait=0.01, longest_wait=0.05)
FAULTS = {"status_429": 7, "status_500": 11, "slow": 23, "twice": 13, "shape": 17, "text": 19}


def endpoint(url, timeout=20.0, **more):
    from edgewise.audit.victims.endpoint import Endpoint

    return Endpoint(url, {"instances": "$rows"}, labels="predictions", timeout=timeout, **more)


def counts(ledger):
    return Counter(entry.state for entry in ledger.entries())


@pytest.mark.parametrize(("chunk", "concurrency"), [(1, 1), (4, 1), (3, 4)])
def test_faults_are_counted_as_the_server_counts(serve, pool, tmp_path, chunk, concurrency):
    server = serve(**FAULTS)
    how = Sending(chunk=chunk, concurrency=concurrency, wait=0.01, longest_wait=0.05)
    with Ledger(tmp_path / "l", {"extract": 80}) as ledger:
        victim = Metered(endpoint(server.url, timeout=0.5), ledger, how)
        replies = victim.ask(pool[:50])
        assert ledger.spent("extract") == len(server.rows())
        found = counts(ledger)
    assert found["unknown"] > 0
    assert found["reserved"] == found["interrupted"] == 0
    asked = Counter(server.rows())
    assert set(asked) <= {tuple(row) for row in pool[:50].tolist()}
    truth = [int(row @ [1.0, -2.0, 0.5, 1.5] > 0.3) for row in pool[:50]]
    assert all(reply is None or reply.label == right for reply, right in zip(replies, truth, strict=True))
    assert sum(reply is not None for reply in replies) == found["settled"]


def test_refused_rows_cost_nothing(serve, pool, tmp_path):
    server = serve(status_429=2)
    with Ledger(tmp_path / "l", {"extract": 10}) as ledger:
        victim = Metered(endpoint(server.url), ledger, FAST)
        assert len(victim(pool[:10])) == 10
        assert counts(ledger) == {"settled": 10, "refused": 9}
    assert len(server.rows()) == 10


def test_nothing_is_asked_twice(serve, pool, tmp_path):
    server = serve()
    with Ledger(tmp_path / "l", {"extract": 10}) as ledger:
        victim = Metered(endpoint(server.url), ledger, FAST)
        first = victim(pool[:10])
        assert np.array_equal(victim(pool[:10]), first)
        with pytest.raises(BudgetError):
            victim(pool[10:11])
    with Ledger(tmp_path / "l", {"extract": 10}) as ledger:
        assert np.array_equal(Metered(endpoint(server.url), ledger, FAST)(pool[:10]), first)
    assert len(server.rows()) == 10


def test_a_dead_victim_stops_the_audit_and_spends_little(serve, pool, tmp_path):
    server = serve(status_500=1)
    with Ledger(tmp_path / "l", {"extract": 100}) as ledger:
        with pytest.raises(VictimDownError, match="5 times in a row"):
            Metered(endpoint(server.url), ledger, FAST).ask(pool)
        assert ledger.spent("extract") == 5 == len(server.rows())
    server = serve(status_503=1)
    with Ledger(tmp_path / "m", {"extract": 100}) as ledger:
        with pytest.raises(VictimDownError, match="No row was spent"):
            Metered(endpoint(server.url), ledger, FAST).ask(pool)
        assert ledger.spent("extract") == 0


def test_nobody_at_the_address_costs_nothing(pool):
    with Ledger(":memory:", {"extract": 5}) as ledger:
        how = Sending(tries=2, wait=0.01, longest_wait=0.02)
        with pytest.raises(VictimDownError, match="no connection"):
            Metered(endpoint("http://127.0.0.1:9/"), ledger, how).ask(pool[:1])
        assert ledger.spent("extract") == 0


def test_a_wrong_request_is_not_repeated(serve, pool):
    server = serve()
    from edgewise.audit.victims.endpoint import Endpoint

    wrong = Endpoint(server.url, {"rows": "$rows"}, labels="predictions", timeout=5)
    with Ledger(":memory:", {"extract": 50}) as ledger, pytest.raises((TargetError, VictimDownError)):
        Metered(wrong, ledger, FAST).ask(pool)


def child(url, pool, path, budget):
    """Extract in a child process; return its number."""
    number = os.fork()
    if number:
        return number
    try:
        with Ledger(path, {"extract": budget, "measure": 0}) as ledger:
            victim = Metered(endpoint(url, timeout=1.0), ledger, Sending(wait=0.01, longest_wait=0.05))
            found = extract(victim, pool, budget=budget, family=Linear(), rng=0)
            np.save(path.with_suffix(".npy"), np.append(found.copy.coef_.ravel(), found.copy.intercept_))
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a child must not run the tests on
        os._exit(1)


def wait(number):
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def killed_again_and_again(serve, pool, tmp_path, kills, budget=150):
    """Kill an extraction ``kills`` times, let it end, and compare with one that was left alone."""
    faults = {"status_429": 7, "status_500": 41, "twice": 53, "shape": 67}
    quiet = serve(**faults)
    assert wait(child(quiet.url, pool, tmp_path / "quiet.l", budget)) == 0
    server = serve(**faults)
    rng = np.random.default_rng(0)
    done = 0
    while done < kills:
        number = child(server.url, pool, tmp_path / "killed.l", budget)
        goal = len(server.rows()) + int(rng.integers(0, max(2, 90 // kills)))
        while len(server.rows()) < goal and os.waitpid(number, os.WNOHANG) == (0, 0):
            time.sleep(0.002)
        time.sleep(float(rng.random()) * 0.01)
        try:
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)
        except (ProcessLookupError, ChildProcessError):
            break
        done += 1
    assert wait(child(server.url, pool, tmp_path / "killed.l", budget)) == 0
    with Ledger(tmp_path / "killed.l", {"extract": budget, "measure": 0}) as ledger:
        entries = ledger.entries()
        assert ledger.spent("extract") <= budget
    worked = Counter(np.array(row).tobytes() for row in server.rows())
    spent = Counter(entry.row for entry in entries if entry.state != "refused")
    # A row that was reserved when the process died may or may not have reached the server.
    interrupted = Counter(entry.row for entry in entries if entry.state == "interrupted")
    assert not worked - spent
    assert not spent - worked - interrupted
    settled = Counter((entry.row, entry.turn) for entry in entries if entry.state == "settled")
    assert set(settled.values()) == {1}
    assert np.array_equal(np.load(tmp_path / "quiet.npy"), np.load(tmp_path / "killed.npy"))
    return done


@pytest.mark.slow
def test_three_kills(serve, pool, tmp_path):
    assert killed_again_and_again(serve, pool, tmp_path, 3) == 3


@pytest.mark.slow
def test_thirty_kills(serve, pool, tmp_path):
    assert killed_again_and_again(serve, pool, tmp_path, 30) == 30


def test_a_declared_endpoint(serve, pool, tmp_path, monkeypatch):
    server = serve()
    file = tmp_path / "victim.toml"
    file.write_text(f'[victim]\nurl = "{server.url}"\npreset = "kserve-v1"\n[sending]\nchunk = 5\n')
    target, sending = open_victim(file)
    with Ledger(":memory:", {"extract": 9}) as ledger:
        assert len(Metered(target, ledger, sending)(pool[:9])) == 9
    assert len(server.rows()) == 9
