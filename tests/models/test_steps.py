"""Which columns go where in a pipeline, and what becomes of gaps, against what the steps do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import edgewise as ew
from edgewise.models.features import takes_gaps
from edgewise.models.steps import gaps_after, kept_columns, parts_of, unlike_its_kind


RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
FRAME = pd.DataFrame(X, columns=list("abcde"))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
GAPS = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
WAYS = {
    "numbers": ([2, 0], [-1]),
    "number": (2, [0]),
    "slices": (slice(0, 4, 2), slice(3, None)),
    "mask": ([True, False, True, False, True], []),
    "numpy": (np.array([4, 1]), np.array([True, False, False, False, False])),
    "shared": ([1, 1, 0], [1]),
}
NAMED = {
    "names": (["c", "a"], ["e"]),
    "name": (["b"], ["d", "a"]),
    "slices of names": (slice("b", "d"), slice(None, "a")),
    "chosen": (make_column_selector("[ae]"), ["b"]),
    "numbers of a frame": ([2, 0], slice(3, None)),
}


@pytest.mark.parametrize("rest", ["drop", "passthrough"])
@pytest.mark.parametrize("way", [*WAYS, *NAMED])
def test_parts_say_which_columns_leave_where(way, rest):
    rows = FRAME if way in NAMED else X
    one, other = (WAYS | NAMED)[way]
    one = [one] if isinstance(one, int) else one
    step = ColumnTransformer(
        [
            ("one", "passthrough", one),
            ("none", "drop", [1] if way in WAYS else ["b"]),
            ("other", "passthrough", other),
        ],
        remainder=rest,
        transformer_weights={"other": 3.0},
    ).fit(rows)
    made = np.asarray(step.transform(rows))
    parts = list(parts_of(step))
    assert sum(part.out.stop - part.out.start for part in parts) == made.shape[1]
    for part in parts:
        assert np.array_equal(made[:, part.out], part.weight * X[:, part.columns])


def test_kept_columns_are_those_that_are_left():
    gone = X.copy()
    gone[:, 1] = np.nan
    step = SimpleImputer().fit(gone)
    with pytest.warns(UserWarning, match="without any observed values"):
        made = step.transform(gone)
    assert np.array_equal(made, gone[:, kept_columns(step)])
    assert kept_columns(SimpleImputer(keep_empty_features=True).fit(gone)).all()
    step = SelectKBest(k=2).fit(X, Y)
    assert np.array_equal(step.transform(X), X[:, kept_columns(step)])


def test_steps_unlike_their_kind_say_why():
    class Twice(StandardScaler):
        def transform(self, X, copy=None):
            return 2 * super().transform(X, copy)

    class Silent(StandardScaler):
        pass

    assert unlike_its_kind(Silent().fit(X), StandardScaler) is None
    assert unlike_its_kind(VarianceThreshold().fit(X), VarianceThreshold.__mro__[1]) is None
    assert "transform of its own" in unlike_its_kind(Twice().fit(X), StandardScaler)
    assert unlike_its_kind(SimpleImputer().fit(X), SimpleImputer) is None
    assert "adds columns" in unlike_its_kind(SimpleImputer(add_indicator=True).fit(X), SimpleImputer)
    assert "takes 0 for missing" in unlike_its_kind(SimpleImputer(missing_values=0).fit(X), SimpleImputer)
    words = np.array([["x"], ["y"], ["x"]], dtype=object)
    assert "words" in unlike_its_kind(SimpleImputer(strategy="most_frequent").fit(words), SimpleImputer)


LINE = LogisticRegression()
WHO = {
    "a model that refuses": (LINE, "refused"),
    "one that takes them": (HistGradientBoostingClassifier(), "kept"),
    "filled first": (make_pipeline(SimpleImputer(), StandardScaler(), LINE), "filled"),
    "filled later": (make_pipeline(StandardScaler(), KNNImputer(), LINE), "filled"),
    "scaled only": (make_pipeline(StandardScaler(), LINE), "refused"),
    "scaled for one that takes them": (
        make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)),
        "kept",
    ),
    "refused before": (make_pipeline(PolynomialFeatures(), SimpleImputer(), LINE), "refused"),
    "every column filled": (
        make_pipeline(make_column_transformer((SimpleImputer(), [0, 1]), (KNNImputer(), [2, 3, 4])), LINE),
        "filled",
    ),
    "some columns left": (
        make_pipeline(make_column_transformer((SimpleImputer(), [0]), remainder="passthrough"), LINE),
        "refused",
    ),
}


@pytest.mark.parametrize("who", WHO)
def test_what_becomes_of_gaps_is_what_the_model_does(who):
    model, expected = WHO[who]
    assert gaps_after(model) == expected
    assert takes_gaps(GridSearchCV(model, {}, cv=2).fit(X, Y)) == (expected != "refused")
    if expected == "refused":
        with pytest.raises(ValueError, match="NaN"):
            model.fit(GAPS, Y)
        return
    model.fit(GAPS, Y)
    assert gaps_after(model) == expected
    query, frame = ew.query(model, GAPS, 4, "margin", rng=0), pd.DataFrame(GAPS)
    assert np.array_equal(query.index, ew.query(model.fit(frame, Y), frame, 4, "margin", rng=0).index)
