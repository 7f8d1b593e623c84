"""Which exact attack a model has, if any."""

from __future__ import annotations

import numpy as np
from sklearn.svm import SVC

from edgewise.attacks.moves import Moves
from edgewise.attacks.names import AttackName
from edgewise.geometry import Norm, check_norm
from edgewise.models.access import Access
from edgewise.models.answers import UnansweredError
from edgewise.models.unwrap import last_step, unwrapped
from edgewise.models.weights import LINEAR, weights_of


def exact(model: object, norm: Norm = 2) -> tuple[AttackName | None, str]:
    """Return the name of the exact attack for a fitted model, or None, and why.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> exact(DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]))
    ('trees', 'exact for trees, forests and boosting')
    >>> exact(lambda X: X[:, 0] > 0)
    (None, 'the model only answers')
    """
    order = check_norm(norm)
    if not hasattr(model, "predict"):
        return None, "the model only answers"
    linear = weights_of(unwrapped(model))
    if not isinstance(linear, str):
        return "linear", "exact for linear models"
    if isinstance(last_step(model), (*LINEAR, SVC)):
        return None, f"{linear}. For other models use 'race' (labels only), or a gradient attack."
    from edgewise.attacks.trees.compiled import Compiled

    try:
        Compiled.of(model, np.dtype(float), None, Moves())
    except UnansweredError as error:
        reason = str(error)
    else:
        return "trees", "exact for trees, forests and boosting"
    try:
        known = Access.to(model, 0).neighbours()
    except UnansweredError as error:
        return None, str(error) if hasattr(last_step(model), "n_neighbors") else reason
    if known.k > 1 and (order != 2 or known.weights != "uniform"):
        return None, (
            f"with {known.k} neighbours only norm 2 and weights='uniform' are exact; got norm {order:g} and "
            f"weights={known.weights!r}"
        )
    return "region-exact", "exact for nearest neighbours"
