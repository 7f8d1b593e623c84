"""What is read of a model is what it answers: on the line, where a grid finds every crossing, or it is refused."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks import Moves, TreesExact
from edgewise.models.access import UnansweredError


reading = importlib.import_module("edgewise.attacks.trees.reading.read")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 1))
Y = (X[:, 0] + 0.7 * RNG.normal(size=200) > 0.8).astype(int)
Q = np.array([[-1.0], [0.5], [2.0]])
GRID = np.linspace(-4, 4, 16001)[:, None]
FOREST = RandomForestClassifier(7, max_depth=3, random_state=0)


def on_the_grid(model, rows=Q):
    """The distance to the nearest point of the grid with another label, infinite where there is none."""
    labels, own = model.predict(GRID), model.predict(rows)
    return [np.abs(GRID[labels != c, 0] - x[0]).min(initial=np.inf) for c, x in zip(own, rows, strict=True)]


def calibrated(inner=FOREST, **more):
    return CalibratedClassifierCV(inner, ensemble=False, **more)


def exponential():
    return GradientBoostingClassifier(n_estimators=8, loss="exponential", random_state=0)


@pytest.mark.parametrize(
    "model",
    [
        FixedThresholdClassifier(calibrated(), threshold=0.3),
        FixedThresholdClassifier(calibrated()),
        FixedThresholdClassifier(calibrated(method="isotonic"), threshold=0.4),
        FixedThresholdClassifier(make_pipeline(StandardScaler(), calibrated(exponential())), threshold=0.3),
        TunedThresholdClassifierCV(calibrated()),
        FixedThresholdClassifier(exponential(), threshold=0.3),
        FixedThresholdClassifier(HistGradientBoostingClassifier(max_iter=8), threshold=0.3),
        calibrated(
            VotingClassifier([("a", DecisionTreeClassifier(max_depth=3)), ("b", FOREST)], voting="soft")
        ),
        make_pipeline(StandardScaler(), calibrated()),
    ],
    ids=str,
)
def test_wrappers_of_two_classes_are_read_as_they_answer(model):
    model.fit(X, Y)
    wanted = on_the_grid(model)
    assert ew.radius(model, Q).distance == pytest.approx(wanted, abs=6e-4)
    assert ew.attack(model, Q).distance == pytest.approx(wanted, abs=6e-4)


def falling():
    rng = np.random.default_rng(0)
    few, noise = rng.normal(size=(40, 1)), rng.integers(0, 2, 40)
    model = calibrated(DecisionTreeClassifier(max_depth=2, random_state=0)).fit(few, noise)
    assert model.calibrated_classifiers_[0].calibrators[0].a_ > 0
    return model


def xgboost(**more):
    return pytest.importorskip("xgboost").XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1, **more)


def lightgbm(**more):
    return pytest.importorskip("lightgbm").LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1, **more)


THREE = Y + (X[:, 0] > 1)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (falling, "turns the order of scores around"),
        (lambda: calibrated(calibrated()).fit(X, Y), "around CalibratedClassifierCV"),
        (lambda: FixedThresholdClassifier(FixedThresholdClassifier(FOREST)).fit(X, Y), "around Fixed"),
        (lambda: xgboost(missing=0.0).fit(X, Y), r"missing=0\.0"),
        (lambda: xgboost(multi_strategy="multi_output_tree").fit(X, THREE), "vector a leaf"),
        (lambda: lightgbm(linear_tree=True).fit(X, Y), "linear_tree=True"),
    ],
    ids=["falling", "twice", "thresholds", "missing", "vectors", "linear"],
)
def test_what_a_sum_over_trees_is_not_is_refused_and_measured_by_its_answers(model, says):
    model = model()
    with pytest.raises(UnansweredError, match=says):
        ew.radius(model, Q)
    found = ew.attack(model, Q, rng=0)
    assert found.lower is None
    assert "race" in str(found).lower()


def strict(base):
    class Strict(base):
        def predict(self, X):
            return (self.predict_proba(X)[:, 1] > 0.8).astype(int)

    return Strict


SCALED = ("scale", StandardScaler())


@pytest.mark.parametrize(
    "model",
    [
        strict(Pipeline)([SCALED, ("model", LogisticRegression())]),
        strict(Pipeline)([SCALED, ("model", FOREST)]),
        strict(Pipeline)([SCALED, ("model", KNeighborsClassifier(5))]),
        strict(VotingClassifier)([("a", FOREST)], voting="soft"),
        strict(CalibratedClassifierCV)(FOREST, ensemble=False),
        strict(FixedThresholdClassifier)(FOREST),
        strict(GridSearchCV)(LogisticRegression(), {"C": [1.0]}),
        strict(RandomizedSearchCV)(FOREST, {"max_depth": [3]}, n_iter=1),
    ],
    ids=lambda model: type(model).__mro__[1].__name__,
)
def test_a_wrapper_with_a_predict_of_its_own_is_measured_by_its_answers(model):
    model.fit(X, Y)
    with pytest.raises(UnansweredError):
        ew.radius(model, Q)
    found = ew.attack(model, Q, rng=0)
    assert (found.distance >= np.array(on_the_grid(model)) - 6e-4).all()
    assert found.lower is None


@pytest.mark.parametrize("scaled", [False, True])
def test_a_model_that_does_not_answer_as_it_is_read_is_refused(monkeypatch, scaled):
    """A broken twin of each reader: one leaf, or the threshold, is not the model's."""
    forest = make_pipeline(StandardScaler(), FOREST) if scaled else FOREST
    boosted = HistGradientBoostingClassifier(max_iter=8)
    assert np.isfinite(ew.radius(forest.fit(X, Y), Q).distance).all()
    kinds = dict(reading.READERS)

    def leaf(model):
        ensemble = kinds[RandomForestClassifier](model)
        first = ensemble.trees[0]
        value = np.where(first.feature[:, None] < 0, 20 * first.value[:, ::-1], first.value)
        return replace(ensemble, trees=(replace(first, value=value), *ensemble.trees[1:]))

    def threshold(model):
        return replace(kinds[HistGradientBoostingClassifier](model), threshold=0.5)

    broken = ((RandomForestClassifier, leaf), (HistGradientBoostingClassifier, threshold))
    monkeypatch.setattr(reading, "READERS", broken)
    for model in (forest, boosted.fit(X, Y)):
        with pytest.raises(UnansweredError, match="does not answer as the trees in it say"):
            ew.radius(model, Q)
        assert ew.attack(model, Q, rng=0).lower is None


