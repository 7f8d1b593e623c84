"""A sweep computes what is missing, once, for any number of workers, and survives kills."""

import os
import random
import signal
import subprocess
import sys
import time

import cloudpickle
import numpy as np
import pytest

from edgewise.paper.runs.sweep import sweep
from edgewise.store import Cell, Store


# Workers cannot import a test module; their copies of its functions travel whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

CELLS = [Cell("noise", {"n": n}, seed) for n in (3, 5) for seed in range(6)]

SCRIPT = """
import sys, time
from edgewise.store import Cell, Store
from edgewise.paper.runs.sweep import sweep

def work(cell):
    time.sleep(0.01)
    return {"square": cell.seed ** 2, "third": cell.seed / 3}

with Store(sys.argv[1]) as store:
    print("ready", flush=True)
    sweep([Cell("squares", {"part": p}, s) for p in ("a", "b") for s in range(60)], work, store)
"""


def noise(cell):
    return {"sum": float(np.random.default_rng(cell.seed).normal(size=cell.settings["n"]).sum())}


def failing(cell):
    if cell.seed == 2:
        raise ValueError("no such seed")
    return noise(cell)


def figures(store, what):
    return {fact.cell.key: dict(fact.figures) for fact in store.facts(what)}


def written(path):
    with Store(path, read_only=True) as store:
        return figures(store, "squares")


def test_a_second_run_computes_nothing():
    with Store(":memory:") as store:
        assert sweep(CELLS, noise, store).computed == len(CELLS)
        again = sweep(CELLS + CELLS, noise, store)
        assert (again.computed, again.present) == (0, len(CELLS))


def test_figures_do_not_depend_on_the_number_of_workers():
    with Store(":memory:") as one, Store(":memory:") as two:
        sweep(CELLS, noise, one, jobs=1)
        sweep(CELLS, noise, two, jobs=2)
        assert figures(one, "noise") == figures(two, "noise")


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_failing_cell_costs_only_itself(jobs):
    with Store(":memory:") as store:
        summary = sweep(CELLS, failing, store, jobs=jobs)
        assert summary.computed == len(CELLS) - 2
        assert {failure.cell.seed for failure in summary.failures} == {2}
        assert "no such seed" in summary.failures[0].message
        assert sweep(CELLS, noise, store).computed == 2


@pytest.mark.slow
def test_twenty_kills_at_random_moments_lose_duplicate_and_change_nothing(tmp_path):
    """Kill -9 a running sweep again and again; what it had written stays, and the rest completes."""
    path, script = tmp_path / "runs.db", tmp_path / "job.py"
    script.write_text(SCRIPT)
    moments = random.Random(7)
    kills, seen = 0, {}
    while kills < 20:
        job = subprocess.Popen(
            [sys.executable, str(script), str(path)], stdout=subprocess.PIPE, start_new_session=True
        )
        assert job.stdout.readline() == b"ready\n"
        # On a slow machine the first fact takes its time; the moment of the kill is random from there on.
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and path.exists() and len(written(path)) <= len(seen):
            time.sleep(0.002)
        time.sleep(moments.uniform(0.0, 0.03))
        assert job.poll() is None, "the sweep ended before it could be killed"
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
        job.stdout.close()
        kills += 1
        now = written(path)
        assert seen.items() <= now.items(), "a fact was lost or changed"
        seen = now
    assert 0 < len(seen) < 120, "the kills came too early or too late to test anything"
    subprocess.run([sys.executable, str(script), str(path)], check=True, capture_output=True)
    with Store(path, read_only=True) as store:
        facts = store.facts("squares")
    assert len(facts) == 120
    assert all(fact.figures == {"square": fact.cell.seed**2, "third": fact.cell.seed / 3} for fact in facts)
