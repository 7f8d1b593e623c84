"""What a model is and what is inside: the best of a search, the network of an estimator, what kind it says it is."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from edgewise.arrays import Floats, InputError
from edgewise.models.rows import Rows, framed
from edgewise.registry import listing


if TYPE_CHECKING:
    from torch import nn

Model: TypeAlias = Any
"""A classifier of any library: an estimator with ``predict``, a torch module or a function of rows."""

ANSWERS = ("predict", "predict_proba", "decision_function", "kneighbors")
"""The methods of an estimator that decide its labels."""

NO_CLASSIFIERS = {
    "regressor": "a regressor answers real numbers",
    "clusterer": "a clusterer answers groups that it made itself",
    "density_estimator": "a density estimator answers densities",
}
"""Kinds of estimators that are refused, and why."""


def unwrapped(model: Model) -> Model:
    """Return the estimator that answers: the best one of a fitted search, else the model itself.

    A search with an answer of its own is itself what answers.

    Examples
    --------
    >>> unwrapped("anything else")
    'anything else'
    """
    while hasattr(model, "best_estimator_") and not _answers_itself(model):
        model = model.best_estimator_
    return model


def _answers_itself(search: Model) -> bool:
    base = next((base for base in type(search).__mro__ if base.__name__ == "BaseSearchCV"), None)
    return base is not None and own_answer(search, base) is not None


def pipeline_of(model: Model) -> Pipeline | None:
    """Return the pipeline of a model that transforms its rows before the last step sees them, else None."""
    inner = unwrapped(model)
    return inner if isinstance(inner, Pipeline) and len(inner.steps) > 1 else None


def last_step(model: Model) -> Model:
    """Return what a pipeline, or the best of a search, ends in; of another model itself."""
    inner = unwrapped(model)
    return last_step(inner.steps[-1][1]) if isinstance(inner, Pipeline) else inner


def own_answer(model: Model, base: type) -> str | None:
    """Return why what is inside a ``base`` may not be what ``model`` answers: a method of its own; None if it has none.

    One that is made with `functools.wraps` of the base's, to count or to log, is not its own.
    """
    for name in ANSWERS:
        theirs, ours = (inspect.getattr_static(kind, name, None) for kind in (base, type(model)))
        if name in vars(model) or inspect.unwrap(ours) is not inspect.unwrap(theirs):
            kind = base.__name__
            return (
                f"{type(model).__name__} has a {name} of its own, so that what is inside the {kind} may not be what it "
                f"answers. If it only counts or logs, make it with functools.wraps({kind}.{name})"
            )
    return None


def names_known(model: Model) -> tuple[str, ...]:
    """Return the names of the columns that a model was fitted to, in their order; none if it knows no names."""
    return tuple(map(str, getattr(unwrapped(model), "feature_names_in_", ())))


def named(model: Model, X: Floats) -> Rows:
    """Return rows ``(n, d)`` as the model was fitted: a frame where it knows names, else the array itself."""
    names = names_known(model)
    return framed(X, names) if names else X


def fitted_columns(model: Model) -> tuple[str, ...] | None:
    """Return the columns that a model was fitted to, in their order; None if it knows no names or picks by name.

    Examples
    --------
    >>> fitted_columns(lambda X: X[:, 0] > 0) is None
    True
    """
    inner = unwrapped(model)
    first = inner.steps[0][1] if isinstance(inner, Pipeline) else inner
    if any(base.__name__ == "ColumnTransformer" for base in type(first).__mro__):
        return None
    return names_known(inner) or None


def check_columns(model: Model, columns: Sequence[object] | None, name: str = "X") -> None:
    """Raise `InputError` if a frame has other columns than ``model`` takes: those it was fitted to, in their order.

    A model that picks its columns by name takes any order and more.
    """
    if fitted_columns(model) is not None:
        check_order(model, columns, name)


def check_order(model: Model, columns: Sequence[object] | None, name: str = "X") -> None:
    """Raise `InputError` if a frame has other columns than ``model`` was fitted to, or in another order.

    What reads the numbers of a frame beside the weights, trees or training points of a model asks here first: a
    model that picks its columns by name has them in its own order too.
    """
    fitted, have = names_known(model), None if columns is None else tuple(map(str, columns))
    if have is not None and fitted and have != fitted:
        kind = type(unwrapped(model)).__name__
        raise InputError(
            f"{name} has the columns {listing(have)}; {kind} was fitted to {listing(fitted)}. Give these, in this "
            "order."
        )


def module_of(model: Model) -> nn.Module | None:
    """Return the torch module in ``model``: itself, or the ``module_`` of a fitted network estimator, else None."""
    inner = unwrapped(model)
    found = inner if is_module(inner) else getattr(inner, "module_", None)
    return found if is_module(found) else None


def is_module(model: Model) -> bool:
    """Return whether ``model`` is a torch module, without importing torch."""
    return any(base.__module__ == "torch.nn.modules.module" for base in type(model).__mro__)


def is_skorch(model: Model) -> bool:
    """Return whether ``model`` is a skorch estimator, whose labels are the columns of its module."""
    return any(base.__module__.startswith("skorch.") for base in type(unwrapped(model)).__mro__)


def refusal(model: Model) -> str | None:
    """Return why ``model`` is no classifier of one label per row, as far as it says so itself, or None."""
    inner = unwrapped(model)
    kind = getattr(inner, "_estimator_type", None)
    if hasattr(inner, "__sklearn_tags__"):
        kind = get_tags(inner).estimator_type or kind
    if kind in NO_CLASSIFIERS:
        return NO_CLASSIFIERS[kind]
    last = inner.steps[-1][1] if isinstance(inner, Pipeline) else inner
    several = isinstance(getattr(last, "classes_", None), (list, tuple)) and any(
        getattr(part, "ndim", 0) for part in last.classes_
    )
    binarizer = getattr(last, "_label_binarizer", None) or getattr(last, "label_binarizer_", None)
    indicator = str(getattr(binarizer, "y_type_", "")).startswith("multilabel")
    if several or indicator or getattr(last, "multilabel_", False) is True:
        return "it was fitted to several labels per row"
    return None
