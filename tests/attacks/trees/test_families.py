"""Every family, wrapper and library: the model itself confirms each point, and nothing nearer crosses."""

import warnings

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, QuantileTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks import TreesExact
from edgewise.attacks.exact import exact
from edgewise.models.access import UnansweredError


RNG = np.random.default_rng(0)
X = RNG.random((160, 4))
X[:, 3] = np.round(X[:, 3] * 4)
THREE = (X[:, 0] + X[:, 1] * X[:, 2] > 0.8).astype(int) + (X[:, 3] > 2)
TWO = np.where(THREE > 0, "yes", "no")
Q = RNG.random((8, 4)) * [1, 1, 1, 4]
LOW, HIGH = np.zeros(4), np.array([1, 1, 1, 4.0])


def boost(kind):
    def make(y):
        library = pytest.importorskip(kind)
        quiet = {
            "xgboost": lambda: library.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1),
            "lightgbm": lambda: library.LGBMClassifier(
                n_estimators=8, verbose=-1, n_jobs=1, min_child_samples=5
            ),
            "catboost": lambda: library.CatBoostClassifier(
                n_estimators=8, depth=3, verbose=0, allow_writing_files=False, thread_count=1
            ),
        }
        return quiet[kind](), np.unique(y, return_inverse=True)[1]

    return make


def plain(model):
    return lambda y: (model, y)


TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
FAMILIES = {
    "tree": plain(DecisionTreeClassifier(random_state=0)),
    "random-forest": plain(RandomForestClassifier(8, random_state=0)),
    "extra-trees": plain(ExtraTreesClassifier(6, random_state=0)),
    "gradient-boosting": plain(GradientBoostingClassifier(n_estimators=8, random_state=0)),
    "gradient-boosting-zero": plain(GradientBoostingClassifier(n_estimators=8, init="zero", random_state=0)),
    "hist-gradient-boosting": plain(HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=5)),
    "bagging": plain(BaggingClassifier(TREE, n_estimators=7, max_features=0.6, random_state=0)),
    "ada-boost": plain(AdaBoostClassifier(TREE, n_estimators=6, random_state=0)),
    "xgboost": boost("xgboost"),
    "lightgbm": boost("lightgbm"),
    "catboost": boost("catboost"),
    "scaled": plain(
        make_pipeline(StandardScaler(), MinMaxScaler(), RandomForestClassifier(6, random_state=0))
    ),
    "warped": plain(
        make_pipeline(
            QuantileTransformer(n_quantiles=40),
            PowerTransformer(),
            HistGradientBoostingClassifier(max_iter=8),
        )
    ),
    "columns": plain(
        make_pipeline(
            ColumnTransformer([("a", StandardScaler(), [2, 0])], remainder="passthrough"),
            SelectKBest(k=3),
            GradientBoostingClassifier(n_estimators=8, random_state=0),
        )
    ),
    "soft-vote": plain(
        VotingClassifier(
            [
                ("a", RandomForestClassifier(5, random_state=0)),
                ("b", ExtraTreesClassifier(4, random_state=0)),
            ],
            voting="soft",
            weights=[1, 2],
        )
    ),
    "hard-vote": plain(
        VotingClassifier([(str(d), DecisionTreeClassifier(max_depth=d, random_state=0)) for d in (2, 3, 4)])
    ),
}
BINARY = {
    "sigmoid": CalibratedClassifierCV(
        GradientBoostingClassifier(n_estimators=8, random_state=0), ensemble=False
    ),
    "isotonic": CalibratedClassifierCV(
        RandomForestClassifier(8, random_state=0), ensemble=False, method="isotonic"
    ),
    "threshold": FixedThresholdClassifier(
        RandomForestClassifier(8, random_state=0),
        threshold=0.3,
        pos_label="yes",
        response_method="predict_proba",
    ),
}
CASES = [(name, make, y) for name, make in FAMILIES.items() for y in (TWO, THREE)]
CASES += [(name, plain(model), TWO) for name, model in BINARY.items()]


def fitted(make, y):
    model, labels = make(y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, labels)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(("name", "make", "y"), CASES, ids=[f"{n}-{len(set(y))}" for n, _, y in CASES])
