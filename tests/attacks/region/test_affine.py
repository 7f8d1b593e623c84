"""Neighbours behind scalers, PCA and metrics with weights: distances in the units of the rows, against two oracles."""

import importlib.util
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

import edgewise as ew
from edgewise.arrays import Box, InputError
from edgewise.attacks import RegionApprox, RegionExact
from edgewise.attacks.exact import exact
from edgewise.attacks.region.lift import Lift
from edgewise.models.neighbours import neighbours_of
from edgewise.models.weights import Affine


_spec = importlib.util.spec_from_file_location("region_oracles", Path(__file__).parent / "oracles.py")
oracles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracles)

SCALES = np.array([0.02, 1.0, 30.0])
VI = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, -0.01], [0.0, -0.01, 0.002]])
BEFORE = {
    "standard": StandardScaler,
    "min-max": MinMaxScaler,
    "max-abs": MaxAbsScaler,
    "robust": RobustScaler,
    "pca-2": lambda: PCA(2),
    "whitened": lambda: PCA(whiten=True),
    "scaled-pca": lambda: make_pipeline(StandardScaler(), PCA(2)),
    "selected": lambda: make_pipeline(VarianceThreshold(0.01), StandardScaler(with_mean=False)),
    "imputed": lambda: make_pipeline(SimpleImputer(), StandardScaler()),
    "columns": lambda: make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), [2, 0]), (MinMaxScaler(), [0, 1])
    ),
    "incremental": lambda: make_pipeline(StandardScaler(), IncrementalPCA(2)),
    "svd": lambda: make_pipeline(StandardScaler(), TruncatedSVD(2, random_state=0)),
}
METRICS = {
    "weighted": {"metric": "minkowski", "p": 2, "metric_params": {"w": 1 / SCALES}},
    "standardised": {"metric": "seuclidean", "metric_params": {"V": SCALES**2}},
    "mahalanobis": {"metric": "mahalanobis", "metric_params": {"VI": VI}, "algorithm": "brute"},
}


def data(seed=0, n=40, queries=5):
    rng = np.random.default_rng([91, seed])
    X = rng.normal(size=(n, 3)) * SCALES + [0, 2000, 5]
    y = (X[:, 0] / SCALES[0] + (X[:, 1] - 2000) + rng.normal(size=n) > 0).astype(int)
    return X, np.array(["no", "yes"])[y], rng.normal(size=(queries, 3)) * SCALES + [0, 2000, 5]


def models(k):
    for before in BEFORE.values():
        yield make_pipeline(before(), KNeighborsClassifier(k))
    for settings in METRICS.values():
        yield KNeighborsClassifier(k, **settings)
    yield make_pipeline(
        StandardScaler(), KNeighborsClassifier(k, metric="seuclidean", metric_params={"V": [1.0, 2, 3]})
    )


def seen(model):
    """Return training points in Euclidean coordinates, the map of rows there, and classes, from the model alone."""
    last = model[-1] if isinstance(model, Pipeline) else model
    names = getattr(model, "feature_names_in_", None)
    given = (lambda X: X) if names is None else lambda X: pd.DataFrame(X, columns=names)
    step = (lambda X: model[:-1].transform(given(X))) if isinstance(model, Pipeline) else lambda X: X
    params = last.effective_metric_params_
    if "VI" in params:
        root = np.linalg.cholesky(params["VI"]).T
    elif "V" in params:
        root = np.diag(1 / np.sqrt(params["V"]))
    else:
        root = np.diag(np.sqrt(params.get("w", np.ones(last.n_features_in_))))
    d = model.n_features_in_
    start = step(np.zeros((1, d))) @ root.T
    columns = [(step(np.eye(d)[[j]] * 1000.0) @ root.T - start)[0] / 1000 for j in range(d)]
    return last._fit_X @ root.T, np.array(columns).T, start[0], last._y


def least(normals, offsets, x, box, norm=2):
    """Return the length of the least step over half-spaces in the box, by a solver of its own."""
    if norm != 2:
        return oracles.least_linear(normals, offsets, x, box, norm)
    free = np.full(len(x), np.inf)
    low, high = (-free, free) if box is None else (box.low - x, box.high - x)
    return oracles.by_quadratic_program(normals, offsets, low, high, 1.0)


def by_oracle(model, x, box, norm=2, k=1):
    Z, A, b, y = seen(model)
    z = A @ x + b
    away = ((Z - z) ** 2).sum(1)
    classes = list(model.classes_)
    own = y[away.argmin()] if k == 1 else classes.index(model.predict(x[None])[0])
    best = np.inf
    for inside in combinations(range(len(Z)), k):
        chosen = list(inside)
        if np.bincount(y[chosen], minlength=len(classes)).argmax() == own:
            continue
        outside = np.setdiff1d(np.arange(len(Z)), chosen) if k > 1 else np.flatnonzero(y == own)
        normals = ((Z[chosen][:, None] - Z[outside]) @ A).reshape(-1, len(x))
        offsets = ((away[chosen][:, None] - away[outside]) / 2).ravel()
        size = np.linalg.norm(normals, axis=1)
        best = min(best, least(normals / size[:, None], offsets / size, x, box, norm))
    return best


