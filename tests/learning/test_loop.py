import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.learning.answer import Cost, OracleError
from edgewise.learning.fitting import fitted, tuned
from edgewise.learning.loop import learn
from edgewise.learning.oracle import Callback, GroundTruth, Victim
from edgewise.store import Store
from edgewise.strategies.adversarial import Dfal
from edgewise.strategies.edge_mix import EdgeMix


RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (300, 2))
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int)
TRUTH = GroundTruth(Y)


def run(strategy="edge-mix", model=None, oracle=TRUTH, pool=X, batch=10, budget=40, rng=0, **more):
    model = model or LogisticRegression()
    return list(learn(model, pool, oracle, strategy, batch=batch, budget=budget, rng=rng, **more))


@pytest.mark.parametrize(
    "strategy", ["random", "margin", "entropy", "badge", "core-set", "typical", "edge-mix", "stratified"]
)
def test_rounds_label_what_they_picked_and_never_twice(strategy):
    rounds = run(strategy)
    picks = np.concatenate([r.index for r in rounds])
    assert len(picks) == len(set(picks.tolist())) == 40
    assert all((r.labels == Y[r.index]).all() for r in rounds)
    assert [r.n_labelled for r in rounds] == [10, 20, 30, 40]
    assert rounds[-1].cost.labels == 40
    assert sum(rounds[-1].balance.values()) == 40


def test_margin_learns_the_line_better_than_its_first_batch():
    rounds = run("margin", budget=100)
    score = [np.mean(r.model.predict(X) == Y) for r in rounds]
    assert score[-1] >= max(score[0], 0.97)


def test_the_same_seed_gives_the_same_picks_and_another_gives_others():
    picks = [[r.index.tolist() for r in run(rng=seed)] for seed in (3, 3, 4)]
    assert picks[0] == picks[1] != picks[2]


def test_nothing_of_the_caller_changes():
    model, before = LogisticRegression(), X.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the one that must not move
    run(model=model)
    assert not hasattr(model, "coef_")
    assert (before == X).all()
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_initial_labels_are_used_and_not_paid_for():
    rounds = run("margin", start=(X[:20] + 5, Y[:20]))
    assert rounds[0].n_labelled == 30
    assert rounds[-1].cost.labels == 40


def test_budget_that_no_batch_divides_is_spent_to_the_last_label():
    assert [r.n_labelled for r in run(budget=25)] == [10, 20, 25]


def test_three_currencies_are_counted_apart():
    victim = LogisticRegression().fit(X, Y)
    rounds = run("margin", oracle=Victim(victim), budget=20)
    assert rounds[-1].cost == Cost(labels=20, queries=20)
    # The first batch needs no model; the second scores the whole pool once.
    assert rounds[-1].choosing == Cost(queries=len(X))


@pytest.mark.parametrize("greedy", [True, False])
def test_running_accuracy_is_unbiased(greedy):
    errors, naive = [], []
    for seed in range(60):
        first, second = run(EdgeMix(greedy=greedy, cold=1), budget=40, batch=20, rng=seed)
        rest = np.setdiff1d(np.arange(len(X)), first.index)
        truth = np.mean(first.model.predict(X[rest]) == Y[rest])
        errors.append(second.accuracy.mean - truth)
        naive.append(np.mean(first.model.predict(X[second.index]) == second.labels) - truth)
        assert second.accuracy.low <= second.accuracy.mean <= second.accuracy.high
    # The plain average over the picks is the broken twin: the boundary half makes it far too low.
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(60)
    assert np.mean(naive) < -0.05


def test_missing_answers_are_not_offered_again():
    rounds = run(
        "random", oracle=lambda rows: [None if v < 0 else 1 if v > 0.5 else 0 for v in rows[:, 0]], budget=30
    )
    asked = np.concatenate([r.query.index for r in rounds])
    assert len(asked) == len(set(asked.tolist()))
    assert rounds[-1].n_labelled == 30
    assert all((X[r.index, 0] >= 0).all() for r in rounds)


