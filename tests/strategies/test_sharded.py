"""Pools in shards: the rows of the pool in one piece, from any engine, after kills, damage and changes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.parallel import in_force
from edgewise.pools.shards import State, read_state
from edgewise.strategies.herding import Herding
from edgewise.strategies.sharded import Shards, query_shards
from edgewise.strategies.sharded.task import read_rows


cloudpickle.register_pickle_by_value(sys.modules[__name__])

STRATEGIES = [
    "herding",
    "margin",
    "entropy",
    "least-confidence",
    "random",
    "stratified",
    "typical",
    "edge-mix",
    "core-set",
    "badge",
    "dfal",
    "max-confidence",
]


def first_feature(_model, X):
    return X[:, 0]


def dies_at_the_third(marker):
    def score(_model, X):
        if len(X) == 600 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return X[:, 0]

    return score


def always_dies(_model, X):
    if len(X) == 600:
        os.kill(os.getpid(), signal.SIGKILL)
    return X[:, 0]


@pytest.fixture(autouse=True)
def _travels():
    if "ray" in sys.modules:
        import ray.cloudpickle

        ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


def ask(strategy, task, shards, folder, n=15, **more):
    X, y, model = task
    settings = {"dfal": {"most": 60}, "max-confidence": {"most": 60}, "typical": {"clusters": 30}}.get(
        strategy if isinstance(strategy, str) else "", {}
    )
    return query_shards(
        model,
        shards,
        n,
        ew.STRATEGIES[strategy].make(**settings) if settings else strategy,
        scores=folder,
        labelled=(X[:40], y[:40]),
        taken=np.arange(40),
        rng=4,
        **more,
    )


@pytest.mark.parametrize("strategy", ["margin", "entropy", "least-confidence", first_feature])
def test_row_by_row_strategies_pick_what_one_machine_picks(strategy, task, shards, tmp_path):
    X, _, model = task
    whole = ew.query(model, X, 15, strategy, candidates=np.arange(40, len(X)), rng=4)
    found = ask(strategy, task, shards, tmp_path)
    assert found.query.index.tolist() == whole.index.tolist()
    np.testing.assert_allclose(found.query.score, whole.score, rtol=1e-12)
    pieces = Shards.of(shards)
    for path, row, index in zip(found.shard, found.row, found.query.index, strict=True):
        assert np.load(path)[row].tolist() == X[index].tolist()
    assert read_rows(pieces, found.query.index).tolist() == X[found.query.index].tolist()


@pytest.mark.parametrize("strategy", ["typical", "core-set", "badge"])
def test_a_shortlist_of_everything_is_the_strategy_itself(strategy, task, shards, tmp_path):
    X, y, model = task
    rows = np.arange(40, len(X))
    method = ew.strategies.Typical(clusters=30) if strategy == "typical" else strategy
    whole = ew.query(model, X[40:], 15, method, labelled=(X[:40], y[:40]), rng=4)
    found = ask(strategy, task, shards, tmp_path, shortlist=len(X))
    assert found.query.index.tolist() == rows[whole.index].tolist()


@pytest.mark.parametrize("settings", [{}, {"witnesses": 300, "candidates": 200}, {"unit": True}])
def test_herding_picks_what_one_machine_picks(settings, task, shards, tmp_path):
    X, y, model = task
    method = Herding(**settings)
    whole = ew.query(model, X, 15, method, labelled=(X[:40], y[:40]), candidates=np.arange(40, len(X)), rng=4)
    found = ask(method, task, shards, tmp_path)
    assert found.query.index.tolist() == whole.index.tolist()
    assert found.scored == 6
    cold = query_shards(None, shards, 15, method, scores=tmp_path, rng=4)
    assert cold.query.index.tolist() == ew.query(None, X, 15, method, rng=4).index.tolist()
    assert cold.scored == 0


def test_edge_mix_takes_the_smallest_margins_of_the_whole_pool(task, shards, tmp_path):
    X, y, model = task
    found = query_shards(
        model,
        shards,
        20,
        "edge-mix",
        scores=tmp_path,
        labelled=(X[:40], y[:40]),
        taken=np.arange(40),
        repeatable=True,
        shortlist=100,
        rng=0,
    )
    boundary = found.query.index[~found.query.uniform]
    ranked = ew.query(model, X, len(X), "margin", rng=0)
    margin = -ranked.score[np.argsort(ranked.index)]
    free = np.setdiff1d(np.arange(40, len(X)), found.query.index[found.query.uniform])
    slab = free[np.argsort(margin[free])[: 5 * len(boundary)]]
    assert len(boundary) > 10
    assert set(boundary.tolist()) <= set(slab.tolist())
    assert np.isnan(found.query.propensity[~found.query.uniform]).all()


@pytest.mark.slow
def test_propensities_of_a_drawn_boundary_share_make_averages_unbiased(task, shards, tmp_path):
    X, y, model = task
    free = np.arange(40, len(X))
    values = np.maximum(X[:, 2], 0) + (X[:, 0] > 0)
    estimates = []
    for seed in range(400):
        pick = query_shards(
            model,
            shards,
            20,
            ew.strategies.EdgeMix(greedy=False),
            scores=tmp_path,
            labelled=(X[:40], y[:40]),
            rng=seed,
            taken=np.arange(40),
            shortlist=200,
        ).query
        assert not pick.uniform.all()
        estimates.append(np.mean(values[pick.index] / pick.propensity))
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - values[free].mean()) < 4 * error
    assert error < 0.1 * values[free].mean()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_keeps_the_promise_of_a_query(strategy, task, shards, tmp_path):
    found = ask(strategy, task, shards, tmp_path, shortlist=60)
    index = found.query.index
    assert len(set(index.tolist())) == 15
    assert index.min() >= 40
    again = ask(strategy, task, shards, tmp_path, shortlist=60)
    assert again.query.index.tolist() == index.tolist()
    assert again.scored == 0
    assert again.kept == found.scored
    if found.query.created is not None:
        source = found.query.created.source
        assert set(source.tolist()) <= set(index.tolist())
        moved = np.abs(found.query.created.points - task[0][source]).max()
        assert 0 < moved < 5


@pytest.mark.parametrize("strategy", ["margin", "edge-mix", "badge", first_feature])
@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_rows_from_every_engine(strategy, jobs, backend, task, shards, tmp_path):
    with in_force(None):
        here = ask(strategy, task, shards, tmp_path / "here", shortlist=100)
    there = ask(strategy, task, shards, tmp_path / "there", shortlist=100, jobs=jobs)
    assert there.query.index.tolist() == here.query.index.tolist()
    assert there.query.score.tolist() == here.query.score.tolist()
    assert there.scored == here.scored == 6
    ours, theirs = (
        sorted(path.name for path in (tmp_path / name).rglob("*.parquet")) for name in ("here", "there")
    )
    assert ours == theirs
    assert len(ours) == 6


def test_a_worker_that_dies_costs_its_shard_only(backend, task, shards, tmp_path):
    score = dies_at_the_third(tmp_path / "died")
    found = ask(score, task, shards, tmp_path / "scores", jobs=2)
    assert (tmp_path / "died").exists()
    assert len(found.losses) == 1
    # A local pool breaks as a whole: what others had written by then is found there, and not scored again.
    assert 0 < found.scored <= 6
    assert len(list((tmp_path / "scores").rglob("*.parquet"))) == 6
    whole = ask(first_feature, task, shards, tmp_path / "other")
    assert found.query.index.tolist() == whole.query.index.tolist()


@pytest.mark.slow
def test_a_shard_that_kills_workers_is_named_and_the_others_are_kept(task, shards, tmp_path):
    with pytest.raises(InputError, match=r"2\.npy killed every worker"):
        ask(always_dies, task, shards, tmp_path, jobs=2)
    assert len(list(tmp_path.rglob("*.npy.parquet"))) == 5


DRIVER = """
import sys, time
from edgewise.parallel import engine
from edgewise.strategies.herding import Herding
from edgewise.strategies.sharded import query_shards

