"""What a change may consist of: frozen, one-way, whole numbers, grids, weights, a least step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks import LinearExact, Moves, TreesExact


RNG = np.random.default_rng(3)
X = RNG.integers(0, 9, (150, 3)).astype(float)
Y = (X[:, 0] + X[:, 1] > 8 + (X[:, 2] > 5)).astype(int)
MODEL = RandomForestClassifier(7, max_depth=4, random_state=0).fit(X, Y)
Q = RNG.integers(0, 9, (10, 3)).astype(float)
GRID = np.stack(np.meshgrid(*[np.arange(-2, 12.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
GRID_LABEL = MODEL.predict(GRID)


def expected(x, label, norm, moves, low=-2, high=11):
    """The least cost among the whole numbers that the rules allow."""
    rules = moves.of(MODEL, 3)
    move = GRID - x
    fine = GRID_LABEL != label
    fine &= ((GRID >= low) & (GRID <= high)).all(axis=1)
    for f, way in enumerate(rules.direction):
        fine &= {0: True, 1: move[:, f] >= 0, -1: move[:, f] <= 0, 2: move[:, f] == 0}[int(way)]
        if f in rules.grid:
            fine &= np.isin(GRID[:, f], rules.grid[f]) | (move[:, f] == 0)
    cost = np.linalg.norm(move[fine] * rules.weights, ord=norm, axis=1)
    return cost.min() if cost.size else np.inf


@given(
    st.sampled_from([1, 2, np.inf]),
    st.lists(st.sampled_from([0, 1, 2]), max_size=1),
    st.lists(st.sampled_from([0, 1, 2]), max_size=1),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_whole_numbers_agree_with_the_whole_grid(norm, frozen, up, weighted, observed):
    up = [f for f in up if f not in frozen]
    moves = Moves(
        frozen=frozen,
        up=up,
        integers=(0, 1) if observed else (0, 1, 2),
        grid={2: [0, 3, 4, 6, 8]} if observed else {},
        weights=[1.0, 2.0, 0.5] if weighted else None,
    )
    rows = Q.copy()
    if observed:
        rows[:, 2] = 4
    adv = ew.attack(MODEL, rows, TreesExact(norm, moves), box=(-2, 11))
    want = [expected(x, c, norm, moves) for x, c in zip(rows, adv.source_label, strict=True)]
    assert adv.distance == pytest.approx(want, rel=1e-12)
    assert adv.lower == pytest.approx(want, rel=1e-9)
    assert (adv.points == np.round(adv.points)).all()
    assert (adv.points[:, frozen] == rows[:, frozen]).all()
    assert (adv.points[:, up] >= rows[:, up]).all()


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_a_least_step_is_kept(norm):
    model = DecisionTreeClassifier().fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    wall = 0.5
    adv = ew.attack(model, [[wall - 1e-6], [0.1], [1.0], [0.6]], TreesExact(norm, Moves(step=0.3)))
    assert adv.distance == pytest.approx([0.3, 0.4, 0.5, 0.3], abs=1e-6)
    assert adv.points[0, 0] >= wall - 1e-6 + 0.3
    # The cell just across is thinner than the step: the nearest value lies beyond it.
    thin = DecisionTreeClassifier().fit([[0.0], [0.1], [0.2], [9.0]], [0, 1, 0, 1])
    adv = ew.attack(thin, [[0.04]], TreesExact(norm, Moves(step=2.0)))
    assert adv.distance == pytest.approx([4.56], abs=1e-6)
    assert thin.predict(adv.points)[0] == 1


def test_steps_hold_for_every_feature_that_moves():
    rng = np.random.default_rng(5)
    Z = rng.random((200, 4))
    y = (Z.sum(axis=1) + rng.normal(0, 0.2, 200) > 2).astype(int)
    model = GradientBoostingClassifier(n_estimators=15, random_state=0).fit(Z, y)
    for dtype in (np.float64, np.float32):
        rows = rng.random((20, 4)).astype(dtype)
        free = ew.attack(model, rows, TreesExact())
        adv = ew.attack(model, rows, TreesExact(moves=Moves(step=0.05)))
        moved = np.abs(adv.points.astype(float) - rows)
        assert ((moved == 0) | (moved >= 0.05)).all()
        assert (adv.distance >= free.distance - 1e-12).all()
        assert adv.counts["exact"].all()


def test_bad_moves_are_said():
    for moves, says in (
        (Moves(frozen=(7,)), "features 0 to 2"),
        (Moves(frozen=("age",)), "the model knows"),
        (Moves(up=(0,), down=(0,)), "freeze"),
        (Moves(grid={0: []}), "list of finite numbers"),
        (Moves(weights=[1, 2]), "weights"),
        (Moves(weights=0.0), "above 0"),
        (Moves(step=-1), "at least 0"),
        (Moves(frozen="ab"), "as a list"),
        (Moves(frozen=(True,)), "column number or name"),
    ):
        with pytest.raises(InputError, match=says):
            ew.attack(MODEL, Q, TreesExact(moves=moves))
    with pytest.raises(InputError, match="whole number"):
        ew.attack(MODEL, Q + 0.5, TreesExact(moves=Moves(integers=(0,))))
    with pytest.raises(InputError, match="trees do"):
        LinearExact(moves=Moves(step=0.1))


def test_features_go_by_name_where_the_model_knows_them():
    frame = pytest.importorskip("pandas").DataFrame(X, columns=["a", "b", "c"])
    model = RandomForestClassifier(3, random_state=0).fit(frame, Y)
    assert Moves(frozen=("b",)).of(model, 3).direction.tolist() == [0, 2, 0]
