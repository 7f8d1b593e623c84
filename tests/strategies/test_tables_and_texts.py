"""Frames with words, dates and gaps, and lists of texts: every strategy picks, and the container changes nothing."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import edgewise as ew
from edgewise.learning.oracle import GroundTruth
from edgewise.strategies.model_scores import embedder


pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("skrub")

RNG = np.random.default_rng(0)
N = 120
FRAME = pd.DataFrame(
    {
        "age": RNG.normal(40, 9, N),
        "spend": np.where(RNG.random(N) < 0.1, np.nan, RNG.gamma(2, 20, N)),
        "plan": RNG.choice(["free", "pro", "team"], N),
        "joined": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 900, N), "D"),
    }
)
Y = np.where((FRAME["plan"] == "pro") ^ (FRAME["age"] > 45), "yes", "no")
TEXTS = [f"{word} film number {i % 7}" for i, word in enumerate(RNG.choice(["good", "bad"], N))]
TEXT_Y = np.array([text.split()[0] for text in TEXTS])
WITHOUT = ["herding", "typical", "core-set", "edge-mix", "stratified", "probcover", "random"]
WITH = [*WITHOUT, "margin", "entropy", "badge", "density-margin"]


def pipeline():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encode = make_column_transformer((numbers, ["age", "spend"]), (OneHotEncoder(), ["plan"]))
    return make_pipeline(encode, LogisticRegression())


def polars(frame):
    return pytest.importorskip("polars").from_pandas(frame)


@pytest.mark.parametrize("strategy", WITHOUT)
def test_a_raw_frame_needs_no_model(strategy):
    picks = [
        ew.query(None, table, 8, strategy, labelled=(table[:20], Y[:20]), rng=0).index.tolist()
        for table in (FRAME, pa.Table.from_pandas(FRAME))
    ]
    assert len(set(picks[0])) == 8
    assert picks[0] == picks[1]


@pytest.mark.parametrize("strategy", WITH)
def test_a_fitted_pipeline_gets_the_frame_as_it_is(strategy):
    before = FRAME.copy()
    model = pipeline().fit(FRAME[:30], Y[:30])
    found = ew.query(model, FRAME, 8, strategy, labelled=(FRAME[:30], Y[:30]), rng=0)
    assert len(set(found.index.tolist())) == 8
    pd.testing.assert_frame_equal(FRAME, before)


def test_polars_frames_pick_the_same_rows():
    frame = polars(FRAME)
    model = pipeline().fit(FRAME[:30], Y[:30])
    other = pipeline().fit(frame[:30], Y[:30])
    for strategy in ("herding", "margin"):
        one = ew.query(model, FRAME, 8, strategy, labelled=(FRAME[:30], Y[:30]), rng=0)
        two = ew.query(other, frame, 8, strategy, labelled=(frame[:30], Y[:30]), rng=0)
        assert one.index.tolist() == two.index.tolist()


def test_distances_are_those_of_the_pipelines_own_transformer():
    model = pipeline().fit(FRAME[:30], Y[:30])
    look = embedder(model, "input", ew.pools.Pool.of(FRAME))
    assert np.array_equal(look(FRAME), model[:-1].transform(FRAME).astype(np.float32))


def test_gaps_behind_a_pipeline_are_the_mean_of_the_pool():
    keep = make_column_transformer(("passthrough", ["spend"]))
    model = make_pipeline(keep, HistGradientBoostingClassifier(max_iter=2)).fit(FRAME, Y)
    look = embedder(model, "input", ew.pools.Pool.of(FRAME))
    gaps = FRAME["spend"].isna()
    assert np.allclose(look(FRAME)[gaps], FRAME["spend"].mean())
    assert np.allclose(look(FRAME)[~gaps, 0], FRAME["spend"][~gaps])


@pytest.mark.parametrize("strategy", WITH)
def test_texts_go_to_the_pipeline_as_a_list(strategy):
    class Words(TfidfVectorizer):
        def transform(self, raw_documents):
            assert isinstance(raw_documents, list)
            return super().transform(raw_documents)

    model = make_pipeline(Words(), LogisticRegression()).fit(TEXTS[:30], TEXT_Y[:30])
    for kind in (list, tuple, np.array, pd.Series):
        found = ew.query(model, kind(TEXTS), 8, strategy, labelled=(TEXTS[:30], TEXT_Y[:30]), rng=0)
        assert len(set(found.index.tolist())) == 8


@pytest.mark.parametrize("strategy", WITHOUT)
def test_texts_need_no_model(strategy):
    assert len(set(ew.query(None, TEXTS, 8, strategy, rng=0).index.tolist())) == 8


@pytest.mark.parametrize(
    ("model", "pool", "y"),
    [(pipeline(), FRAME, Y), (make_pipeline(TfidfVectorizer(), LogisticRegression()), TEXTS, TEXT_Y)],
    ids=["frame", "texts"],
)
def test_the_loop_takes_them(model, pool, y):
    rounds = list(ew.learn(model, pool, GroundTruth(y), batch=10, budget=30, rng=0))
    assert [each.n_labelled for each in rounds] == [10, 20, 30]
    assert rounds[-1].model.predict(pool).shape == (N,)


def test_what_cannot_be_measured_or_moved_is_told():
    with pytest.raises(ew.InputError, match="holds texts"):
        ew.attack(lambda X: np.zeros(len(X), int), ["a", "b"])
    with pytest.raises(ew.InputError, match="labelled X must be texts"):
        ew.query(None, TEXTS, 3, "random", labelled=([[1.0], [2.0]], [0, 1]))
    with pytest.raises(ew.InputError, match=r"no pool file missing\.parquet"):
        ew.query(None, ["missing.parquet"], 1, "random")


@pytest.mark.parametrize("strategy", [name for name in ew.STRATEGIES if name != "max-confidence"])
def test_gaps_of_an_array_go_to_a_learner_that_takes_them(strategy):
    rng = np.random.default_rng(0)
    X = rng.random((120, 4))
    y = (X[:, 0] > 0.5).astype(int)
    gaps = np.where(rng.random(X.shape) < 0.1, np.nan, X)
    model = HistGradientBoostingClassifier(max_iter=5).fit(gaps[:40], y[:40])
    given = {"labelled": (gaps[:40], y[:40]), "candidates": np.arange(40, 120), "rng": 0}
    query = ew.query(model, gaps, 5, strategy, **given)
    assert len(set(query.index)) == 5
    assert np.isfinite(query.score).all() or strategy in ("edge-mix", "stratified", "random")
    with pytest.raises(ew.InputError, match="NaN"):
        ew.query(LogisticRegression().fit(X[:40], y[:40]), gaps, 5, "margin", rng=0)


def test_gaps_change_distances_by_the_mean_alone():
    rng = np.random.default_rng(1)
    X, y = rng.random((60, 3)), np.arange(60) % 2
    gaps = X.copy()
    gaps[::7, 1] = np.nan
    filled = np.where(np.isnan(gaps), np.nanmean(gaps, axis=0), gaps)
    model = HistGradientBoostingClassifier(max_iter=3).fit(filled, y)
    one, two = (ew.query(model, pool, 6, "core-set", rng=0).index for pool in (gaps, filled))
    assert one.tolist() == two.tolist()