@pytest.mark.parametrize("norm", [2, 1, np.inf])
@pytest.mark.parametrize("boxed", [False, True])
def test_one_neighbour_against_every_cell_solved_apart(norm, boxed):
    X, y, Q = data()
    box = Box(X.min(0) - 0.5 * SCALES, X.max(0) + 0.5 * SCALES) if boxed else None
    Q = Q if box is None else box.clip(Q)
    for model in models(1):
        model.fit(X, y)
        found = ew.radius(model, Q, box=box, norm=norm)
        truth = np.array([by_oracle(model, x, box, norm) for x in Q])
        assert found.attack == "region-exact"
        assert np.allclose(found.distance, truth, rtol=1e-6, atol=0)
        assert (found.lower <= truth * (1 + 1e-7)).all()
        adv = ew.attack(model, Q, RegionExact(norm=norm), box=box, rng=0)
        assert adv.found.all()
        assert (model.predict(adv.points) != adv.source_label).all()
        assert np.allclose(adv.distance, truth, rtol=1e-5, atol=0)


def test_three_neighbours_against_every_choice_of_three():
    X, y, Q = data(3, n=9, queries=3)
    for model in models(3):
        model.fit(X, y)
        found = ew.radius(model, Q)
        truth = np.array([by_oracle(model, x, None, k=3) for x in Q])
        assert np.allclose(found.distance, truth, rtol=1e-6, atol=0)
        adv = ew.attack(model, Q, rng=0)
        assert adv.found.all()
        assert np.allclose(adv.distance, truth, rtol=1e-5, atol=0)


def test_units_do_not_matter_where_all_are_alike():
    X, y, Q = data(1)
    X, Q = X / SCALES, Q / SCALES
    plain = ew.radius(KNeighborsClassifier(1).fit(X, y), Q).distance
    steps = FunctionTransformer(), "passthrough", MinMaxScaler((0, 1))
    scaler = steps[2].fit([[0.0, 0, 0], [255.0] * 3])
    for before in (steps[0], steps[1]):
        model = Pipeline([("before", before), ("knn", KNeighborsClassifier(1))]).fit(X, y)
        assert np.allclose(ew.radius(model, Q).distance, plain, rtol=1e-9)
    fixed = Pipeline([("scale", scaler), ("knn", KNeighborsClassifier(1).fit(scaler.transform(X), y))])
    assert np.allclose(ew.radius(fixed, Q).distance, plain, rtol=1e-6)


def test_auto_takes_the_exact_attack_and_a_search_is_looked_into():
    X, y, Q = data(2)
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), KNeighborsClassifier()), {"kneighborsclassifier__n_neighbors": [1]}
    ).fit(X, y)
    assert exact(grid)[0] == "region-exact"
    adv = ew.attack(grid, Q, rng=0)
    assert np.allclose(adv.distance, ew.radius(grid.best_estimator_, Q).distance, rtol=1e-6)
    assert adv.counts["exact"].all()


def test_a_step_fitted_anew_is_another_model():
    X, y, Q = data(4)
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(X, y)
    before = ew.radius(model, Q).distance
    model[0].scale_ = model[0].scale_ * [1, 2, 1]
    after = ew.radius(model, Q).distance
    assert not np.allclose(before, after)
    assert np.allclose(after, [by_oracle(model, x, None) for x in Q], rtol=1e-6)


