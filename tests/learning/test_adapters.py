import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import edgewise as ew
from edgewise.learning.oracle import GroundTruth


RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 2))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
WHY = "{} is a development extra: pip install --group bench (modAL without its dependencies)"


@pytest.fixture
def activeml():
    pytest.importorskip("skactiveml", reason=WHY.format("scikit-activeml"))
    from edgewise.learning.adapters import activeml

    return activeml


@pytest.fixture
def modal():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("modAL", reason=WHY.format("modAL"))
    from edgewise.learning.adapters import modal

    return modal


@pytest.mark.parametrize("strategy", ["edge-mix", "margin", "badge", "core-set"])
def test_our_strategies_run_in_a_loop_of_scikit_activeml(activeml, strategy):
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.utils import MISSING_LABEL

    y = np.full(120, MISSING_LABEL)
    y[:6] = Y[:6]
    ours = activeml.Ours(strategy, random_state=0)
    clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
    for _ in range(4):
        rows = ours.query(X, y, clf, batch_size=5)
        assert len(set(rows.tolist())) == 5
        assert np.isnan(y[rows]).all()
        y[rows] = Y[rows]
    assert (~np.isnan(y)).sum() == 26
    rows, utilities = ours.query(X, y, clf, batch_size=2, return_utilities=True)
    assert utilities.shape == (2, 120)
    assert (np.nanargmax(utilities, axis=1) == rows).all()
    assert np.isnan(utilities[:, ~np.isnan(y)]).all()


def test_margin_picks_what_scikit_activeml_picks(activeml):
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import UncertaintySampling
    from skactiveml.utils import MISSING_LABEL

    y = np.full(120, MISSING_LABEL)
    y[:10] = Y[:10]
    clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
    theirs = UncertaintySampling(method="margin_sampling", random_state=0).query(X, y, clf, batch_size=4)
    assert set(activeml.Ours("margin").query(X, y, clf, batch_size=4).tolist()) == set(theirs.tolist())


@pytest.mark.parametrize("name", ["RandomSampling", "UncertaintySampling", "TypiClust", "CoreSet"])
def test_their_strategies_run_in_our_loop(activeml, name):
    import skactiveml.pool

    strategy = activeml.Theirs(getattr(skactiveml.pool, name)())
    rounds = list(ew.learn(LogisticRegression(), X, GroundTruth(Y), strategy, batch=6, budget=24, rng=0))
    picks = np.concatenate([r.index for r in rounds])
    assert len(set(picks.tolist())) == 24
    assert np.mean(rounds[-1].model.predict(X) == Y) > 0.8


def test_our_strategies_run_in_modal(modal):
    from modAL.models import ActiveLearner

    learner = ActiveLearner(
        LogisticRegression(), query_strategy=modal.ours("edge-mix", rng=0), X_training=X[:6], y_training=Y[:6]
    )
    rows, points = learner.query(X[6:], n_instances=4)
    assert len(set(np.asarray(rows).tolist())) == 4
    assert (points == X[6:][rows]).all()
    # modAL 0.4.2.1 cannot teach() under scikit-learn 1.6 or newer (its `force_all_finite` is gone), so a
    # learner is made anew with what is known.
    known = np.concatenate([np.arange(6), 6 + np.asarray(rows)])
    learner = ActiveLearner(
        LogisticRegression(), query_strategy=modal.ours("margin"), X_training=X[known], y_training=Y[known]
    )
    assert len(learner.query(np.delete(X, known, axis=0), n_instances=3)[0]) == 3


def test_modal_functions_run_in_our_loop_and_agree_with_ours(modal):
    from modAL.uncertainty import margin_sampling

    line = LogisticRegression().fit(X[:20], Y[:20])
    theirs = ew.query(line, X, 7, modal.Theirs(margin_sampling), rng=0).index
    assert set(theirs.tolist()) == set(ew.query(line, X, 7, "margin", rng=0).index.tolist())
    rounds = list(
        ew.learn(
            LogisticRegression(), X, GroundTruth(Y), modal.Theirs(margin_sampling), batch=6, budget=24, rng=0
        )
    )
    assert rounds[-1].n_labelled == 24
