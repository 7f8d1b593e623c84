"""Every job of the package behind the ledger: counted as an outside counter counts, capped, nothing asked twice."""

from collections import Counter

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import edgewise as ew
from edgewise.attacks.opt import Opt
from edgewise.attacks.race.attack import Race
from edgewise.audit.extraction import extract
from edgewise.audit.ledger import Ledger
from edgewise.audit.metered import Metered
from edgewise.audit.requests import VictimDownError
from edgewise.audit.sending import Sending
from edgewise.audit.victims.local import LocalModel
from edgewise.data.dataset import Dataset, Split
from edgewise.learning.answer import MissingAnswersError
from edgewise.models.access import BudgetError


RNG = np.random.default_rng(0)
POOL = RNG.normal(size=(120, 4))
RIGHT = np.where(POOL @ [1.0, -2.0, 0.5, 1.5] > 0.3, "yes", "no")


def loans(labels):
    parts = (slice(0, 60), slice(60, 90), slice(90, 120))
    return Dataset(
        "loans", *(Split(POOL[at], labels[at]) for at in parts), None, ("no", "yes"), "made here", "CC0"
    )


DATA = loans(RIGHT)


class Outside:
    """A victim that keeps its own count, and may die at a certain row or refuse to say anything of one."""

    def __init__(self, dies_at=None, mute=None):
        self.rows, self.dies_at, self.mute = [], dies_at, mute

    def __call__(self, X):
        for row in X:
            if len(self.rows) == self.dies_at:
                self.dies_at = None
                raise KeyboardInterrupt
            self.rows.append(row.tobytes())
            if self.mute is not None and np.array_equal(row, self.mute):
                raise ValueError("not this one")
        flat = np.reshape(X, (len(X), -1))
        return np.where(flat @ [1.0, -2.0, 0.5, 1.5] > 0.3, "yes", "no")


def attacked(attack):
    def job(victim):
        found = ew.attack(victim, POOL[:4], attack, rng=0)
        return found.points, found.distance, found.label

    return job


def learned(victim):
    *_, last = ew.learn(LogisticRegression(), POOL, victim, "margin", batch=10, budget=60, rng=0)
    return last.index, last.model.coef_


def retrained(victim):
    out = ew.retrain(victim, LogisticRegression(), DATA, attack=Race(budget=20), budget=8, rng=0)
    return out.synthetic.X, out.shadow.coef_, out.agreement


def rebuilt(victim):
    found = extract(victim, POOL, budget=60, family="linear", rng=0)
    return found.X, found.copy.coef_


JOBS = {
    "race": attacked(Race(budget=30)),
    "opt": attacked(Opt(budget=30)),
    "learn": learned,
    "retrain": retrained,
}


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("how", [Sending(), Sending(chunk=7, concurrency=3)])
def test_a_purse_that_runs_empty_and_is_filled_up(name, how, tmp_path):
    """Stopped by the cap twice, then let through: the same result, every row asked exactly once."""
    bare, outside = Outside(), Outside()
    expected = JOBS[name](bare) if name != "learn" else JOBS[name](ew.oracles.Victim(bare))
    for cap in (1, 37):
        with (
            Ledger(tmp_path / "l", {"extract": cap}) as ledger,
            pytest.raises(BudgetError, match="larger cap"),
        ):
            JOBS[name](Metered(LocalModel(outside), ledger, how))
        assert len(outside.rows) <= cap
    with Ledger(tmp_path / "l", {"extract": 2000}) as ledger:
        assert same(JOBS[name](Metered(LocalModel(outside), ledger, how)), expected)
        assert ledger.spent("extract") == len(outside.rows)
    assert set(outside.rows) == set(bare.rows)
    assert max(Counter(outside.rows).values()) == 1


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_dies_goes_on(name, tmp_path):
    """Dead in the middle of a request: at most that request's rows are asked again."""
    expected = JOBS[name](Metered(LocalModel(Outside()), Ledger(":memory:", {"extract": 2000})))
    outside = Outside(dies_at=38)
    with Ledger(tmp_path / "l", {"extract": 2000}) as ledger, pytest.raises(KeyboardInterrupt):
        JOBS[name](Metered(LocalModel(outside), ledger, Sending(chunk=5)))
    with Ledger(tmp_path / "l", {"extract": 2000}) as ledger:
        assert same(JOBS[name](Metered(LocalModel(outside), ledger, Sending(chunk=5))), expected)
        states = Counter(entry.state for entry in ledger.entries())
        twice = Counter(outside.rows)
        assert sum(count - 1 for count in twice.values()) <= states["interrupted"] <= 5
        assert len(outside.rows) <= ledger.spent("extract") == states["settled"] + states["interrupted"]
        before = len(outside.rows)
        JOBS[name](Metered(LocalModel(outside), ledger))
    assert len(outside.rows) == before


