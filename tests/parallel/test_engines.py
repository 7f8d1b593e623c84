"""The same answers from every engine, also when workers die; nothing started or reachable unasked."""

import importlib.metadata
import os
import signal
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import ANY

import cloudpickle
import numpy as np
import pytest

import edgewise.parallel
from edgewise.arrays import InputError
from edgewise.importing import MissingExtraError
from edgewise.paper.runs.sweep import sweep
from edgewise.parallel import Lost, _computed, engine, spread
from edgewise.parallel.executors import Cores, on_cores
from edgewise.store import Cell, Fact, Store


cloudpickle.register_pickle_by_value(sys.modules[__name__])

NAP = 300

CELLS = [Cell("noise", {"n": n}, seed) for n in (3, 5) for seed in range(6)]


def noise(cell):
    return {"sum": float(np.random.default_rng(cell.seed).normal(size=cell.settings["n"]).sum())}


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(item):
    number, marker = item
    if number == 3 and not marker.exists():
        marker.touch()
        die()
    return number**2


def dies_at_once(_item):
    die()


def poison(item):
    if item == 2:
        die()
    return -item


def naps(item):
    number, folder = item
    (folder / str(number)).touch()
    time.sleep(NAP if number else 0)
    return number


def refuses(item):
    if item == 1:
        raise InputError("item 1 is wrong")
    return item


def poisonous(cell):
    if cell.seed == 2:
        die()
    return noise(cell)


def figures(store):
    return {fact.cell.key: dict(fact.figures) for fact in store.facts("noise")}


@pytest.fixture(autouse=True)
def _travels():
    if "ray" in sys.modules:
        import ray.cloudpickle

        ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_engine_gives_the_figures_of_one_process(backend, jobs):
    with Store(":memory:") as here, Store(":memory:") as there:
        for cell in CELLS:
            here.put(Fact(cell, noise(cell)))
        summary = sweep(CELLS, noise, there, jobs=jobs)
        assert summary.computed == len(CELLS)
        assert summary.losses == ()
        assert figures(here) == figures(there)


def test_a_worker_that_dies_costs_its_items_only(backend, tmp_path):
    losses = []
    items = [(number, tmp_path / "died") for number in range(8)]
    answers = dict(spread(dies_once, items, jobs=2, lost=losses.append))
    assert answers == {number: number**2 for number in range(8)}
    assert (tmp_path / "died").exists()
    assert len(losses) == 1
    assert "a worker died" in losses[0]


def test_an_item_that_kills_every_worker_is_given_up_and_the_rest_goes_on(backend):
    losses = []
    answers = dict(spread(poison, list(range(6)), jobs=2, lost=losses.append))
    assert isinstance(answers.pop(2), Lost)
    assert answers == {number: -number for number in (0, 1, 3, 4, 5)}
    assert len(losses) == 4


@pytest.mark.slow
def test_dask_does_not_send_workers_home_that_are_starting_again():
    """Fifteen seconds after a death Dask closes what is not there at that moment, and nothing starts it again."""
    with engine("dask", workers=1):
        started = time.monotonic()
        while time.monotonic() - started < 25:
            assert dict(spread(dies_at_once, [0], jobs=1)) == {0: Lost(ANY)}
        assert dict(spread(abs, [-1, 2], jobs=1)) == {0: 1, 1: 2}


def test_a_sweep_reports_the_cell_that_kills_workers(backend):
    with Store(":memory:") as store:
        summary = sweep(CELLS[:6], poisonous, store, jobs=2)
        assert summary.computed == 5
        assert [failure.cell.seed for failure in summary.failures] == [2]
        assert "worker died" in summary.failures[0].message
        assert len(summary.losses) == 4
        assert len(figures(store)) == 5


def first_line(path):
    return path.read_text()