def test_float32_rows_and_frames():
    X, y, Q = data(5)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(frame, y)
    wide = ew.attack(model, pd.DataFrame(Q, columns=["a", "b", "c"]), rng=0)
    assert np.allclose(wide.distance, [by_oracle(model, x, None) for x in Q], rtol=1e-5)
    with pytest.raises(InputError, match="columns"):
        ew.radius(model, pd.DataFrame(Q, columns=["c", "b", "a"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of scikit-learn: rows without the names it knows
        narrow = ew.attack(model, Q.astype(np.float32), rng=0)
    assert narrow.points.dtype == np.float32
    assert narrow.found.all()
    assert np.allclose(narrow.distance, wide.distance, rtol=2e-2)


def test_very_uneven_units_are_enclosed_and_beyond_that_refused():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(30, 2))
    y = (X.sum(1) > 0).astype(int)
    for ratio, met in ((1e3, 1e-6), (1e6, 1e-3)):
        units = np.array([1.0, ratio])
        model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(X * units, y)
        found = ew.radius(model, X[:5] * units)
        truth = np.array([oracle_uneven(model, x) for x in X[:5] * units])
        assert (found.lower <= truth * (1 + 1e-6)).all()
        assert (found.lower >= truth * (1 - met)).all()
        assert np.allclose(found.distance, truth, rtol=1e-6)
        adv = ew.attack(model, X[:5] * units, rng=0)
        assert (adv.lower[adv.counts["exact"]] >= 0.99 * adv.distance[adv.counts["exact"]]).all()
        assert (adv.distance[~adv.counts["exact"]] >= truth[~adv.counts["exact"]] * (1 - 1e-6)).all()
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(X * [1.0, 1e9], y)
    with pytest.raises(InputError, match="units of like size"):
        ew.radius(model, X[:5] * [1.0, 1e9])
    assert ew.attack(model, X[:2] * [1.0, 1e9], rng=0).found.all()


def oracle_uneven(model, x):
    """Return the radius of rows of two features whose units are far from alike."""
    Z, scale, y = model[-1]._fit_X, model[0].scale_, model[-1]._y
    z = model[0].transform(x[None])[0]
    own = model[-1]._y[((Z - z) ** 2).sum(1).argmin()]
    best = np.inf
    for j in np.flatnonzero(y != own):
        step = (Z[j] - Z[y == own]) / scale
        offsets = (((Z[j] - z) ** 2).sum() - ((Z[y == own] - z) ** 2).sum(1)) / 2
        size = np.linalg.norm(step, axis=1)
        best = min(best, least(step / size[:, None], offsets / size, np.zeros(2), None))
    return best


def test_what_is_no_affine_step_is_refused_by_name():
    X, y, Q = data(6)
    for step, why in (
        (Normalizer(), "Normalizer is not an affine"),
        (MinMaxScaler(clip=True), "MinMaxScaler is not"),
        (make_column_transformer((Normalizer(), [0, 1])), "Normalizer is not an affine"),
        (SimpleImputer(missing_values=0), "SimpleImputer takes 0 for missing"),
    ):
        model = make_pipeline(step, KNeighborsClassifier(1)).fit(X, y)
        with pytest.raises(InputError, match=why):
            ew.radius(model, Q)
    flat = np.column_stack([X[:, 0], X[:, 0]])
    model = make_pipeline(PCA(whiten=True), KNeighborsClassifier(1)).fit(flat, y)
    with pytest.raises(InputError, match="whitens a direction in which nothing varies"):
        ew.radius(model, flat[:2])
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(X, y)
    with pytest.raises(InputError, match=r"plain Euclidean.*model\[-1\]"):
        ew.attack(model, Q, "direct")


def test_approximate_regions_are_no_nearer_and_bounded():
    X, y, Q = data(7)
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(X, y)
    truth = ew.radius(model, Q).distance
    adv = ew.attack(model, Q, RegionApprox(2), rng=0)
    assert (adv.distance >= truth * (1 - 1e-9)).all()
    assert (adv.lower <= truth * (1 + 1e-9)).all()


def test_lifted_distances_are_those_the_model_compares_but_for_one_number():
    rng = np.random.default_rng(9)
    Z, seen_ = rng.normal(size=(12, 2)), Affine(rng.normal(size=(2, 3)), rng.normal(size=2))
    lift = Lift.of(Z, seen_)
    X = rng.normal(size=(4, 3))
    ours = ((lift.rows(X)[:, None] - lift.points) ** 2).sum(2)
    theirs = lift.stretch * ((seen_(X)[:, None] - Z) ** 2).sum(2)
    assert np.ptp(ours - theirs, axis=1).max() < 1e-9
    assert np.allclose(lift.back(lift.rows(X)), X)
    assert np.allclose(seen_(lift.back(lift.goals(np.arange(4), lift.rows(X)))), Z[:4])


def test_points_that_a_map_never_meets_are_searched_without_them():
    tall = Affine(np.array([[1.0], [0.0]]), np.zeros(2))
    lift = Lift.of(np.array([[0.0, 1.0], [2.0, -1.0]]), tall)
    assert not lift.reachable
    reach = lift.reach(np.zeros((1, 1)), np.zeros(1, int), np.array([0, 1]), None, 2)
    assert np.isinf(reach).all()


def test_the_classes_of_a_plain_model_are_read_as_before():
    X, y, _ = data()
    known = neighbours_of(KNeighborsClassifier(2).fit(X, y))
    assert known.seen is None
    assert known.points is known.X
    assert "KNeighborsClassifier" in neighbours_of(make_pipeline(StandardScaler(), StandardScaler()))


@pytest.mark.parametrize("k", [1, 3])
def test_a_step_that_hands_on_names_and_points_of_several_classes_at_one_place(k):
    rng = np.random.default_rng(12)
    frame = pd.DataFrame(rng.integers(0, 4, (40, 2)).astype(float), columns=["a", "b"])
    y = rng.integers(0, 2, 40)
    model = (
        make_pipeline(StandardScaler(), KNeighborsClassifier(k)).set_output(transform="pandas").fit(frame, y)
    )
    rows = pd.DataFrame(rng.uniform(0, 3, (5, 2)), columns=["a", "b"])
    adv, found = ew.attack(model, rows, rng=0), ew.radius(model, rows)
    assert adv.found.all()
    assert (found.lower <= adv.distance).all()
    assert np.allclose(found.distance, adv.distance, rtol=1e-3, atol=1e-6)
