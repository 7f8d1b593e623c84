"""Which attack suits a model: the exact one where there is one, else the best for what it answers."""

from __future__ import annotations

from typing import Any

from edgewise.models.access import Access, UnansweredError
from edgewise.models.unwrap import module_of


def choose(model: Any) -> tuple[str, str]:
    """Return the name of the attack that suits ``model``, and why.

    Examples
    --------
    >>> choose(lambda X: X[:, 0] > 0)
    ('opt', 'the model only answers')
    """
    if module_of(model) is not None:
        return "ddn", "a network: nothing exact, and its gradients find nearer points than its answers"
    if hasattr(model, "tree_"):
        return "region-exact", "exact for a decision tree"
    try:
        Access.to(model, 0).neighbours()
    except UnansweredError:
        return "opt", "the model only answers"
    return "region-exact", "exact for nearest neighbours"