def test_relative_paths_mean_to_a_worker_what_they_mean_to_the_caller(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
        monkeypatch.chdir(tmp_path / name)
        found = dict(spread(first_line, [Path("file")] * 4, jobs=2))
        assert set(found.values()) == {name}


def test_an_exception_in_a_worker_is_raised_as_it_is(backend):
    with pytest.raises(InputError, match="item 1 is wrong"):
        list(spread(refuses, [0, 1, 2], jobs=2))


def test_few_items_are_under_way_and_an_early_end_gives_them_up(backend, tmp_path):
    answers = spread(naps, [(number, tmp_path) for number in range(40)], jobs=2)
    assert next(answers) == (0, 0)
    answers.close()
    assert 1 <= len(list(tmp_path.iterdir())) <= 1 + 2 * 2
    if backend != "dask":  # which lets a task end that a worker has begun
        started = time.monotonic()
        assert dict(spread(abs, [-1, 2], jobs=2)) == {0: 1, 1: 2}
        assert time.monotonic() - started < NAP


def test_ctrl_c_ends_the_workers_and_loky_has_nothing_to_complain_of(monkeypatch, caplog, tmp_path):
    """With items that no worker has begun, which loky's own thread gives an error before it ends the workers."""

    def interrupted(futures, **_):
        deadline = time.monotonic() + 20
        while sum(future.running() for future in futures) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        raise KeyboardInterrupt

    items = [(number + 1, tmp_path) for number in range(40)]
    with monkeypatch.context() as patch:
        patch.setattr(edgewise.parallel, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt), on_cores(2) as found:
            list(_computed(found, naps, items, range(40), 40))
    assert dict(spread(abs, [-1, 2], jobs=2)) == {0: 1, 1: 2}
    assert not [record.message for record in caplog.records if record.name == "concurrent.futures"]


def test_a_pool_that_broke_is_replaced(monkeypatch):
    """A worker that dies while an item is handed over costs no more than that item's start."""
    cores, tries = Cores(2), []

    class Pool:
        def submit(self, function):
            tries.append(function)
            if len(tries) == 1:
                raise BrokenExecutor
            return "future"

    monkeypatch.setattr(Cores, "_pool", lambda self: Pool())
    assert cores.submit(abs) == "future"
    assert tries == [abs, abs]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "spark"}, "unknown backend 'spark'"),
        ({"name": "ry"}, "did you mean 'ray'"),
        ({"name": "local", "address": "head:6379"}, "the local backend has no address"),
        ({"name": "ray", "workers": 0}, "workers must be at least 1"),
    ],
)
def test_wrong_engines_are_refused(arguments, message):
    with pytest.raises(InputError, match=message), engine(**arguments):
        pass


@pytest.mark.parametrize(
    ("version", "error", "message"),
    [
        ("2.53.0", InputError, "too old to be started safely"),
        (None, MissingExtraError, r"pip install 'edgewise\[ray\]'"),
    ],
)
def test_ray_is_taken_from_2_54_on(monkeypatch, version, error, message):
    def look_up(name):
        assert name == "ray"
        if version is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr("edgewise.parallel.ray.importlib.metadata.version", look_up)
    with pytest.raises(error, match=message), engine("ray"):
        pass


@pytest.mark.parametrize(
    "error", [Exception("timed out during startup.\nThe rest."), RuntimeError(), OSError("no")]
)
def test_a_ray_that_does_not_start_is_one_sentence(error, tmp_path, monkeypatch):
    """Ray raises a bare Exception after waiting too long; what it had started is stopped."""
    from edgewise.parallel import ray as room

    calls = []

    def init(**_):
        raise error

    fake = SimpleNamespace(init=init, shutdown=lambda: calls.append("shutdown"))
    fake.is_initialized = lambda: False
    monkeypatch.setattr(room, "_check_version", lambda: None)
    monkeypatch.setattr(room, "_imported_private", lambda: fake)
    monkeypatch.setitem(
        sys.modules, "ray.exceptions", SimpleNamespace(RayError=OSError, RayTaskError=OSError)
    )
    with (
        pytest.raises(
            InputError, match=r"^Ray could not be started on this machine \([^\n]*\)\. Try"
        ) as told,
        engine("ray"),
    ):
        pass
    assert "The rest" not in str(told.value)
    assert calls == ["shutdown"]


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'edgewise\[dask\]'"), engine("dask"):
        pass


@pytest.mark.slow
def test_no_cluster_at_the_address(unused_address):
    with (
        pytest.raises(InputError, match="no Dask scheduler could be joined"),
        engine("dask", address=f"tcp://{unused_address}"),
    ):
        pass


@pytest.fixture
def unused_address():
    import socket

    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{place.getsockname()[1]}"
