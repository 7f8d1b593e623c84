"""Frames and sparse matrices reach the model as they are; strategies that need scores only pick the same rows."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.learning.oracle import GroundTruth, Victim, ask


rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")
FRAME = pd.DataFrame(X, columns=["b", "a", "c"])
MIXED = pd.DataFrame(
    {
        "age": rng.normal(40, 9, 150),
        "plan": rng.choice(["free", "pro"], 150),
        "spend": np.where(rng.random(150) < 0.1, np.nan, rng.gamma(2, 20, 150)),
        "joined": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, 150), "D"),
    }
)
PIPE = make_pipeline(
    make_column_transformer((SimpleImputer(), ["age", "spend"]), (OneHotEncoder(), ["plan"])),
    LogisticRegression(),
)


def frames():
    found = [pytest.param(FRAME, id="pandas")]
    for name, make in (("polars", "DataFrame"), ("pyarrow", "table")):
        try:
            library = __import__(name)
        except ModuleNotFoundError:
            continue
        found.append(pytest.param(getattr(library, make)({c: FRAME[c].to_numpy() for c in FRAME}), id=name))
    return found


class Columns:
    """Answers from the column named a, whatever the frame."""

    def __init__(self):
        self.seen = set()

    def predict_proba(self, rows):
        self.seen.add(type(rows).__name__)
        p = 1 / (1 + np.exp(-np.asarray(rows["a"], float)))
        return np.c_[1 - p, p]

    def predict(self, rows):
        return self.predict_proba(rows).argmax(axis=1)


@pytest.mark.parametrize("frame", frames())
def test_a_frame_reaches_the_model_as_a_frame(frame):
    model = Columns()
    near = set(np.argsort(np.abs(FRAME["a"].to_numpy()))[:9].tolist())
    assert set(ew.query(model, frame, 9, "margin", rng=0).index.tolist()) == near
    adv = ew.attack(model, frame, ew.attacks.Opt(budget=60), rng=0)
    assert (adv.source_label == (FRAME["a"] > 0)).all()
    assert (ask(Victim(model), frame).labels == (FRAME["a"] > 0)).all()
    assert model.seen == {type(frame).__name__}


@pytest.mark.parametrize(
    "strategy", ["random", "margin", "entropy", "edge-mix", "typical", "core-set", "badge"]
)
def test_a_mixed_frame_and_its_pipeline(strategy):
    before = MIXED.copy()
    model = PIPE.fit(MIXED[:50], Y[:50])
    pick = ew.query(model, MIXED[50:], 20, strategy, labelled=(MIXED[:50], Y[:50]), rng=0)
    assert len(set(pick.index.tolist())) == 20
    pd.testing.assert_frame_equal(MIXED, before)


def test_learning_from_a_mixed_frame():
    run = list(
        ew.learn(
            PIPE, MIXED, GroundTruth(Y), "margin", batch=20, budget=40, start=(MIXED[:10], Y[:10]), rng=0
        )
    )
    assert run[-1].n_labelled == 50
    assert run[-1].model.feature_names_in_.tolist() == MIXED.columns.tolist()


def test_missing_cells_are_the_models_business():
    model = HistGradientBoostingClassifier().fit(MIXED[["age", "spend"]], Y)
    assert len(ew.query(model, MIXED[["age", "spend"]], 9, "margin", rng=0).index) == 9


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ew.attack(PIPE.fit(MIXED, Y), MIXED, ew.attacks.Opt(budget=50), rng=0), "plan, joined"),
        (
            lambda: ew.query(
                PIPE.fit(MIXED, Y), MIXED, 5, "margin", labelled=(MIXED[["plan", "age"]], Y), rng=0
            ),
            "columns of the pool",
        ),
        (
            lambda: ew.query(LogisticRegression().fit(FRAME, Y), MIXED, 5, "margin", rng=0),
            "was fitted to b, a, c. Give these, in this order",
        ),
        (lambda: ew.query(None, pd.concat([FRAME, FRAME], axis=1), 5, "random", rng=0), "twice"),
        (lambda: ew.query(None, FRAME[:0], 5, "random", rng=0), "empty"),
        (lambda: ew.attack(PIPE, ["a good film", "a bad one."], "opt", rng=0), "texts"),
        (lambda: ew.query(None, np.ma.masked_less(X, 0), 1, "random", rng=0), "masked"),
        (lambda: ew.query(None, X.astype("M8[s]"), 1, "random", rng=0), "datetime64"),
        (lambda: ew.query(None, X.astype(complex), 1, "random", rng=0), "complex"),
        (lambda: ew.attack(LogisticRegression().fit(X, Y), sp.csr_array(X), "opt", rng=0), "sparse"),
    ],
)
def test_what_cannot_be_done_is_said_by_name(call, said):
    with pytest.raises(InputError, match=said):
        call()


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csr_array, sp.coo_array, sp.csc_matrix])
@pytest.mark.parametrize(
    "strategy", ["random", "margin", "entropy", "least-confidence", "typical", "edge-mix"]
)
def test_sparse_rows_give_the_picks_of_dense_ones(kind, strategy):
    rows = np.where(np.abs(X) > 0.5, X, 0)
    model = LogisticRegression().fit(rows, Y)
    sparse, dense = (
        ew.query(
            model,
            pool,
            9,
            strategy,
            labelled=(pool[:20] if hasattr(pool, "indptr") else rows[:20], Y[:20]),
            rng=0,
        )
        for pool in (kind(rows).tocsr(), rows)
    )
    assert sparse.index.tolist() == dense.index.tolist()


def test_learning_from_a_sparse_pool():
    run = list(
        ew.learn(LogisticRegression(), sp.coo_array(X), GroundTruth(Y), "margin", batch=5, budget=15, rng=0)
    )
    assert run[-1].n_labelled == 15


@pytest.mark.parametrize(
    "settings",
    [
        {"metric": "manhattan"},
        {"metric": "cosine"},
        {"metric": "l2"},
        {"metric": "minkowski", "p": 3},
        {"metric": "minkowski", "metric_params": {"w": np.array([1.0, 2.0, 3.0])}},
        {"weights": "distance"},
        {"weights": lambda d: 1 / (1 + d)},
        {"metric": lambda a, b: float(np.abs(a - b).sum()), "algorithm": "brute"},
    ],
    ids=lambda settings: "-".join(str(value) for value in settings.values() if not callable(value)),
)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("strategy", ["margin", "edge-mix"])
def test_a_query_on_nearest_neighbours_needs_scores_only(settings, sparse, strategy):
    if sparse and settings.get("metric") not in ("manhattan", "cosine", "l2", None):
        pytest.skip("scikit-learn has no such metric for sparse rows")
    fit, pool = (sp.csr_array(X), sp.csr_array(X)) if sparse else (X, X)
    model = KNeighborsClassifier(3, **settings).fit(fit, Y)
    assert len(ew.query(model, pool, 9, strategy, labelled=(pool[:20], Y[:20]), rng=0).index) == 9
