"""Linear models against the closed form, a generic program, and the model itself."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks import LinearExact, Moves
from edgewise.models.access import Access, UnansweredError


RNG = np.random.default_rng(0)
X = RNG.normal(0, 2, (200, 4)) * [1, 10, 0.1, 3] + [0, 50, 1, 0]
THREE = (X[:, 0] + X[:, 1] / 10 > 5).astype(int) + (X[:, 3] > 2)
TWO = np.where(THREE > 0, "yes", "no")
Q = X[:12] + RNG.normal(0, 0.1, (12, 4))
LOW, HIGH = np.minimum(X.min(axis=0), Q.min(axis=0)), np.maximum(X.max(axis=0), Q.max(axis=0))
MODELS = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "svm": make_pipeline(MinMaxScaler(), LinearSVC()),
    "ridge": make_pipeline(RobustScaler(), RidgeClassifier()),
    "lda": LinearDiscriminantAnalysis(),
    "sgd": make_pipeline(MaxAbsScaler(), StandardScaler(), SGDClassifier(random_state=0)),
    "uncentred": make_pipeline(StandardScaler(with_mean=False), LogisticRegression()),
    "unscaled": make_pipeline(StandardScaler(with_std=False), LogisticRegression(max_iter=2000)),
    "robust": make_pipeline(
        RobustScaler(with_centering=False), RobustScaler(with_scaling=False), RidgeClassifier()
    ),
    "pca": make_pipeline(StandardScaler(), PCA(3, whiten=True), LogisticRegression()),
    "imputed": make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
    "columns": make_pipeline(
        ColumnTransformer(
            [("a", make_pipeline(StandardScaler(), PCA(2)), [3, 0]), ("b", RobustScaler(), [0, 1])],
            remainder="passthrough",
            transformer_weights={"b": -2.0},
        ),
        LogisticRegression(max_iter=2000),
    ),
}


class Doubling(StandardScaler):
    """A scaler that does more than its parameters say."""

    def transform(self, X, copy=None):
        return 2 * super().transform(X, copy)


def program(w, gap, low, high, norm):
    """The shortest move with ``w move >= gap`` between bounds, by SciPy."""
    d = len(w)
    if norm == 2:
        start = np.clip(w * gap / (w @ w), low, high)
        done = minimize(
            lambda m: m @ m,
            start,
            jac=lambda m: 2 * m,
            bounds=list(zip(low, high, strict=True)),
            constraints={"type": "ineq", "fun": lambda m: w @ m - gap, "jac": lambda m: w},
            options={"maxiter": 500, "ftol": 1e-14},
        )
        return np.linalg.norm(done.x) if done.success else np.inf
    one = np.ones(d) if norm == 1 else np.zeros(d)
    longest = [] if norm == 1 else [1.0]
    cost = np.concatenate([np.zeros(d), one, longest])
    eye, zero = np.eye(d), np.zeros((d, len(longest)))
    rows = [np.hstack([eye, -eye, zero]), np.hstack([-eye, -eye, zero])]
    if longest:
        rows.append(np.hstack([np.zeros((d, d)), eye, -np.ones((d, 1))]))
    rows.append(np.concatenate([-w, np.zeros(len(cost) - d)])[None])
    A = np.vstack(rows)
    b = np.concatenate([np.zeros(len(A) - 1), [-gap]])
    bounds = [*zip(low, high, strict=True), *[(0, None)] * (len(cost) - d)]
    done = linprog(cost, A_ub=A, b_ub=b, bounds=bounds)
    return done.fun if done.success else np.inf


@pytest.mark.parametrize("norm", [1, 2, np.inf])
@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("y", [TWO, THREE], ids=["2", "3"])
@pytest.mark.parametrize("name", MODELS)
def test_distances_are_those_of_a_generic_program(name, y, boxed, norm):
    model = MODELS[name].fit(X, y)
    box = (LOW, HIGH) if boxed else None
    adv = ew.attack(model, Q, LinearExact(norm), box=box)
    known = Access.to(model, 1).weights()
    scores = known.scores(Q)
    assert (known.classes[scores.argmax(axis=1)] == model.predict(Q)).all()
    said = model.decision_function(Q)
    said = np.column_stack([np.zeros(len(said)), said]) if said.ndim == 1 else said
    assert np.diff(scores) == pytest.approx(np.diff(said), rel=1e-6, abs=1e-9)
    for i, a in enumerate(scores.argmax(axis=1)):
        low, high = (LOW - Q[i], HIGH - Q[i]) if boxed else (np.full(4, -1e6), np.full(4, 1e6))
        want = min(
            program(known.coef[b] - known.coef[a], scores[i, a] - scores[i, b], low, high, norm)
            for b in range(len(known.classes))
            if b != a
        )
        assert adv.lower[i] == pytest.approx(want, rel=1e-4, abs=1e-6)
        assert adv.found[i] == np.isfinite(want)
    found = adv.found
    assert (model.predict(adv.points[found]) != adv.source_label[found]).all()
    assert adv.distance[found] == pytest.approx(adv.lower[found], rel=1e-9, abs=1e-10)
    assert ew.radius(model, Q, norm=norm, box=box).distance == pytest.approx(adv.lower, rel=1e-9, abs=1e-12)


def test_float32_points_cross_as_they_are():
    model = MODELS["logistic"].fit(X, THREE)
    rows = Q.astype(np.float32)
    for norm in (1, 2, np.inf):
        adv = ew.attack(model, rows, LinearExact(norm), box=(LOW, HIGH))
        assert adv.points.dtype == np.float32
        assert adv.found.all()
        assert adv.distance == pytest.approx(adv.lower, rel=1e-3, abs=1e-3)


def test_frozen_one_way_and_weighted_features():
    model = MODELS["logistic"].fit(X, TWO)
    plain = ew.attack(model, Q, LinearExact())
    for moves in (Moves(frozen=(1,)), Moves(up=(0, 3)), Moves(down=(0,))):
        adv = ew.attack(model, Q, LinearExact(moves=moves))
        rules = moves.of(model, 4)
        moved = (adv.points - Q)[adv.found]
        assert (moved[:, rules.direction == 2] == 0).all()
        assert (moved[:, rules.direction == 1] >= 0).all()
        assert (moved[:, rules.direction == -1] <= 0).all()
        assert (adv.lower >= plain.lower - 1e-12).all()
    twice = ew.attack(model, Q, LinearExact(moves=Moves(weights=2.0)))
    assert twice.distance == pytest.approx(2 * plain.distance, rel=1e-9)


def test_nothing_crosses_in_a_flat_box_or_without_weights():
    model = LogisticRegression().fit(X, TWO)
    assert ew.attack(model, Q[:1], LinearExact(), box=(Q[0], Q[0])).status.tolist() == ["none-exists"]


def test_selection_asks_nothing_and_is_exact():
    model = MODELS["svm"].fit(X, THREE)
    away = LinearExact().distances(model, X)
    picked = ew.query(model, X, 7, strategy="dfal").index
    assert np.sort(away[picked]) == pytest.approx(np.sort(away)[:7])


def test_what_is_not_linear_is_refused():
    for model in (
        SVC(kernel="linear"),
        make_pipeline(PolynomialFeatures(), LogisticRegression(max_iter=9999)),
    ):
        with pytest.raises(UnansweredError):
            ew.attack(model.fit(X / 10, THREE), Q, LinearExact())
    with pytest.raises(InputError, match="outside the box"):
        ew.attack(MODELS["lda"].fit(X, TWO), Q + 1e4, LinearExact(), box=(LOW, HIGH))
    assert ew.attack(SVC(kernel="linear").fit(X / 10, TWO), Q / 10, LinearExact()).found.all()


def test_a_step_that_does_not_do_what_its_parameters_say_is_not_read():
    model = make_pipeline(Doubling(), LogisticRegression()).fit(X, TWO)
    with pytest.raises(InputError, match="not what their parameters say"):
        ew.attack(model, Q, "linear")
    assert ew.attack(model, Q[:2], rng=0).found.all()
