"""What a step of a pipeline does to columns: which it keeps, which a column transformer hands to whom, and to gaps."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from edgewise.arrays import Index, Mask


Gaps: TypeAlias = Literal["refused", "kept", "filled"]


@dataclass(frozen=True)
class Part:
    """What a column transformer does to some columns.

    Parameters
    ----------
    steps
        One after another.
    columns
        The columns of the input that they get, by number.
    out
        The columns of the output that they make.
    weight
        What their output is multiplied by.
    """

    steps: tuple[Any, ...]
    columns: Index
    out: slice
    weight: float


def parts_of(step: ColumnTransformer) -> Iterator[Part]:
    """Yield what a fitted column transformer does, part by part; columns that it drops are in none."""
    weights = step.transformer_weights or {}
    for name, each, columns in step.transformers_:
        out = step.output_indices_[name]
        if out.stop > out.start:
            steps = tuple(inner for _, inner in each.steps) if hasattr(each, "steps") else (each,)
            yield Part(steps, _numbers(columns, step), out, float(weights.get(name, 1.0)))


def _numbers(columns: Any, step: ColumnTransformer) -> Index:
    """Return columns that are named in any way scikit-learn knows as numbers."""
    names: list[str] = list(getattr(step, "feature_names_in_", ()))
    every = np.arange(step.n_features_in_)
    if hasattr(columns, "stop"):  # a slice, or a range
        first, last, by = columns.start, columns.stop, columns.step
        first = names.index(first) if isinstance(first, str) else first
        last = names.index(last) + 1 if isinstance(last, str) else last
        return every[first:last:by]
    listed: list[Any] = [columns] if isinstance(columns, (str, int, np.integer)) else list(columns)
    if any(isinstance(column, str) for column in listed):
        listed = [names.index(column) for column in listed]
    return every[np.asarray(listed)] if listed else every[:0]


def kept_columns(step: SelectorMixin | SimpleImputer) -> Mask:
    """Return which columns a selector, or an imputer of numbers, leaves there ``(d,)``."""
    if isinstance(step, SelectorMixin):
        return np.asarray(step.get_support(), bool)
    return ~np.isnan(np.asarray(step.statistics_, float)) | bool(step.keep_empty_features)


def unlike_its_kind(step: Any, kind: type) -> str | None:
    """Return why a step may do something else than a ``kind`` does to numbers that are there, or None."""
    name = type(step).__name__
    theirs, ours = (inspect.getattr_static(each, "transform", None) for each in (kind, type(step)))
    if "transform" in vars(step) or inspect.unwrap(ours) is not inspect.unwrap(theirs):
        return f"the pipeline's step {name} has a transform of its own"
    if isinstance(step, SimpleImputer):
        if step.add_indicator:
            return f"the pipeline's step {name} adds columns that say what was missing"
        if not (isinstance(step.missing_values, float) and np.isnan(step.missing_values)):
            return f"the pipeline's step {name} takes {step.missing_values!r} for missing, not NaN"
        if np.asarray(step.statistics_).dtype.kind not in "fiub":
            return f"the pipeline's step {name} fills in words"
    return None


def gaps_after(step: Any) -> Gaps:
    """Return what a step or a model does with NaN in its rows, as far as it says so.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> gaps_after(LogisticRegression()), gaps_after(make_pipeline(SimpleImputer(), LogisticRegression()))
    ('refused', 'filled')
    """
    if step is None or isinstance(step, str):
        return "kept"
    if isinstance(step, Pipeline):
        for _, inner in step.steps:
            each = gaps_after(inner)
            if each != "kept":
                return each
        return "kept"
    if isinstance(step, ColumnTransformer):
        asked = [*step.transformers, ("remainder", step.remainder, None)]
        parts = [each for _, each, _ in getattr(step, "transformers_", asked)]
        found = {gaps_after(each) for each in parts if not (isinstance(each, str) and each == "drop")}
        return "refused" if "refused" in found else "kept" if "kept" in found else "filled"
    if not (hasattr(step, "__sklearn_tags__") and get_tags(step).input_tags.allow_nan):
        return "refused"
    return "filled" if type(step).__module__.startswith("sklearn.impute.") else "kept"