@pytest.mark.slow
def test_one_purse_for_all_jobs(tmp_path):
    """What one job was answered is free for the next, and the cap is that of all together."""
    outside = Outside()
    with Ledger(tmp_path / "l", {"extract": 200}) as ledger:
        victim = Metered(LocalModel(outside), ledger, Sending(chunk=10))
        for job in (learned, rebuilt, JOBS["race"]):
            job(victim)
        with pytest.raises(BudgetError):
            retrained(victim)
        assert ledger.spent("extract") == len(outside.rows) <= 200
    assert max(Counter(outside.rows).values()) == 1


def test_retrain_measures_from_the_purse_for_it():
    outside = Outside()
    with Ledger(":memory:", {"extract": 2000, "measure": 30}) as ledger:
        with_purse = retrained(Metered(LocalModel(outside), ledger))
        entries = [entry for entry in ledger.entries() if entry.purse == "measure"]
        assert {entry.purpose for entry in entries} == {"measure"}
        assert {entry.row for entry in entries} == {row.tobytes() for row in DATA.test.X}
        assert ledger.spent("extract") + 30 == len(outside.rows)
    with Ledger(":memory:", {"extract": 2000}) as ledger:
        assert same(retrained(Metered(LocalModel(Outside()), ledger)), with_purse)
        assert ledger.spent("extract") == len(outside.rows)


def test_a_row_without_an_answer_stays_unlabelled():
    """A campaign goes on without the row; an attack cannot, and says what to do."""
    outside = Outside(mute=POOL[3])
    with Ledger(":memory:", {"extract": 500}) as ledger:
        victim = Metered(LocalModel(outside), ledger)
        rounds = list(ew.learn(LogisticRegression(), POOL, victim, "margin", batch=20, budget=119, rng=0))
        bought = np.concatenate([each.index for each in rounds])
        assert 3 not in bought
        assert len(bought) == 119
        assert outside.rows.count(POOL[3].tobytes()) == 2
        with pytest.raises(MissingAnswersError, match="another rng"):
            ew.attack(victim, POOL[:6], rng=0)
        assert outside.rows.count(POOL[3].tobytes()) == 2


def test_a_purse_used_up_by_asking_once_more_is_empty_not_mute():
    """The row may be asked once more, so with a larger cap it is; until then nothing is said of it."""
    outside = Outside(mute=POOL[0])
    with Ledger(":memory:", {"extract": 1}) as ledger, pytest.raises(BudgetError, match="1 more rows"):
        Metered(LocalModel(outside), ledger)(POOL[:1])
    assert len(outside.rows) == 1


def test_a_victim_that_says_it_changes_its_mind():
    assert Metered(LocalModel(Outside()), Ledger(":memory:", {})).as_oracle().repeatable
    assert not Metered(LocalModel(Outside()), Ledger(":memory:", {}), repeatable=False).as_oracle().repeatable


def test_rows_may_be_images():
    outside = Outside()
    images = POOL.reshape(-1, 1, 2, 2)
    with Ledger(":memory:", {"extract": 300}) as ledger:
        victim = Metered(LocalModel(outside), ledger, Sending(chunk=4))
        found = ew.attack(victim, images[:4], Race(budget=50), rng=0)
        assert ledger.spent("extract") == len(set(outside.rows)) == len(outside.rows)
    assert found.found.all()
    assert np.array_equal(found.points, ew.attack(Outside(), images[:4], Race(budget=50), rng=0).points)


def test_a_purse_that_nobody_filled_is_empty():
    with Ledger(":memory:", {"extract": 3}) as ledger:
        with pytest.raises(BudgetError):
            Metered(LocalModel(Outside()), ledger, purse="typo")(POOL[:1])
        with pytest.raises(BudgetError, match="0 are left of 0"):
            ledger.reserve("typo", "call", [b"row"], [0])


def test_every_job_on_a_server_that_fails(serve, tmp_path):
    """On loopback, with refusals, errors and babble: the ledger counts what the server's own log counts."""
    from edgewise.audit.victims.endpoint import Endpoint

    server = serve(status_429=7, status_500=31, shape=43)
    how = Sending(chunk=6, concurrency=2, wait=0.01, longest_wait=0.05)
    labels = [int(row @ [1.0, -2.0, 0.5, 1.5] > 0.3) for row in POOL]
    data = loans(np.array(labels))
    with Ledger(tmp_path / "l", {"extract": 300, "measure": 60}) as ledger:
        victim = Metered(Endpoint(server.url, {"instances": "$rows"}, labels="predictions"), ledger, how)
        learned(victim)
        assert JOBS["race"](victim)[2].shape == (4,)
        assert (
            ew.retrain(victim, LogisticRegression(), data, attack=Race(budget=20), budget=8, rng=0).agreement
            > 0.5
        )
        assert ledger.spent("extract") + ledger.spent("measure") == len(server.rows())
        with pytest.raises((BudgetError, VictimDownError)):
            ew.attack(victim, POOL, Opt(budget=300), rng=1)
        assert ledger.spent("extract") + ledger.spent("measure") == len(server.rows()) <= 360
        assert ledger.spent("extract") <= 300