def test_points_are_confirmed_and_nothing_nearer_crosses(name, make, y):
    model = fitted(make, y)
    rng = np.random.default_rng(1)
    steps = rng.uniform(-1, 1, (400, 4)) * rng.integers(0, 2, (400, 4))
    for dtype in (np.float32, np.float64):  # the last is looked at from nearer by
        for norm in (1, 2, np.inf):
            rows = Q.astype(dtype)
            adv = ew.attack(model, rows, TreesExact(norm), box=(LOW, HIGH))
            assert adv.found.all()
            assert (np.ravel(model.predict(adv.points)) != adv.source_label).all()
            assert ((adv.points >= LOW) & (adv.points <= HIGH)).all()
            assert adv.counts["exact"].all()
            assert adv.lower == pytest.approx(adv.distance, rel=1e-9)
    size = np.abs(steps).max(axis=1, keepdims=True)
    for x, c, r in zip(rows, adv.source_label, adv.lower, strict=True):
        near = np.clip(x + steps / np.maximum(size, 1e-9) * r * (1 - 1e-6), LOW, HIGH)
        assert (np.ravel(model.predict(near)) == c).all()


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("kind", ["xgboost", "lightgbm"])
def test_a_calibrated_library_model_gives_chances_to_its_calibrator(kind):
    inner, labels = boost(kind)(TWO)
    model = CalibratedClassifierCV(inner, ensemble=False).fit(X, labels)
    adv = ew.attack(model, Q, TreesExact(), box=(LOW, HIGH))
    assert adv.found.all()
    assert adv.lower == pytest.approx(adv.distance, rel=1e-9)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(6, random_state=0),
        HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=5),
        make_pipeline(SimpleImputer(), GradientBoostingClassifier(n_estimators=8, random_state=0)),
        "xgboost",
        "lightgbm",
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_missing_values_stay_and_keep_their_route(model):
    holes, rows = X.copy(), Q.copy()
    holes[RNG.random(X.shape) < 0.15] = np.nan
    rows[::2, 0] = np.nan
    rows[1, 1:3] = np.nan
    model = boost(model)(TWO)[0] if isinstance(model, str) else model
    model.fit(holes, (THREE > 0).astype(int))
    adv = ew.attack(model, rows, TreesExact(), box=(LOW, HIGH))
    assert (np.isnan(adv.points) == np.isnan(rows)).all()
    assert (np.isfinite(adv.distance) == adv.found).all()
    assert adv.found.any()
    crossed = adv.found
    assert (model.predict(adv.points[crossed]) != adv.source_label[crossed]).all()
    rng = np.random.default_rng(2)
    for x, c, r in zip(rows, adv.source_label, np.minimum(adv.lower, 4), strict=True):
        near = np.clip(x + rng.uniform(-1, 1, (200, 4)) * r / 2 * (1 - 1e-6), LOW, HIGH)
        assert (model.predict(near) == c).all()


