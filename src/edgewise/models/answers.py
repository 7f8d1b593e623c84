"""What a model answers: one label per row, and one score per class; a model needs ``predict`` or to be callable.

Whatever it gives is read here and nowhere else: labels are those of `edgewise.models.labels`, score columns stand
for ``classes_``, and what is no classifier of one label per row is refused.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from edgewise.arrays import Floats, InputError, Labels, is_array
from edgewise.models.labels import LabelsLike, as_labels, listed
from edgewise.models.rows import Rows, count, described, handed, is_frame, is_sparse, is_texts, numbers
from edgewise.models.unwrap import Model, is_module, is_skorch, module_of, pipeline_of, refusal, unwrapped


SUMS_TO_ONE = 1e-2
"""How far the probabilities of a row may be from adding up to 1."""


class UnansweredError(InputError):
    """The model cannot answer a question that is put to it."""


def check_fitted(model: Model) -> None:
    """Raise unless ``model`` can be asked for one label per row now.

    Raises
    ------
    InputError
        A class instead of an instance, an unfitted estimator, nothing that answers, or a model that says that it
        is no classifier of one label per row.
    """
    if isinstance(model, type):
        raise InputError(
            f"model must be a fitted model, not the class {model.__name__}; "
            f"call {model.__name__}(...).fit(X, y)."
        )
    reason = refusal(model)
    if reason is not None:
        raise InputError(
            f"{type(unwrapped(model)).__name__} gives no single label per row: {reason}. Expected a classifier, a "
            "torch module or a function that answers labels or one score per class."
        )
    if (
        not hasattr(model, "predict")
        and (not callable(model) or hasattr(model, "fit"))
        and not is_module(model)
    ):
        raise InputError(
            f"model must be a fitted classifier with predict, a torch module or a callable; "
            f"got {type(model).__name__}."
        )
    if hasattr(model, "fit") and _tells_when_fitted(model):
        try:
            check_is_fitted(model)
        except NotFittedError:
            raise InputError(_not_fitted(model)) from None


def known_classes(model: Model) -> Labels | None:
    """Return the labels that ``model`` can give, in the order of its score columns, where it says so.

    Networks (torch modules, skorch) label by column number and say nothing: None.

    Raises
    ------
    InputError
        Several labels per row, or classes that are no labels.
    """
    inner = unwrapped(model)
    if is_module(inner) or is_skorch(inner):
        return None
    classes = getattr(inner, "classes_", None)
    if classes is None:
        return None
    return as_labels(classes, name=f"the classes of {type(inner).__name__}")


def predict(model: Model, X: Rows) -> Labels:
    """Return the label ``model`` gives to each row of ``X`` (n, ...); no counting.

    A callable, or a ``predict`` of no scikit-learn class, may also answer one score per class ``(n, c)``: the label
    is the class of the largest.

    Raises
    ------
    InputError
        Several labels per row, real numbers, a wrong shape, NaN, or an error of the model's own.
    """
    if is_module(model):
        from edgewise.models.torch_calls import predict_labels

        return _asked(model, lambda rows: predict_labels(model, rows), X)
    answer = _plain(model, _ask(model, model.predict if hasattr(model, "predict") else model, X))
    n, name = count(X), type(model).__name__
    if answer.ndim == 2 and len(answer) == n and answer.shape[1] > 1:
        columns = np.argmax(_one_label(model, answer), axis=1)
        classes = known_classes(model)
        return columns if classes is None else classes[columns]
    if answer.shape == (n, 1):
        answer = answer[:, 0]
    if answer.shape != (n,):
        raise InputError(
            f"{name} answered {n} rows with an array of shape {answer.shape}; expected one label per row, "
            f"shape ({n},), or scores of shape ({n}, n_classes)."
        )
    return as_labels(_finite(model, answer), name=f"the labels of {name}")


def class_scores(model: Model, X: Rows) -> Floats:
    """Return one score per class ``(n, c)``: probabilities, decision values, logits or a callable's scores.

    Columns stand for `known_classes` where there are any, else for the labels 0 to ``c - 1``. The pairs of an SVC
    with ``decision_function_shape="ovo"`` are turned into votes for classes.

    Raises
    ------
    UnansweredError
        The model gives labels only.
    InputError
        Another number of columns than of classes, or chances of several labels.
    """
    if is_module(model):
        from edgewise.models.torch_calls import predict_logits

        return _asked(model, lambda rows: predict_logits(model, rows), X)
    if hasattr(model, "predict_proba"):
        return _matched(
            model, _probabilities(model, _numbers(model, _ask(model, model.predict_proba, X))), count(X)
        )
    if hasattr(model, "decision_function"):
        values = _numbers(model, _ask(model, model.decision_function, X))
        return _matched(model, _decisions(model, values), count(X))
    answer = _plain(model, _ask(model, model.predict if hasattr(model, "predict") else model, X))
    if answer.ndim == 2 and answer.shape[1] > 1 and answer.dtype.kind in "biuf":
        return _matched(model, _one_label(model, answer).astype(float, copy=False), count(X))
    raise UnansweredError(
        f"{type(model).__name__} gives labels only, and this needs one score per class; "
        "use a model with predict_proba or decision_function."
    )


def _ask(model: Model, method: Callable[[Rows], LabelsLike], X: Rows) -> LabelsLike:
    """Ask a method about ``X``, in the dtype a network computes in; a callable of the user's gets a copy."""
    module = module_of(model)
    if module is not None and pipeline_of(model) is None:
        from edgewise.models.torch_calls import ask_estimator

        own = X.copy() if is_array(X) and not X.flags.writeable else X
        return _asked(model, lambda rows: ask_estimator(method, module, rows), own)
    known = type(unwrapped(model)).__module__.startswith(("sklearn.", "edgewise."))
    if is_texts(X):
        return _asked(model, lambda rows: method(handed(rows)), X)
    own = X if known or is_frame(X) or is_sparse(X) else X.copy()
    return _asked(model, method, own)