def sorts(kind):
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=300), rng.integers(0, 5, 300), rng.normal(size=300)])
    y = ((rows[:, 0] + 2 * np.isin(rows[:, 1], [1, 4]) + 0.3 * rng.normal(size=300)) > 0.5).astype(int)
    if kind == "lightgbm":
        return lightgbm(num_leaves=6, min_child_samples=5).fit(rows, y, categorical_feature=[1]), rows
    model = HistGradientBoostingClassifier(max_iter=8, categorical_features=[1], min_samples_leaf=5)
    return model.fit(rows, y), rows


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["lightgbm", "scikit-learn"])
@pytest.mark.parametrize("attack", ["auto", TreesExact(moves=Moves(frozen=[1]))], ids=["auto", "frozen"])
def test_a_category_stays_whether_a_split_knows_it_or_not(kind, attack):
    model, rows = sorts(kind)
    # Some categories are in no split of LightGBM's; 7 is new to both, and 1.4 is cut to 1 by LightGBM.
    asked = np.vstack([rows[:60], [[0.2, 2, 0], [0.2, 7, 0], [0.2, 1.4, 0], [0.2, np.nan, 0]]])
    found = ew.attack(model, asked, attack, rng=0)
    assert np.array_equal(found.points[:, 1], asked[:, 1], equal_nan=True)
    radius = ew.radius(model, asked)
    assert found.distance == pytest.approx(radius.distance)
    assert found.lower == pytest.approx(radius.lower)
    line = np.linspace(-4, 4, 401)
    for x, own, r in zip(asked, model.predict(asked), radius.distance, strict=True):
        near = np.array([[a, x[1], c] for a in line for c in line[::20]])
        away = np.hypot(near[:, 0] - x[0], near[:, 2] - x[2])
        crossed = away[model.predict(near) != own].min(initial=np.inf)
        assert r <= crossed + 1e-9
        assert crossed == pytest.approx(r, abs=0.25) or crossed == np.inf


def test_numbers_too_large_for_a_scaler_are_refused_and_near_it_nothing_leaks():
    rng = np.random.default_rng(0)
    for scale, model in ((1e17, FOREST), (5e18, HistGradientBoostingClassifier(max_iter=5))):
        rows = rng.normal(size=(80, 3)) * scale
        fitted = make_pipeline(StandardScaler(), model).fit(rows, (rows[:, 0] + rows[:, 1] > 0).astype(int))
        if scale < 1e18:
            assert np.isfinite(ew.radius(fitted, rows[:3]).distance).all()
        else:
            with pytest.raises(InputError, match=r"Give features in other units|does not answer"):
                ew.radius(fitted, rows[:3])
