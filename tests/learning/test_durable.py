"""Nothing paid for is lost or paid twice: interrupts, kills, full disks, odd labels, changed runs."""

import datetime
import os
import resource
import signal
import subprocess
import sys
import textwrap
from decimal import Decimal

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression

from edgewise.arrays import InputError
from edgewise.learning.answer import OracleError
from edgewise.learning.any_labels import as_given
from edgewise.learning.encoding import dump_array, load_array
from edgewise.learning.loop import LearningError, learn
from edgewise.learning.oracle import Callback
from edgewise.store import Cell, Fact, Store, StoreError


X = np.random.default_rng(0).normal(size=(60, 2))


def truth(rows):
    return [int(row[0] > 0) for row in rows]


class Person:
    """Answers one row at a time and remembers which; stops once at the question ``stop``."""

    def __init__(self, stop=0, how=KeyboardInterrupt):
        self.asked, self.stop, self.how = [], stop, how

    def __call__(self, rows):
        if len(self.asked) == self.stop - 1:
            self.stop = 0
            raise self.how
        self.asked.append(float(rows[0, 0]))
        return truth(rows)


def go(store, oracle=truth, strategy="margin", model=None, budget=20, pool=X, batch=10, **more):
    model = LogisticRegression() if model is None else model
    return list(
        learn(model, pool, oracle, strategy, batch=batch, budget=budget, store=store, **{"rng": 0, **more})
    )