def test_an_oracle_that_never_answers_ends_with_the_pool():
    rounds = run("random", oracle=lambda rows: [None] * len(rows), batch=100, budget=300)
    assert len(rounds) == 3
    assert rounds[-1].model is None
    assert rounds[-1].n_labelled == 0


def test_twins_train_with_the_label_of_their_source():
    strategy = Dfal(attack="direct", twins="crossing")
    rounds = run(strategy, model=KNeighborsClassifier(1), budget=20, start=(X[:30], Y[:30]))
    last = rounds[-1]
    made = last.query.created
    assert len(made.points) == 10
    label = dict(zip(last.index.tolist(), last.labels.tolist(), strict=True))
    for point, source in zip(made.points, made.source.tolist(), strict=True):
        assert last.model.predict(point[None])[0] == label[source]
    assert len(last.model._fit_X) == 30 + 20 + 20


def test_stop_ends_the_loop_and_says_why():
    rounds = run("random", stop=lambda done: "enough" if len(done) == 2 else None)
    assert [r.stop for r in rounds] == [None, "enough"]


def test_warm_goes_on_and_cold_starts_afresh():
    model = SGDClassifier(random_state=0, max_iter=1, tol=None)
    warm, cold = run("random", model=model, warm=True), run("random", model=model)
    assert warm[-1].model.warm_start
    assert not cold[-1].model.warm_start
    with pytest.raises(InputError, match="warm=False"):
        run("random", model=KNeighborsClassifier(1), warm=True)


def test_local_averages_vote_with_inverse_propensities_unless_told_otherwise():
    more = {"model": ew.models.NadarayaWatsonClassifier(), "start": (X[:20], Y[:20]), "budget": 20}
    mix = EdgeMix(greedy=False, guard=False)
    models = [run(mix, weighted=weighted, **more)[0].model for weighted in (None, True, False)]
    votes = [model.predict_proba(X[:50]) for model in models]
    assert (votes[0] == votes[1]).all()
    assert not (votes[0] == votes[2]).all()


def test_weights_reach_the_learner_or_are_refused():
    run(EdgeMix(greedy=False), weighted=True)
    with pytest.raises(InputError, match="sample_weight"):
        run(model=KNeighborsClassifier(1), weighted=True)


def test_a_pool_that_changes_between_rounds_is_detected(tmp_path):
    path = tmp_path / "pool.npy"
    np.save(path, X)
    rounds = learn(LogisticRegression(), path, TRUTH, "margin", batch=10, budget=40, rng=0)
    next(rounds)
    np.save(path, X + 1e-9)
    with pytest.raises(InputError, match="content hash"):
        next(rounds)


def test_bad_arguments_are_told():
    with pytest.raises(InputError, match="budget is 301"):
        run(budget=301)
    with pytest.raises(InputError, match="skorch"):
        run(model=lambda rows: rows)
    with pytest.raises(InputError, match="did you mean 'margin'"):
        run("margn")


class Dies(BaseException):
    """Ends a run the way a signal does: nothing may clean up after it."""


def test_what_an_oracle_answered_before_it_raised_is_never_asked_again(tmp_path):
    asked = []
    tired = [True]

    def person(rows):
        asked.extend(rows[:, 0].tolist())
        if len(asked) == 14 and tired[0]:
            tired[0] = False
            raise ConnectionError("lunch")
        return [int(a + 0.5 * b > 0) for a, b in rows]

    oracle = Callback(person, chunk=1)
    with Store(tmp_path / "run.db") as store:
        with pytest.raises(OracleError, match="lunch"):
            run(oracle=oracle, store=store)
        resumed = run(oracle=oracle, store=store)
    plain = run(oracle=Callback(lambda rows: [int(a + 0.5 * b > 0) for a, b in rows]))
    assert [r.index.tolist() for r in resumed] == [r.index.tolist() for r in plain]
    # The row it raised at is asked twice, every other once.
    assert len(asked) == 41
    assert len(set(asked)) == 40


