"""Which attack suits a model: the exact one where there is one, else the best for what it answers."""

from __future__ import annotations

from edgewise.attacks.exact import exact
from edgewise.models.unwrap import module_of


def choose(model: object) -> tuple[str, str]:
    """Return the name of the attack that suits ``model``, and why.

    Examples
    --------
    >>> choose(lambda X: X[:, 0] > 0)
    ('race', 'nothing exact: the model only answers')
    """
    if module_of(model) is not None:
        return "ddn", "a network: nothing exact, and its gradients find nearer points than its answers"
    name, why = exact(model)
    return ("race", f"nothing exact: {why}") if name is None else (name, why)
