"""A model that was fitted to named columns never gets the numbers of others, whoever reads them."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.attacks import TreesExact
from edgewise.audit.victims.local import LocalModel
from edgewise.models.unwrap import fitted_columns


pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": RNG.normal(size=80), "b": 5 * RNG.normal(size=80)})
SWAPPED, MORE = FRAME[["b", "a"]], FRAME.assign(c=1.0)
Y = (FRAME["a"] > 0).astype(int)
MODELS = [
    LogisticRegression(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    GridSearchCV(LogisticRegression(), {"C": [1.0]}),
    DecisionTreeClassifier(random_state=0),
    RandomForestClassifier(5, random_state=0),
    KNeighborsClassifier(1),
]
CALLS = {
    "attack": lambda model, X: ew.attack(model, X[:4]),
    "race": lambda model, X: ew.attack(model, X[:4], "race", rng=0),
    "radius": lambda model, X: ew.radius(model, X[:4]),
    **{
        name: lambda model, X, name=name: ew.query(model, X, 4, name, rng=0)
        for name in ("margin", "herding", "dfal", "random")
    },
}


def arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_columns_in_another_order_are_refused_by_name(model, call):
    model = model.fit(FRAME, Y)
    call(model, FRAME)
    for other in (SWAPPED, MORE):
        with pytest.raises(ew.InputError, match=r"columns b, a.*|columns a, b, c.*") as caught:
            call(model, other)
        assert "was fitted to a, b. Give these, in this order." in str(caught.value)


def test_frames_of_other_libraries_are_asked_for_their_names_too():
    model = LogisticRegression().fit(FRAME, Y)
    with pytest.raises(ew.InputError, match="fitted to a, b"):
        ew.radius(model, arrow(SWAPPED))
    assert np.array_equal(ew.radius(model, arrow(FRAME)).distance, ew.radius(model, FRAME).distance)


def test_the_nearest_rows_of_a_pool_to_trees():
    tree = DecisionTreeClassifier(random_state=0).fit(FRAME, Y)
    with pytest.raises(ew.InputError, match="fitted to a, b"):
        TreesExact().smallest(tree, SWAPPED, 3)
    assert len(TreesExact().smallest(tree, FRAME, 3).index) == 3


def test_a_pipeline_that_picks_its_columns_by_name_takes_any_order_and_more():
    model = make_pipeline(make_column_transformer((StandardScaler(), ["a", "b"])), LogisticRegression()).fit(
        FRAME, Y
    )
    assert fitted_columns(model) is None
    # What asks for answers hands over the frame; what reads numbers beside the weights refuses other columns.
    assert ew.attack(model, MORE[:4], "race", rng=0).found.all()
    picks = [ew.query(model, X, 4, "margin", rng=0).index for X in (FRAME, SWAPPED, MORE)]
    assert np.array_equal(picks[0], picks[1])
    assert np.array_equal(picks[0], picks[2])


@pytest.mark.parametrize(
    "last", [LogisticRegression(), DecisionTreeClassifier(random_state=0), KNeighborsClassifier(1)], ids=str
)
def test_what_reads_the_inside_of_such_a_pipeline_refuses_columns_in_another_order(last):
    """Their numbers were taken by place: distances were wrong without a word."""
    model = make_pipeline(make_column_transformer((StandardScaler(), ["b"]), remainder="passthrough"), last)
    model.fit(FRAME, Y)
    distance = ew.radius(model, FRAME[:4]).distance
    assert np.allclose(ew.attack(model, FRAME[:4]).distance, distance, rtol=1e-6, atol=0)
    for other in (SWAPPED, MORE):
        for call in (CALLS["attack"], CALLS["radius"], CALLS["dfal"]):
            with pytest.raises(ew.InputError, match=r"was fitted to a, b\. Give these, in this order"):
                call(model, other)


def test_arrays_go_to_a_model_with_names_as_they_are():
    model = KNeighborsClassifier(1).fit(FRAME, Y)
    assert np.array_equal(ew.radius(model, FRAME.to_numpy()).distance, ew.radius(model, FRAME).distance)


def test_an_audited_model_is_asked_by_name():
    victim = LocalModel(LogisticRegression().fit(FRAME, Y))
    assert victim.columns == ("a", "b")
    assert [reply.label for reply in victim.send(FRAME.to_numpy())] == victim.model.predict(FRAME).tolist()
    with pytest.raises(ew.InputError, match="was fitted to a, b; got rows of 3 features"):
        victim.send(np.zeros((2, 3)))
