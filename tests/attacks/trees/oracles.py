"""Answers from every cell of a tiny ensemble, asked of the model itself; nothing of edgewise is used."""

import itertools

import numpy as np
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier


def last_left(test, low=-1e6, high=1e6):
    """The largest float64 for which a falling test holds, by bisection."""
    while True:
        middle = low + (high - low) / 2
        if middle in (low, high):
            return low
        low, high = (middle, high) if test(middle) else (low, middle)


def thresholds(model):
    """Every threshold of a scikit-learn ensemble as (feature, threshold, goes left)."""

    def single(t):
        return lambda x: np.float32(x) <= t

    def double(t):
        return lambda x: x <= t

    if hasattr(model, "_predictors"):
        for stage in model._predictors:
            for tree in stage:
                for node in tree.nodes[tree.nodes["is_leaf"] == 0]:
                    yield int(node["feature_idx"]), double(float(node["num_threshold"]))
        return
    grown = [model] if hasattr(model, "tree_") else np.ravel(model.estimators_)
    chosen = getattr(model, "estimators_features_", [np.arange(model.n_features_in_)] * len(grown))
    for each, features in zip(grown, chosen, strict=True):
        inner = each.tree_.children_left >= 0
        for f, t in zip(each.tree_.feature[inner], each.tree_.threshold[inner], strict=True):
            yield int(features[f]), single(t)


class Brute:
    """All cells of a model, with the label the model gives to each."""

    def __init__(self, model, d):
        walls = [set() for _ in range(d)]
        for f, test in thresholds(model):
            walls[f].add(last_left(test))
        self.last = [np.array([*sorted(w), np.inf]) for w in walls]
        self.first = [np.array([-np.inf, *np.nextafter(sorted(w), np.inf)]) for w in walls]
        middle = [
            np.where(np.isfinite(a), a, np.where(np.isfinite(b), b, 0.0))
            for a, b in zip(self.first, self.last, strict=True)
        ]
        self.cells = int(np.prod([len(m) for m in middle]))
        points = np.array(list(itertools.product(*middle)))
        self.label = model.predict(points).reshape([len(m) for m in middle])

    def distance(self, x, label, norm, box):
        """The least cost of any cell of another label within the box; infinite where there is none."""
        costs = []
        for f, value in enumerate(x):
            low, high = (-np.inf, np.inf) if box is None else (box[0][f], box[1][f])
            first, last = np.maximum(self.first[f], low), np.minimum(self.last[f], high)
            move = np.abs(np.clip(value, first, last) - value)
            costs.append(np.where(first > last, np.inf, move**2 if norm == 2 else move))
        total = costs[0]
        for cost in costs[1:]:
            total = np.maximum.outer(total, cost) if norm == np.inf else np.add.outer(total, cost)
        least = np.where(self.label != label, total, np.inf).min()
        return np.sqrt(least) if norm == 2 else least


def ensembles(count, seed=0):
    """Tiny ensembles over 2 or 3 features, a third of them on a grid where ties are exact."""
    rng = np.random.default_rng(seed)
    kinds = (
        lambda s: RandomForestClassifier(5, max_depth=3, random_state=s),
        lambda s: RandomForestClassifier(6, max_leaf_nodes=6, random_state=s),
        lambda s: ExtraTreesClassifier(5, max_depth=3, random_state=s),
        lambda s: GradientBoostingClassifier(n_estimators=5, max_depth=2, random_state=s),
        lambda s: HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=5, min_samples_leaf=3),
        lambda s: DecisionTreeClassifier(max_depth=4, random_state=s),
        lambda s: BaggingClassifier(
            DecisionTreeClassifier(max_depth=3), n_estimators=4, max_features=0.7, random_state=s
        ),
        lambda s: AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=4, random_state=s),
    )
    for i in range(count):
        d, grid = int(rng.integers(2, 4)), i % 3 == 0
        X = rng.integers(0, 5, (60, d)) / 4 if grid else rng.random((60, d))
        classes = 3 if i % 5 == 4 else 2
        noisy = X.sum(axis=1) + rng.normal(0, 0.3, 60)
        y = np.searchsorted(np.quantile(noisy, np.arange(1, classes) / classes), noisy)
        model = kinds[i % len(kinds)](i).fit(X, y)
        Q = rng.integers(0, 5, (6, d)) / 4 if grid else rng.random((6, d))
        # On a wall, and just beyond one.
        first = next(iter(thresholds(model)), None)
        if first is not None:
            Q[0, first[0]] = last_left(first[1])
            Q[1, first[0]] = np.nextafter(last_left(first[1]), np.inf)
        yield model, Q
