"""What a shadow is measured by: accuracy, and agreement with its victim."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgewise.models.answers import check_fitted, predict
from edgewise.models.joining import check_y, same
from edgewise.models.rows import check_rows, count
from edgewise.models.unwrap import Model


def accuracy(model: Model, X: ArrayLike, y: ArrayLike) -> float:
    """Return the share of rows of ``X`` that ``model`` labels ``y``.

    Examples
    --------
    >>> accuracy(lambda X: (X[:, 0] > 0).astype(int), [[1.0], [-1.0]], [1, 1])
    0.5
    """
    check_fitted(model)
    points = check_rows(X)
    right = same(predict(model, points), check_y(y, count(points)), names=("the model's labels", "y"))
    return float(np.mean(right))


def agreement(one: Model, other: Model, X: ArrayLike) -> float:
    """Return the share of rows of ``X`` to which two models give the same label (fidelity).

    Examples
    --------
    >>> agreement(lambda X: X[:, 0] > 0, lambda X: X[:, 0] > 2, [[1.0], [-1.0], [3.0], [4.0]])
    0.75
    """
    check_fitted(other)
    return accuracy(one, X, predict(other, check_rows(X)))
