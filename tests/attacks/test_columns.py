"""Attacks on the numeric columns of a frame that are named: the others stay as they are."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import edgewise as ew


pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"age": RNG.normal(40, 9, 80), "debt": RNG.normal(0, 5, 80), "plan": RNG.choice(["free", "pro"], 80)},
    index=[f"c{i}" for i in range(80)],
)
Y = FRAME["age"] + 10 * (FRAME["plan"] == "pro") > 45
MODEL = make_pipeline(
    make_column_transformer((StandardScaler(), ["age", "debt"]), (OneHotEncoder(), ["plan"])),
    LogisticRegression(C=100),
).fit(FRAME, Y)


def kept(frame):
    return frame


def arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


def polars(frame):
    return pytest.importorskip("polars").from_pandas(frame)


@pytest.mark.parametrize("turn", [kept, arrow, polars])
def test_only_the_named_columns_move_and_the_model_says_so(turn):
    part = FRAME[:6]
    asked = []

    def model(X):
        frame = X if hasattr(X, "iloc") else X.to_pandas()
        assert list(frame.columns)[:3] == ["age", "debt", "plan"]
        asked.append(set(zip(frame["debt"], frame["plan"], strict=True)))
        return MODEL.predict(frame)

    adv = ew.attack(model, turn(part), ew.attacks.Opt(budget=150), columns=["age"], rng=0)
    assert adv.points.shape == (6, 1)
    assert set.union(*asked) == set(zip(part["debt"], part["plan"], strict=True))
    moved = part.assign(age=adv.points[:, 0])
    assert (MODEL.predict(moved) == adv.label).all()
    assert (adv.label != adv.source_label)[adv.success].all()
    # Along one column of a linear model the crossing is known.
    weights = MODEL[-1].coef_[0]
    scale = MODEL[0].named_transformers_["standardscaler"].scale_[0]
    gap = np.abs(MODEL.decision_function(part)) / np.abs(weights[0]) * scale
    assert adv.success.sum() >= 3
    assert np.allclose(adv.distance[adv.success], gap[adv.success], rtol=0.02)


@pytest.mark.parametrize(
    ("columns", "attack", "told"),
    [
        (["age", "plan"], "opt", "hold no numbers"),
        (["aeg"], "opt", "did you mean 'age'"),
        ("age", "opt", "a list of different names"),
        (["age", "age"], "opt", "a list of different names"),
        ([], "opt", "a list of different names"),
        (["age"], "linear", "ask for labels only"),
        (["age"], lambda model, X, y: X, "ask for labels only"),
    ],
)
def test_what_does_not_go_is_told(columns, attack, told):
    with pytest.raises(ew.InputError, match=told):
        ew.attack(MODEL, FRAME[:4], attack, columns=columns)


def test_columns_need_a_frame():
    with pytest.raises(ew.InputError, match="those of a frame"):
        ew.attack(lambda X: X[:, 0] > 0, np.ones((2, 2)), columns=["age"])
