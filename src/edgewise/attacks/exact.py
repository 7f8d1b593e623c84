"""Which exact attack a model has, if any."""

from __future__ import annotations

from typing import Any

from edgewise.attacks.frame import Attack
from edgewise.attacks.linear import LinearExact
from edgewise.attacks.region.attack import RegionExact
from edgewise.attacks.trees.attack import TreesExact
from edgewise.attacks.trees.reading import read
from edgewise.geometry import Norm, check_norm
from edgewise.models.access import Access, UnansweredError
from edgewise.models.weights import weights_of


def exact_attack(model: Any, norm: Norm = 2) -> tuple[Attack | None, str]:
    """Return the exact attack for a fitted model, or None and the reason.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> type(exact_attack(DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]))[0]).__name__
    'TreesExact'
    >>> exact_attack(lambda X: X[:, 0] > 0)
    (None, 'a function answers labels only; no attack on it is exact')
    """
    order = check_norm(norm)
    if not hasattr(model, "predict"):
        return None, f"a {type(model).__name__} answers labels only; no attack on it is exact"
    if not isinstance(weights_of(model), str):
        return LinearExact(order), ""
    try:
        read(model)
    except UnansweredError as error:
        reason = str(error)
    else:
        return TreesExact(order), ""
    access = Access.to(model, 0)
    try:
        known = access.neighbours()
    except UnansweredError as error:
        return None, str(error) if "KNeighbors" in type(model).__name__ else reason
    if known.k > 1 and (order != 2 or known.weights != "uniform"):
        return None, f"with {known.k} neighbours only norm 2 and equal votes are exact"
    return RegionExact(norm=order), ""
