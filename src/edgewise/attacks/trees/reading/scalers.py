"""Steps before the trees that keep the order of each feature: walls are pulled back through them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from edgewise.arrays import Floats, Index
from edgewise.attacks.trees.cells import LARGEST
from edgewise.attacks.trees.ensemble import Ensemble, Tree
from edgewise.models.answers import UnansweredError
from edgewise.models.steps import kept_columns, parts_of, unlike_its_kind
from edgewise.models.unwrap import named


ROWS = 4096

_RISING = (
    StandardScaler,
    MinMaxScaler,
    MaxAbsScaler,
    RobustScaler,
    QuantileTransformer,
    PowerTransformer,
    SimpleImputer,
    FunctionTransformer,
    SelectorMixin,
    ColumnTransformer,
)


def check_monotone(step: Any) -> None:
    """Refuse a step that mixes features or may turn their order round.

    Raises
    ------
    UnansweredError
        Such a step.
    """
    name = type(step).__name__
    kind = next((kind for kind in _RISING if isinstance(step, kind)), None)
    if kind is None:
        raise UnansweredError(
            f"the pipeline's step {name} may mix features or change their order; scalers, imputers, selectors "
            "and column transformers of these are seen through. Attack the last step on transformed rows instead."
        )
    odd = unlike_its_kind(step, kind)
    if odd is not None:
        raise UnansweredError(f"{odd}; it is not seen through.")
    if isinstance(step, FunctionTransformer) and step.func is not None:
        raise UnansweredError("a FunctionTransformer with a function of its own is not seen through.")
    if isinstance(step, PowerTransformer) and step.method == "box-cox":
        raise UnansweredError("PowerTransformer(method='box-cox') is not seen through; 'yeo-johnson' is.")
    if isinstance(step, ColumnTransformer):
        for part in parts_of(step):
            if not part.weight > 0:
                raise UnansweredError(
                    f"a column transformer's weight of {part.weight:g} is not seen through."
                )
            for inner in part.steps:
                if not isinstance(inner, str):
                    check_monotone(inner)


def source_columns(step: Any, n: int) -> Index:
    """Return, for each column that leaves a step with ``n`` columns, the one it comes from."""
    if isinstance(step, (SelectorMixin, SimpleImputer)):
        return np.flatnonzero(kept_columns(step))
    if not isinstance(step, ColumnTransformer):
        return np.arange(n)
    sources: list[Index] = []
    for part in parts_of(step):
        columns = part.columns
        for inner in part.steps:
            columns = columns[source_columns(inner, len(columns))]
        sources.append(columns)
    return np.concatenate(sources)


def _named(step: Any, rows: Floats) -> Any:
    """Return rows as a frame for a column transformer that was fitted on one: it may find columns by name."""
    return named(step, rows) if isinstance(step, ColumnTransformer) else rows


@dataclass(frozen=True)
class Scaling:
    """The steps of a pipeline over the numbers of one dtype.

    Parameters
    ----------
    steps
        In order.
    n_features
        Of the pipeline's input.
    dtype
        Of the rows asked about: a float32 row is scaled in float32.
    """

    steps: tuple[Any, ...]
    n_features: int
    dtype: np.dtype[Any]

    @property
    def source(self) -> Index:
        """For each feature the trees see, the column it comes from."""
        columns = np.arange(self.n_features)
        for step in self.steps:
            columns = columns[source_columns(step, len(columns))]
        return columns

    def seen(self, X: Floats) -> Floats:
        """Return what the trees see of rows ``(n, d)``."""
        rows = X
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for step in self.steps:
                rows = np.asarray(step.transform(_named(step, rows)))
        return rows.astype(float)

    def pull_back(self, features: Index, walls: Floats) -> Floats:
        """Return the largest numbers of the dtype that land at or below each wall of a seen feature."""
        source = self.source[features]

        def left(values: Floats) -> Any:
            answer = np.empty(len(values), bool)
            for at in range(0, len(values), ROWS):
                part = slice(at, at + ROWS)
                rows = np.ones((len(values[part]), self.n_features), self.dtype)
                rows[np.arange(len(rows)), source[part]] = values[part]
                answer[part] = self.seen(rows)[np.arange(len(rows)), features[part]] <= walls[part]
            return answer

        return last_left(left, len(walls), self.dtype)

    def pulled(self, ensemble: Ensemble) -> Ensemble:
        """Return an ensemble with its walls and features moved to the pipeline's input.

        Raises
        ------
        UnansweredError
            Categorical splits behind a step.
        """
        if ensemble.codes:
            raise UnansweredError("categorical splits behind the steps of a pipeline are not read.")
        feature = np.concatenate([tree.feature for tree in ensemble.trees])
        wall = np.concatenate([tree.wall for tree in ensemble.trees])
        split = feature >= 0
        if split.any():
            pairs, where = np.unique(np.stack([feature[split], wall[split]]), axis=1, return_inverse=True)
            wall = wall.astype(float)
            wall[split] = self.pull_back(pairs[0].astype(np.intp), pairs[1])[where.reshape(-1)]
        source, at, trees = self.source, 0, list[Tree]()
        for tree in ensemble.trees:
            part = slice(at, at + len(tree.feature))
            columns = np.where(tree.feature >= 0, source[tree.feature], -1)
            trees.append(replace(tree, feature=columns, wall=wall[part]))
            at = part.stop
        return replace(ensemble, trees=tuple(trees), n_features=self.n_features)

    def stand_in(self, x: Floats) -> Floats:
        """Return a row in which a missing value that a step fills in is a number that means the same."""
        filled = x.copy()
        seen = self.seen(x[None])[0]
        for k, column in enumerate(self.source):
            if np.isnan(x[column]) and not np.isnan(seen[k]):
                filled[column] = self.pull_back(np.array([k]), seen[k : k + 1])[0]
        return filled


def last_left(left: Callable[[Floats], Any], count: int, dtype: np.dtype[Any]) -> Floats:
    """Return the largest numbers of a dtype for which a falling test ``left`` holds, by bisection.

    Minus infinity where it never does.

    Examples
    --------
    >>> last_left(lambda values: values / 4 <= 0.5, 1, np.dtype(float))
    array([2.])
    """
    kind = np.int32 if dtype == np.float32 else np.int64
    top = int(np.asarray(LARGEST, dtype).view(kind))

    def number(order: Index) -> Floats:
        bits = np.abs(order).astype(kind)
        return np.where(order < 0, -bits.view(dtype), bits.view(dtype))

    low, high = np.full(count, -top, np.int64), np.full(count, top, np.int64)
    never, always = ~left(number(low)), left(number(high))
    while (low + 1 < high).any():
        middle = (low >> 1) + (high >> 1) + (low & high & 1)  # their sum would overflow
        hit = left(number(middle))
        low, high = np.where(hit, middle, low), np.where(hit, high, middle)
    found = np.where(always, np.inf, number(low).astype(float))
    return np.where(never, -np.inf, found)
