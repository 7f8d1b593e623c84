"""What an attack may ask of a model, with every answered row counted against the sample it was asked for.

The questions are ``labels`` (any model), ``scores`` (a number a class), ``gradient`` (scores with a
pullback, or logits in torch), ``neighbours`` (the training points of a k-NN), ``trees`` and ``weights`` (of a
linear classifier). A model answers what it can; an attack that needs more is told which question went unanswered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from edgewise.arrays import Floats, Index, InputError, Labels
from edgewise.models.answers import UnansweredError, check_fitted, class_scores, known_classes, predict
from edgewise.models.heard import Heard
from edgewise.models.neighbours import Neighbours, neighbours_of
from edgewise.models.rows import Rows, columns_of, like, take, with_columns
from edgewise.models.unwrap import Model, check_order, own_answer, pipeline_of, unwrapped
from edgewise.models.weights import Weights, weights_of


FORESTS = (RandomForestClassifier, ExtraTreesClassifier)

Pullback = Callable[[Floats], Floats]
"""Maps weights ``(n, c)`` to the gradient ``(n, d)`` of ``sum(weights * scores)`` in each row."""


class BudgetError(RuntimeError):
    """A question would have cost more queries than the budget allows; it was not asked."""


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
    classes
        The labels it can give, in the order of its score columns, or None where it does not say.
    given
        Rows in the container the model is asked in, such as a frame with names; None for arrays.
    columns
        The columns of ``given`` that points are made of, the others staying as they are; None for all.
    heard
        Where set, the last answer for each sample is kept: what was asked then is not asked again.
    kept
        What an attack has worked out about the model, for the length of one call.
    """

    model: Model
    queries: Index
    gradients: Index
    rows: Index
    budget: int | None = None
    classes: Labels | None = field(default=None)
    given: Rows = field(default=None, repr=False)
    columns: Sequence[str] | None = None
    heard: Heard | None = field(default=None, repr=False)
    kept: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @classmethod
    def to(cls, model: Model, n: int, budget: int | None = None, given: Rows = None) -> Access:
        """Return access to ``model`` for ``n`` samples, nothing counted yet, asked in the container of ``given``."""
        check_fitted(model)
        zeros = np.zeros((2, n), dtype=np.intp)
        return cls(model, zeros[0], zeros[1], np.arange(n), budget, known_classes(model), given)

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
        answer = predict(self.model, self.contained(X, of))
        if self.heard is not None and of is None:
            self.heard.put(self.rows, X, answer)
        return answer

    def confirmed(self, X: Floats) -> Labels:
        """Return the same, asking only about rows that are not the ones last answered for their samples."""
        if self.heard is None:
            return self.labels(X)
        fresh = np.flatnonzero(~self.heard.same(self.rows, X))
        self.view(fresh).labels(X[fresh])
        return np.empty(0) if self.heard.labels is None else self.heard.labels[self.rows]

    def scores(self, X: Floats, of: Index | None = None) -> Floats:
        """Return one score a class ``(n, c)``, larger for likelier; counted like labels."""
        self._charge(X, of)
        return class_scores(self.model, self.contained(X, of))

    def read(self) -> Model:
        """Return the model for what reads its inside beside the numbers of rows.

        Raises
        ------
        InputError
            Rows of a frame with other columns than the model was fitted to, or in another order.
        """
        check_order(self.model, columns_of(self.given))
        return self.model

    def neighbours(self) -> Neighbours:
        """Return the training points of a nearest-neighbour model, or of a pipeline of affine steps and one.

        Raises
        ------
        UnansweredError
            Another model or metric, several outputs, or sparse points.
        """
        if "neighbours" not in self.kept:
            self.kept["neighbours"] = neighbours_of(unwrapped(self.read()))
        known: Neighbours | str = self.kept["neighbours"]
        if isinstance(known, str):
            behind = _behind(unwrapped(self.model), KNeighborsClassifier)
            raise UnansweredError(
                f"{known}. {behind}For other models use 'race' (labels only) or a gradient attack."
            )
        return known

    def training_points(self) -> Neighbours:
        """Return the same where rows are compared with the training points as they are: no steps, no weights.

        Raises
        ------
        UnansweredError
            As `neighbours`, or steps before the neighbours, or a metric with weights.
        """
        known = self.neighbours()
        if known.seen is None:
            return known
        inner = unwrapped(self.model)
        raise UnansweredError(
            "this attack knows the plain Euclidean metric only, every feature weighing the same; 'region-exact' and "
            f"'race' know others. {_behind(inner, KNeighborsClassifier)}"
        )

    def trees(self) -> Trees:
        """Return the trees of a decision tree, random forest or extra-trees classifier.

        Raises
        ------
        UnansweredError
            Another model, or several outputs.
        """
        inner, kinds = unwrapped(self.read()), (DecisionTreeClassifier, *FORESTS)
        if not isinstance(inner, kinds):
            raise UnansweredError(
                f"this attack needs a tree or forest classifier; got {type(inner).__name__}. "
                f"{_behind(inner, kinds)}For other models use 'race' (labels only)."
            )
        model = inner
        check_answers_as(model, next(kind for kind in kinds if isinstance(model, kind)))
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
        known = weights_of(unwrapped(self.read()))
        if isinstance(known, str):
            raise UnansweredError(f"{known}. For other models use 'race' (labels only) or a gradient attack.")
        return known

    def charge(self, of: Index) -> None:
        """Count one answered row for each entry of ``of``; for models asked natively, such as in torch."""
        rows = self.rows[of]
        if self.budget is not None:
            wanted = self.queries + np.bincount(rows, minlength=len(self.queries))
            if (wanted > self.budget).any():
                raise BudgetError(f"a sample would cost {wanted.max()} queries; the budget is {self.budget}.")
        np.add.at(self.queries, rows, 1)

    def contained(self, X: Floats, of: Index | None = None) -> Rows:
        """Return rows in the container the model is asked in."""
        if self.given is None or self.columns is None:
            return X if self.given is None else like(X, self.given)
        return with_columns(X, self.columns, take(self.given, self.rows if of is None else self.rows[of]))

    def _charge(self, X: Floats, of: Index | None) -> None:
        if of is None:
            of = np.arange(len(self.rows))
        if len(of) != len(X):
            raise InputError(
                f"{len(X)} rows asked on behalf of {len(of)} samples; expected one sample per row."
            )
        self.charge(of)


def check_answers_as(model: Model, base: type) -> None:
    """Raise `UnansweredError` if a ``base`` has a method of its own by which it may answer otherwise."""
    own = own_answer(model, base)
    if own is not None:
        raise UnansweredError(f"{own}, or use 'race' (labels only).")


def _behind(model: Model, kind: type | tuple[type, ...]) -> str:
    """Return how to attack what a pipeline ends in, where that is of ``kind``."""
    pipeline = pipeline_of(model)
    if pipeline is None or not isinstance(pipeline.steps[-1][1], kind):
        return ""
    return (
        "Attack the last step on the rows it sees, distances in their units: "
        "attack(..., model[-1], model[:-1].transform(X)). "
    )