def slow(_model, X):
    time.sleep(0.2)
    return X[:, 0]

if __name__ == "__main__":
    pattern, folder, backend, jobs = sys.argv[1:]
    with engine(backend, workers=int(jobs)):
        print("ready", flush=True)
        found = query_shards(None, pattern, 15, slow, scores=folder, jobs=int(jobs), rng=0)
    print(found.query.index.tolist(), found.scored, found.kept, sep="|")
"""


def runs(process):
    """Say whether a process still works; two idle agents of Ray's take a minute to notice."""
    import psutil

    try:
        return process.status() != psutil.STATUS_ZOMBIE and "Agent" not in process.name()
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    ("name", "jobs"),
    [pytest.param("local", 1, marks=pytest.mark.slow), pytest.param("ray", 2, marks=pytest.mark.slow)],
)
def test_a_driver_that_is_killed_goes_on_where_it_was(name, jobs, task, shards, tmp_path):
    import psutil

    script, folder = tmp_path / "driver.py", tmp_path / "scores"
    script.write_text(DRIVER)
    command = [sys.executable, str(script), shards, str(folder), name, str(jobs)]
    job = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"ready\n"
    deadline = time.monotonic() + 60
    while len(list(folder.rglob("*.npy.parquet"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    helpers = psutil.Process(job.pid).children(recursive=True)
    job.kill()
    job.wait()
    job.stdout.close()
    deadline = time.monotonic() + 20
    while (alive := [each for each in helpers if runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not alive, "the engine outlived its driver"
    left = len(list(folder.rglob("*.npy.parquet")))
    assert 2 <= left < 6, "the kill came too late to test anything"
    command[-2:] = ["local", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    index, scored, kept = done.stdout.splitlines()[-1].split("|")
    assert (int(scored), int(kept)) == (6 - left, left)
    whole = query_shards(None, shards, 15, first_feature, scores=tmp_path / "whole", rng=0)
    assert index == str(whole.query.index.tolist())


def targets(folder):
    return sorted(folder.rglob("*.npy.parquet"))


def flip(path):
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-30])


def empty(path):
    path.write_bytes(b"")


def stranger(path):
    path.write_text("not a table")


@pytest.mark.parametrize("harm", [flip, truncate, empty, stranger, Path.unlink])
def test_a_damaged_file_of_scores_is_computed_again(harm, task, shards, tmp_path):
    before = ask("margin", task, shards, tmp_path)
    harm(targets(tmp_path)[2])
    after = ask("margin", task, shards, tmp_path)
    assert (after.scored, after.kept) == (1, 5)
    assert after.query.index.tolist() == before.query.index.tolist()
    assert read_state(targets(tmp_path)[2]) is not None


def test_a_flipped_bit_is_harm_only_the_checksum_sees(task, shards, tmp_path):
    """The twin of the test above: without checksums the table is read, and says something else."""
    from pyarrow import parquet

    ask("margin", task, shards, tmp_path)
    path = targets(tmp_path)[2]
    before = parquet.read_table(path)
    flip(path)
    assert parquet.read_table(path) != before
    assert read_state(path) is None


def test_scores_of_another_shard_are_not_taken(task, shards, tmp_path):
    before = ask("margin", task, shards, tmp_path)
    one, two = targets(tmp_path)[0], targets(tmp_path)[1]
    held = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(held)
    after = ask("margin", task, shards, tmp_path)
    assert (after.scored, after.kept) == (2, 4)
    assert after.query.index.tolist() == before.query.index.tolist()


def test_a_shard_that_only_looks_younger_is_kept_and_one_that_changed_is_not(task, shards, tmp_path):
    before = ask("margin", task, shards, tmp_path / "scores")
    path = Shards.of(shards).paths[2]
    os.utime(path, ns=(1, 1))
    after = ask("margin", task, shards, tmp_path / "scores")
    assert (after.scored, after.kept) == (0, 6)
    assert after.query.index.tolist() == before.query.index.tolist()
    values = np.load(path)
    np.save(path, values[::-1])
    changed = ask("margin", task, shards, tmp_path / "scores")
    assert (changed.scored, changed.kept) == (1, 5)
    assert changed.query.score.tolist() == before.query.score.tolist()
    assert changed.query.index.tolist() != before.query.index.tolist()


def test_another_model_scores_anew_and_the_same_model_made_again_does_not(task, shards, tmp_path):
    from sklearn.linear_model import LogisticRegression

    X, y, _ = task
    for rows, scored in ((40, 6), (40, 0), (60, 6)):
        model = LogisticRegression().fit(X[:rows], y[:rows])
        assert query_shards(model, shards, 5, "margin", scores=tmp_path, rng=0).scored == scored


def test_an_array_that_was_in_another_process_is_the_same_array(task, shards, tmp_path):
    import pickle

    model = task[2]
    centre, spread = np.zeros(3), np.ones(3)
    query_shards(model, shards, 5, "margin", scores=tmp_path, scale=(centre, spread), rng=0)
    travelled = pickle.loads(pickle.dumps(spread))
    copied = pickle.loads(pickle.dumps(model))
    assert (
        query_shards(copied, shards, 5, "margin", scores=tmp_path, scale=(centre, travelled), rng=0).scored
        == 0
    )
    other = np.nextafter(spread, 2)
    assert query_shards(model, shards, 5, "margin", scores=tmp_path, scale=(centre, other), rng=0).scored == 6


def test_a_torch_model_is_known_again_and_moved_where_asked(task, shards, tmp_path):
    torch = pytest.importorskip("torch")

    def net():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)).double()

    one = query_shards(net(), shards, 5, "margin", scores=tmp_path, device="cpu", rng=0)
    two = query_shards(net(), shards, 5, "margin", scores=tmp_path, device="cpu", rng=0)
    assert (one.scored, two.scored, two.kept) == (6, 0, 6)
    assert one.query.index.tolist() == ew.query(net(), task[0], 5, "margin", rng=0).index.tolist()


def test_scaled_rows_are_what_the_model_sees(task, shards, tmp_path):
    X, y, _ = task
    from sklearn.linear_model import LogisticRegression

    centre, spread = X.mean(axis=0) + 1, 3 * X.std(axis=0)
    scaled = (X - centre) / spread
    model = LogisticRegression().fit(scaled[:40], y[:40])
    found = query_shards(model, shards, 9, "margin", scores=tmp_path, scale=(centre, spread), rng=0)
    assert found.query.index.tolist() == ew.query(model, scaled, 9, "margin", rng=0).index.tolist()


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_every_kind_of_file_is_a_shard(suffix, task, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    X, _, model = task
    for number, part in enumerate(np.array_split(X, 3)):
        path = tmp_path / f"{number}{suffix}"
        if suffix == ".npy":
            np.save(path, part)
        elif suffix == ".npz":
            np.savez(path, other=part[:1], X=part)
        else:
            parquet.write_table(pa.table({f"f{i}": part[:, i] for i in range(3)}), path)
    found = query_shards(model, tmp_path / f"*{suffix}", 7, "margin", scores=tmp_path / "scores", rng=0)
    assert found.query.index.tolist() == ew.query(model, X, 7, "margin", rng=0).index.tolist()


def nan_in(folder):
    np.save(folder / "1.npy", np.array([[1.0, 2.0, np.nan]]))


def narrow(folder):
    np.save(folder / "1.npy", np.ones((4, 2)))


def none_left(folder):
    for path in folder.iterdir():
        path.unlink()


def no_array(folder):
    (folder / "1.npy").write_text("text")


def no_rows(folder):
    np.save(folder / "1.npy", np.ones((0, 3)))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (nan_in, r"1\.npy: pool has NaN"),
        (narrow, "rows of one shape"),
        (none_left, "no files match"),
        (no_array, r"1\.npy is no shard"),
        (no_rows, "has no rows"),
    ],
)
def test_wrong_pools_are_refused(harm, message, task, shards, tmp_path):
    harm(Path(shards).parent)
    with pytest.raises(InputError, match=message):
        query_shards(task[2], shards, 3, "margin", scores=tmp_path, rng=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n must be at least 1"),
        ({"n": 10**6}, "rows of the pool may be picked"),
        ({"strategy": "margn"}, "did you mean 'margin'"),
        ({"model": None}, "asks a model and there is none yet"),
        ({"taken": [5000]}, "taken must hold row numbers from 0 to 1999"),
        ({"shortlist": 2}, "shortlist must be"),
        ({"scale": (0, [1, 0, 1])}, "spread above 0"),
        ({"jobs": 0}, "jobs must be at least 1"),
        ({"strategy": lambda _model, X: X}, "one score a row"),
        ({"strategy": lambda _model, X: X[:, 0] * np.nan}, "scored rows NaN"),
    ],
)
def test_wrong_queries_are_refused(change, message, task, shards, tmp_path):
    arguments = {"strategy": "margin", "model": task[2], "pool": shards, "n": 3, "scores": tmp_path} | change
    with pytest.raises(InputError, match=message):
        query_shards(**arguments)


def test_a_shard_that_changes_while_it_is_scored_is_told(task, shards, tmp_path):
    path = Shards.of(shards).paths[0]

    def meddling(_model, X):
        path.touch()
        return X[:, 0]

    with pytest.raises(InputError, match="changed while it was scored"):
        query_shards(None, shards, 3, meddling, scores=tmp_path, rng=0)


def test_the_state_of_a_shard_is_its_scoring_rows_size_and_time(task, shards):
    path = Shards.of(shards).paths[0]
    state = State.now("a", path, 400)
    assert state.same_place(State.now("a", path, 400))
    assert not state.same_place(State.now("b", path, 400))
    assert not state.same_place(State.now("a", path, 401))
