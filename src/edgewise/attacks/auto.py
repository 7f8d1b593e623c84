"""Which attack suits a model: the exact one where there is one, else the best for what it answers."""

from __future__ import annotations

import numpy as np

from edgewise.arrays import InputError
from edgewise.attacks.exact import exact
from edgewise.attacks.names import AttackName
from edgewise.geometry import Norm, check_norm
from edgewise.models.unwrap import module_of


def choose(model: object, norm: Norm = 2) -> tuple[AttackName, str]:
    """Return the name of the attack that suits ``model`` in a norm, and why.

    Raises
    ------
    InputError
        In norm 1, a model that has no exact attack.

    Examples
    --------
    >>> choose(lambda X: X[:, 0] > 0)
    ('race', 'nothing exact: the model only answers')
    """
    order = check_norm(norm)
    network = module_of(model) is not None
    if network and order == 2:
        return "ddn", "a network: nothing exact, and its gradients find nearer points than its answers"
    unsaid = f"no gradient attack here looks for the smallest move in norm {order:g}"
    name, why = (None, unsaid) if network else exact(model, order)
    if name is not None:
        return name, why
    if order not in (2, np.inf):
        raise InputError(
            f"no attack looks for the smallest move in norm {order:g} on this model: {why.rstrip('.')}. "
            "Take norm 2 or inf."
        )
    return "race", f"nothing exact: {why}"