@pytest.mark.parametrize("how", [KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("stop", [1, 7, 11, 20])
def test_an_interrupt_loses_no_answer(tmp_path, how, stop):
    person = Person(stop, how)
    with Store(tmp_path / "a.db") as store:
        with pytest.raises((how, OracleError)):
            go(store, Callback(person, chunk=1))
        go(store, Callback(person, chunk=1))
    assert len(person.asked) == len(set(person.asked)) == 20


def test_an_interrupt_without_a_store_tells_what_was_answered():
    with pytest.raises(KeyboardInterrupt) as caught:
        go(None, Callback(Person(7), chunk=1))
    assert "labels [" in caught.value.__notes__[0]


def test_an_interrupt_in_the_middle_of_writing_waits_until_it_is_written(tmp_path):
    person, put = Person(), Store.put

    class Rude(Store):
        def put(self, fact):
            if "labels" in fact.figures and not getattr(self, "done", False):
                self.done = True
                raise KeyboardInterrupt
            return put(self, fact)

    with Rude(tmp_path / "a.db") as store, pytest.raises(KeyboardInterrupt):
        go(store, Callback(person, chunk=1))
    with Store(tmp_path / "a.db") as store:
        go(store, Callback(person, chunk=1))
    assert len(person.asked) == len(set(person.asked)) == 20


def test_a_row_without_an_answer_is_not_asked_again(tmp_path):
    asked = []

    def person(rows):
        asked.extend(rows[:, 0].tolist())
        if len(asked) == 9:
            raise KeyboardInterrupt
        return [None]

    with Store(tmp_path / "a.db") as store:
        with pytest.raises(KeyboardInterrupt):
            go(store, Callback(person, chunk=1), "random")
        go(store, Callback(person, chunk=1), "random")
    assert len(asked) == len(X) + 1


RUN = textwrap.dedent("""
    import sys
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from edgewise.learning.loop import learn
    from edgewise.learning.oracle import Callback
    from edgewise.store import Store

    X = np.random.default_rng(0).normal(size=(60, 2))
    paid = open(sys.argv[2], "a")
    def oracle(rows):
        paid.write(f"{rows[0, 0]!r}\\n")
        paid.flush()
        return [int(rows[0, 0] > 0)]
    def strategy(model, X):
        return X[:, 0]
    with Store(sys.argv[1]) as store:
        list(learn(LogisticRegression(), X, Callback(oracle, chunk=1), strategy, batch=5, budget=30, store=store))
""")


def _killed(tmp_path, rounds, how, rng):
    """Kill a labelling process ``rounds`` times after a random number of questions; then let it end."""
    paid, db = tmp_path / "paid", tmp_path / "a.db"
    paid.touch()
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    kills = 0
    for turn in range(rounds + 1):
        child = subprocess.Popen([sys.executable, "-c", RUN, db, paid], env=env)
        until = len(paid.read_text().splitlines()) + rng.integers(0, 4)
        while turn < rounds and child.poll() is None:
            if len(paid.read_text().splitlines()) > until:
                child.send_signal(how)
                kills += 1
                break
        child.wait()
    assert child.returncode == 0
    asked = paid.read_text().splitlines()
    # A kill can hit the one question in flight, never an answer before it.
    assert len(set(asked)) == 30
    assert len(asked) - 30 <= kills


@pytest.mark.parametrize(
    "how",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_kill_costs_at_most_the_question_in_flight(tmp_path, how):
    _killed(tmp_path, 1, how, np.random.default_rng(int(how)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kills_at_random_instants(tmp_path, seed):
    _killed(tmp_path, 5, signal.SIGKILL, np.random.default_rng(seed))


def test_a_full_disk_stops_the_asking_and_hands_over_the_answer(tmp_path):
    person, limit = Person(), resource.getrlimit(resource.RLIMIT_FSIZE)
    with Store(tmp_path / "a.db") as store:

        def then_full(rows):
            if len(person.asked) == 5:
                resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
            return person(rows)

        rounds = learn(
            LogisticRegression(),
            X,
            Callback(then_full, chunk=1),
            "random",
            batch=30,
            budget=30,
            store=store,
            rng=0,
        )
        try:
            with pytest.raises(OracleError, match="were not written") as caught:
                next(rounds)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert len(caught.value.answer.rows) == 1
        asked = len(person.asked)
        list(
            learn(
                LogisticRegression(),
                X,
                Callback(then_full, chunk=1),
                "random",
                batch=30,
                budget=30,
                store=store,
                rng=0,
            )
        )
    # All that was written is kept: the answer that the disk did not take is the only one asked again.
    assert asked < 12
    assert len(person.asked) == 31


def test_a_fit_that_fails_hands_over_the_labels_and_a_named_run_goes_on(tmp_path):
    def rare(rows):
        paid[0] += len(rows)
        return (rows[:, 0] > 1.5).astype(int)

    paid, wants_three = [0], CalibratedClassifierCV(LogisticRegression(), cv=3)
    with pytest.raises(LearningError, match="provided less than 3") as caught:
        go(None, rare, model=wants_three)
    assert len(caught.value.index) == len(caught.value.labels) == paid[0] == 10
    with Store(tmp_path / "a.db") as store:
        with pytest.raises(LearningError, match="run='mine'"):
            go(store, rare, model=wants_three, run="mine")
        go(store, rare, run="mine")
    assert paid[0] == 10 + 20


def test_a_stop_that_raises_hands_over_the_labels():
    with pytest.raises(LearningError, match="ZeroDivisionError") as caught:
        go(None, stop=lambda done: 1 / 0)
    assert len(caught.value.labels) == 10


@pytest.mark.parametrize("wrong", [{"warm": True}, {"weighted": True}])
def test_a_misuse_is_told_before_anything_is_paid(wrong):
    from sklearn.neighbors import KNeighborsClassifier

    with pytest.raises(InputError):
        learn(KNeighborsClassifier(1), X, truth, "random", batch=5, budget=5, **wrong)


LABELS = [
    [b"a", b"bc"],
    [np.datetime64("2020-01-01"), np.datetime64("2020-01-02")],
    [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)],
    [Decimal("1.10"), Decimal("1.2")],
    [(1, "a"), (2, "b")],
    [1j, 2j],
    ["a", "a\0"],
    [0, "b"],
    [True, False],
    [np.uint8(200), np.uint8(3)],
    [2**70, 1],
    [0.1, float("inf")],
    ["ä", "\U0001f600"],
]


@pytest.mark.parametrize("pair", LABELS, ids=repr)
def test_labels_come_back_as_they_were(pair):
    labels = as_given(pair * 2)
    again = load_array(dump_array(labels))
    assert again.dtype == labels.dtype
    assert [type(label) for label in again.tolist()] == [type(label) for label in labels.tolist()]
    assert again.tolist() == labels.tolist()
    assert labels.tolist() == [getattr(label, "item", lambda label=label: label)() for label in pair * 2]


@pytest.mark.parametrize("pair", [pair for pair in LABELS if float("inf") not in pair], ids=repr)
def test_labels_of_any_type_are_paid_once_and_learned(tmp_path, pair):
    paid = [0]

    def oracle(rows):
        paid[0] += len(rows)
        return [pair[int(row[0] > 0)] for row in rows]

    for _ in range(2):
        with Store(tmp_path / "a.db") as store:
            last = go(store, oracle, "random", budget=10, batch=5)[-1]
    assert paid[0] == 10
    assert set(last.model.predict(X).tolist()) <= set(as_given(pair).tolist())


def test_a_label_that_no_store_can_hold_is_kept_as_text(tmp_path):
    paid = [0]

    def oracle(rows):
        paid[0] += len(rows)
        return [slice(1, 2)] * len(rows)

    with Store(tmp_path / "a.db") as store:
        with pytest.raises(OracleError, match="as text"):
            go(store, oracle, "random")
        with pytest.raises(InputError, match=r"slice\(1, 2"):
            go(store, oracle, "random")
    assert paid[0] == 10


def test_what_decides_a_run_is_in_its_name(tmp_path):
    """Each change pays anew; the same values pay nothing."""
    start, other = (X[:8], truth(X[:8])), (X[:8], truth(-X[:8]))
    paid = [0]

    def oracle(rows):
        paid[0] += len(rows)
        return truth(rows)

    base = {"start": start, "box": (-1, 1)}
    with Store(tmp_path / "a.db") as store:
        go(store, oracle, **base)
        for more in (
            {"start": other},
            {"box": (-1, 2)},
            {"model": LogisticRegression(C=0.5)},
            {"strategy": "entropy"},
            {"pool": X[::-1].copy()},
            {"rng": 1},
            {"strategy": lambda model, rows: rows[:, 0]},
            {"strategy": lambda model, rows: rows[:, 1]},
        ):
            paid[0] = 0
            go(store, oracle, **base | more)
            assert paid[0] == 20, more
        paid[0] = 0
        go(store, oracle, **base)
        assert paid[0] == 0
        go(store, oracle, **base, budget=30)
        assert paid[0] == 10


def test_what_has_no_value_asks_for_a_name(tmp_path):
    seen = []

    def strategy(_model, rows):
        seen.append(len(rows))
        return rows[:, 0]

    with Store(tmp_path / "a.db") as store:
        with pytest.raises(InputError, match=r"run='\.\.\.'"):
            go(store, strategy=strategy)
        person = Person()
        for _ in range(2):
            go(store, Callback(person, chunk=1), strategy, run="mine")
        assert len(person.asked) == 20
        with pytest.raises(InputError, match="another pool"):
            go(store, strategy=strategy, run="mine", pool=X[::-1].copy())


def test_a_smaller_budget_is_never_exceeded_by_a_resumed_round(tmp_path):
    person = Person(4)
    with Store(tmp_path / "a.db") as store:
        with pytest.raises(KeyboardInterrupt):
            go(store, Callback(person, chunk=1))
        go(store, Callback(person, chunk=1), budget=6)
        assert len(person.asked) == 6
        go(store, Callback(person, chunk=1))
    assert len(person.asked) == len(set(person.asked)) == 20


def test_two_processes_never_pay_for_one_run(tmp_path):
    with Store(tmp_path / "a.db") as one, Store(tmp_path / "a.db") as two:
        running = learn(LogisticRegression(), X, truth, "random", batch=5, budget=20, store=one, rng=0)
        next(running)
        with pytest.raises(InputError, match="under way"):
            go(two, strategy="random", batch=5)
        running.close()
        assert len(go(two, strategy="random", batch=5)) == 4


def test_journals_of_the_first_edition_are_refused_with_a_sentence(tmp_path):
    with Store(tmp_path / "a.db") as store:
        store.put(Fact(Cell("learn", {"model": "LogisticRegression()", "round": 0, "kind": "query"}, 0), {}))
        with pytest.raises(StoreError, match=r"before 0\.2"):
            go(store)
