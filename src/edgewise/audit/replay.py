"""What else a copier could have had, told from recorded answers without a single new question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from edgewise.arrays import Floats, Labels
from edgewise.audit.measuring import Agreement, Measured
from edgewise.models.unwrap import Model
from edgewise.randomness import stream
from edgewise.strategies.model_scores import margins


SHADOWS: Mapping[str, Callable[[], Model]] = {
    "linear": lambda: LogisticRegression(C=1e3, max_iter=2000),
    "kernel": lambda: SVC(C=100),
    "tree": lambda: DecisionTreeClassifier(random_state=0),
    "forest": lambda: RandomForestClassifier(50, random_state=0),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=50, random_state=0),
    "neighbour": lambda: KNeighborsClassifier(1),
    "generic": lambda: MLPClassifier((32,), solver="lbfgs", alpha=1e-3, max_iter=2000, random_state=0),
}
"""What random and margin learn with, by the family that was found."""

Curve = Sequence[tuple[int, Agreement]]


def simulated(
    rule: str, family: str, pool: Floats, labels: Labels, measured: Measured, marks: Sequence[int], seed: int
) -> Curve:
    """Return the held-out agreement by rows that ``"random"`` or ``"margin"`` would have had.

    Parameters
    ----------
    pool, labels
        The pool ``(n, d)`` with the victim's recorded answers, the copy's where it was not asked ``(n,)``.
    marks
        Numbers of rows.
    """
    order = stream(seed, "extract", "seed").permutation(len(pool))
    got = order[:10].tolist()
    shadow = make_pipeline(StandardScaler(), SHADOWS.get(family, SHADOWS["generic"])())
    found: list[tuple[int, Agreement]] = []
    for mark in [mark for mark in marks if mark <= len(pool)]:
        while len(got) < mark or len(np.unique(labels[got])) < 2:
            left = np.setdiff1d(np.arange(len(pool)), got)
            if not len(left):
                return found
            size = min(max(1, len(got) // 10), max(1, mark - len(got)))
            if rule == "random" or len(np.unique(labels[got])) < 2:
                got += order[len(got) : len(got) + size].tolist()
                continue
            fitted = shadow.fit(pool[got], labels[got])
            got += left[np.argsort(margins(fitted, pool[left]), kind="stable")[:size]].tolist()
        found.append((mark, measured.held_out(shadow.fit(pool[got], labels[got]))))
    return found


@dataclass(frozen=True)
class Restriction:
    """What a copier would have reached had the victim shown less.

    Parameters
    ----------
    name
        What it shows.
    curve
        Agreement on the held-out rows by the number of recorded rows learned from.
    """

    name: str
    curve: Curve


VIEWS: Mapping[str, tuple[int | None, bool]] = {
    "every score": (None, False),
    "scores to 2 decimals": (2, False),
    "scores to 1 decimal": (1, False),
    "top label and its score": (None, True),
}
"""Decimals, and whether only the best score is shown."""


def restrictions(
    X: Floats, labels: Labels, scores: Sequence[Mapping[str, float]], measured: Measured, marks: Sequence[int]
) -> list[Restriction]:
    """Replay recorded answers as if the victim had shown less; the same rows each time, in their order.

    With scores the copier fits their logarithms by the better, in cross-validation, of a linear and an RBF
    regression; with labels only, the same two as classifiers. The rows are those a copier with labels only
    chose, so what scores are worth is if anything understated.
    """
    out = [
        Restriction(name, _curve(X, labels, _shown(labels, scores, *view), measured, marks))
        for name, view in VIEWS.items()
    ]
    return [*out, Restriction("labels only", _curve(X, labels, None, measured, marks))]


def _shown(labels: Labels, scores: Sequence[Mapping[str, float]], decimals: int | None, top: bool) -> Floats:
    """Return log-scores ``(n, c)``, by class in the order of names, as this view lets one know them."""
    names = sorted(map(str, np.unique(labels)))
    shares: Floats = np.array([[row.get(name, 0.0) for name in names] for row in scores])
    if (shares < 0).any() or not np.allclose(shares.sum(axis=1), 1, atol=0.05):
        shares = np.exp(shares - shares.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
    if top:
        best: Floats = shares.max(axis=1, keepdims=True)
        shares = np.where(best == shares, best, (1 - best) / max(1, len(names) - 1))
    least = 1e-6 if decimals is None else 0.5 * 10.0**-decimals
    shares = shares if decimals is None else np.round(shares, decimals)
    return np.log(np.clip(shares, least, 1 - least))


def _curve(X: Floats, labels: Labels, logs: Floats | None, measured: Measured, marks: Sequence[int]) -> Curve:
    found: list[tuple[int, Agreement]] = []
    by_name = {str(label): label for label in labels.tolist()}
    names = sorted(by_name)
    rows, truth = measured.rows["held-out"], measured.labels["held-out"]
    for mark in [mark for mark in marks if mark <= len(X)]:
        if len(np.unique(labels[:mark])) < 2:
            continue
        if logs is None:
            said = _classifier(X[:mark], labels[:mark]).predict(rows)
        else:
            best = _regression(X[:mark], logs[:mark])(rows).argmax(axis=1)
            said = np.array([by_name[names[at]] for at in best])
        found.append((mark, Agreement.of(int(np.sum(said == truth)), len(truth))))
    return found


def _classifier(X: Floats, labels: Labels) -> Pipeline:
    made = [make_pipeline(StandardScaler(), SHADOWS[name]()) for name in ("linear", "kernel")]
    return _better(made, X, labels).fit(X, labels)


def _regression(X: Floats, logs: Floats) -> Callable[[Floats], Floats]:
    """Return the fitted map from rows to log-scores; the differences to the mean class are what counts."""
    centred = logs - logs.mean(axis=1, keepdims=True)
    makers: list[Ridge | SVR] = [Ridge(alpha=1e-3), SVR(C=100, epsilon=1e-2)]
    columns: list[Pipeline] = []
    for column in centred.T:
        made = [make_pipeline(StandardScaler(), clone(maker)) for maker in makers]
        columns.append(_better(made, X, column).fit(X, column))
    return lambda rows: np.column_stack([column.predict(rows) for column in columns])


def _better(made: Sequence[Pipeline], X: Floats, y: Labels) -> Pipeline:
    folds = min(5, len(X), *(np.unique(y, return_counts=True)[1] if np.asarray(y).dtype.kind != "f" else [5]))
    if folds < 2:
        return made[0]
    return max(made, key=lambda each: float(np.mean(cross_val_score(each, X, y, cv=folds))))