@pytest.mark.parametrize("dies_at", [1, 12, 25, 39])
def test_a_run_that_dies_anywhere_resumes_bit_for_bit(tmp_path, dies_at):
    count = [0]

    def oracle(rows):
        count[0] += len(rows)
        if dies_at <= count[0] < dies_at + len(rows) and len(count) == 1:
            count.append(0)
            raise Dies
        return [int(a + 0.5 * b > 0) for a, b in rows]

    with Store(tmp_path / "run.db") as store, pytest.raises(Dies):
        run(oracle=Callback(oracle, chunk=1), store=store)
    with Store(tmp_path / "run.db") as store:
        resumed = run(oracle=Callback(oracle, chunk=1), store=store)
    plain = run(oracle=Callback(lambda rows: [int(a + 0.5 * b > 0) for a, b in rows], chunk=1))
    for a, b in zip(resumed, plain, strict=True):
        assert a.index.tolist() == b.index.tolist()
        assert a.query.propensity.tobytes() == b.query.propensity.tobytes()
        assert (a.model.coef_ == b.model.coef_).all()


KILLED = textwrap.dedent("""
    import os, signal, sys
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from edgewise.learning.loop import learn
    from edgewise.store import Store

    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (200, 3))
    asked = 0
    def oracle(rows):
        global asked
        asked += len(rows)
        if asked > int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return (rows.sum(axis=1) > 0).astype(int)
    with Store(sys.argv[1]) as store:
        for r in learn(LogisticRegression(), X, oracle, "edge-mix", batch=10, budget=50, store=store, rng=5):
            print(*r.index)
""")


@pytest.mark.slow
def test_kill_9_and_resume_gives_the_same_picks(tmp_path):
    def go(store, limit):
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(store), str(limit)],
            text=True,
            check=False,
            capture_output=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    whole = go(tmp_path / "whole.db", 1000)
    assert whole.returncode == 0, whole.stderr
    assert go(tmp_path / "killed.db", 25).returncode == -9
    resumed = go(tmp_path / "killed.db", 30)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout == whole.stdout
    assert len(whole.stdout.split()) == 50


def test_a_fitted_copy_gets_the_seed_everywhere():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipe = make_pipeline(StandardScaler(), DecisionTreeClassifier())
    assert fitted(pipe, X, Y, seed=7).get_params()["decisiontreeclassifier__random_state"] == 7


def test_tuning_looks_at_the_uniform_labels_only():
    """Boundary labels are coin flips here: judged on all labels many neighbours win, on uniform ones few."""
    grid = {"n_neighbors": [1, 41]}
    uniform = np.arange(300) >= 200
    y = np.where(uniform, Y, np.random.default_rng(0).integers(0, 2, 300))
    far = np.where(uniform[:, None], X, X + 50)
    assert tuned(KNeighborsClassifier(), grid, far, y, uniform, seed=0).n_neighbors == 1
    assert tuned(KNeighborsClassifier(), grid, far, y, ~uniform, seed=0).n_neighbors == 41
    tree = run("edge-mix", model=DecisionTreeClassifier(), tune={"max_depth": [1, 9]}, budget=80)[-1].model
    assert tree.max_depth == 9
    with pytest.raises(InputError, match="did you mean 'n_neighbors'"):
        run(model=KNeighborsClassifier(), tune={"n_neighbor": [1]})


def test_learn_is_public():
    assert ew.learn is learn


def test_audit_labels_are_bought_first_and_never_learned_from():
    seen = []

    class Spy(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen.append(np.asarray(X))
            return super().fit(X, y, sample_weight)

    rounds = list(learn(Spy(), X, TRUTH, "herding", batch=10, budget=50, audit=20, rng=3))
    assert [r.n_labelled for r in rounds] == [0, 10, 20, 30]
    assert rounds[0].query.uniform.all()
    assert len(rounds[0].index) == 20
    kept_out = {row.tobytes() for row in X[rounds[0].index]}
    assert not any(row.tobytes() in kept_out for rows in seen for row in rows)
    assert rounds[-1].cost.labels == 50
    last = rounds[-1]
    right = last.model.predict(X[rounds[0].index]) == rounds[0].labels
    assert last.audited.mean == pytest.approx(right.mean())
    assert last.audited.n == 20
    plain = list(learn(LogisticRegression(), X, TRUTH, "herding", batch=10, budget=20, rng=3))
    assert plain[-1].audited is None
