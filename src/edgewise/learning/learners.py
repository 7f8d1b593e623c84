"""What learns: the learners that commands and comparisons know by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from edgewise.arrays import Floats, InputError
from edgewise.learning.fitting import check_learner
from edgewise.models.kernel_ridge import KernelRidgeClassifier
from edgewise.models.unwrap import Model
from edgewise.registry import from_file, lookup


def _scaled_ridge(X: Floats) -> KernelRidgeClassifier:
    """RBF kernel ridge with half the median distance of the (unlabelled) pool as its length."""
    rows = X[:: max(1, len(X) // 200)]
    gaps = np.sqrt(np.maximum(np.square(rows[:, None] - rows[None]).sum(axis=2), 0))
    pairs = gaps[np.triu_indices(len(rows), 1)]
    if not pairs.any():
        raise InputError("rbf-ridge needs a pool of at least two different rows; all rows it has are equal.")
    scale = float(np.median(pairs) or np.median(pairs[pairs > 0])) / 2
    return KernelRidgeClassifier("rbf", scale=scale, alpha=0.1)


def _network(_: Floats) -> Model:
    from edgewise.models.net_classifier import NetClassifier

    return NetClassifier("lenet5", epochs=30, batch_size=32, lr=4e-3, schedule="one-cycle")


def _beside_unlabelled(**settings: Any) -> Callable[[Floats], Model]:
    """Return what makes a network for pictures of digits that learns from the pool's rows as well."""

    def make(X: Floats) -> Model:
        from edgewise.models.net_classifier import NetClassifier
        from edgewise.models.virtual_adversarial import VirtualAdversarial

        virtual = VirtualAdversarial(affine=True, prior="even", **settings)
        return NetClassifier("lenet5-norm", unlabelled=X, virtual=virtual)

    return make


def _forest(_: Floats) -> Model:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100)


def _boosting(_: Floats) -> Model:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=50, min_samples_leaf=5)


def is_network(name: str) -> bool:
    """Say whether the learner of this name is a network, which takes torch and pictures."""
    return name.partition("-")[0] == "network"


def gives_probabilities(name: str) -> bool:
    """Say whether the learner of this name gives probabilities, which some strategies need.

    Examples
    --------
    >>> gives_probabilities("logistic"), gives_probabilities("svc")
    (True, False)
    """
    return is_network(name) or hasattr(LEARNERS[name](np.eye(2)), "predict_proba")


def learner_of(given: str, X: Floats) -> Model:
    """Return the unfitted learner that a name, or ``FILE.py:NAME`` of a function or class of one's own, stands for.

    Parameters
    ----------
    given
        A name in `LEARNERS` that is no network, ``"rbf-svm"`` (the same as ``svc``), or ``FILE.py:NAME``.
    X
        Rows of the pool, which some named learners take their scale from.

    Raises
    ------
    InputError
        An unknown name, a network, or something that is no estimator.

    Examples
    --------
    >>> learner_of("rbf-svm", np.eye(2))
    SVC()
    """
    if ".py:" in given:
        found = from_file(given)
        learner = found if hasattr(found, "fit") else found()
        check_learner(learner, weighted=False, warm=False)
        return learner
    if is_network(given):
        raise InputError(
            "the command trains no networks; give a fitted one with --model, or call edgewise.query."
        )
    return lookup({**LEARNERS, "rbf-svm": LEARNERS["svc"]}, given, "learner")(X)


LEARNERS: Mapping[str, Callable[[Floats], Model]] = {
    "1-nn": lambda X: KNeighborsClassifier(1),
    "rbf-ridge": _scaled_ridge,
    "logistic": lambda X: LogisticRegression(max_iter=200),
    "svc": lambda X: SVC(),
    "forest": _forest,
    "boosting": _boosting,
    "network": _network,
    "network-affine": _beside_unlabelled(consistency=0.0, entropy=0.0, steps=800, restarts=1),
    "network-noise": _beside_unlabelled(against="noise"),
    "network-fixmatch": _beside_unlabelled(against="affine", entropy=0.0),
    "network-vat": _beside_unlabelled(),
}
"""What learns; each is made from the unlabelled pool, never from test data. The last four are for pictures of digits:
a network that sees labelled pictures moved a little, and three that learn from the pool's pictures as well."""
