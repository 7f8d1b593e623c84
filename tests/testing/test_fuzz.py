"""Random attacks, models, layouts, label types and boxes: no false success, nothing changed, InputError alone.

``EDGEWISE_FUZZ=20000 pytest tests/testing/test_fuzz.py -n 0`` runs it for ten minutes and more.
"""

import os
import warnings

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import edgewise as ew
from edgewise.arrays import InputError


EXAMPLES = int(os.environ.get("EDGEWISE_FUZZ", "40"))

ATTACKS = {
    "opt": {"budget": 40},
    "race": {"budget": 40},
    "direct": {},
    "region-exact": {},
    "trees": {},
    "linear": {},
    "auto": {},
    "fgsm": {},
    "pgd": {"steps": 3},
    "deepfool": {"steps": 5},
    "cw": {"searches": 1, "steps": 5},
    "ddn": {"steps": 5},
    "kernel-substitute": {},
}
LABELS = {
    "int": lambda c: c,
    "int8": lambda c: c.astype(np.int8),
    "float": lambda c: c.astype(float),
    "bool": lambda c: c > 0,
    "words": lambda c: np.array(["no", "certainly", "maybe"])[c],
    "objects": lambda c: np.array(["no", "certainly", "maybe"], dtype=object)[c],
    "uint64": lambda c: c.astype(np.uint64),
}


def _read_only(X):
    X = X.copy()
    X.setflags(write=False)
    return X


LAYOUTS = {
    "array": lambda X: X,
    "fortran": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "half": lambda X: X.astype(np.float16),
    "list": lambda X: X.tolist(),
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "read-only": _read_only,
    "frame": lambda X: pd.DataFrame(X, columns=list("ba")),
}
STRATEGIES = sorted(ew.STRATEGIES)


def _network(X, y):
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))


MODELS = {
    "1-nn": lambda X, y: KNeighborsClassifier(1).fit(X, y),
    "3-nn": lambda X, y: KNeighborsClassifier(3, weights="distance").fit(X, y),
    "manhattan": lambda X, y: KNeighborsClassifier(1, p=1).fit(X, y),
    "logistic": lambda X, y: LogisticRegression().fit(X, y),
    "tree": lambda X, y: DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y),
    "forest": lambda X, y: RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, y),
    "boosting": lambda X, y: GradientBoostingClassifier(n_estimators=4, random_state=0).fit(X, y),
    "pipeline": lambda X, y: make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y),
    "network": _network,
    "list": lambda X, y: lambda Z: ["yes" if z[0] > 0 else "no" for z in np.asarray(Z)],
    "careless": lambda X, y: _careless,
}


def _careless(Z):
    Z = Z.to_numpy(copy=True) if hasattr(Z, "to_numpy") else Z
    Z -= 0.25
    return (Z[:, 0] > 0).astype(np.int8)


def values(X):
    return np.asarray(X, float).copy()


def asked(model, points, layout):
    if hasattr(model, "parameters"):
        import torch

        with torch.no_grad():
            return model(torch.tensor(points, dtype=torch.float32)).argmax(dim=1).numpy()
    rows = pd.DataFrame(points, columns=list("ba")) if layout == "frame" else points.copy()
    return np.asarray(model.predict(rows) if hasattr(model, "predict") else model(rows))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="EDGEWISE_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    attack=st.sampled_from(sorted(ATTACKS)),
    kind=st.sampled_from(sorted(MODELS)),
    layout=st.sampled_from(sorted(LAYOUTS)),
    labels=st.sampled_from(sorted(LABELS)),
    box=st.sampled_from([None, (-3, 3), (0, 0), (-np.inf, 1), ([-3, 0], [3, 0])]),
    seed=st.integers(0, 10**6),
    n=st.integers(1, 6),
)
def test_no_false_success_no_changed_input_no_other_error(attack, kind, layout, labels, box, seed, n):
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(24, 2)), 1)
    y = LABELS[labels](np.arange(24) % 3)
    train = pd.DataFrame(X, columns=list("ba")) if layout == "frame" else X
    model = MODELS[kind](train, y)
    rows = np.round(rng.normal(size=(n, 2)), 1)
    if box is not None:
        rows = np.clip(rows, *np.broadcast_arrays(*box, rows)[:2])
    given_rows = LAYOUTS[layout](rows)
    before, trained = values(given_rows), values(train)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            method = attack if attack == "auto" else ew.ATTACKS[attack].make(**ATTACKS[attack])
            adv = ew.attack(model, given_rows, method, box=box, rng=seed)
        except InputError:
            adv = None
        assert (values(given_rows) == before).all()
        assert (values(train) == trained).all()
        if adv is None:
            return
        answers = asked(model, adv.points, layout)
    crossed = adv.status == "crossed"
    assert (answers[crossed] != adv.source_label[crossed]).all()
    assert (adv.label[crossed] == answers[crossed]).all()
    assert (adv.source_label == asked(model, adv.source, layout)).all()
    if box is not None and layout not in ("half", "float32"):
        assert (adv.points >= np.asarray(box[0])).all()
        assert (adv.points <= np.asarray(box[1])).all()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="EDGEWISE_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    strategy=st.sampled_from(STRATEGIES),
    kind=st.sampled_from(sorted(MODELS)),
    layout=st.sampled_from(sorted(LAYOUTS)),
    labels=st.sampled_from(sorted(LABELS)),
    seed=st.integers(0, 10**6),
)
def test_a_query_gives_n_rows_or_says_why_not(strategy, kind, layout, labels, seed):
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(24, 2)), 1)
    y = LABELS[labels](np.arange(24) % 3)
    train = pd.DataFrame(X, columns=list("ba")) if layout == "frame" else X
    model, pool = MODELS[kind](train, y), LAYOUTS[layout](X)
    before = values(pool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pick = ew.query(model, pool, 5, strategy, rng=seed)
        except InputError:
            pick = None
    assert (values(pool) == before).all()
    assert pick is None or len(set(pick.index.tolist())) == 5