def _asked(model: Model, method: Callable[[Rows], LabelsLike], X: Rows) -> LabelsLike:
    """Return what ``method`` answers; what a library raises inside comes with what it was given."""
    try:
        return method(X)
    except InputError:
        raise
    except NotFittedError:
        raise InputError(_not_fitted(model)) from None
    except (ValueError, TypeError, RuntimeError, LookupError, AttributeError) as error:
        if type(error).__name__ == "OutOfMemoryError":
            raise
        raise InputError(
            f"{type(unwrapped(model)).__name__} could not answer {described(X)}: {type(error).__name__}: {error}"
        ) from error


def _plain(model: Model, answer: LabelsLike) -> Labels:
    """Return an answer as an array: tensors leave their gradients, frames their names."""
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu()
        answer = (
            answer.float() if answer.is_floating_point() and answer.element_size() < 4 else answer
        ).numpy()
    if is_sparse(answer):
        raise InputError(
            f"{type(model).__name__} answered a sparse matrix: several labels per row. Expected one label per row."
        )
    try:
        return numbers(answer) if is_frame(answer) else listed(answer)
    except InputError as error:
        raise InputError(f"{type(model).__name__} gave no labels: {error}") from None


def _numbers(model: Model, answer: LabelsLike) -> Floats:
    if isinstance(answer, list):
        raise InputError(
            f"{type(model).__name__} answers several labels per row; expected one label per row."
        )
    values = _plain(model, answer)
    if values.dtype.kind not in "biuf":
        raise InputError(f"{type(model).__name__} gave scores of type {values.dtype}; expected real numbers.")
    return _finite(model, values.astype(float, copy=False))


def _one_label(model: Model, answer: Labels) -> Floats:
    """Return an answer ``(n, c)`` as scores, unless it marks several labels per row."""
    name = type(model).__name__
    if answer.dtype.kind not in "biuf":
        raise InputError(f"{name} answered {answer.shape[1]} labels per row; expected one label per row.")
    whole = answer.dtype.kind in "biu"
    if whole and not (((answer == 0) | (answer == 1)).all() and (answer.sum(axis=1) == 1).all()):
        raise InputError(
            f"{name} answered {answer.shape[1]} whole numbers per row: several labels at once, or several outputs. "
            "Expected one label per row, or one real score per class."
        )
    return _finite(model, answer)


def _probabilities(model: Model, values: Floats) -> Floats:
    """Return probabilities with a column per class: a single one is that of the second class."""
    name = type(model).__name__
    classes = known_classes(model)
    if values.ndim == 1 or (
        values.ndim == 2 and values.shape[1] == 1 and (classes is None or len(classes) == 2)
    ):
        one = values.reshape(-1)
        if ((one < 0) | (one > 1)).any():
            raise InputError(
                f"{name}.predict_proba gave one column that is not a probability; expected one per class."
            )
        return np.stack([1 - one, one], axis=1)
    if values.ndim == 2:
        sums = values.sum(axis=1)
        odd = (np.abs(sums - 1) > SUMS_TO_ONE) & (sums != 0)
        if odd.any():
            raise InputError(
                f"{name}.predict_proba gave rows that add up to {sums[odd][0]:.3g}, not 1: chances of several labels "
                "at once. Expected one label per row."
            )
    return values


def _decisions(model: Model, values: Floats) -> Floats:
    """Return decision values with a column per class: one value is the second class's, pairs vote."""
    if values.ndim == 1 or values.shape[1:] == (1,):
        one = values.reshape(-1)
        return np.stack([-one, one], axis=1) / 2
    pipeline = pipeline_of(model)
    last = unwrapped(model) if pipeline is None else pipeline.steps[-1][1]
    classes = known_classes(model)
    if classes is not None and len(classes) > 2 and getattr(last, "decision_function_shape", None) == "ovo":
        return _votes(values, len(classes))
    return values


def _votes(pairs: Floats, c: int) -> Floats:
    """Return for each class the pairs it wins, and less than half a vote for how clearly: as libsvm predicts."""
    votes, sure = np.zeros((2, len(pairs), c))
    for column, (i, j) in enumerate(zip(*np.triu_indices(c, 1), strict=True)):
        won = pairs[:, column] > 0
        votes[:, i] += won
        votes[:, j] += ~won
        sure[:, i] += pairs[:, column]
        sure[:, j] -= pairs[:, column]
    return votes + sure / (3 * (np.abs(sure) + 1))


def _matched(model: Model, values: Floats, n: int) -> Floats:
    name = type(model).__name__
    if values.ndim != 2 or len(values) != n:
        raise InputError(
            f"{name} gave scores of shape {values.shape} for {n} rows; expected ({n}, n_classes)."
        )
    classes = known_classes(model)
    if classes is not None and values.shape[1] != len(classes):
        raise InputError(
            f"{name} gave {values.shape[1]} scores per row, and it knows {len(classes)} classes "
            f"({classes[:10].tolist()}); expected one score per class."
        )
    return _finite(model, values)


def _finite(model: Model, values: Labels) -> Labels:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(
            f"{type(model).__name__} answered with NaN or infinite values; check its inputs and weights."
        )
    return values


def _tells_when_fitted(model: Model) -> bool:
    """Return whether ``model`` follows scikit-learn's conventions about being fitted."""
    own = type(model).__module__.startswith(("sklearn.", "edgewise."))
    return own or is_skorch(model) or hasattr(model, "__sklearn_is_fitted__")


def _not_fitted(model: Model) -> str:
    return f"{type(model).__name__} is not fitted; call its fit(X, y) first."