@pytest.mark.parametrize("kind", ["sklearn", "lightgbm"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_categorical_features_stay_as_they_are(kind):
    y = (np.isin(X[:, 3], (0, 3)) ^ (X[:, 0] > 0.5)).astype(int)
    if kind == "sklearn":
        model = HistGradientBoostingClassifier(max_iter=8, categorical_features=[3], min_samples_leaf=5).fit(
            X, y
        )
    else:
        library = pytest.importorskip("lightgbm")
        model = library.LGBMClassifier(
            n_estimators=8, verbose=-1, min_child_samples=5, min_data_per_group=5, n_jobs=1
        )
        model.fit(X, y, categorical_feature=[3])
    rows = np.round(Q)
    rows[:, :3] = Q[:, :3]
    adv = ew.attack(model, rows, TreesExact())
    assert adv.found.any()
    assert (adv.points[:, 3] == rows[:, 3]).all()
    crossed = adv.found
    assert (model.predict(adv.points[crossed]) != adv.source_label[crossed]).all()
    assert adv.lower[crossed] == pytest.approx(adv.distance[crossed], rel=1e-9)


REFUSED = {
    "not fitted": (RandomForestClassifier(), "not fitted"),
    "an init that looks at the row": (
        GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()).fit(X, TWO),
        "starts from LogisticRegression",
    ),
    "a mean of calibrated models": (
        CalibratedClassifierCV(RandomForestClassifier(3), cv=2).fit(X, TWO),
        "ensemble=False",
    ),
    "a hard vote over forests": (
        VotingClassifier([("a", RandomForestClassifier(2)), ("b", TREE)]).fit(X, TWO),
        "voting='soft'",
    ),
    "another model": (LogisticRegression().fit(X, TWO), "not a tree"),
    "a vote over boosting": (
        VotingClassifier([("a", GradientBoostingClassifier(n_estimators=2, init="zero"))], voting="soft").fit(
            X, THREE
        ),
        "no sum over trees",
    ),
    "a threshold on votes": (
        FixedThresholdClassifier(
            AdaBoostClassifier(TREE, n_estimators=2), response_method="predict_proba"
        ).fit(X, (THREE > 0).astype(int)),
        "AdaBoost",
    ),
    "bagging of other models": (
        BaggingClassifier(LogisticRegression(), 2).fit(X, TWO),
        "bagging of Logistic",
    ),
}


@pytest.mark.parametrize(("model", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_read_is_refused(model, says):
    with pytest.raises(InputError, match=says):
        ew.attack(model, Q, TreesExact())


def test_bad_rows_and_boxes():
    model = RandomForestClassifier(3, random_state=0).fit(X, TWO)
    with pytest.raises(InputError, match="features"):
        ew.radius(model, Q[:, :2])
    with pytest.raises(InputError, match="infinite"):
        ew.attack(model, np.where(Q > 0.9, np.inf, Q), TreesExact())
    with pytest.raises(InputError, match="norm"):
        TreesExact(norm=3)
    with pytest.raises(InputError, match="seconds"):
        TreesExact(seconds=0)
    # A row outside its box pays the way in.
    adv = ew.attack(model, Q + 10, TreesExact(norm=1), box=(LOW, HIGH))
    assert ((adv.points >= LOW) & (adv.points <= HIGH)).all()
    assert (adv.distance >= np.abs(Q + 10 - HIGH).sum(axis=1) - 1e-9)[adv.found].all()


def test_the_exact_attack_of_a_model():
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    kinds = {
        "trees": RandomForestClassifier(2),
        "linear": LogisticRegression(),
        "region-exact": KNeighborsClassifier(1),
    }
    for name, model in kinds.items():
        assert exact(model.fit(X, TWO), np.inf)[0] == name
    assert exact(SVC().fit(X, TWO))[0] is None
    assert "neighbours" in exact(KNeighborsClassifier(3).fit(X, TWO), 1)[1]
    with pytest.raises(UnansweredError, match="SVC"):
        ew.radius(SVC().fit(X, TWO), Q)


@pytest.mark.parametrize("columns", [["c", "a"], [2, 0]])
def test_a_column_transformer_that_was_fitted_on_a_frame(columns):
    pandas = pytest.importorskip("pandas")
    frame, rows = (pandas.DataFrame(part, columns=list("abcd")) for part in (X, Q))
    model = make_pipeline(
        ColumnTransformer([("scale", StandardScaler(), columns)], remainder="passthrough"),
        RandomForestClassifier(6, random_state=0),
    ).fit(frame, TWO)
    bare = make_pipeline(
        ColumnTransformer([("scale", StandardScaler(), [2, 0])], remainder="passthrough"),
        RandomForestClassifier(6, random_state=0),
    ).fit(X, TWO)
    adv, same = ew.attack(model, rows, rng=0), ew.attack(bare, Q, rng=0)
    assert "TreesExact" in adv.attack
    # The scaler adds the columns of a frame up in another order: its means may differ in the last digit.
    assert adv.points == pytest.approx(same.points, rel=1e-9)
    assert ew.radius(model, rows).distance == pytest.approx(same.lower, rel=1e-9)
    assert np.array_equal(
        ew.query(model, frame, 3, "dfal", rng=0).index, ew.query(bare, X, 3, "dfal", rng=0).index
    )
    assert (adv.counts["frozen"] == 0).all()


def test_what_had_to_stay_is_said():
    rows = Q.copy()
    rows[0, 1] = np.nan
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features=[3]).fit(X, TWO)
    rows[:, 3] = np.round(rows[:, 3])
    adv = ew.attack(model, rows, TreesExact(), rng=0)
    assert adv.counts["frozen"].tolist() == [2] + [1] * (len(rows) - 1)
    assert np.array_equal(adv.points[:, 3], rows[:, 3])


class Mirrored(StandardScaler):
    """A scaler that turns the order of numbers round."""

    def transform(self, X, copy=None):
        return -super().transform(X, copy)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (SimpleImputer(missing_values=0), "SimpleImputer takes 0 for missing, not NaN"),
        (SimpleImputer(add_indicator=True), "adds columns that say what was missing"),
        (Mirrored(), "Mirrored has a transform of its own"),
        (ColumnTransformer([("a", Mirrored(), [0])]), "Mirrored has a transform of its own"),
        (
            ColumnTransformer([("a", StandardScaler(), [0, 1])], transformer_weights={"a": -1.0}),
            "weight of -1 is not seen through",
        ),
    ],
    ids=["zeros", "indicator", "mirrored", "mirrored-part", "weight"],
)
def test_steps_that_do_not_keep_the_order_of_numbers_are_refused(step, why):
    """Zeros that stand for something missing gave a distance of 0 where it was 1.3."""
    rng = np.random.default_rng(5)
    X = rng.integers(0, 8, (80, 2)).astype(float)
    model = make_pipeline(step, DecisionTreeClassifier(random_state=0)).fit(X, (X[:, 0] > 0) & (X[:, 0] < 5))
    with pytest.raises(InputError, match=why):
        ew.radius(model, X[:3])
    assert ew.attack(model, X[:1], rng=0).attack.startswith("Race")
