"""What an attack may ask of a model, with every answered row counted against the sample it was asked for.

The questions are ``labels`` (any model), ``scores`` (a number a class), ``gradient`` (scores with a
pullback, or logits in torch), ``neighbours`` (the training points of a k-NN), ``trees`` and ``weights`` (of a
linear classifier). A model answers what it can; an attack that needs more is told which question went unanswered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from edgewise.arrays import Floats, Index, InputError, Labels
from edgewise.models.weights import Weights, weights_of


Pullback = Callable[[Floats], Floats]
"""Maps weights ``(n, c)`` to the gradient ``(n, d)`` of ``sum(weights * scores)`` in each row."""


class UnansweredError(InputError):
    """The model cannot answer a question the attack puts."""


class BudgetError(RuntimeError):
    """A question would have cost more queries than the budget allows; it was not asked."""


@dataclass(frozen=True)
class Neighbours:
    """The training points of a fitted `KNeighborsClassifier`.

    Parameters
    ----------
    X
        Training points ``(n, d)``, in the dtype they were given.
    y
        Their classes ``(n,)`` as positions in ``classes``.
    classes
        The labels.
    k
        Neighbours asked at prediction.
    weights
        ``"uniform"`` or ``"distance"``.
    """

    X: Floats
    y: Index
    classes: Labels
    k: int
    weights: str


@dataclass(frozen=True)
class Trees:
    """The trees of a fitted tree or forest classifier.

    Parameters
    ----------
    trees
        Their node arrays, as scikit-learn's ``tree_`` holds them.
    classes
        The labels.
    """

    trees: tuple[Any, ...]
    classes: Labels


@dataclass(frozen=True)
class Access:
    """A model as an attack sees it.

    Parameters
    ----------
    model
        The user's own: fitted scikit-learn classifier, torch module, or callable.
    queries, gradients
        Rows answered and gradient rows answered, for each attacked sample.
    rows
        Which entries of ``queries`` the samples of this view are.
    budget
        The most queries a sample may cost, or None.
    """

    model: Any
    queries: Index
    gradients: Index
    rows: Index
    budget: int | None = None
    classes: Labels | None = field(default=None)

    @classmethod
    def to(cls, model: Any, n: int, budget: int | None = None) -> Access:
        """Return access to ``model`` for ``n`` samples, nothing counted yet."""
        check_fitted(model)
        zeros = np.zeros((2, n), dtype=np.intp)
        classes = cast("Labels | None", getattr(model, "classes_", None))
        return cls(
            model, zeros[0], zeros[1], np.arange(n), budget, None if classes is None else np.asarray(classes)
        )

    def view(self, rows: Index) -> Access:
        """Return the same access for a subset of the samples; counts go to the same place."""
        return replace(self, rows=self.rows[rows])

    def left(self) -> Index:
        """Return how many queries each sample may still cost (a large number without a budget)."""
        top = np.iinfo(np.intp).max if self.budget is None else self.budget
        return np.asarray(top - self.queries[self.rows])

    def labels(self, X: Floats, of: Index | None = None) -> Labels:
        """Return the model's label for each row of ``X``; ``of`` says for which sample each row is asked.

        Raises
        ------
        BudgetError
            If any sample would go over the budget; then nothing is asked.
        """
        if not len(X):
            return np.empty(0, dtype=int if self.classes is None else self.classes.dtype)
        self._charge(X, of)
        return np.asarray(predict(self.model, X))

    def scores(self, X: Floats, of: Index | None = None) -> Floats:
        """Return one score a class ``(n, c)``, larger for likelier; counted like labels."""
        self._charge(X, of)
        return class_scores(self.model, X)

    def pullback(self, X: Floats, of: Index | None = None) -> tuple[Floats, Pullback]:
        """Return the scores at ``X`` and the function that maps weights on them to gradients.

        Raises
        ------
        UnansweredError
            The model has no gradient.
        """
        ask = getattr(self.model, "scores_and_pullback", None)
        if ask is None:
            raise UnansweredError(
                f"{type(self.model).__name__} gives no gradient. Attack it with a label-only attack ('opt', "
                "'direct'), or attack a differentiable substitute ('kernel-substitute')."
            )
        self._charge(X, of, gradient=True)
        return ask(X)

    def neighbours(self) -> Neighbours:
        """Return the training points of a nearest-neighbour model.

        Raises
        ------
        UnansweredError
            Not a `KNeighborsClassifier`, another metric than Euclidean, or several outputs.
        """
        if not isinstance(self.model, KNeighborsClassifier):
            raise UnansweredError(
                f"this attack needs the training points of a KNeighborsClassifier; got "
                f"{type(self.model).__name__}. For other models use 'opt' (labels only) "
                "or a gradient attack."
            )
        knn = cast("Any", self.model)
        metric, p = knn.effective_metric_, knn.effective_metric_params_.get("p", 2)
        if metric not in ("euclidean", "minkowski", "sqeuclidean") or p != 2:
            raise UnansweredError(
                f"this attack knows the Euclidean metric only; the model uses {metric!r} "
                f"(p={p}). Fit KNeighborsClassifier(metric='euclidean')."
            )
        if knn._y.ndim != 1 or not isinstance(knn._fit_X, np.ndarray):
            raise UnansweredError("this attack needs one output and dense training points.")
        weights = knn.weights
        if weights not in ("uniform", "distance"):
            raise UnansweredError(f"weights must be 'uniform' or 'distance' here; the model has {weights!r}.")
        return Neighbours(
            knn._fit_X,
            knn._y.astype(np.intp, copy=False),
            np.asarray(knn.classes_),
            int(knn.n_neighbors),
            weights,
        )

    def trees(self) -> Trees:
        """Return the trees of a decision tree, random forest or extra-trees classifier.

        Raises
        ------
        UnansweredError
            Another model, or several outputs.
        """
        if not isinstance(self.model, (DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier)):
            raise UnansweredError(
                f"this attack needs a tree or forest classifier; got "
                f"{type(self.model).__name__}. For other models use 'opt' (labels only)."
            )
        model = cast("Any", self.model)
        if model.n_outputs_ != 1:
            raise UnansweredError("this attack needs one output.")
        grown = [model] if isinstance(model, DecisionTreeClassifier) else model.estimators_
        return Trees(tuple(each.tree_ for each in grown), np.asarray(model.classes_))

    def weights(self) -> Weights:
        """Return the weights of a linear classifier, or of a pipeline of affine scalers and one.

        Raises
        ------
        UnansweredError
            Another model.
        """
        known = weights_of(self.model)
        if isinstance(known, str):
            raise UnansweredError(f"{known}. For other models use 'opt' (labels only) or a gradient attack.")
        return known

    def charge(self, of: Index, gradient: bool = False) -> None:
        """Count one answered row for each entry of ``of``; for models asked natively, such as in torch."""
        rows = self.rows[of]
        if self.budget is not None:
            wanted = self.queries + np.bincount(rows, minlength=len(self.queries))
            if (wanted > self.budget).any():
                raise BudgetError(f"a sample would cost {wanted.max()} queries; the budget is {self.budget}.")
        np.add.at(self.queries, rows, 1)
        if gradient:
            np.add.at(self.gradients, rows, 1)

    def _charge(self, X: Floats, of: Index | None, *, gradient: bool = False) -> None:
        if of is None:
            of = np.arange(len(self.rows))
        if len(of) != len(X):
            raise InputError(f"{len(X)} rows asked on behalf of {len(of)} samples; `of` names one a row.")
        self.charge(of, gradient)


def check_fitted(model: Any) -> None:
    """Raise unless ``model`` can be asked for labels now.

    Raises
    ------
    InputError
        A class instead of an instance, an unfitted estimator, or nothing that answers.
    """
    if isinstance(model, type):
        raise InputError(
            f"model must be a fitted model, not the class {model.__name__}; "
            f"call {model.__name__}(...).fit(X, y)."
        )
    if hasattr(model, "fit") and hasattr(model, "predict"):
        try:
            check_is_fitted(model)
        except NotFittedError:
            raise InputError(f"{type(model).__name__} is not fitted; call its fit(X, y) first.") from None
    elif not callable(model):
        raise InputError(
            f"model must be a fitted classifier with predict, a torch module or a callable; "
            f"got {type(model).__name__}."
        )


def predict(model: Any, X: Floats) -> Labels:
    """Return the labels ``model`` gives to the rows of ``X``; no counting.

    A callable may return labels ``(n,)`` or scores ``(n, c)``, whose largest column is the label.

    Raises
    ------
    InputError
        The answer has the wrong shape or is not finite.
    """
    if is_module(model):
        from edgewise.models.torch_model import predict_labels

        return predict_labels(model, X)
    answer = np.asarray(model.predict(X) if hasattr(model, "predict") else model(X))
    if answer.ndim == 2 and answer.shape[0] == len(X) and answer.shape[1] > 1:
        answer = np.argmax(_finite(answer), axis=1)
    elif answer.shape == (len(X), 1):
        answer = answer[:, 0]
    if answer.shape != (len(X),):
        raise InputError(
            f"{type(model).__name__} answered {len(X)} rows with an array of shape "
            f"{answer.shape}; one label a row, or one row of scores, is taken."
        )
    return _finite(answer)


def class_scores(model: Any, X: Floats) -> Floats:
    """Return one score a class ``(n, c)`` from probabilities, decision values, logits or a callable's scores.

    Raises
    ------
    UnansweredError
        The model gives labels only.
    """
    if is_module(model):
        from edgewise.models.torch_model import predict_logits

        return predict_logits(model, X)
    if hasattr(model, "predict_proba"):
        return _finite(np.asarray(model.predict_proba(X), float))
    if hasattr(model, "decision_function"):
        values = _finite(np.asarray(model.decision_function(X), float))
        return values if values.ndim == 2 else np.stack([-values, values], axis=1) / 2
    if not hasattr(model, "predict") and callable(model):
        values = np.asarray(model(X))
        if values.ndim == 2 and values.shape[1] > 1:
            return _finite(values.astype(float, copy=False))
    raise UnansweredError(
        f"{type(model).__name__} gives labels only, and this needs a score a class; "
        "use a model with predict_proba or decision_function."
    )


def _finite(values: Labels) -> Labels:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError("the model answered with NaN or infinite values; check its inputs and weights.")
    return values


def is_module(model: Any) -> bool:
    """Say whether ``model`` is a torch module or a skorch estimator, without importing torch."""
    return any(
        base.__module__ == "torch.nn.modules.module" or base.__module__.startswith("skorch.")
        for base in type(model).__mro__
    )
